"""Plan ▶ Python source: one flat function that makes the document of one event, in two ways.

The plain way decides every event. The quick way is for the many events without problems: it takes for granted what the
check of its document finds otherwise, and what one object of the event determines it remembers as ready JSON, since few
users, devices, places, browsers and networks make most events. Where it is not sure it gives up (None, or an
exception).

Constants and rules are names that `compile` binds, so that event types that differ in constants only share their code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from normalizer.backends.python.picks import Picks, Segments, Single, Use, uses
from normalizer.backends.python.tree import Leaf, Node, Object, assign, insert, put, shape
from normalizer.backends.python.values import Binding, Put, Values, below
from normalizer.backends.source import Names, Source, same
from normalizer.language.paths import Segment
from normalizer.language.plan import Constant, Each, Plan, Rule, Value

REPEATING = (
    "actor",
    "client.geographicalContext",
    "client.userAgent",
    "device",
    "request",
    "securityContext",
    "target",
)
"""Objects of an event that are the same in many events."""

HEAD = "def document(event, original, org, namespace, problems):"


@dataclass(frozen=True, slots=True)
class Part:
    """A function of the source that makes parts of the document from one repeating object of the event.

    It gives one result for each destination; `ready` are those that become ready JSON, the others are single values.
    `rules` are what it follows. Two parts do the same where all but the name of the function are equal.
    """

    function: str
    destinations: tuple[str, ...]
    ready: frozenset[str]
    rules: tuple[Value | Each, ...]


@dataclass(frozen=True, slots=True)
class Generated:
    """The source, and what its names stand for; `constants` are names by destination."""

    text: str
    bindings: tuple[Binding, ...]
    constants: dict[str, str]
    parts: tuple[Part, ...] = ()


def generate(plan: Plan) -> Generated:
    """The source of the plain way: `document(event, original, org, namespace, problems)`."""
    generator = _Generator(plan, quick=False)
    source = Source()
    with source.block(HEAD):
        picks = generator.picks(source, generator.numbered, Single("event"))
        source.add(f"return {generator.body(Values(generator, source, picks), generator.numbered)}")
    return generator.generated([source])


def generate_quick(plan: Plan) -> Generated:
    """The source of the quick way. Its document is checked by `valid` before ready JSON goes in."""
    generator = _Generator(plan, quick=True)
    functions, calls = [], []
    taken: set[str] = set()
    for repeating in REPEATING:
        if (part := generator.part(repeating, taken)) is not None:
            functions.append(part[0])
            calls.append(part[1])
    source = Source()
    with source.block(HEAD):
        rest = [(number, rule) for number, rule in generator.numbered if rule.destination.name not in taken]
        picks = generator.picks(source, rest, Single("event"), calls)
        for call in calls:
            parent = picks.single(call.objects, 0)
            source.add(
                f"{', '.join(call.variables)}, = {call.function}({parent.variable}.get({call.name!r}), problems)"
            )
        document = generator.body(Values(generator, source, picks), rest, calls)
        with source.block(f"if problems or not valid({document}):"):
            source.add("return None")
        for line in generator.fills:
            source.add(line)
        source.add(f"return {document}")
    return generator.generated([*functions, source])


@dataclass(frozen=True, slots=True)
class _Call:
    """The call of a part's function: the objects on the way to its argument, the argument's name, the results."""

    function: str
    objects: Segments
    name: str
    destinations: tuple[str, ...]
    ready: frozenset[str]
    variables: tuple[str, ...]


_Written = tuple[int, Value | Each, tuple[str, ...]]
"""A rule's number, the rule, and its keys below a flattened list of objects."""


