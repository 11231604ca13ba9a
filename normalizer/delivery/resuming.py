"""Where each input is read on: what the state knows of files, held against what lies on the disk now.

A file is known by device, inode and what stands at its beginning and before the place where reading stopped, not by its
name: log files are renamed, copied, emptied, compressed and replaced. In doubt a file is read from its start: events
that are sent again are duplicates (or, after a rollover and without --exact, stored twice), which does less harm than
lost ones.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from normalizer.inputs import MAX_EVENT, Identity, Position, Source
from normalizer.inputs.identity import HEAD, Lying
from normalizer.inputs.packed import place_in_packed, unpacked_hash

Key: TypeAlias = tuple[int, int]
"""Device and inode."""

_NAMED = 3
"""So many files are told one by one where reading goes on in them."""
_ROTATED = re.compile(r"(?:[.-][0-9]+)+$")
"""What log rotation puts behind a name, and counts up or moves on with each turn."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How far one file has been delivered."""

    path: str
    """Its name as it was given, for people."""
    absolute: str
    position: Position
    file: Identity
    saved: str

    def unread(self, size: int | None = None) -> str:
        """How much of it was not read, for people; empty for nothing. `size`: of the stored file now, where known."""
        size = self.file.size if size is None else size
        if size <= self.position.offset:
            return ""
        if self.position.again and not self.position.offset:
            return "a part"  # How much of a compressed file stands before the position, nobody knows.
        rest = size - self.position.offset
        return f"{rest:,} bytes" if rest > 1 else "1 byte"


@dataclass(slots=True)
class Plan:
    """What is read, and from where."""

    files: list[tuple[Source, Position | None]] = field(default_factory=list)
    """None: from the start."""
    sentences: list[str] = field(default_factory=list)
    """What people should know."""
    ahead: list[tuple[str, int]] = field(default_factory=list)
    """The files in which reading goes on as was to be expected, and behind how many events."""
    unchanged: int = 0
    """So many files have nothing new."""
    dropped: list[Key] = field(default_factory=list)
    """Of the state: what no longer says anything about a file."""
    moved: list[Entry] = field(default_factory=list)
    """For the state: files that lie elsewhere now, or are a copy."""

    @property
    def news(self) -> list[str]:
        """Where reading goes on, as sentences for whoever wonders how little is read."""
        told = [f"{name}: on {_behind(items)}." for name, items in self.ahead]
        if len(told) > _NAMED:
            told = [f"{len(told):,} files: on behind what was read of them before."]
        if self.unchanged:
            have = "1 file has" if self.unchanged == 1 else f"{self.unchanged:,} files have"
            told.append(f"{have} nothing new.")
        return told


def absolute(path: Path) -> str:
    """The path from the root, links in it left as they are."""
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute leaves `..` in it


def key_of(file: Identity) -> Key:
    """What entries are found by."""
    return file.device, file.inode


def plan(entries: Mapping[Key, Entry], sources: Sequence[Source], max_event: int = MAX_EVENT) -> Plan:
    """Where each source is read on. Sources are regular files; one that can't be looked at is read from its start."""
    return _Planner(entries, max_event).plan(sources)


