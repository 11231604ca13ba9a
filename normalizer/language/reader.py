"""YAML with positions.

YAML 1.2 as editors read it: `true`, `false`, `null` and JSON numbers have types, everything else that is not quoted is
text (`NO`, `on`, `1_000`, `12:30`, `2024-01-01`). What YAML 1.2's core schema types otherwise than JSON (`True`, `~`,
`012`, `0x1F`, `.5`, `.inf`), tags, merge keys, empty values, keys that are not text, second documents, duplicate keys
and anchors on anything that nests are mistakes, each with advice. PyYAML's parser gives the events; the tree is ours,
because PyYAML's own composer keeps neither the places of keys nor the difference between `1` and `"1"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from normalizer.errors import Finding, Place
from normalizer.language.syntax import Spot, explain, unseen

if TYPE_CHECKING:
    _Parser = yaml.SafeLoader
else:
    _Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Literal = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar: its typed value. `text` is how a number was written."""

    place: Place
    value: Literal
    text: str = ""

    @property
    def what(self) -> str:
        """The scalar's kind, for a sentence."""
        match self.value:
            case None:
                return "null"
            case bool():
                return f"the boolean {self.shown}"
            case int() | float():
                return f"the number {self.shown}"
            case "":
                return "an empty text"
            case _:
                return f'the text "{self.shown}"'

    @property
    def shown(self) -> str:
        """The scalar as it was written, cut where it is long."""
        if not isinstance(self.value, str):
            return self.text or ("null" if self.value is None else str(self.value).lower())
        return self.value if len(self.value) <= _SHOWN else f"{self.value[:_SHOWN]}…"


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list. `whole` is false where an item was a mistake: it is noted, and nobody should miss it."""

    place: Place
    items: tuple[Node, ...]
    whole: bool = True
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
_CURLY = "“”„‘’‚«»"
_SPECIAL_BEGIN = frozenset("tfnTFN~+-.0123456789" + _CURLY)
_LARGEST_WHOLE = 2**63
_MANY_DIGITS = 25
_SHOWN = 60
_MAX_DEPTH = 50
"""Levels of lists and blocks; a mapping needs six."""


class _UnreadableError(Exception):
    """The rest of the file cannot be read; the finding is already noted."""


def read(path: Path, name: str) -> tuple[Node | None, list[Finding]]:
    """The tree of one file and the mistakes found in it; no tree where the text is no YAML at all.

    `name` is how findings call the file. Never raises for what a file holds.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        return None, [Finding(Place(name, 1, 1), "this is no file: it might never end; remove it")]
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8-sig")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return None, [Finding(Place(name, line, column), "a byte here is not UTF-8; save the file as UTF-8")]
    except OSError as error:
        return None, [Finding(Place(name, 1, 1), f"the file cannot be read: {error.strerror}")]
    return parse(text, name)


def parse(text: str, name: str) -> tuple[Node | None, list[Finding]]:
    """Like `read`, of a text."""
    if (advice := unseen(text)) is not None:
        return None, [_finding(name, *advice)]
    composer = _Composer(text, name)
    try:
        return composer.document(), composer.findings
    except _UnreadableError:
        pass
    except yaml.YAMLError as error:
        mistake = _finding(name, *explain(text, error, composer.bracket()))
        return None, [*(each for each in composer.findings if each.place < mistake.place), mistake]
    finally:
        composer.parser.dispose()
    return None, composer.findings


def _finding(name: str, spot: Spot, message: str) -> Finding:
    return Finding(Place(name, spot.line + 1, spot.column + 1), message)


