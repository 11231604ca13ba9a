"""Makes the facts about the Elastic Common Schema beside this file, `<version>.json`.

Source: the npm package `@elastic/ecs` by Elastic (Apache License 2.0), pinned by its version and by the sha512 of its
tarball. Only facts are kept (names, types, levels, values), none of Elastic's descriptions or examples.

    python schemas/ecs/update.py            fetches the package and writes the facts
    python schemas/ecs/update.py --check    fetches the package and compares; writes nothing

It needs Python and npm (which brings node). A newer version of ECS is a new VERSION and a new INTEGRITY.

Exit codes: 0 done or equal, 1 the facts file differs (--check), 2 the facts cannot be made; then nothing is written.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

PACKAGE = "@elastic/ecs"
VERSION = "9.4.0"
INTEGRITY = "sha512-znk6Jr38KNRsyUKstormNX4QKtqnwQY1EWqrMCWIg/nY6dC1imSxzrdR6xuljxnY6JHj+/9NdTiRohVbeUEA/Q=="
FACTS = Path(__file__).with_name(f"{VERSION}.json")

# The folder `generated/` of the package is stale: what counts is what its `main` exports.
READ = (
    "const {EcsVersion, EcsFlat} = require(process.argv[1]);"
    "process.stdout.write(JSON.stringify({version: EcsVersion, fields: EcsFlat}));"
)
SECONDS = 300


class UpdateError(Exception):
    """The facts cannot be made; the text is one sentence for the person who ran the script."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the facts, or compares them with `--check`; returns the exit code."""
    parser = argparse.ArgumentParser(description=f"Makes {FACTS.name}, the facts about ECS, from npm {PACKAGE}.")
    parser.add_argument("--check", action="store_true", help=f"compare with {FACTS.name} and write nothing")
    check = parser.parse_args(arguments).check
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = render(read(unpack(fetch(Path(folder)), Path(folder))))
        if not check:
            FACTS.write_bytes(made)
        elif not FACTS.is_file() or FACTS.read_bytes() != made:
            print(f"update.py: {FACTS.name} differs from npm {PACKAGE} {VERSION}; run update.py.", file=sys.stderr)
            return 1
    except (UpdateError, OSError) as error:
        print(f"update.py: {error}", file=sys.stderr)
        return 2
    return 0


def fetch(folder: Path) -> bytes:
    """The package's tarball, by `npm pack`, verified."""
    run("npm", "pack", f"{PACKAGE}@{VERSION}", "--loglevel=error", "--ignore-scripts", cwd=folder)
    tarballs = list(folder.glob("*.tgz"))
    if len(tarballs) != 1:
        raise UpdateError(f"npm pack left {len(tarballs)} tarballs where one was expected.")
    tarball = tarballs[0].read_bytes()
    verify(tarball)
    return tarball


def verify(tarball: bytes) -> None:
    """Refuses bytes that are not the package this script is pinned to."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode("ascii")
    if found != INTEGRITY:
        raise UpdateError(f"the tarball of {PACKAGE} {VERSION} has the integrity {found}, not the pinned {INTEGRITY}.")


def unpack(tarball: bytes, folder: Path) -> Path:
    """Writes the package's files below `folder` and returns the package's own folder."""
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            content = archive.extractfile(member) if member.isfile() else None
            if content is None or path.is_absolute() or ".." in path.parts:
                continue
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
    return folder / "package"


def read(package: Path) -> dict[str, dict[str, Any]]:
    """What the package says about each field, by the field's name."""
    exported = json.loads(run("node", "-e", READ, str(package), cwd=package))
    if exported["version"] != VERSION:
        raise UpdateError(f"{PACKAGE} {VERSION} says that it holds ECS {exported['version']}.")
    fields: dict[str, dict[str, Any]] = exported["fields"]
    return fields


def run(command: str, *arguments: str, cwd: Path) -> bytes:
    """The standard output of a command."""
    program = shutil.which(command)
    if program is None:
        raise UpdateError(f"{command} is not installed; install Node.js, which brings node and npm.")
    try:
        done = subprocess.run([program, *arguments], cwd=cwd, capture_output=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise UpdateError(f"{command} gave no answer within {SECONDS} seconds.") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip() or "it said nothing"
        raise UpdateError(f"{command} failed with exit code {done.returncode}: {said.splitlines()[0]}.")
    return done.stdout


def facts(field: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of one field: only keys that say something, in this order."""
    kept: dict[str, Any] = {"type": field["type"], "level": field["level"]}
    if "array" in field.get("normalize", ()):
        kept["array"] = True
    for key in ("ignore_above", "object_type", "scaling_factor", "pattern"):
        if key in field:
            kept[key] = field[key]
    for key in ("index", "doc_values"):
        if field.get(key) is False:
            kept[key] = False
    if field.get("multi_fields"):
        kept["multi_fields"] = [{"name": sub["name"], "type": sub["type"]} for sub in field["multi_fields"]]
    if field.get("allowed_values"):
        allowed = field["allowed_values"]
        kept["allowed_values"] = {value["name"]: value.get("expected_event_types", []) for value in allowed}
    if field.get("expected_values"):
        kept["expected_values"] = field["expected_values"]
    if field.get("beta"):  # a sentence of Elastic's where it is set
        kept["beta"] = True
    if field.get("short", "").startswith("Deprecated"):  # no key says so, only the description
        kept["deprecated"] = True
    return kept


def render(fields: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The facts file: fields sorted by name, one a line, the same bytes for the same fields."""
    lines = [f"    {_json(name)}: {_json(facts(fields[name]))}" for name in sorted(fields)]
    head = [
        f'  "version": {_json(VERSION)},',
        f'  "source": {_json(f"npm {PACKAGE} {VERSION} (Apache-2.0), {INTEGRITY}")},',
        '  "fields": {',
    ]
    return ("\n".join(["{", *head, ",\n".join(lines), "  }", "}"]) + "\n").encode("utf-8")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
