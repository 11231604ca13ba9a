"""A written rule held against the facts: ECS and our fields, Okta's LogEvent, the tables, the conversions.

Gives the rules of one file, as the Plan has them, and notes every mistake at its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from normalizer.ecs import Field
from normalizer.errors import Place
from normalizer.language.advice import a, choices, did_you_mean, nearest, nearest_below
from normalizer.language.conversions import STEPS, TEXT_TYPES, TYPES
from normalizer.language.event_facts import is_event_path, kind, known_path
from normalizer.language.fields import Declared
from normalizer.language.literals import constant
from normalizer.language.model import MappingFile, Target, Written, WrittenEach, WrittenPath, WrittenRule, WrittenSet
from normalizer.language.notes import Notes
from normalizer.language.plan import AS_IS, Constant, Destination, Each, Origin, Rule, Table, Value
from normalizer.language.reader import Node, Scalar, Sequence
from normalizer.language.tables import is_table, table_of_rule

NOT_BY_MAPPINGS = {
    "ecs.version": "the normalizer itself",
    "error.message": "the normalizer itself",
    "event.ingested": "whoever stores the document",
    "event.created": "whoever fetches the event",
}
"""Who writes the fields that no mapping may write."""

_ONLY_CONSTANT = ("event.category", "event.type")


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules are held against. A table that is None exists, but is broken."""

    fields: Mapping[str, Field]
    declared: Declared
    tables: Mapping[str, Table | None]


@dataclass(frozen=True, slots=True)
class Checked:
    """The good rules of a file by destination; `written` names the broken ones too.

    With `gaps` a mistake hides what else the file may write: nobody should miss anything then.
    """

    file: MappingFile
    rules: Mapping[str, Rule]
    written: frozenset[str]
    gaps: bool


def check(file: MappingFile, facts: Facts, notes: Notes) -> Checked:
    """Hold a file's rules against the facts."""
    checker = _Checker(file, facts, notes)
    for scope in file.scopes:
        known_path(scope, notes, "at")
    rules: dict[str, Rule] = {}
    for written in file.written:
        rule = checker.rule(written)
        if rule is not None and rule.destination.name not in file.broken:
            rules[rule.destination.name] = rule
    return Checked(file, rules, file.broken | {each.target.name for each in file.written}, file.gaps or checker.unknown)