class _Generator:
    def __init__(self, plan: Plan, *, quick: bool) -> None:
        self.plan, self.quick = plan, quick
        self.names = Names()
        self.bindings: dict[object, Binding] = {}
        self.constants: dict[str, str] = {}
        self.parts: list[Part] = []
        self.fills: list[str] = []
        self.numbered: list[tuple[int, Rule]] = list(enumerate(plan.rules))
        self.objects: dict[str, list[str]] = {}
        for rule in plan.rules:
            for prefix in _prefixes(rule.destination.name):
                self.objects.setdefault(prefix, []).append(rule.destination.name)

    def generated(self, functions: Iterable[Source]) -> Generated:
        """All that was written."""
        ways = "the quick way" if self.quick else "the plain way"
        text = "\n".join(
            [f'"""One event, as a document: {ways}; made from the mappings."""', *(_text(each) for each in functions)]
        )
        return Generated(f"{text}\n", tuple(self.bindings.values()), self.constants, tuple(self.parts))

    def picks(
        self,
        source: Source,
        rules: Iterable[tuple[int, Rule]],
        root: Single,
        calls: Iterable[_Call] = (),
        given: dict[str, str] | None = None,
    ) -> Picks:
        """The objects that these rules read, starting at an event."""
        found: list[Use] = [Use(call.objects, False, 0) for call in calls]
        for number, rule in rules:
            if isinstance(rule, Value):
                found += uses(rule.paths, number, many=rule.destination.array)
            elif isinstance(rule, Each):
                found += uses([rule.path], number, many=True, ends_in_objects=True)
                for inner in rule.fields:
                    found += uses([path for path in inner.paths if path.absolute], number, many=inner.destination.array)
        return Picks(source, self.names, root, found, self.quick, root.static, given or {})

    # ---- names that compile binds

    def bound(self, value: Value, number: int, keys: tuple[str, ...] = ()) -> str:
        """The name of a rule, the same for equal ones."""
        default = None if value.destination.array else value.default
        key = (
            value.ignore,
            value.steps,
            value.table,
            value.destination.type,
            default,
            type(default),  # True == 1
            0 if self.quick else number,
            keys,
        )
        if key not in self.bindings:
            self.bindings[key] = Binding(self.names.new("rule", value.destination.name), value, number, keys)
        return self.bindings[key].name

    def constant(self, rule: Constant) -> str:
        """The name of a constant."""
        return self.constants.setdefault(rule.destination.name, self.names.new("c", rule.destination.name))

    # ---- a whole document

    def body(self, values: Values, rules: list[tuple[int, Rule]], calls: Iterable[_Call] = ()) -> str:
        """Code for the values of these rules and the object that they make; its variable."""
        root = Node()
        for _, rule in rules:
            leaf = (
                Leaf(self.constant(rule), constant=True)
                if isinstance(rule, Constant)
                else Leaf("", identity=same(rule))
            )
            insert(root, rule.destination.name, leaf)
        for call in calls:
            for destination, variable in zip(call.destinations, call.variables, strict=True):
                insert(root, destination, Leaf(variable, ready=destination in call.ready))
        written = [(number, rule, ()) for number, rule in rules if not isinstance(rule, Constant)]
        return self.assembled(values, root, "document", written)

    def made(self, values: Values, fields: tuple[Value, ...], prefix: str, number: int, *, as_is: bool) -> str:
        """Code for the fields of one element of a list; the variable of the object that they make."""
        root = Node()
        rules = []
        for inner in fields:
            name = inner.destination.name.removeprefix(prefix)
            keys = tuple(name.split(".")) if as_is else ()
            rules.append((number, inner, keys))
            insert(root, name, Leaf("", identity=same(inner, keys)))
        return self.assembled(values, root, "element", rules)

    def assembled(self, values: Values, root: Node, name: str, rules: Iterable[_Written]) -> str:
        """Code for an object and the values in it; its variable."""
        puts: dict[object, list[Put]] = {}
        ends: list[tuple[str, str]] = []
        made = self.object(values.source, root, name, puts, ends, {})
        self.write(values, rules, puts, ends)
        return made.variable

    def write(
        self,
        values: Values,
        rules: Iterable[_Written],
        puts: dict[object, list[Put]],
        ends: Iterable[tuple[str, str]],
    ) -> None:
        """Code for the values of rules, equal ones once, and for what is put in after them."""
        written = set()
        for number, rule, keys in rules:
            identity = same(rule, keys)
            if identity not in written:
                written.add(identity)
                values.value(number, rule, puts[identity], keys)
        for condition, line in ends:
            with values.source.block(f"if {condition}:"):
                values.source.add(line)

    def object(
        self,
        source: Source,
        node: Node,
        name: str,
        puts: dict[object, list[Put]],
        ends: list[tuple[str, str]],
        made: dict[object, Object],
    ) -> Object:
        """Code that begins an object with what is always in it. `puts` learns where values go, `ends`
        what is added last.

        Equal objects (`made` has them) are begun once: they stand in the document twice.
        """
        form = shape(node)
        if form in made:
            return made[form]
        always, ready, later = [], [], []
        variable = self.names.new("d", name)
        for key, child in node.children.items():
            if isinstance(child, Node):
                inner = self.object(source, child, f"{name}.{key}", puts, ends, made)
                if inner.always:
                    always.append(f"{key!r}: {inner.variable}")
                else:
                    later.append((inner.there, f"{variable}[{key!r}] = {inner.variable}"))
            elif child.constant:
                always.append(f"{key!r}: {child.what}")
            elif child.ready:
                ready.append(child.what)
                self.fills += [f"if {child.what} is not None:", f"    {variable}[{key!r}] = {child.what}"]
            elif child.what:
                later.append((f"{child.what} is not None", f"{variable}[{key!r}] = {child.what}"))
            else:
                puts.setdefault(child.identity, []).append(put(variable, key))
        source.add(f"{variable} = {{{', '.join(always)}}}")
        ends += later
        made[form] = Object(variable, bool(always), tuple(ready))
        return made[form]

    # ---- parts of the document that one repeating object determines

    def part(self, repeating: str, taken: set[str]) -> tuple[Source, _Call] | None:
        """The function for what an object of the event determines alone, and how it is called."""
        steps = tuple(repeating.split("."))
        own = {
            rule.destination.name: (number, below(rule, len(steps) - 1))
            for number, rule in self.numbered
            if not isinstance(rule, Constant) and _only_reads(rule, steps) and rule.destination.name not in taken
        }
        if not own:
            return None
        taken.update(own)
        objects = {prefix: self.objects[prefix] for name in own if (prefix := self.determined(name, own)) is not None}
        alone = [name for name in own if self.determined(name, own) is None]
        ready = frozenset((*objects, *(name for name in alone if _is_large(own[name][1]))))
        function = self.names.new("part", repeating)
        source = Source()
        with source.block(f"def {function}(value, problems):"):
            picks = self.picks(source, own.values(), Single("event", steps[:-1]), given={steps[-1]: "value"})
            values = Values(self, source, picks)
            puts: dict[object, list[Put]] = {}
            ends: list[tuple[str, str]] = []
            made: dict[object, Object] = {}
            results = []
            for prefix, names in objects.items():
                node = Node()
                for name in names:
                    insert(node, name.removeprefix(f"{prefix}."), Leaf("", identity=same(own[name][1])))
                results.append(f"{self.object(source, node, prefix, puts, ends, made).variable} or None")
            for name in alone:
                variable = self.names.new("r", name)
                source.add(f"{variable} = None")
                puts.setdefault(same(own[name][1]), []).append(assign(variable))
                results.append(variable)
            self.write(values, [(number, rule, ()) for number, rule in own.values()], puts, ends)
            source.add(f"return ({', '.join(results)},)")
        destinations = (*objects, *alone)
        self.parts.append(Part(function, destinations, ready, tuple(rule for _, rule in own.values())))
        objects_above = tuple(Segment(step) for step in steps[:-1])
        variables = tuple(self.names.new("p", name) for name in destinations)
        return source, _Call(function, objects_above, steps[-1], destinations, ready, variables)

    def determined(self, name: str, own: Iterable[str]) -> str | None:
        """The outermost object around a destination in which nothing but these destinations stands."""
        return next((prefix for prefix in _prefixes(name) if all(each in own for each in self.objects[prefix])), None)


def _prefixes(name: str) -> list[str]:
    """The objects around a destination, from the outermost in."""
    keys = name.split(".")
    return [".".join(keys[:length]) for length in range(1, len(keys))]


def _text(source: Source) -> str:
    return "\n".join(["", "", *source.lines])


def _is_large(rule: Value | Each) -> bool:
    """Whether a value is worth being ready JSON: a list or an object."""
    return isinstance(rule, Each) or rule.destination.array or rule.destination.type in ("flattened", "geo_point")


def _only_reads(rule: Value | Each, steps: tuple[str, ...]) -> bool:
    """Whether all that a rule reads stands in one object: below these names, nothing selected before.

    Not so with a default: the schema requires such a field, and parts are put in after the check.
    """
    if isinstance(rule, Each):
        if any(path.absolute for inner in rule.fields for path in inner.paths):
            return False
        paths, least = [rule.path], len(steps)
    else:
        paths, least = [*rule.paths], len(steps) + 1
        if rule.default is not None:
            return False
    return all(
        not path.given
        and len(path.segments) >= least
        and tuple(segment.name for segment in path.segments[: len(steps)]) == steps
        and all(segment.selector is None for segment in path.segments[: len(steps) - 1])
        for path in paths
    )
