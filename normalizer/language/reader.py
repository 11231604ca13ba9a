"""YAML with positions.

YAML 1.2 as editors read it: `true`, `false`, `null` and JSON numbers have types, everything else that is not quoted is
text (`NO`, `on`, `1_000`, `12:30`, `2024-01-01`). What YAML 1.2's core schema types otherwise than JSON (`True`, `~`,
`012`, `0x1F`, `.5`, `.inf`), tags, merge keys, empty values, keys that are not text, second documents, duplicate keys
and anchors on anything that nests are mistakes, each with advice. PyYAML's parser gives the events; the tree is ours,
because PyYAML's own composer keeps neither the places of keys nor the difference between `1` and `"1"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from normalizer.errors import Finding, Place

if TYPE_CHECKING:
    _Parser = yaml.SafeLoader
else:
    _Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Literal = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar: its typed value."""

    place: Place
    value: Literal

    @property
    def what(self) -> str:
        """The scalar's kind, for a sentence."""
        match self.value:
            case None:
                return "null"
            case bool():
                return f"the boolean {str(self.value).lower()}"
            case int() | float():
                return f"the number {self.value}"
            case _:
                return f'the text "{self.value}"'


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple[Node, ...]
    what = "a list"


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping of YAML: keys with their places, in the order of the file, each once.

    `dropped` are keys whose value was a mistake: it is noted, and nobody should call them missing.
    """

    place: Place
    entries: tuple[tuple[Scalar, Node], ...]
    dropped: frozenset[str] = frozenset()
    what = "a block of keys"

    def get(self, key: str) -> Node | None:
        """The value of a key."""
        return next((value for name, value in self.entries if name.value == key), None)

    def key(self, key: str) -> Scalar:
        """The key itself, for its place."""
        return next(name for name, _ in self.entries if name.value == key)


Node = Scalar | Sequence | Block

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?").fullmatch
_JSON_WORDS: dict[str, Literal] = {"true": True, "false": False, "null": None}
_YAML_ONLY = re.compile(
    r"(?P<true>True|TRUE)|(?P<false>False|FALSE)|(?P<null>~|Null|NULL)"
    r"|(?P<octal>0o[0-7]+)|(?P<hex>0x[0-9a-fA-F]+)"
    r"|(?P<number>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<none>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
).fullmatch
_LARGEST_WHOLE = 2**63


class _Stop(Exception):
    """The rest of the file cannot be read; the finding is already noted."""


def read(path: Path, name: str) -> tuple[Node | None, list[Finding]]:
    """The tree of one file and the mistakes found in it; no tree where the text is no YAML at all.

    `name` is how findings call the file. Never raises for what a file holds.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        column = error.start - (error.object.rfind(b"\n", 0, error.start) + 1) + 1
        return None, [Finding(Place(name, line, column), "a byte here is not UTF-8; save the file as UTF-8")]
    except OSError as error:
        return None, [Finding(Place(name, 1, 1), f"the file cannot be read: {error.strerror}")]
    return parse(text, name)


def parse(text: str, name: str) -> tuple[Node | None, list[Finding]]:
    """Like `read`, of a text."""
    composer = _Composer(text, name)
    try:
        return composer.document(), composer.findings
    except _Stop:
        return None, composer.findings


