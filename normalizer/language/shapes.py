"""The tree of a mapping file ▶ the mapping as it was written: shapes only."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches

from normalizer.errors import Place
from normalizer.language.advice import choices, did_you_mean, nearest
from normalizer.language.model import (
    MappingFile,
    Target,
    Written,
    WrittenEach,
    WrittenPath,
    WrittenRule,
    WrittenSet,
)
from normalizer.language.notes import Notes
from normalizer.language.paths import PathError, parse_path
from normalizer.language.reader import Block, Node, Scalar, Sequence

_FILE_KEYS = ("event_type", "extends", "summary", "set", "fields", "remove")
_RULE_KEYS = ("from", "collect", "ignore", "as", "map", "default")
_SCOPE_KEYS = ("at", "also", "ignore", "fields")
_EACH_KEYS = ("each", "fields")
_NO_BLANK = re.compile(r"([\w.@-]+):(\S+)").fullmatch
_SLIP = 0.7
_ANY_KEYS = (*dict.fromkeys((*_RULE_KEYS, *_SCOPE_KEYS, *_EACH_KEYS)),)


def mapping_file(name: str, file: str, tree: Node, notes: Notes) -> MappingFile | None:
    """The mapping that a file holds: mistakes go into the notes, and what is left stands. None where it is none."""
    if not isinstance(tree, Block):
        notes.add(
            tree.place,
            f"a mapping file is a block of keys ({choices(_FILE_KEYS)}), and this is {tree.what}; write `key: value` "
            "lines",
        )
        return None
    if (
        tree.entries
        and not any(nearest(str(key.value), _FILE_KEYS) for key, _ in tree.entries)
        and all(isinstance(value, Scalar) for _, value in tree.entries)
    ):
        what = f"a mapping file has {choices(_FILE_KEYS)}, and this has none of them"
        notes.add(tree.place, f"{what}; a table stands in tables/{name}.yml")
        return None
    gaps = not _known_keys(tree, _FILE_KEYS, "a mapping file", notes) or bool(tree.dropped)
    reader = _Reader(notes)
    for key in ("set", "fields"):
        if (block := tree.get(key)) is None:
            continue
        if not isinstance(block, Block):
            gaps = True
            advice = "write `field: …` lines below it"
            if isinstance(block, Scalar) and (colon := _NO_BLANK(block.shown)) is not None:
                advice = f"a blank is missing after the colon, so write `{colon[1]}: {colon[2]}`"
            notes.add(block.place, f"`{key}` is a block of destinations, and this is {block.what}; {advice}")
        elif key == "set":
            reader.constants(block)
        else:
            reader.fields(block, _Scope())
    words = {key: _text(tree, key, notes) for key in ("summary", "event_type", "extends")}
    gaps = gaps or any(word is None and tree.get(key) is not None for key, word in words.items())
    if tree.get("summary") is None and not gaps:
        notes.add(tree.place, "`summary` is missing; write one sentence that says what the mapping is for")
    summary = words["summary"]
    return MappingFile(
        name=name,
        file=file,
        place=tree.place,
        event_type=words["event_type"],
        extends=words["extends"],
        summary=str(summary.value) if summary else "",
        summary_place=tree.key("summary").place if summary else tree.place,
        written=tuple(reader.written.values()),
        scopes=tuple(reader.scopes),
        removes=tuple(_texts(tree.get("remove"), "remove", notes, always_list=True)),
        broken=frozenset(reader.broken),
        gaps=gaps,
    )


def _known_keys(block: Block, known: tuple[str, ...], what: str, notes: Notes) -> bool:
    """Whether a block has only keys that it can have."""
    good = True
    for key, _ in block.entries:
        if key.value not in known:
            good = False
            advice = did_you_mean(str(key.value), known) or f"; it can have {choices(known)}"
            notes.add(key.place, f'{what} has no key "{key.shown}"{advice}')
    return good


def _text(block: Block, key: str, notes: Notes) -> Scalar | None:
    """A key's value that must be a text which is not empty."""
    node = block.get(key)
    if node is None:
        return None
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip():
        return node
    if key == "extends" and isinstance(node, Sequence):
        hint = "a mapping has one parent, so write its name alone"
    else:
        hint = "quote it" if isinstance(node, Scalar) and not isinstance(node.value, str) else "write a text"
    what = "an empty text" if isinstance(node, Scalar) and isinstance(node.value, str) else node.what
    notes.add(node.place, f"`{key}` must be a text, and this is {what}; {hint}")
    return None


