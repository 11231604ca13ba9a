"""Generated code for the values of a document: pick ▶ ignore ▶ as ▶ map ▶ type ▶ default, the common case in line.

The plain way has every case: what is not common goes to a `Rule` of the library, with its place in the event. The quick
way leaves out what the check of the finished document finds anyway: a text field's value need not be looked at, for
anything else than text breaks the schema, and then the plain way decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from normalizer.backends.python.library import SMALL_PREFIX
from normalizer.backends.python.picks import Picks, Single, uses
from normalizer.backends.source import Names, Source
from normalizer.language.conversions import MAX_LEVELS, TEXT_TYPES, whole_range
from normalizer.language.paths import EventPath
from normalizer.language.plan import Each, Value

OBJECT_TYPES = ("flattened", "geo_point")

Put = Callable[[str], str]
"""Takes an expression; gives the statement that puts it where it belongs."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A name in the source that stands for a `Rule` of the library; `keys` as that has them."""

    name: str
    value: Value
    number: int
    keys: tuple[str, ...] = ()


def known(rule: str) -> str:
    """The name of what a rule has made of texts before."""
    return f"known_{rule}"


class Context(Protocol):
    """What the code of one function shares."""

    names: Names

    def bound(self, value: Value, number: int, keys: tuple[str, ...] = ()) -> str:
        """The name of a rule."""

    def made(self, values: Values, fields: tuple[Value, ...], prefix: str, number: int, *, as_is: bool) -> str:
        """Code for the fields of one element of a list; the variable of the object that they make."""


