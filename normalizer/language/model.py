"""A mapping file as it was written, with scopes unrolled: shapes only; what the names mean is looked at in `check`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from normalizer.errors import Place
from normalizer.language.advice import choices, did_you_mean
from normalizer.language.notes import Notes
from normalizer.language.paths import EventPath, PathError, parse_path
from normalizer.language.reader import Block, Node, Scalar, Sequence


@dataclass(frozen=True, slots=True)
class Target:
    """A destination as written. `blame` is the item of `also` that gave it its prefix, `instead_of` the name without."""

    name: str
    place: Place
    blame: Place | None = None
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class WrittenPath:
    """An event path and its place."""

    path: EventPath
    place: Place


@dataclass(frozen=True, slots=True)
class WrittenSet:
    """A constant: the literal is checked once its field is known."""

    target: Target
    literal: Node


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A path or a rule, the scope's prefix, path and `ignore` already in it. `names` are the words of `as`."""

    target: Target
    paths: tuple[WrittenPath, ...]
    collect: Place | None = None
    ignore: tuple[str, ...] = ()
    steps: tuple[Scalar, ...] = ()
    table: Node | None = None
    default: Node | None = None


@dataclass(frozen=True, slots=True)
class WrittenEach:
    """A list of objects."""

    target: Target
    path: WrittenPath
    fields: tuple[WrittenRule, ...]


Written = WrittenSet | WrittenRule | WrittenEach


@dataclass(frozen=True, slots=True)
class MappingFile:
    """One mapping file. `broken` are destinations whose rule holds a mistake: they count as written."""

    name: str
    file: str
    place: Place
    event_type: Scalar | None
    extends: Scalar | None
    summary: str
    written: tuple[Written, ...]
    removes: tuple[Scalar, ...]
    broken: frozenset[str]


_FILE_KEYS = ("event_type", "extends", "summary", "set", "fields", "remove")
_RULE_KEYS = ("from", "collect", "ignore", "as", "map", "default")
_SCOPE_KEYS = ("at", "also", "ignore", "fields")
_EACH_KEYS = ("each", "fields")


def mapping_file(name: str, file: str, tree: Node, notes: Notes) -> MappingFile:
    """The mapping that a file holds; mistakes go into the notes and what is left stands."""
    top = Place(file, 1, 1)
    if not isinstance(tree, Block):
        notes.add(tree.place, f"a mapping file is a block of keys ({choices(_FILE_KEYS)}), and this is {tree.what}")
        tree = Block(top, ())
    _known_keys(tree, _FILE_KEYS, "a mapping file", notes)
    reader = _Reader(notes)
    for key in ("set", "fields"):
        if (block := tree.get(key)) is None:
            continue
        if not isinstance(block, Block):
            notes.add(block.place, f"`{key}` is a block of destinations, and this is {block.what}; write `field: …` lines below it")
        elif key == "set":
            reader.constants(block)
        else:
            reader.fields(block, _Scope())
    summary = _text(tree, "summary", notes)
    if summary is None and tree.get("summary") is None and "summary" not in tree.dropped:
        notes.add(tree.place, "`summary` is missing; write one sentence that says what the mapping is for")
    event_type = _text(tree, "event_type", notes)
    if event_type is None and (tree.get("event_type") is not None or "event_type" in tree.dropped):
        reader.broken.add("event_type")
    return MappingFile(
        name=name,
        file=file,
        place=tree.place,
        event_type=event_type,
        extends=_text(tree, "extends", notes),
        summary=str(summary.value) if summary else "",
        written=tuple(reader.written.values()),
        removes=tuple(_texts(tree.get("remove"), "remove", notes, always_list=True)),
        broken=frozenset(reader.broken),
    )


def _known_keys(block: Block, known: tuple[str, ...], what: str, notes: Notes) -> bool:
    """Whether a block has only keys that it can have."""
    good = True
    for key, _ in block.entries:
        if key.value not in known:
            good = False
            advice = did_you_mean(str(key.value), known) or f"; it can have {choices(known)}"
            notes.add(key.place, f'{what} has no key "{key.value}"{advice}')
    return good


def _text(block: Block, key: str, notes: Notes) -> Scalar | None:
    """A key's value that must be a text which is not empty."""
    node = block.get(key)
    if node is None:
        return None
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip():
        return node
    what = "an empty text" if isinstance(node, Scalar) and isinstance(node.value, str) else node.what
    hint = "; a mapping has one parent, so write its name alone" if key == "extends" and isinstance(node, Sequence) else ""
    notes.add(node.place, f"`{key}` must be a text, and this is {what}{hint or '; write it as text'}")
    return None