def _texts(node: Node | None, key: str, notes: Notes, *, always_list: bool = False) -> list[Scalar]:
    """A key's value that must be a list of texts, or one text where that is allowed."""
    if node is None:
        return []
    items: tuple[Node, ...] = (node,)
    if isinstance(node, Sequence):
        items = node.items
    elif always_list:
        example = f"[{node.shown}]" if isinstance(node, Scalar) else "[ … ]"
        notes.add(node.place, f"`{key}` is a list, and this is {node.what}; write it in brackets: {key}: {example}")
        return []
    good = []
    for item in items:
        if isinstance(item, Scalar) and isinstance(item.value, str) and item.value:
            good.append(item)
        elif isinstance(item, Scalar) and item.value == "":
            notes.add(item.place, f"`{key}` holds an empty text, which means nothing; remove it")
        elif isinstance(item, Scalar):
            notes.add(item.place, f"`{key}` holds texts, and this is {item.what}; quote it where it is meant as text")
        else:
            notes.add(item.place, f"`{key}` holds texts, and this is {item.what}; write them one by one")
    return good


def _is_key(name: str) -> bool:
    """Whether a name in a rule is one of its keys, maybe with a slip; `reason` is none, and near enough to `also`."""
    return bool(get_close_matches(name.lower(), _ANY_KEYS, n=1, cutoff=_SLIP))


def _whole(node: Node) -> bool:
    """Whether the reader has left nothing out, of the node or of a list right in it."""
    if isinstance(node, Block):
        return not node.dropped and all(value.whole for _, value in node.entries if isinstance(value, Sequence))
    return True


@dataclass(frozen=True, slots=True)
class _Scope:
    """What surrounds a rule: its prefixes (the first is the scope's own), its path, what is ignored."""

    prefixes: tuple[Target, ...] = (Target("", Place("", 0, 0)),)
    path: WrittenPath | None = None
    ignore: tuple[str, ...] = ()
    each: WrittenPath | None = None

    def targets(self, key: Scalar) -> tuple[Target, ...]:
        """The destinations that a name means here."""
        own = f"{self.prefixes[0].name}{key.value}"
        return tuple(
            Target(
                f"{prefix.name}{key.value}",
                key.place,
                prefix.blame,
                own if prefix.blame else "",
                prefix if prefix.name else None,
            )
            for prefix in self.prefixes
        )