class _Composer:
    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.findings: list[Finding] = []
        self.anchors: dict[str, Node | None] = {}
        self.missing: set[str] = set()
        self.open: list[Any] = []
        self.parser = _Parser(text)
        self.next: Callable[[], Any] = self.parser.get_event

    def _note(self, place: Place, message: str) -> None:
        self.findings.append(Finding(place, message))

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.name, mark.line + 1, mark.column + 1)

    def bracket(self) -> Spot | None:
        """The innermost list or block that is open, if it is one in brackets."""
        if not self.open or not self.open[-1].flow_style:
            return None
        mark = self.open[-1].start_mark
        return Spot(mark.line, mark.column)

    def document(self) -> Node | None:
        tree: Node | None = None
        documents = 0
        while (event := self.next()) is not None:  # so it is after the end of the stream
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            documents += 1
            if documents > 1:
                self._note(
                    self._place(event),
                    "a second document begins here; one file holds one mapping, so remove the `---` or move what "
                    "follows into a file of its own",
                )
                raise _UnreadableError
            root = self.next()
            if isinstance(root, yaml.ScalarEvent) and not root.value and not root.style and root.tag is None:
                break
            tree = self.node(root)
        if tree is None and not self.findings:
            self._note(Place(self.name, 1, 1), "the file is empty; write what it should hold, or delete it")
        return tree

    def node(self, event: Any) -> Node | None:
        """One node with all below it. None where it holds a mistake of its own (noted)."""
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(str(event.anchor), place)
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._note(
                place,
                f"the tag {tag} is not part of the mapping language; remove it, and quote the value where it "
                "is meant as text",
            )
        node: Node | None
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event, place)
        elif len(self.open) >= _MAX_DEPTH:
            self._note(place, f"lists and blocks nest more than {_MAX_DEPTH} levels deep here; a mapping needs six")
            raise _UnreadableError
        else:
            self.open.append(event)
            node = self.sequence(place) if isinstance(event, yaml.SequenceStartEvent) else self.block(place)
            self.open.pop()
        if event.tag is not None:
            node = None
        return node if event.anchor is None else self.anchored(event.anchor, node, place)

    def alias(self, name: str, place: Place) -> Node | None:
        """What an alias repeats."""
        if name not in self.anchors and name not in self.missing:
            self.missing.add(name)  # told where it is used first: it is one mistake
            self._note(
                place,
                f"the alias *{name} has no anchor above it; write &{name} where the value stands first, or quote the "
                "text",
            )
        anchored = self.anchors.get(name)
        return _moved(anchored, place) if anchored else None

    def anchored(self, name: str, node: Node | None, place: Place) -> Node | None:
        """Keep what an anchor names."""
        if name in self.anchors:
            self._note(place, f"the anchor &{name} stands twice in this file; give one of them another name")
        if isinstance(node, Block) or (
            isinstance(node, Sequence) and any(not isinstance(item, Scalar) for item in node.items)
        ):
            self._note(
                place,
                f"the anchor &{name} stands before something that nests; anchors are for scalars and lists of "
                "scalars, so write a parent with `extends`, or a scope with `also`",
            )
            node = None
        self.anchors[name] = node
        return node

    def scalar(self, event: Any, place: Place) -> Scalar | None:
        text: str = event.value
        if event.style or event.tag is not None:  # libyaml says "" for plain, the parser in Python None
            return Scalar(place, text)
        if text == "":
            self._note(place, "a value is missing here; write one, or remove the line")
            return None
        if text[0] not in _SPECIAL_BEGIN:
            return Scalar(place, text)
        if text[0] in _CURLY:
            self._note(place, f'the quote {text[0]} is a letter to YAML, and part of the text; write " instead')
            return None
        if text in _JSON_WORDS:
            return Scalar(place, _JSON_WORDS[text])
        if number := _JSON_NUMBER(text):
            return self.number(text, place, whole=not (number[1] or number[2]))
        if other := _YAML_ONLY(text):
            quoted = f' ("{text}")' if len(text) <= _MANY_DIGITS else ""
            self._note(place, f"{text[:_SHOWN]} is read differently by YAML readers; quote it{quoted}{_plainly(other)}")
            return None
        return Scalar(place, text)

    def number(self, text: str, place: Place, *, whole: bool) -> Scalar | None:
        """A JSON number that both back ends can hold."""
        if not whole:
            value = float(text)
            if abs(value) != float("inf"):
                return Scalar(place, value, text)
        elif len(text) < _MANY_DIGITS and -_LARGEST_WHOLE <= int(text) < _LARGEST_WHOLE:
            return Scalar(place, int(text), text)
        what = "is over 64 bits" if whole else "is too large"
        self._note(place, f"the number {text[:_SHOWN]} {what}; quote it where it is meant as text")
        return None

    def sequence(self, place: Place) -> Sequence:
        items = []
        whole = True
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            item = self.node(event)
            if item is not None:
                items.append(item)
            else:
                whole = False
        return Sequence(place, tuple(items), whole)

    def block(self, place: Place) -> Block | None:
        entries: list[tuple[Scalar, Node]] = []
        dropped: set[str] = set()
        nested = False
        seen: dict[Literal, Place] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            before = len(self.findings)
            key = self.node(event)
            value = self.node(self.next())
            if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
                # mostly a template's {{ name }}: one mistake, whatever is in it
                del self.findings[before:]
                self._note(self._place(event), "a key must be text; quote the whole text where brackets belong to it")
                nested = True
                continue
            if key is None:
                continue
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and not event.style:
                self._note(
                    key.place,
                    "`<<` is not part of the mapping language; use `extends` for what a parent file says, or `also` "
                    "for the same fields under more prefixes",
                )
            elif not isinstance(key, Scalar) or not isinstance(key.value, str):
                self._note(key.place, f"a key must be text, and this is {key.what}; quote it")
            elif key.value in seen:
                line = seen[key.value].line
                self._note(key.place, f'the key "{key.shown}" stands already in line {line}; keep one of them')
            else:
                seen[key.value] = key.place
                if value is not None:
                    entries.append((key, value))
                else:
                    dropped.add(key.value)
        return None if nested else Block(place, tuple(entries), frozenset(dropped))


def _moved(node: Node, place: Place) -> Node:
    """An alias stands where it was written; what it repeats is only scalars and lists of scalars."""
    if isinstance(node, Scalar):
        return Scalar(place, node.value, node.text)
    assert isinstance(node, Sequence)
    return Sequence(place, tuple(_moved(item, place) for item in node.items), node.whole)


def _plainly(match: re.Match[str]) -> str:
    """What to write instead of a scalar that only YAML types."""
    text = match[0]
    match match.lastgroup:
        case "null":
            return " or remove it"
        case "true" | "false" as word:
            return f" or write {word}"
        case "octal" | "hex" if len(text) < _MANY_DIGITS:
            return f" or write {int(text, 0)}"
        case "number" if len(text) < _MANY_DIGITS:
            value: float = int(text) if text.lstrip("+-").isdigit() else float(text)
            return f" or write {value}" if abs(value) < float("inf") else ""
        case _:
            return ""