def _texts(node: Node | None, key: str, notes: Notes, *, always_list: bool = False) -> list[Scalar]:
    """A key's value that must be a list of texts, or one text where that is allowed."""
    if node is None:
        return []
    items: tuple[Node, ...] = (node,)
    if isinstance(node, Sequence):
        items = node.items
    elif always_list:
        notes.add(node.place, f"`{key}` is a list, and this is {node.what}; write it in brackets: {key}: [ … ]")
        return []
    good = []
    for item in items:
        if isinstance(item, Scalar) and isinstance(item.value, str):
            good.append(item)
        else:
            notes.add(item.place, f"`{key}` holds texts, and this is {item.what}; quote it where it is meant as text")
    return good


@dataclass(frozen=True, slots=True)
class _Scope:
    """What surrounds a rule: its prefixes (the first is the scope's own), its path, what is ignored."""

    prefixes: tuple[Target, ...] = (Target("", Place("", 0, 0)),)
    path: EventPath | None = None
    ignore: tuple[str, ...] = ()
    each: bool = False

    def targets(self, key: Scalar) -> tuple[Target, ...]:
        """The destinations that a name means here."""
        own = f"{self.prefixes[0].name}{key.value}"
        return tuple(
            Target(f"{prefix.name}{key.value}", key.place, prefix.blame, own if prefix.blame else "") for prefix in self.prefixes
        )


