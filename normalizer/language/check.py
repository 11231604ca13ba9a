"""A written rule held against the facts: ECS and our fields, Okta's LogEvent, the tables, the conversions.

Gives the rules of one file, as the Plan has them, and notes every mistake at its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from normalizer import okta
from normalizer.ecs import Field
from normalizer.errors import Place
from normalizer.language.advice import choices, did_you_mean
from normalizer.language.conversions import STEPS, TYPES
from normalizer.language.literals import constant, literal_text
from normalizer.language.model import MappingFile, Target, WrittenEach, WrittenPath, WrittenRule, WrittenSet
from normalizer.language.notes import Notes
from normalizer.language.plan import AS_IS, Constant, Destination, Each, Origin, Rule, Table, Value
from normalizer.language.plan import Scalar as Plain
from normalizer.language.reader import Block, Node, Scalar, Sequence

WRITTEN_BY_COMPILER = ("ecs.version", "error.message")
_ONLY_CONSTANT = ("event.category", "event.type")


@dataclass(frozen=True, slots=True)
class Checked:
    """The good rules of a file by destination; `written` names the broken ones too."""

    file: MappingFile
    rules: Mapping[str, Rule]
    written: frozenset[str]


def check(file: MappingFile, fields: Mapping[str, Field], tables: Mapping[str, Table | None], notes: Notes) -> Checked:
    """Hold a file's rules against the facts. A table that is None exists, but is broken."""
    checker = _Checker(file, fields, tables, notes)
    rules: dict[str, Rule] = {}
    for written in file.written:
        before = len(notes.findings)
        rule = checker.rule(written)
        if rule is not None and len(notes.findings) == before:
            rules[rule.destination.name] = rule
    return Checked(file, rules, file.broken | {written.target.name for written in file.written})