@dataclass
class Values:
    """Code for the values of one event, or of one element of a list. `outer` are the objects of the event around it."""

    context: Context
    source: Source
    picks: Picks
    outer: Picks | None = None

    @property
    def quick(self) -> bool:
        """Whether this is the quick way."""
        return self.picks.quick

    def value(self, number: int, rule: Value | Each, puts: list[Put], keys: tuple[str, ...] = ()) -> None:
        """Code for a rule that puts its value, where there is one, into its places."""
        paths = [rule.path] if isinstance(rule, Each) else rule.paths
        places = f"{rule.origin.place.file}:{rule.origin.place.line}"
        self.source.add(f"# {rule.destination.name}: {', '.join(map(str, paths))} ({places})")
        variable = self.context.names.new("v", rule.destination.name)
        if isinstance(rule, Each):
            self._each(variable, number, rule)
        elif rule.destination.array:
            self._many(variable, number, rule)
        elif self.quick and self._is_plain_text(rule, keys):
            self._quick_text(variable, number, rule, puts)
            return
        else:
            reads = [self._read(path, number) for path in rule.paths]
            self._check_others(number, rule)
            self._pick(variable, number, rule, keys, reads)
        if isinstance(rule, Value) and rule.default is not None:
            self._put(variable, puts)
        else:
            with self.source.block(f"if {variable} is not None:"):
                self._put(variable, puts)

    def _put(self, variable: str, puts: list[Put]) -> None:
        for put in puts:
            self.source.add(put(variable))

    # ---- a single value

    def _start(self, path: EventPath) -> Picks:
        return self.outer if path.absolute and self.outer is not None else self.picks

    def _read(self, path: EventPath, number: int) -> tuple[str, str]:
        """The expressions of a value and of its place."""
        if path.given:
            return path.last.removeprefix("_"), "()" if self.quick else repr((path.last,))
        parent = self._start(path).single(path.container.segments, number)
        return f"{parent.variable}.get({path.last!r})", "()" if self.quick else parent.where(path.last)

    def _check_others(self, number: int, rule: Value) -> None:
        """The quick way sees what is no object when it reads from it; it may read from the first path only."""
        first, *others = rule.paths
        for path in others if self.quick else ():
            if not path.given and path.container != first.container:
                self._check(self._start(path), path, number, many=rule.destination.array)

    def _check(self, picks: Picks, path: EventPath, number: int, *, many: bool) -> None:
        """Give up where what a path goes through is no object."""
        objects = path.container.segments
        if many:
            with (
                self.source.block(f"for element in {picks.many(objects, number)}:"),
                self.source.block("if type(element) is not dict:"),
            ):
                self.source.add("return None")
        elif objects:
            with self.source.block(f"if type({picks.single(objects, number).variable}) is not dict:"):
                self.source.add("return None")

    @staticmethod
    def _is_plain_text(rule: Value, keys: tuple[str, ...]) -> bool:
        plain = not rule.steps and rule.table is None and rule.default is None and not keys
        return plain and rule.destination.type in TEXT_TYPES and len(rule.paths) == 1

    def _quick_text(self, variable: str, number: int, rule: Value, puts: list[Put]) -> None:
        """A text as it is. 0 and false are texts too in a text field, but look like nothing here: the plain way's."""
        value, _ = self._read(rule.paths[0], number)
        self.source.add(f"{variable} = {value}")
        with self.source.block(f"if {variable}:"):
            if rule.ignore:
                with self.source.block(f"if {variable} not in {ignored(rule)}:"):
                    self._put(variable, puts)
            else:
                self._put(variable, puts)
        with self.source.block(f"elif {variable} == 0:"):
            self.source.add("return None")

    def _pick(
        self, variable: str, number: int, rule: Value, keys: tuple[str, ...], reads: list[tuple[str, str]]
    ) -> None:
        """The first present value, then what follows the pick."""
        (value, place), *others = reads
        self.source.add(f"{variable} = {value}")
        if not others:
            self._finish(variable, number, rule, keys, place)
            return
        with self.source.block(f"if {variable} is None or missing({variable}, {ignored(rule)}):"):
            self._pick(variable, number, rule, keys, others)
        with self.source.block("else:"):
            self._finish(variable, number, rule, keys, place)

    def _finish(self, variable: str, number: int, rule: Value, keys: tuple[str, ...], place: str) -> None:
        """What follows the pick: the common case in line, the rest by the library's rule."""
        name = self.context.bound(rule, number, keys)
        for head, line in self._common(variable, rule, name, keys):
            with self.source.block(head):
                self.source.add(line)
        self.source.add(f"elif {variable} is not None:")
        self.source.add(f"    {variable} = {name}({variable}, {place}, problems)")
        if rule.default is not None:
            self.source.add("else:")
            self.source.add(f"    {variable} = {rule.default!r}")

    @staticmethod
    def _common(variable: str, rule: Value, name: str, keys: tuple[str, ...]) -> list[tuple[str, str]]:
        """The conditions of the common cases, and what to do in them."""
        kind = rule.destination.type
        if rule.steps or rule.table is not None:
            kind = ""
        elif kind in TEXT_TYPES or keys:
            kind = "keyword" if rule.default is None else ""
        small = f"type({variable}) is dict and is_small({variable})"
        match kind:
            case "keyword":
                nothing = f"in {ignored(rule)}" if rule.ignore else '== ""'
                text = f"if type({variable}) is str:", f"{variable} = None if {variable} {nothing} else {variable}"
                as_is_too = keys and len(keys) < MAX_LEVELS and sum(len(key) + 1 for key in keys) <= SMALL_PREFIX
                return [text, (f"elif {small}:", "pass")] if as_is_too else [text]
            case "boolean":
                return [(f"if {variable} is True or {variable} is False:", "pass")]
            case "long" | "integer" | "short" | "byte":
                low, high = whole_range(kind)
                return [(f"if type({variable}) is int and {low} <= {variable} <= {high}:", "pass")]
            case "date":
                return [(f"if type({variable}) is str and CANONICAL({variable}):", "pass")]
            case "flattened":
                return [(f"if {small}:", "pass")]
            case _:
                told = known(name)
                return [(f"if type({variable}) is str and {variable} in {told}:", f"{variable} = {told}[{variable}]")]

    # ---- many values

    def _listed(self, path: EventPath, number: int) -> str:
        """The objects that hold a path's values."""
        return self._start(path).many(path.container.segments, number)

    def _found(self, path: EventPath, number: int) -> str:
        """The same with places, as the library wants them."""
        listed = self._listed(path, number)
        return f"[((), element) for element in {listed}]" if self.quick else listed

    def _many(self, variable: str, number: int, rule: Value) -> None:
        """A list field: every value of every path, or of the first path that has any."""
        name = self.context.bound(rule, number)
        default = repr(list(rule.default)) if isinstance(rule.default, tuple) else "None"
        if rule.collect and rule.destination.type not in OBJECT_TYPES:
            into = self.context.names.new("into", rule.destination.name)
            self.source.add(f"{into} = {{}}")
            for path in rule.paths:  # the objects on all paths first, then the values
                self._listed(path, number)
            for path in rule.paths:
                self._collect(into, number, rule, path, name)
            self.source.add(f"{variable} = list({into}) or {default}")
            return
        found = self.context.names.new("found", rule.destination.name)
        self._check_others(number, rule)
        for index, path in enumerate(rule.paths):
            expression = f"values({self._found(path, number)}, {path.last!r}, {ignored(rule)})"
            joined = "+" if rule.collect else "or"
            self.source.add(f"{found} = {expression}" if index == 0 else f"{found} = {found} {joined} {expression}")
        converted = f"converted({found}, {name}, problems)"
        self.source.add(f"{variable} = {f'distinct({converted})' if rule.collect else converted} or {default}")

    def _collect(self, into: str, number: int, rule: Value, path: EventPath, name: str) -> None:
        """The values of one path, each once: texts that need no thought in line, the rest by the library."""
        add, block = self.source.add, self.source.block
        plain = rule.destination.type in TEXT_TYPES and not rule.steps and rule.table is None
        element = "element" if self.quick else "where, element"
        with block(f"for {element} in {self._listed(path, number)}:"):
            add(f"value = element.get({path.last!r})")
            if plain and self.quick:
                with block("if value:"), block(f"if value not in {ignored(rule)}:"):
                    add(f"{into}[value] = None")
                with block("elif value == 0:"):
                    add("return None")
                return
            with block(f"if type(value) is str{'' if plain else f' and value in {known(name)}'}:"):
                if plain:
                    with block(f"if value not in {ignored(rule)}:"):
                        add(f"{into}[value] = None")
                else:
                    with block(f"if {known(name)}[value] is not None:"):
                        add(f"{into}[{known(name)}[value]] = None")
            with block("elif value is not None:"):
                place = "()" if self.quick else "where"
                add(
                    f"collected(values([({place}, element)], {path.last!r}, {ignored(rule)}), {name}, problems, {into})"
                )

    # ---- lists of objects

    def _each(self, variable: str, number: int, rule: Each) -> None:
        """One object for each element of a list."""
        names = self.context.names
        for inner in rule.fields:
            for path in inner.paths:
                if path.absolute and not path.given:  # looked up outside of the loop, where other rules find it too
                    look_up = self.picks.many if inner.destination.array else self.picks.single
                    look_up(path.container.segments, number)
                    if self.quick:  # there may be no element for which it is read
                        self._check(self.picks, path, number, many=inner.destination.array)
        elements = self.picks.many(rule.path.segments, number)
        self.source.add(f"{variable} = []")
        item, at = names.new("item", rule.destination.name), names.new("at", rule.destination.name)
        with self.source.block(f"for {item} in {elements}:" if self.quick else f"for {at}, {item} in {elements}:"):
            found = [
                use
                for inner in rule.fields
                for use in uses(
                    [path for path in inner.paths if not path.absolute], number, many=inner.destination.array
                )
            ]
            if self.quick and any(_gives_without_element(inner) for inner in rule.fields):
                with self.source.block(f"if type({item}) is not dict:"):
                    self.source.add("return None")
                with self.source.block(f"if not {item}:"):
                    self.source.add("continue")
            above = (*self.picks.above, *(segment.name for segment in rule.path.segments))
            picks = Picks(self.source, names, Single(item, base=at), found, self.quick, above)
            inside = Values(self.context, self.source, picks, self.picks)
            as_is = rule.destination.type == "flattened"
            made = self.context.made(inside, rule.fields, f"{rule.destination.name}.", number, as_is=as_is)
            with self.source.block(f"if {made}:"):
                self.source.add(f"{variable}.append({made})")
        with self.source.block(f"if not {variable}:"):
            self.source.add(f"{variable} = None")


def _gives_without_element(rule: Value) -> bool:
    """Whether a rule inside `each` may give a value where the element holds none, or is none."""
    return rule.default is not None or any(path.absolute or path.given for path in rule.paths)


def ignored(rule: Value) -> str:
    """The expression of what a pick passes over; the empty text among it."""
    return f"{{{', '.join(map(repr, sorted(('', *rule.ignore))))}}}"


def below(rule: Value | Each, depth: int) -> Value | Each:
    """A rule as it reads where the first segments of its paths are behind already."""

    def shorter(path: EventPath) -> EventPath:
        return replace(path, segments=path.segments[depth:])

    if isinstance(rule, Each):
        return replace(rule, path=shorter(rule.path))
    return replace(rule, paths=tuple(map(shorter, rule.paths)))