class _Planner:
    def __init__(self, entries: Mapping[Key, Entry], max_event: int) -> None:
        self._entries = entries
        self._max_event = max_event
        self._made = Plan()
        self._given: dict[Key, tuple[Source, Lying]] = {}
        self._folders: dict[str, _Folder] = {}
        self._lying: dict[Key, Lying | None] = {}  # Where the file of each entry lies now; None: nowhere.
        self._copied: dict[Key, Entry] = {}  # The source that is a copy of an entry's file.
        self._packed: dict[Key, Entry] = {}  # The same where it is compressed.
        self._named: dict[str, Entry] = {}  # The entry that was saved last under each path.
        self._told: set[Key] = set()
        self._unreadable: set[Key] = set()
        self._known: set[Key] = set()

    def plan(self, sources: Sequence[Source]) -> Plan:
        made = self._made
        files = [*self._looked_at(sources)]
        self._known = {*self._given, *self._entries}
        self._compare(files)
        for source, lying in files:
            made.files.append((source, self._start(source, lying) if lying is not None else None))
        for key, entry in self._entries.items():
            if key in self._unreadable:
                continue
            if self._lying[key] is None:
                made.dropped.append(key)
            if key not in self._told and (fate := self._fate(entry)):
                made.sentences.append(f"{entry.path} as it was read before {fate}.")
        return made

    def _looked_at(self, sources: Sequence[Source]) -> Iterator[tuple[Source, Lying | None]]:
        for source in sources:
            assert source.path is not None
            try:
                lying = Lying(source.path)
            except OSError:  # Reading will say why.
                yield source, None
                continue
            if lying.key in self._given:
                other = self._given[lying.key][0].name
                self._made.sentences.append(f"{source.name} is the same file as {other}: it is read once.")
                continue
            self._given[lying.key] = source, lying
            yield source, lying

    # What the state knows, and where it lies now

    def _compare(self, files: Sequence[tuple[Source, Lying | None]]) -> None:
        gone: dict[str, Entry] = {}
        for key, entry in self._entries.items():
            self._lying[key] = self._find(entry)
            named = self._named.get(entry.absolute)
            if named is None or named.saved <= entry.saved:
                self._named[entry.absolute] = entry
            if self._lying[key] is None and entry.file.head == HEAD:
                gone[entry.file.sha256] = entry
        for _, lying in files:
            if lying is None or self._lying.get(lying.key) is not None or not gone:
                continue
            if (old := gone.get(lying.sha256)) is not None and _is_copy(old, lying):
                self._copied[lying.key] = old
            elif (old := gone.get(unpacked_hash(lying.path) or "")) is not None and _is_packed(old, lying):
                self._packed[lying.key] = old
            else:
                continue
            del gone[old.file.sha256]
            self._told.add(key_of(old.file))

    def _find(self, entry: Entry) -> Lying | None:
        """The file of the entry: among the inputs, under its own name, or beside that."""
        key = key_of(entry.file)
        if key in self._given:
            lying = self._given[key][1]
            return lying if _is_file_of(entry, lying) else None
        for path in (Path(entry.absolute), *self._folder(entry).with_inode(key[1])):
            try:
                lying = Lying(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:  # It may be what was read, and be readable again tomorrow.
                self._unreadable.add(key)
                continue
            if lying.key == key and _is_file_of(entry, lying):
                return lying
        return None

    def _folder(self, entry: Entry) -> _Folder:
        folder = Path(entry.absolute).parent
        return self._folders.setdefault(os.fspath(folder), _Folder(folder))

    def _fate(self, entry: Entry) -> str:
        """What became of a file of which no input gives the rest, as the end of a sentence; empty: nothing to say."""
        key = key_of(entry.file)
        lying = self._lying[key]
        if lying is not None and (key in self._given or os.fspath(lying.path) == entry.absolute):
            return ""
        if lying is None and entry.file.head == HEAD:
            lying = self._folder(entry).copy_of(entry, self._known)
            if lying is None and (packed := self._folder(entry).packed(entry, self._known)) is not None:
                return self._fate_of_packed(entry, packed)
        if lying is None:
            return f"is gone, with {unread} unread" if (unread := entry.unread()) else ""
        if unread := entry.unread(lying.size):  # Under its old name it is told again, until it is read.
            self._made.moved.append(moved(entry, lying, entry.path, entry.absolute))
            return f"is {_shown(lying.path)} now, with {unread} unread: name that as an input too"
        self._made.moved.append(moved(entry, lying, _shown(lying.path), os.fspath(lying.path)))
        return ""

    def _fate_of_packed(self, entry: Entry, packed: Lying) -> str:
        """The same where it is compressed now."""
        if (place := place_in_packed(packed.path, entry.position, self._max_event)) is None:
            return f"is gone, with {unread} unread" if (unread := entry.unread()) else ""
        if place.offset:  # it was read to its end
            self._made.moved.append(_at(entry, place, _shown(packed.path), os.fspath(packed.path)))
            return ""
        self._made.moved.append(_at(entry, place, entry.path, entry.absolute))
        return f"is {_shown(packed.path)} now, with a part unread: name that as an input too"

    # Where one source is read on

    def _start(self, source: Source, lying: Lying) -> Position | None:
        assert source.path is not None
        path = absolute(source.path)
        entry = self._entries.get(lying.key)
        if entry is not None and self._lying[lying.key] is not None:
            if entry.absolute != path:
                self._say(source, f"is what {entry.path} was: reading goes on there {_behind(entry.position.items)}")
                self._made.moved.append(moved(entry, lying, source.name, path))
            else:
                self._expected(source, lying, entry.position)
            return entry.position
        if (entry := self._copied.get(lying.key)) is not None:
            before = "it" if entry.absolute == path else entry.path
            behind = _behind(entry.position.items)
            self._say(source, f"begins as {before} did and seems to be a copy: reading goes on {behind}")
            copy = moved(entry, lying, source.name, path)
            self._made.moved.append(copy)
            return copy.position
        if (entry := self._packed.get(lying.key)) is not None:
            return self._start_in_packed(source, lying, entry)
        entry = self._entries.get(lying.key)
        if entry is None or entry.absolute != path:
            entry = self._named.get(path)
        if entry is not None:
            self._say_new(source, lying, entry)
        return None

    def _start_in_packed(self, source: Source, lying: Lying, entry: Entry) -> Position | None:
        if (place := place_in_packed(lying.path, entry.position, self._max_event)) is None:
            self._say(
                source,
                f"begins as {entry.path} did, compressed, but what was read of that cannot be told in it: it is read "
                "from its start, and after a rollover its events are stored twice without --exact",
            )
            return None
        self._say(source, f"is what {entry.path} was, compressed: reading goes on there {_behind(place.items)}")
        assert source.path is not None
        self._made.moved.append(_at(entry, place, source.name, absolute(source.path)))
        return place

    def _expected(self, source: Source, lying: Lying, position: Position) -> None:
        if position.offset == lying.size and (not position.again or lying.goes_on(position)):
            self._made.unchanged += 1
        elif position.items:
            self._made.ahead.append((source.name, position.items))

    def _say_new(self, source: Source, lying: Lying, old: Entry) -> None:
        key = key_of(old.file)
        shorter = lying.key == key and lying.size < max(old.position.offset, old.file.head)
        what = "is shorter than when it was read" if shorter else "is another file than the one that was read before"
        sentence = f"{what}: it is read from its start"
        if key not in self._told:
            self._told.add(key)
            if fate := self._fate(old):
                sentence += f"; the old one {fate}"
        self._say(source, sentence)

    def _say(self, source: Source, sentence: str) -> None:
        self._made.sentences.append(f"{source.name} {sentence}.")


def moved(entry: Entry, lying: Lying, path: str, where: str) -> Entry:
    """The same entry for the file that lies there now."""
    identity = entry.file if lying.key == key_of(entry.file) else lying.identity()
    return _at(entry, replace(entry.position, file=identity), path, where)


def _at(entry: Entry, position: Position, path: str, where: str) -> Entry:
    assert position.file is not None
    return Entry(path, where, position, position.file, entry.saved)


def _is_file_of(entry: Entry, lying: Lying) -> bool:
    return lying.begins_as(entry.file) and _reaches(entry, lying)


def _is_copy(entry: Entry, lying: Lying) -> bool:
    """Whether it can be believed to be a copy: under the same name, or one that a rotation would give (NAME.1)."""
    old = Path(entry.absolute)
    return (
        entry.file.head == HEAD
        and lying.sha256 == entry.file.sha256
        and lying.path.name.startswith(old.name)
        and lying.path.absolute().parent == old.parent
        and _reaches(entry, lying)
    )


def _is_packed(entry: Entry, lying: Lying) -> bool:
    """Whether a compressed file whose text begins as that file is named as one that rotation has made of it.

    That takes off what stands behind a name, and not only adds to it: NAME.1 becomes NAME.2.gz.
    """
    old = Path(entry.absolute)
    begin = _ROTATED.sub("", old.name) or old.name
    return lying.path.name.startswith(begin) and lying.path.absolute().parent == old.parent


def _reaches(entry: Entry, lying: Lying) -> bool:
    position = entry.position
    return lying.size >= position.offset and (position.again or lying.goes_on(position))


def _behind(count: int) -> str:
    return f"behind its first {count:,} events" if count != 1 else "behind its first event"


def _shown(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class _Folder:
    """What lies in one folder, looked at where it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inodes: dict[int, list[Path]] | None = None
        self._heads: dict[str, list[Lying]] | None = None
        self._unpacked: dict[str, list[Lying]] | None = None

    def with_inode(self, inode: int) -> list[Path]:
        """The files that have this inode's number."""
        return self._listed().get(inode, [])

    def copy_of(self, entry: Entry, without: Container[Key]) -> Lying | None:
        """A file that seems to be a copy of that one."""
        if self._heads is None:
            self._heads = _by_hash((lying.sha256, lying) for lying in self._looked_at())
        for lying in self._heads.get(entry.file.sha256, []):
            if lying.key not in without and _is_copy(entry, lying):
                return lying
        return None

    def packed(self, entry: Entry, without: Container[Key]) -> Lying | None:
        """A compressed file that seems to hold that one."""
        if self._unpacked is None:
            self._unpacked = _by_hash((unpacked_hash(lying.path), lying) for lying in self._looked_at())
        for lying in self._unpacked.get(entry.file.sha256, []):
            if lying.key not in without and _is_packed(entry, lying):
                return lying
        return None

    def _looked_at(self) -> Iterator[Lying]:
        for path in (path for paths in self._listed().values() for path in paths):
            with suppress(OSError):
                yield Lying(path)

    def _listed(self) -> dict[int, list[Path]]:
        if self._inodes is None:
            self._inodes = {}
            with suppress(OSError), os.scandir(self._path) as found:
                for each in found:
                    if not each.name.startswith("."):
                        self._inodes.setdefault(each.inode(), []).append(Path(each.path))
        return self._inodes


def _by_hash(files: Iterable[tuple[str | None, Lying]]) -> dict[str, list[Lying]]:
    found: dict[str, list[Lying]] = {}
    for head, lying in files:
        if head is not None:
            found.setdefault(head, []).append(lying)
    return found
