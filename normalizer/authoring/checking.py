"""Everything that CI asks of mappings, in one go and without a server.

    load ─▶ lint ─▶ golden cases ─▶ generated files

What cannot be told while mapping files hold mistakes is not looked at, and that is said.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from normalizer.authoring.generated import Generated
from normalizer.authoring.golden import Golden
from normalizer.authoring.lint import lint
from normalizer.authoring.lint.allow import allowed
from normalizer.authoring.pack import Pack
from normalizer.data import data_folder
from normalizer.errors import PACKAGE, Finding
from normalizer.language.load import read_folder


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, sorted by place, and what was looked at: how many of what, and what was not, and why.

    `texts` are those of the mapping files, by the names that findings have for them.
    """

    findings: tuple[Finding, ...]
    counts: dict[str, int]
    not_checked: tuple[str, ...]
    texts: dict[str, str]

    @property
    def rules(self) -> dict[str, int]:
        """How often each rule found something, the most frequent first."""
        return dict(Counter(each.rule for each in self.findings).most_common())

    def line(self, finding: Finding) -> str | None:
        """The line of a mapping file that a finding is about; None for what is none."""
        place = finding.place
        text = self.texts.get(place.file)
        if text is None and place.shipped:
            text = _text(data_folder() / place.file.removeprefix(f"{PACKAGE}/"))
        lines = [] if text is None else text.splitlines()
        return lines[place.line - 1] if 0 < place.line <= len(lines) else None


def check(pack: Pack) -> Report:
    """Hold a pack against all that is asked of it. Never raises for what its files hold."""
    mappings, mistakes = read_folder(pack.mappings)
    whole = not mistakes
    texts = {path.as_posix(): _text(path) for path in sorted(pack.mappings.rglob("*.yml")) if path.is_file()}
    findings = [*mistakes, *allowed(lint(mappings, whole=whole), texts, whole=whole)]
    counts = {"mapping files": len(texts)}
    left_out = []
    if not whole:
        left_out.append("golden cases, generated files and what is unused, until the mapping files can be read")
    elif pack.golden is None:
        left_out.append("golden cases and generated files, which lie beside a folder mappings/")
    else:
        golden = Golden(mappings, pack.golden)
        linted = {(each.place.file, each.place.line) for each in findings}
        found = golden.findings()  # of a line that the linter speaks of already, the same mistake says no more
        findings += [each for each in found if (each.place.file, each.place.line) not in linted]
        counts["golden cases"] = golden.count
        if pack.generated is None:
            left_out.append("generated files: there are none here")
        else:
            generated = Generated(mappings, pack.generated)
            findings += generated.findings()
            counts["generated files"] = generated.count
    return Report(tuple(sorted(findings)), counts, tuple(left_out), texts)


def _text(path: Path) -> str:
    """What a file holds, as far as it can be shown."""
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""
