"""What is read of one rule, bit by bit: uses, and what of it is not checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from normalizer.authoring.detections.model import Bound, NotChecked, NotUnderstood, Use
from normalizer.authoring.detections.queries import LANGUAGES
from normalizer.authoring.detections.trees import At
from normalizer.errors import Place


@dataclass(slots=True)
class Gathered:
    """The uses of one rule and what could not be read; `place` is where the rule stands, `name` what it is called."""

    name: str
    place: Place
    uses: list[Use] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)

    def doubt(self, why: str, place: Place | None = None) -> None:
        """Name something as not checked; `why` is a clause about it."""
        self.not_checked.append(NotChecked(place or self.place, in_one_line(why), self.name))

    def reads(self, *fields: Any, negated: bool = False) -> None:
        """Fields whose values do not matter here; what is no name is passed over."""
        self.uses += [Use(name, None, negated, self.place) for name in fields if isinstance(name, str) and name]

    def compares(self, name: Any, values: Iterable[str], *, negated: bool = False, caseless: bool = False) -> None:
        """A field that is compared with patterns. Raises NotUnderstood where its name is no text."""
        if not isinstance(name, str):
            raise NotUnderstood("a field in it is named by what is no text")
        self.uses.append(Use(name, tuple(values), negated, self.place, caseless))

    def bounded(self, name: str, bounds: Iterable[Bound], *, negated: bool = False) -> None:
        """A field that must lie in a range."""
        self.uses.append(Use(name, None, negated, self.place, bounds=tuple(bounds)))

    def query(self, text: Any, language: Any, at: At | None = None, *, negated: bool = False) -> None:
        """A query in one of the languages; `at` says where its characters stand, if not where the rule does."""
        if not isinstance(text, str):
            self.doubt("its query is no text")
        elif (read := LANGUAGES.get(language) if isinstance(language, str) else None) is None:
            self.doubt(f"queries of the language {language} are not read; {', '.join(LANGUAGES)} are")
        else:
            where = at or (lambda _: self.place)
            try:
                found = read(text, where)
            except NotUnderstood as error:
                self.doubt(error.why, None if error.offset is None else where(error.offset))
                return
            self.uses += [turned(use) for use in found.uses] if negated else found.uses
            for place, why in found.doubts:
                self.doubt(why, place)


def turned(use: Use) -> Use:
    """The use with `not` before it."""
    return replace(use, negated=not use.negated)


def in_one_line(text: str) -> str:
    """Blanks and line ends of what is quoted, as one blank each; what nobody sees, written out."""
    plain = " ".join(text.split())
    if plain.isprintable():
        return plain
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in plain)


def text_of(value: Any) -> str:
    """A literal of JSON or YAML as the text that the index holds."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def listed(value: Any) -> list[Any]:
    """A list as it is, one value as a list of it, nothing as an empty one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
