"""Generated Painless for the values of a document: pick ▶ ignore ▶ what follows, and where the value is put."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from normalizer.backends.pipelines.merged import Read
from normalizer.backends.pipelines.picks import Picks, uses
from normalizer.backends.pipelines.rules import OBJECT_TYPES, Rules, literal, units
from normalizer.backends.source import Names, Source
from normalizer.language.paths import EventPath
from normalizer.language.plan import Each, Origin, Value


@dataclass
class Node:
    """An object of the document to come: its variable, and the objects in it by key.

    Each is begun in the one around it, and taken out again at the end where nothing has come into it.
    """

    variable: str
    begun: str
    inner: dict[str, Node] = field(default_factory=dict)

    def at(self, keys: Sequence[str], names: Names, source: Source) -> Node:
        """The object under these keys; begun where it is new."""
        node = self
        for at, key in enumerate(keys):
            if key not in node.inner:
                new = node.inner[key] = Node(names.new("d", "_".join(keys[max(at - 1, 0) : at + 1])), self.begun)
                source.add(f"Map {new.variable} = begin({node.variable}, {literal(key)}, {self.begun});")
            node = node.inner[key]
        return node


COMPILER = "the compiler"
"""The place of rules that no mapping file has written."""


def comment(fields: Iterable[tuple[str, Iterable[Origin]]]) -> Iterable[str]:
    """Comments: which fields are written, and where the mappings say so."""
    together: dict[str, list[str]] = {}
    for name, origins in fields:
        places = ", ".join(dict.fromkeys(_place(origin) for origin in origins))
        together.setdefault(places, []).append(" ".join(name.splitlines()))  # a comment ends with its line
    return [f"// {', '.join(names)}: {places}" for places, names in together.items()]


def _place(origin: Origin) -> str:
    file = origin.place.file
    return f"{file.rpartition('/')[2]}:{origin.place.line}" if file.endswith(".yml") else COMPILER


Put = tuple[str, str]
"""A variable that holds an object of the document, and the key under which a value is put there."""


@dataclass
class Values:
    """Code for the values of one event, or of one element of a list. `outer` are the objects of the event around it."""

    rules: Rules
    source: Source
    names: Names
    picks: Picks
    outer: Picks | None = None

    def read(self, read: Read, root: Node, condition: str) -> None:
        """Code for a rule's value, put into its places; under a condition where not every event type has the rule."""
        puts = [
            (root.at(each.keys[:-1], self.names, self.source).variable, each.keys[-1]) for each in read.destinations
        ]
        for line in comment(
            (each.name, origins) for each, origins in zip(read.destinations, read.origins, strict=True)
        ):
            self.source.add(line)
        self.value(read.number, read.rule, puts, condition=condition)

    def value(
        self, number: int, rule: Value | Each, puts: list[Put], keys: tuple[str, ...] = (), condition: str = ""
    ) -> None:
        """Code for a rule: the objects on its paths first, then its values."""
        self._look_up(rule)
        with self.source.block(f"if ({condition}) {{") if condition else nullcontext():
            if isinstance(rule, Each):
                self._each(number, rule, puts)
            elif rule.destination.array:
                self._many(number, rule, puts)
            else:
                self._put(puts, self._single(number, rule, keys), copy=rule.destination.type in OBJECT_TYPES)

    def _look_up(self, rule: Value | Each) -> None:
        if isinstance(rule, Each):
            for inner in rule.fields:
                for path in inner.paths:
                    if path.absolute:
                        self._holder(self.picks, path, many=inner.destination.array)
            self.picks.many(rule.path.segments)
            return
        for path in rule.paths:
            self._holder(self._start(path), path, many=rule.destination.array)

    @staticmethod
    def _holder(picks: Picks, path: EventPath, *, many: bool) -> None:
        if path.given:
            return
        if many:
            picks.many(path.container.segments)
        else:
            picks.one(path.container.segments)

    def _start(self, path: EventPath) -> Picks:
        return self.outer if path.absolute and self.outer is not None else self.picks

    def _put(self, puts: list[Put], expression: str, *, copy: bool) -> None:
        """One object must not stand in a document twice: who changes one would change the other."""
        (variable, key), *others = puts
        if not others:
            self.source.add(f"put({variable}, {literal(key)}, {expression});")
            return
        statements = [f"v = {expression};", f"put({variable}, {literal(key)}, v);"]
        again = "copied(v)" if copy else "v"
        statements += [f"put({variable}, {literal(key)}, {again});" for variable, key in others]
        self.source.add(" ".join(statements))

    # ---- a single value

    def _single(self, number: int, rule: Value, keys: tuple[str, ...]) -> str:
        """The expression of a value: the first of the paths that gives one decides."""
        ignored = self.rules.ignoring(rule)
        expression = ""
        for holder, names in reversed(self._held(rule)):
            key = literal(names[0])
            if len(names) > 1:
                key = self.names.new("key", rule.destination.keys[-1])
                self.source.add(f"String {key} = pick({holder}, {literal(names)}, {ignored});")
            made = f"{self._function(rule, keys, holder, key)}, {number}, c)"
            expression = f"absent(valueOf({holder}, {key}, {ignored})) ? {expression} : {made}" if expression else made
        return expression

    def _function(self, rule: Value, keys: tuple[str, ...], holder: str, key: str) -> str:
        """A call up to the rule's number."""
        arguments = f"{holder}, {key}, {self.rules.ignoring(rule)}"
        if keys and not rule.steps and rule.table is None and rule.default is None:
            return f"asIs({arguments}, {units(keys)}, {len(keys)}"
        return f"{self.rules.function(rule, keys)}({arguments}"

    def _held(self, rule: Value) -> list[tuple[str, tuple[str, ...]]]:
        """The objects that hold a rule's values, with the names in them that are asked for, as long as they follow."""
        found: list[tuple[str, tuple[str, ...]]] = []
        for path in rule.paths:
            holder = "given" if path.given else self._start(path).one(path.container.segments)
            if found and found[-1][0] == holder:
                found[-1] = holder, (*found[-1][1], path.last)
            else:
                found.append((holder, (path.last,)))
        return found

    # ---- many values

    def _many(self, number: int, rule: Value, puts: list[Put]) -> None:
        """A list field: every value of every path, or of the first path that has any."""
        found, into, each = (self.names.new(prefix, rule.destination.keys[-1]) for prefix in ("found", "into", "e"))
        self.source.add(f"List {found} = new ArrayList();")
        for index, path in enumerate(rule.paths):
            holders = self._start(path).many(path.container.segments)
            line = f"values({holders}, '{path.last}', {self.rules.ignoring(rule)}, {found});"
            self.source.add(line if rule.collect or index == 0 else f"if ({found}.isEmpty()) {{ {line} }}")
        self.source.add(f"Collection {into} = new {'LinkedHashSet' if rule.collect else 'ArrayList'}();")
        made = f"{self._function(rule, (), f'(Object[]) {each}', 'null')}, {number}, c)"
        self.source.add(f"for (Object {each} : {found}) {{ add({into}, {made}); }}")
        if rule.default is not None:
            default = rule.default if isinstance(rule.default, tuple) else (rule.default,)
            self.source.add(f"if ({into}.isEmpty()) {{ {into}.addAll({literal(default)}); }}")
        for variable, key in puts:
            copied = f"(List) copied(listed({into}))" if rule.destination.type in OBJECT_TYPES else f"listed({into})"
            self.source.add(f"put({variable}, {literal(key)}, {copied});")

    # ---- lists of objects

    def _each(self, number: int, rule: Each, puts: list[Put]) -> None:
        """One object for each element of a list."""
        elements = self.picks.many(rule.path.segments)
        listed, each, item, made, begun = (
            self.names.new(prefix, rule.destination.keys[-1]) for prefix in ("made", "each", "e", "d", "begun")
        )
        self.source.add(f"List {listed} = new ArrayList();")
        with self.source.block(f"for (Object {each} : {elements}) {{"):
            self.source.add(f"Object[] {item} = (Object[]) {each};")
            self.source.add(f"Map {made} = new HashMap(); List {begun} = new ArrayList();")
            self._element(number, rule, item, Node(made, begun))
            self.source.add(f"removeEmpty({begun});")
            self.source.add(f"if (!{made}.isEmpty()) {{ {listed}.add({made}); }}")
        for index, (variable, key) in enumerate(puts):
            own = listed if index == 0 else f"(List) copied({listed})"
            self.source.add(f"put({variable}, {literal(key)}, listed({own}));")

    def _element(self, number: int, rule: Each, item: str, root: Node) -> None:
        """The fields of one element."""
        inside = [
            use
            for inner in rule.fields
            for use in uses(
                [path for path in inner.paths if not path.absolute], number, "", many=inner.destination.array
            )
        ]
        values = Values(self.rules, self.source, self.names, Picks(self.source, self.names, item, inside), self.picks)
        for inner in rule.fields:
            keys = tuple(inner.destination.name.removeprefix(f"{rule.destination.name}.").split("."))
            node = root.at(keys[:-1], self.names, self.source)
            for line in comment([(inner.destination.name, [inner.origin])]):
                self.source.add(line)
            as_is = keys if rule.destination.type == "flattened" else ()
            values.value(number, inner, [(node.variable, keys[-1])], as_is)