class _Checker:
    def __init__(self, file: MappingFile, facts: Facts, notes: Notes) -> None:
        self.file, self.facts, self.fields, self.notes = file, facts, facts.fields, notes
        self.unknown = False

    def rule(self, written: Written) -> Rule | None:
        """The rule, or None where something in it is wrong (noted)."""
        field = self.destination(written.target)
        if field is None or not self.stands_alone(field, written.target.place):
            if isinstance(written, WrittenRule):
                self.parts(written)
            return None
        match written:
            case WrittenSet():
                return self.constant(written, field)
            case WrittenRule():
                return self.value(written, field)
            case WrittenEach():
                return self.each(written, field)

    def origin(self, target: Target, paths: tuple[WrittenPath, ...], rule: WrittenRule | None = None) -> Origin:
        """Where a rule stands; the chain is completed when event types are resolved."""
        table, default = (rule.table, rule.default) if rule is not None else (None, None)
        return Origin(
            target.place,
            (self.file.name,),
            tuple(path.place for path in paths),
            table.place if table is not None else None,
            default.place if default is not None else None,
            segments=tuple(map(_segments, paths)),
        )

    # ---- destinations

    def destination(self, target: Target, below: str = "") -> Field | None:
        """The field that a target names. `below` is the list of objects that it stands in."""
        name = target.name
        if name in NOT_BY_MAPPINGS:
            self.notes.add(target.place, f'"{name}" is written by {NOT_BY_MAPPINGS[name]}; remove the rule')
            return None
        if (field := self.fields.get(name)) is not None:
            return field
        self.unknown = True
        if self.facts.declared.doubtful(name):
            return None
        if target.blame is not None and target.instead_of in self.fields:
            self.notes.add(
                target.blame,
                f'this `also` gives "{name}", which is no field of ECS nor declared in _custom_fields.yml'
                f"{did_you_mean(name, self.fields)}",
                "also",
            )
            return None
        if (prefix := self.wrong_prefix(target)) is not None:
            scope = prefix.name.removesuffix(".")
            known = {above for field_name in self.fields for above in _above(field_name)}
            advice = did_you_mean(scope, known) or f'; declare "{name}" there, or mend the name'
            if scope in self.fields:
                advice = f"; it is {a(self.fields[scope].type)} field itself, so write a rule for it"
            message = f'"{scope}" holds no field of ECS, nor one declared in _custom_fields.yml{advice}'
            self.notes.add(prefix.place, message, "destination")
            return None
        what = "no field of ECS, nor declared in _custom_fields.yml"
        self.notes.add(target.place, f'"{name}" is {what}{self.advice(name, below)}', "destination")
        return None

    def wrong_prefix(self, target: Target) -> Target | None:
        """The outermost scope around a destination that no field lies in: one mistake, not one for each name in it."""
        wrong = None
        prefix = target.prefix
        while prefix is not None:
            if not any(known.startswith(prefix.name) for known in self.fields):
                wrong = prefix
            prefix = prefix.prefix
        return wrong

    def advice(self, name: str, below: str) -> str:
        """What to write instead of a name that is no field."""
        if name == "timestamp":
            return '; write "@timestamp", with quotes'
        if inside := [known for known in self.fields if known.startswith(f"{name}.")]:
            return f"; it is an object, so name a field below it, like {min(inside)}"
        above = next((each for each in _above(name) if each in self.fields), below)
        if above != below and self.fields[above].type == "flattened":
            return f'; "{above}" is flattened and holds whole objects, so fill that'
        if above != below:
            return f'; "{above}" holds a value, so nothing can lie below it'
        near = nearest_below(below, name, self.fields) if below else nearest(name, self.fields)
        return f'; did you mean "{near}"?' if near else "; declare it there, or mend the name"

    def stands_alone(self, field: Field, place: Place) -> bool:
        """Whether a field can be written outside `each`."""
        for above in _above(field.name):
            known = self.fields.get(above)
            if known is not None and (known.type == "nested" or (known.type == "object" and known.array)):
                self.notes.add(
                    place,
                    f'"{field.name}" lies in the list of objects "{above}"; fill that with {{each: path, fields: '
                    f"{{…}}}}",
                    "type",
                )
                return False
        return True

    def writable(self, field: Field, place: Place) -> bool:
        """Whether a field has a type that a literal or a value of the event can fill."""
        if field.type in TYPES or field.type == AS_IS:
            return True
        if field.type == "object" and field.array:
            message = f'"{field.name}" is a list of objects; fill it with {{each: path, fields: {{…}}}}'
        else:
            message = f'"{field.name}" has the type {field.type}, which a mapping cannot write; remove the rule'
        self.notes.add(place, message, "type")
        return False

    # ---- the three kinds of rule

    def constant(self, written: WrittenSet, field: Field) -> Constant | None:
        """A rule of `set`."""
        literal = written.literal
        if not self.writable(field, written.target.place):
            return None
        items = literal.items if isinstance(literal, Sequence) else (literal,)
        if not self.no_path(literal, "`set`", "`fields`"):
            return None
        value = constant(literal, field, self.notes)
        places = tuple(item.place for item in items)
        return (
            None
            if value is None
            else Constant(Destination.of(field), value, Origin(written.target.place, (self.file.name,), places))
        )

    def value(self, written: WrittenRule, field: Field) -> Value | None:
        """A path, or a rule with `from` or `collect`. Each of its parts is looked at, whatever the others are."""
        place = written.target.place
        if field.name in _ONLY_CONSTANT:
            self.notes.add(
                place, f'"{field.name}" says what the event type means, so it is a constant; write it in `set`'
            )
            return None
        if not self.writable(field, place):
            return None
        good = True
        if written.collect is not None and not field.array:
            self.notes.add(
                written.collect,
                f'"{field.name}" holds a single value, and `collect` gives a list; write `from`',
                "collect",
            )
            good = False
        good = self.parts(written) and good
        table = default = None
        if written.table is not None:
            table = table_of_rule(written.table, self.facts.tables, field, self.notes)
            good = good and table is not None
        elif field.values:
            message = (
                f'"{field.name}" allows only {choices(field.values)}; write a constant, or a `map` that gives these'
            )
            self.notes.add(place, message, "values")
            good = False
        if written.default is not None and self.no_path(written.default, "`default`", "a further path of `from`"):
            default = constant(written.default, field, self.notes)
        good = good and (written.default is None or default is not None)
        if not good or not self.fits(written, field):
            return None
        return Value(
            destination=Destination.of(field),
            paths=tuple(path.path for path in written.paths),
            collect=written.collect is not None,
            ignore=written.ignore,
            steps=tuple(str(step.value) for step in written.steps),
            table=table,
            default=default,
            origin=self.origin(written.target, written.paths, written),
        )

    def each(self, written: WrittenEach, field: Field) -> Each | None:
        """A list of objects."""
        if field.type not in ("object", "flattened") or not field.array:
            advice = f"declare {'it' if field.ours else 'a field of your own'} as {{type: object, array: true}}"
            self.notes.add(
                written.target.place,
                f'`each` gives a list of objects, and "{field.name}" is no list of objects; {advice}',
                "type",
            )
            return None
        known_path(written.path, self.notes, "each")
        rules = [rule for inner in written.fields if (rule := self.element(inner, field)) is not None]
        rules.sort(key=lambda rule: rule.destination.name)
        places = {rule.destination.name: rule.origin.place for rule in rules}
        for above, name in overlaps(list(places)):
            self.notes.add(places[name], overlap_message(above, name), "overlap")
        if len(rules) < len(written.fields):
            return None
        return Each(
            Destination.of(field), written.path.path, tuple(rules), self.origin(written.target, (written.path,))
        )

    def element(self, inner: WrittenRule, above: Field) -> Value | None:
        """A rule inside `each`."""
        name = f"{above.name}.{inner.target.name}"
        instead_of = f"{above.name}.{inner.target.instead_of}"
        target = replace(inner.target, name=name, instead_of=instead_of, prefix=None)
        if above.type != "flattened":
            field = self.destination(target, above.name)
        elif all(name.split(".")):
            field = Field(name, AS_IS)
        else:
            self.notes.add(target.place, f'"{name}" has an empty part; write names joined by single dots')
            return None
        return self.value(replace(inner, target=target), field) if field else None

    # ---- parts of a rule

    def no_path(self, literal: Node, where: str, instead: str) -> bool:
        """Whether no text of a literal looks like a forgotten path (noted where one does)."""
        for item in literal.items if isinstance(literal, Sequence) else (literal,):
            if isinstance(item, Scalar) and isinstance(item.value, str) and is_event_path(item.value):
                what = f'"{item.shown}" is an event path, and {where} writes the text itself'
                self.notes.add(item.place, f"{what}; did you mean {instead}?")
                return False
        return True

    def parts(self, written: WrittenRule) -> bool:
        """Whether the parts of a rule are good that can be told without its field. Each of them is looked at."""
        good = [known_path(path, self.notes) for path in written.paths]
        good += [self.step(step) for step in written.steps]
        if isinstance(written.table, Scalar):
            good.append(is_table(written.table, self.facts.tables, self.notes))
        return all(good)

    def step(self, step: Scalar) -> bool:
        """Whether a word of `as` is a conversion."""
        name = str(step.value)
        if name in STEPS:
            return True
        advice = did_you_mean(name, STEPS) or f"; there are {choices(STEPS)}"
        if name in TYPES:
            advice = "; the field's type converts by itself, so leave it out"
        self.notes.add(step.place, f'"{name}" is no conversion{advice}')
        return False

    def fits(self, written: WrittenRule, field: Field) -> bool:
        """Whether what each path gives can be what the steps, the table and the field's type take."""
        for path in written.paths:
            arrives = kind(path)
            for step in written.steps:
                if arrives == "object" and step.value != "json":
                    self.notes.add(
                        step.place, f"`{step.value}` takes text, and an object arrives here; name a value in it", "kind"
                    )
                    return False
                arrives = STEPS[str(step.value)].gives
            if written.table is not None:
                if arrives == "object":
                    message = "`map` looks up text, and an object arrives here; name a value in it"
                    self.notes.add(path.place, message, "kind")
                    return False
                arrives = "text"
            takes = TYPES[field.type].takes if field.type != AS_IS else "any"
            if "any" not in (arrives, takes) and arrives != takes:
                how = (
                    "name a value in it"
                    if arrives == "object"
                    else "read a text with {from: …, as: json}, or name an object"
                )
                wanted = a(takes) if takes == "object" or field.type in TEXT_TYPES else TYPES[field.type].noun
                self.notes.add(
                    path.place, f'"{field.name}" takes {wanted}, and {a(arrives)} arrives here; {how}', "kind"
                )
                return False
        return True


def _segments(written: WrittenPath) -> tuple[Place, ...]:
    """Where each segment of what a rule reads stands: in the path itself, or in the `at` of a scope around it."""
    scope = written.scope
    outer = () if scope is None or scope.path.absolute != written.path.absolute else _segments(scope)
    return outer + (written.place,) * (len(written.path.segments) - len(outer))


def _above(name: str) -> Iterator[str]:
    """The objects that a field lies in, the nearest first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def overlaps(names: list[str]) -> Iterator[tuple[str, str]]:
    """Of destinations, the pairs of which one lies below the other: the upper first."""
    have = set(names)
    for name in names:
        for above in _above(name):
            if above in have:
                yield above, name


def overlap_message(above: str, below: str) -> str:
    """The sentence for two destinations that cannot both be in one document."""
    return f'"{below}" lies below "{above}", which holds a value of its own; a document cannot have both, so remove one'