class _Reader:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.written: dict[str, Written] = {}
        self.scopes: list[WrittenPath] = []
        self.broken: set[str] = set()

    def keep(self, item: Written) -> None:
        """Take a rule, unless the file writes its destination already."""
        name = item.target.name
        first = self.written.setdefault(name, item)
        if first is item:
            return
        place, other = item.target.blame or item.target.place, first.target.place
        if item.target.blame is None and first.target.blame is not None:
            place, other = first.target.blame, item.target.place  # the `also` is one mistake, not one for each name
        if isinstance(first, WrittenSet) and not isinstance(item, WrittenSet):
            message = f'"{name}" stands in `set` too (line {other.line}); keep the constant or the rule'
        elif item.target.blame is not None or first.target.blame is not None:
            message = f'this `also` writes "{name}", which line {other.line} writes too; keep one of the two'
        else:
            message = f'"{name}" is written in line {other.line} too; keep one of the two'
        self.notes.add(place, message, "twice")

    def constants(self, block: Block) -> None:
        self.broken.update(block.dropped)
        for key, literal in block.entries:
            if not isinstance(literal, Block):
                self.keep(WrittenSet(Target(str(key.value), key.place), literal))
                continue
            self.broken.add(str(key.value))
            first = next((name.shown for name, _ in literal.entries), "…")
            advice = f"write the whole name, like {key.shown}.{first}: value"
            if first in _ANY_KEYS:
                advice = "a rule stands in `fields`"
            self.notes.add(literal.place, f"`set` takes literals, and this is {literal.what}; {advice}")

    def fields(self, block: Block, scope: _Scope) -> None:
        for dropped in block.dropped:
            self.broken.update(f"{prefix.name}{dropped}" for prefix in scope.prefixes)
        for key, node in block.entries:
            before = len(self.notes.findings)
            self.entry(key, node, scope)
            if len(self.notes.findings) > before or not _whole(node):
                self.broken.update(target.name for target in scope.targets(key))

    def entry(self, key: Scalar, node: Node, scope: _Scope) -> None:
        """One line of `fields`: a path, a rule, a list of objects, or a scope."""
        if isinstance(node, Scalar):
            path = self.path(node, scope)
            if path is not None:
                for target in scope.targets(key):
                    self.keep(WrittenRule(target, (path,), ignore=scope.ignore))
        elif isinstance(node, Sequence):
            self.notes.add(
                node.place,
                "a list of paths stands in a rule; write {from: [ … ]} for the first that is present, or "
                "{collect: [ … ]} for all of them",
            )
        elif "each" in node.dropped or "at" in node.dropped:
            return  # what stands below cannot be understood without it
        elif node.get("each") is not None:
            self.each(key, node, scope)
        elif any(node.get(word) is not None for word in ("fields", "at", "also")):
            self.scope(key, node, scope)
        elif node.entries and not any(_is_key(str(name.value)) for name, _ in node.entries):
            first = node.entries[0][0].shown
            self.notes.add(
                node.entries[0][0].place,
                f'names below "{key.shown}" stand in a scope; write {key.shown}: {{fields: {{{first}: …}}}}, or the '
                "whole "
                f"name, {key.shown}.{first}: …",
            )
        else:
            self.rule(key, node, scope)

    def path(self, node: Node, scope: _Scope) -> WrittenPath | None:
        """An event path, as it reads inside the scope."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            advice = "write one, like actor.id"
            if isinstance(node, Scalar) and node.value is not None:
                advice = "a constant goes into `set`, or into the rule's `default`"
            self.notes.add(node.place, f"an event path is a text, and this is {node.what}; {advice}")
            return None
        try:
            path = parse_path(node.value)
        except PathError as error:
            self.notes.add(node.place, str(error))
            return None
        outer = scope.path
        if outer is None or path.absolute or path.given:
            path = replace(path, absolute=True)
            return WrittenPath(path, node.place, path, text=node.value)
        below = path if outer is scope.each else path.below(outer.path)
        return WrittenPath(below, node.place, path.below(outer.whole), outer, node.value)

    def scope(self, key: Scalar, node: Block, scope: _Scope) -> None:
        if not _known_keys(node, _SCOPE_KEYS, "a scope", self.notes):
            return
        fields = node.get("fields")
        if not isinstance(fields, Block) or not (fields.entries or fields.dropped):
            if "fields" not in node.dropped:
                place = node.place if fields is None else fields.place
                self.notes.add(
                    place, "a scope needs `fields`; write a block of names and the paths that they come from"
                )
            return
        inner = scope.path
        if (at := node.get("at")) is not None:
            inner = self.path(at, scope)
            if inner is None:
                return
            if inner.path.given:
                message = f"`at` names an object of the event, and {inner.path} is a value; name one, like actor"
                self.notes.add(at.place, message)
                return
            self.scopes.append(inner)
        prefixes = [replace(target, name=f"{target.name}.") for target in scope.targets(key)]
        for item in _texts(node.get("also"), "also", self.notes, always_list=True):
            prefixes.extend(
                replace(outer, name=f"{outer.name}{item.value}.", place=item.place, blame=item.place)
                for outer in scope.prefixes
            )
        self.fields(fields, _Scope(tuple(prefixes), inner, self.ignored(node, scope), scope.each))

    def ignored(self, node: Block, scope: _Scope) -> tuple[str, ...]:
        """What a scope or a rule ignores, with what surrounds it."""
        own = _texts(node.get("ignore"), "ignore", self.notes, always_list=True)
        return tuple(sorted({*scope.ignore, *(str(item.value) for item in own)}))

    def rule(self, key: Scalar, node: Block, scope: _Scope) -> None:
        if not _known_keys(node, _RULE_KEYS, "a rule", self.notes):
            return
        paths = self.paths(node, scope)
        steps = _texts(node.get("as"), "as", self.notes)
        ignore = self.ignored(node, scope)
        table = node.get("map")
        if isinstance(table, Sequence) or (
            isinstance(table, Scalar) and not (isinstance(table.value, str) and table.value)
        ):
            self.notes.add(
                table.place, f"`map` is a table's name or {{text: value}}, and this is {table.what}; write one"
            )
            return
        if not paths or node.dropped:
            return
        rule = WrittenRule(
            target=Target("", key.place),
            paths=paths,
            collect=node.key("collect").place if node.get("collect") is not None else None,
            ignore=ignore,
            steps=tuple(steps),
            table=table,
            default=node.get("default"),
        )
        for target in scope.targets(key):
            self.keep(replace(rule, target=target))

    def paths(self, node: Block, scope: _Scope) -> tuple[WrittenPath, ...]:
        """The event paths of a rule, without those that are mistakes."""
        source, collect = node.get("from"), node.get("collect")
        if source is None and collect is None:
            if not node.dropped & {"from", "collect"}:
                self.notes.add(
                    node.place, "a rule needs `from` or `collect`; a list of objects needs `each`, a scope `fields`"
                )
            return ()
        if source is not None and collect is not None:
            self.notes.add(
                node.key("collect").place,
                "a rule has both `from` (the first that is present) and `collect` (all of them); remove one",
            )
            return ()
        if collect is not None and not isinstance(collect, Sequence):
            example = f"[{collect.shown}]" if isinstance(collect, Scalar) else "[ … ]"
            self.notes.add(
                collect.place, f"`collect` is a list of paths, and this is {collect.what}; write collect: {example}"
            )
            return ()
        source = source if source is not None else collect
        assert source is not None
        items = source.items if isinstance(source, Sequence) else (source,)
        if isinstance(source, Sequence) and not items and source.whole:
            self.notes.add(source.place, "the list of paths is empty; write at least one event path")
        return tuple(path for item in items if (path := self.path(item, scope)) is not None)

    def each(self, key: Scalar, node: Block, scope: _Scope) -> None:
        if not _known_keys(node, _EACH_KEYS, "a list of objects", self.notes):
            return
        if scope.each is not None:
            self.notes.add(
                node.place, "`each` cannot stand inside `each`; take the inner list as it is, into a flattened field"
            )
            return
        path_node, fields = node.get("each"), node.get("fields")
        assert path_node is not None
        path = self.path(path_node, scope)
        if not isinstance(fields, Block) or not (fields.entries or fields.dropped):
            if "fields" not in node.dropped:
                place = node.place if fields is None else fields.place
                self.notes.add(place, "`each` needs `fields`; write a block of names and the paths in each element")
            return
        if path is None:
            return
        if path.path.given:
            message = f"`each` names a list of the event, and {path.path} is a value; name one, like target"
            self.notes.add(path_node.place, message)
            return
        inside = _Reader(self.notes)
        inside.fields(fields, _Scope(path=path, each=path, ignore=scope.ignore))
        self.scopes.extend(inside.scopes)
        rules = tuple(rule for rule in inside.written.values() if isinstance(rule, WrittenRule))
        for target in scope.targets(key):
            if inside.broken:
                self.broken.add(target.name)
            self.keep(WrittenEach(target, path, rules))