class _Reader:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.written: dict[str, Written] = {}
        self.broken: set[str] = set()

    def keep(self, item: Written) -> None:
        """Take a rule, unless the file writes its destination already."""
        first = self.written.get(item.target.name)
        if first is None:
            self.written[item.target.name] = item
        elif isinstance(first, WrittenSet) and not isinstance(item, WrittenSet):
            self.notes.add(item.target.place, f'"{item.target.name}" stands in `set` too (line {first.target.place.line}); '
                                              "keep the constant or the rule", "twice")
        else:
            place = item.target.blame or item.target.place
            self.notes.add(place, f'"{item.target.name}" is written already in line {first.target.place.line}; '
                                  "keep one of the two", "twice")

    def constants(self, block: Block) -> None:
        self.broken.update(block.dropped)
        for key, literal in block.entries:
            if isinstance(literal, Block):
                self.broken.add(str(key.value))
                self.notes.add(literal.place, f"`set` takes literals, and this is {literal.what}; write the whole name, like "
                                              f"{key.value}.…: value, or move a rule to `fields`")
            else:
                self.keep(WrittenSet(Target(str(key.value), key.place), literal))

    def fields(self, block: Block, scope: _Scope) -> None:
        for dropped in block.dropped:
            self.broken.update(f"{prefix.name}{dropped}" for prefix in scope.prefixes)
        for key, node in block.entries:
            before = len(self.notes.findings)
            self.entry(key, node, scope)
            if len(self.notes.findings) > before:
                self.broken.update(target.name for target in scope.targets(key))

    def entry(self, key: Scalar, node: Node, scope: _Scope) -> None:
        """One line of `fields`: a path, a rule, a list of objects, or a scope."""
        if isinstance(node, Scalar):
            path = self.path(node, scope)
            if path is not None:
                for target in scope.targets(key):
                    self.keep(WrittenRule(target, (path,), ignore=scope.ignore))
        elif isinstance(node, Sequence):
            self.notes.add(node.place, "a list of paths is written as {from: [ … ]} for the first that is present, or as "
                                       "{collect: [ … ]} for all of them")
        elif node.get("each") is not None:
            self.each(key, node, scope)
        elif node.get("fields") is not None or node.get("at") is not None or node.get("also") is not None:
            self.scope(key, node, scope)
        else:
            self.rule(key, node, scope)

    def path(self, node: Node, scope: _Scope) -> WrittenPath | None:
        """An event path, as it reads inside the scope."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            advice = "; a constant goes into `set`" if isinstance(node, Scalar) and node.value is not None else ""
            self.notes.add(node.place, f"an event path is a text, and this is {node.what}{advice or '; write one, like actor.id'}")
            return None
        try:
            path = parse_path(node.value)
        except PathError as error:
            self.notes.add(node.place, str(error))
            return None
        if scope.each:
            return WrittenPath(path if scope.path is None else path.below(scope.path), node.place)
        return WrittenPath(replace(path.below(scope.path), absolute=True), node.place)

    def scope(self, key: Scalar, node: Block, scope: _Scope) -> None:
        if not _known_keys(node, _SCOPE_KEYS, "a scope", self.notes):
            return
        fields = node.get("fields")
        if not isinstance(fields, Block):
            if "fields" not in node.dropped:
                self.notes.add(node.place, "a scope needs `fields`: a block of names and what they come from")
            return
        inner = scope.path
        if (at := node.get("at")) is not None:
            written = self.path(at, scope)
            if written is None:
                return
            if written.path.given:
                self.notes.add(at.place, f"`at` names an object of the event, and {written.path} is a value of the run time")
                return
            inner = written.path
        prefixes = [replace(target, name=f"{target.name}.") for target in scope.targets(key)]
        for item in _texts(node.get("also"), "also", self.notes, always_list=True):
            for outer in scope.prefixes:
                prefixes.append(Target(f"{outer.name}{item.value}.", item.place, item.place))
        ignore = tuple(str(item.value) for item in _texts(node.get("ignore"), "ignore", self.notes, always_list=True))
        self.fields(fields, _Scope(tuple(prefixes), inner, _merged(scope.ignore, ignore), scope.each))

    def rule(self, key: Scalar, node: Block, scope: _Scope) -> None:
        if not _known_keys(node, _RULE_KEYS, "a rule", self.notes):
            return
        paths, collect = node.get("from"), node.get("collect")
        if paths is None and collect is None:
            if not node.dropped:
                self.notes.add(node.place, "a rule needs `from` or `collect`; a list of objects needs `each`, a scope `fields`")
            return
        if paths is not None and collect is not None:
            self.notes.add(node.key("collect").place, "a rule has `from` (the first that is present) or `collect` (all), not both")
            return
        source = paths if paths is not None else collect
        assert source is not None
        if collect is not None and not isinstance(collect, Sequence):
            self.notes.add(collect.place, f"`collect` is a list of paths, and this is {collect.what}; write it in brackets")
            return
        items = source.items if isinstance(source, Sequence) else (source,)
        if not items:
            self.notes.add(source.place, "the list of paths is empty; write at least one event path")
        written = [self.path(item, scope) for item in items]
        steps = _texts(node.get("as"), "as", self.notes)
        own = tuple(str(item.value) for item in _texts(node.get("ignore"), "ignore", self.notes, always_list=True))
        table = node.get("map")
        if table is not None and (isinstance(table, Sequence) or (isinstance(table, Scalar) and not isinstance(table.value, str))):
            self.notes.add(table.place, f"`map` is a table's name or {{text: value}}, and this is {table.what}")
            return
        if not written or any(path is None for path in written):
            return
        rule = WrittenRule(
            target=Target("", key.place),
            paths=tuple(path for path in written if path is not None),
            collect=node.key("collect").place if collect is not None else None,
            ignore=_merged(scope.ignore, own),
            steps=tuple(steps),
            table=table,
            default=node.get("default"),
        )
        for target in scope.targets(key):
            self.keep(replace(rule, target=target))

    def each(self, key: Scalar, node: Block, scope: _Scope) -> None:
        if not _known_keys(node, _EACH_KEYS, "a list of objects", self.notes):
            return
        if scope.each:
            self.notes.add(node.place, "`each` cannot stand inside `each`; take the inner list as it is, into a flattened field")
            return
        path_node, fields = node.get("each"), node.get("fields")
        assert path_node is not None
        path = self.path(path_node, scope)
        if not isinstance(fields, Block) or not fields.entries:
            self.notes.add(node.place, "`each` needs `fields`: a block of names and what they come from in each element")
            return
        if path is not None and path.path.given:
            self.notes.add(path_node.place, f"`each` names a list of the event, and {path.path} is a value of the run time")
            return
        inside = _Reader(self.notes)
        inside.fields(fields, _Scope(each=True, ignore=scope.ignore))
        if path is None or inside.broken:
            return
        rules = tuple(rule for rule in inside.written.values() if isinstance(rule, WrittenRule))
        for target in scope.targets(key):
            self.keep(WrittenEach(target, path, rules))


def _merged(outer: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*outer, *own}))