class _Checker:
    def __init__(self, file: MappingFile, fields: Mapping[str, Field], tables: Mapping[str, Table | None], notes: Notes) -> None:
        self.file, self.fields, self.tables, self.notes = file, fields, tables, notes

    def origin(self, target: Target) -> Origin:
        """Where a rule stands; the chain is completed when event types are resolved."""
        return Origin(target.place, (self.file.name,))

    def rule(self, written: WrittenSet | WrittenRule | WrittenEach) -> Rule | None:
        """The rule, or None where something in it is wrong (noted)."""
        match written:
            case WrittenSet():
                return self.constant(written)
            case WrittenRule():
                field = self.destination(written.target)
                return self.value(written, field) if field else None
            case WrittenEach():
                return self.each(written)

    # ---- destinations

    def destination(self, target: Target, below: str = "") -> Field | None:
        """The field that a target names. `below` is the list of objects that it stands in."""
        name = target.name
        if name in WRITTEN_BY_COMPILER:
            self.notes.add(target.place, f'"{name}" is written by the normalizer itself; remove the rule')
            return None
        if (field := self.fields.get(name)) is not None:
            return field
        if target.blame is not None and target.instead_of in self.fields:
            self.notes.add(target.blame, f'this `also` gives "{name}", which is no field of ECS nor declared in _custom_fields.yml'
                                         f"{did_you_mean(name, self.fields)}", "also")
            return None
        if name == "timestamp":
            advice = '; write "@timestamp", with quotes'
        elif any(known.startswith(f"{name}.") for known in self.fields):
            advice = f"; it is an object, so name a field below it, like {self._first_below(name)}"
        else:
            advice = did_you_mean(name, self.fields) or "; declare it in _custom_fields.yml"
        what = f'below "{below}"' if below else "of ECS, nor is it declared in _custom_fields.yml"
        self.notes.add(target.place, f'"{name}" is no field {what}{advice}', "destination")
        return None

    def _first_below(self, name: str) -> str:
        return min(known for known in self.fields if known.startswith(f"{name}."))

    # ---- the three kinds of rule

    def constant(self, written: WrittenSet) -> Constant | None:
        literal = written.literal
        field = self.destination(written.target)
        if field is None:
            return None
        if isinstance(literal, Scalar) and isinstance(literal.value, str) and _is_event_path(literal.value):
            self.notes.add(literal.place, f'"{literal.value}" is an event path of Okta\'s LogEvent; did you mean `fields`? '
                                          "`set` writes the text itself")
            return None
        value = constant(literal, field, self.notes)
        return None if value is None else Constant(Destination.of(field), value, self.origin(written.target))

    def value(self, written: WrittenRule, field: Field, *, element_of: WrittenPath | None = None) -> Value | None:
        place = written.target.place
        if field.name in _ONLY_CONSTANT:
            self.notes.add(place, f'"{field.name}" says what the event type means, so it is a constant; write it in `set`')
            return None
        if field.type == "object":
            self.notes.add(place, f'"{field.name}" is a list of objects; fill it with {{each: path, fields: {{…}}}}', "type")
            return None
        if field.type not in (*TYPES, AS_IS):
            self.notes.add(place, f'"{field.name}" has the type {field.type}, which a mapping cannot write', "type")
            return None
        if written.collect is not None and not field.array:
            self.notes.add(written.collect, f'"{field.name}" holds a single value, and `collect` gives a list; write `from`',
                           "collect")
            return None
        steps = tuple(name for step in written.steps if (name := self.step(step)) is not None)
        if len(steps) < len(written.steps):
            return None
        table = self.table(written.table, field) if written.table is not None else None
        default = constant(written.default, field, self.notes) if written.default is not None else None
        if (written.table is not None and table is None) or (written.default is not None and default is None):
            return None
        if not self.fits(written, field, element_of):
            return None
        if (field.values or field.expected_types) and table is None:
            self.notes.add(place, f'"{field.name}" allows only {choices(field.values)}; write a constant, or a `map` that gives '
                                  "these", "values")
            return None
        return Value(
            destination=Destination.of(field),
            paths=tuple(path.path for path in written.paths),
            collect=written.collect is not None,
            ignore=written.ignore,
            steps=steps,
            table=table,
            default=default,
            origin=self.origin(written.target),
        )

    def each(self, written: WrittenEach) -> Each | None:
        field = self.destination(written.target)
        if field is None:
            return None
        if field.type not in ("object", "flattened") or not field.array:
            self.notes.add(written.target.place, f'`each` gives a list of objects, and "{field.name}" is not declared as one; '
                                                 "declare it {type: object, array: true}", "type")
            return None
        self.path(written.path, ends_in_object=True)
        rules = []
        for inner in written.fields:
            name = f"{field.name}.{inner.target.name}"
            target = replace(inner.target, name=name)
            if field.type == "flattened":
                below: Field | None = Field(name, AS_IS)
            else:
                below = self.destination(target, field.name)
            rule = self.value(replace(inner, target=target), below, element_of=written.path) if below else None
            if rule is not None:
                rules.append(rule)
        rules.sort(key=lambda rule: rule.destination.name)
        if (clash := overlap([rule.destination.name for rule in rules])) is not None:
            self.notes.add(next(rule.origin.place for rule in rules if rule.destination.name == clash[1]), overlap_message(*clash))
        return Each(Destination.of(field), written.path.path, tuple(rules), self.origin(written.target))

    # ---- parts of a rule

    def step(self, step: Scalar) -> str | None:
        name = str(step.value)
        if name in STEPS:
            return name
        advice = did_you_mean(name, STEPS) or f"; there are {choices(STEPS)}"
        if name in TYPES:
            advice = "; the field's type converts by itself, so leave it out"
        self.notes.add(step.place, f'"{name}" is no conversion{advice}')
        return None

    def table(self, node: Node, field: Field) -> Table | None:
        """The table that a rule names or holds, its values fit for the field."""
        if isinstance(node, Scalar):
            name = str(node.value)
            if name not in self.tables:
                advice = did_you_mean(name, self.tables) or f"; write tables/{name}.yml, or {{text: value}} here"
                self.notes.add(node.place, f'there is no table "{name}"{advice}')
                return None
            table = self.tables[name]
            if table is None:
                return None
            for key, value in table.entries:
                if (why := literal_text(value, field)) is not None:
                    self.notes.add(node.place, f'the table "{name}" gives "{value}" for "{key}", and {why}', "table")
                    return None
            return table
        assert isinstance(node, Block)
        entries = []
        good = True
        for key, item in node.entries:
            if isinstance(item, Scalar) and isinstance(item.value, str):
                if (why := literal_text(item.value, field)) is None:
                    entries.append((str(key.value), item.value))
                    continue
                self.notes.add(item.place, f'"{item.value}" is given for "{key.value}", and {why}', "table")
            else:
                self.notes.add(item.place, f"a `map` gives texts, and this is {item.what}; quote it", "table")
            good = False
        return Table(tuple(sorted(entries))) if good else None

    def fits(self, written: WrittenRule, field: Field, element_of: WrittenPath | None) -> bool:
        """Whether what the paths give can be what the steps, the table and the field's type take."""
        good = all([self.path(path, element_of=element_of) for path in written.paths])
        kind = "text" if all(_kind(path, element_of) == "text" for path in written.paths) else "any"
        if good and any(_kind(path, element_of) == "object" for path in written.paths):
            kind = "object"
        for step in written.steps:
            takes, gives = STEPS[str(step.value)].takes, STEPS[str(step.value)].gives
            if kind == "object" and takes == "text" and gives == "text":
                self.notes.add(step.place, f"`{step.value}` takes text, and an object arrives here", "kind")
                return False
            kind = gives
        if written.table is not None:
            if kind == "object":
                self.notes.add(written.target.place, "`map` looks up text, and an object arrives here", "kind")
                return False
            kind = "text"
        if not good or field.type == AS_IS:
            return good
        takes = TYPES[field.type].takes
        if "any" not in (kind, takes) and kind != takes:
            advice = "; name a value in it" if kind == "object" else "; read a text with {from: …, as: json}, or name an object"
            self.notes.add(written.paths[0].place, f'"{field.name}" takes {_article(takes)}, and {_article(kind)} arrives here{advice}',
                           "kind")
            return False
        return True

    def path(self, written: WrittenPath, *, element_of: WrittenPath | None = None, ends_in_object: bool = False) -> bool:
        """Whether LogEvent has the path; selectors' keys too."""
        path = written.path
        if path.given:
            return True
        before = _names_before(path.absolute, element_of)
        for index, segment in enumerate(path.segments):
            name = ".".join((*before, *(each.name for each in path.segments[: index + 1])))
            if not self.known(name, written.place):
                return False
            if segment.selector is not None:
                known = okta.fact(name)
                if known is not None and known.type not in ("object", "any"):
                    self.notes.add(written.place, f'"{name}" is {_article(known.type)} in LogEvent, so nothing can be selected in it')
                    return False
                if not self.known(f"{name}.{segment.selector.key}", written.place):
                    return False
        if ends_in_object and _kind(written, None) == "text":
            self.notes.add(written.place, f'"{path.names}" is no list of objects in LogEvent, so `each` finds nothing in it')
            return False
        return True

    def known(self, name: str, place: Place) -> bool:
        """Whether LogEvent has a path."""
        if okta.fact(name) is not None:
            return True
        table = okta.log_event()
        parent = name.rpartition(".")[0]
        if parent in table and table[parent].type != "object":
            advice = f'; "{parent}" is {_article(table[parent].type)} there'
        else:
            siblings = [each for each in table if each.rpartition(".")[0] == parent]
            advice = did_you_mean(name, siblings) or did_you_mean(name, table)
            advice = advice or "; see schemas/okta/log_event.json for the paths there are"
        self.notes.add(place, f'"{name}" is no event path of Okta\'s LogEvent{advice}')
        return False