class _Composer:
    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.findings: list[Finding] = []
        self.anchors: dict[str, Node | None] = {}
        self.events = self._events()

    def _events(self) -> Iterator[Any]:
        try:
            yield from yaml.parse(self.text, Loader=_Parser)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line, mark.column) if mark else (0, 0)
            self._note(Place(self.name, line + 1, column + 1), _syntax(self.text, line, column, error))
            raise _Stop from None
        except yaml.YAMLError as error:
            self._note(Place(self.name, 1, 1), f"this is not YAML: {' '.join(str(error).split())}")
            raise _Stop from None

    def _note(self, place: Place, message: str) -> None:
        self.findings.append(Finding(place, message))

    def _place(self, event: Any) -> Place:
        return Place(self.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def document(self) -> Node | None:
        tree: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._note(self._place(event), "a second document begins here; one file holds one mapping, so "
                                                   "remove the `---` or move what follows into a file of its own")
                    raise _Stop
                tree = self.node(next(self.events))
        if not documents:
            self._note(Place(self.name, 1, 1), "the file is empty; a mapping has at least `summary`")
        return tree

    def node(self, event: Any) -> Node | None:
        """One node with all below it. None where it holds a mistake of its own (noted)."""
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                self._note(place, f"the alias *{event.anchor} has no anchor above it; write &{event.anchor} where the "
                                  "value stands first, or quote the text")
            anchored = self.anchors.get(event.anchor)
            return _moved(anchored, place) if anchored else None
        if event.tag is not None:
            self._note(place, f"the tag {event.tag} is not part of the mapping language; remove it, and quote the value "
                              "where it is meant as text")
        node: Node | None
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event, place)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(place)
        else:
            node = self.block(place)
        if event.anchor is not None:
            if event.anchor in self.anchors:
                self._note(place, f"the anchor &{event.anchor} stands twice in this file; give one of them another name")
            nests = isinstance(node, Block) or (
                isinstance(node, Sequence) and any(not isinstance(item, Scalar) for item in node.items)
            )
            if nests:
                self._note(place, f"the anchor &{event.anchor} stands before something that nests; anchors are for scalars "
                                  "and lists of scalars, so write a parent with `extends`, or a scope with `also`")
                node = None
            self.anchors[event.anchor] = node
        return node

    def scalar(self, event: Any, place: Place) -> Scalar | None:
        text: str = event.value
        if event.style or event.tag is not None:  # libyaml says "" for plain, the parser in Python None
            return Scalar(place, text)
        if text == "":
            self._note(place, "a value is missing here; write one, or \"\" for the empty text")
            return None
        if text in _JSON_WORDS:
            return Scalar(place, _JSON_WORDS[text])
        if number := _JSON_NUMBER(text):
            if number[1] or number[2]:
                value = float(text)
                if abs(value) == float("inf"):
                    self._note(place, f"the number {text} is too large; quote it where it is meant as text")
                    return None
                return Scalar(place, value)
            whole = int(text) if len(text) < 25 else _LARGEST_WHOLE
            if not -_LARGEST_WHOLE <= whole < _LARGEST_WHOLE:
                self._note(place, f"the number {text} is over 64 bits; quote it where it is meant as text")
                return None
            return Scalar(place, whole)
        if other := _YAML_ONLY(text):
            self._note(place, f'{text} is read differently by YAML readers; quote it ("{text}"){_plainly(other)}')
            return None
        return Scalar(place, text)

    def sequence(self, place: Place) -> Sequence:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            item = self.node(event)
            if item is not None:
                items.append(item)
        return Sequence(place, tuple(items))

    def block(self, place: Place) -> Block:
        entries: list[tuple[Scalar, Node]] = []
        dropped: set[str] = set()
        seen: dict[Literal, Place] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            merge = isinstance(event, yaml.ScalarEvent) and event.value == "<<" and not event.style
            key = self.node(event)
            value = self.node(next(self.events))
            if merge:
                self._note(self._place(event), "`<<` is not part of the mapping language; use `extends` for what a parent "
                                               "file says, or `also` for the same fields under more prefixes")
            elif key is None:
                continue
            elif not isinstance(key, Scalar) or not isinstance(key.value, str):
                self._note(key.place, f"a key must be text, and this is {key.what}; quote it")
            elif key.value in seen:
                self._note(key.place, f'the key "{key.value}" stands already in line {seen[key.value].line}; keep one of them')
            else:
                seen[key.value] = key.place
                if value is not None:
                    entries.append((key, value))
                else:
                    dropped.add(key.value)
        return Block(place, tuple(entries), frozenset(dropped))


def _moved(node: Node, place: Place) -> Node:
    """An alias stands where it was written; what it repeats is only scalars and lists of scalars."""
    if isinstance(node, Scalar):
        return Scalar(place, node.value)
    assert isinstance(node, Sequence)
    return Sequence(place, tuple(_moved(item, place) for item in node.items))


def _plainly(match: re.Match[str]) -> str:
    """What to write instead of a scalar that only YAML types."""
    text = match[0]
    match match.lastgroup:
        case "true" | "false" | "null" as word:
            return f" or write {word}"
        case "octal":
            return f" or write {int(text[2:], 8)}"
        case "hex":
            return f" or write {int(text, 16)}"
        case "number":
            whole = text.lstrip("+-").isdigit()
            value: float = int(text) if whole else float(text)
            return f" or write {value}" if abs(value) < float("inf") else ""
        case _:
            return ""


def _syntax(text: str, line: int, column: int, error: yaml.MarkedYAMLError) -> str:
    """One sentence for what PyYAML's parser says, with advice where the cause is plain from the text."""
    lines = text.split("\n")
    here = lines[line] if line < len(lines) else ""
    at = here[column] if column < len(here) else ""
    if "\t" in here[: len(here) - len(here.lstrip())] or at == "\t":
        return "a tab stands where YAML wants spaces; indent with spaces"
    if at in "@`" and at:
        return f'a value or key cannot begin with {at}; quote it, like "{here[column:].split(":")[0].strip()}"'
    if at == "%":
        return "a value cannot begin with %; quote it"
    problem = error.problem or "it cannot be parsed"
    if "mapping values are not allowed" in problem:
        return "a colon stands where YAML wants none; quote the value, or check the indentation"
    if "control characters" in problem or "special characters" in problem:
        return "a control character stands here; remove it"
    return f"this is not YAML: {problem}; check quotes, brackets and indentation near here"