def overlap(names: list[str]) -> tuple[str, str] | None:
    """Of sorted destinations, the first two of which one lies below the other."""
    have = set(names)
    for name in names:
        parts = name.split(".")
        for length in range(1, len(parts)):
            if (above := ".".join(parts[:length])) in have:
                return above, name
    return None


def overlap_message(above: str, below: str) -> str:
    """The sentence for two destinations that cannot both be in one document."""
    return f'"{below}" lies below "{above}", which holds a value of its own; a document cannot have both, so remove one'


def _names_before(absolute: bool, element_of: WrittenPath | None) -> tuple[str, ...]:
    """The names of the element that a path inside `each` starts at."""
    if absolute or element_of is None:
        return ()
    return tuple(segment.name for segment in element_of.path.segments)


def _kind(written: WrittenPath, element_of: WrittenPath | None) -> str:
    """What LogEvent has at a path: `text` (any scalar), `object`, or `any` where nobody knows."""
    if written.path.given:
        return "text"
    names = (*_names_before(written.path.absolute, element_of), *(segment.name for segment in written.path.segments))
    known = okta.fact(".".join(names))
    if known is None or known.type == "any":
        return "any"
    return "object" if known.type == "object" else "text"


def _article(kind: str) -> str:
    """`a text`, `an object`: a kind with its article."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _is_event_path(text: str) -> bool:
    """Whether a literal looks like a forgotten path: a documented path with a dot, or a value at LogEvent's root."""
    known = okta.log_event().get(text)
    return known is not None and ("." in text or known.type != "object")


