"""Mapping files with their parents, as Plans: one flat, sorted list of rules for each event type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from normalizer import ecs
from normalizer.ecs import Field
from normalizer.errors import Place
from normalizer.language.advice import choices, did_you_mean
from normalizer.language.check import Checked, overlap, overlap_message
from normalizer.language.notes import Notes
from normalizer.language.plan import Constant, Destination, Origin, Plan, Rule

REQUIRED = ("@timestamp", "event.action", "event.id")
"""What every document has: without these nobody can find it, and `event.id` is its `_id`."""

_COMPILER = Place("normalizer", 1, 1)


def resolve(files: Mapping[str, Checked], broken: set[str], fields: Mapping[str, Field], notes: Notes) -> tuple[Plan, ...]:
    """The Plans of all files that name an event type, sorted by it.

    `broken` are names of files that could not be read at all: nobody reports them as missing.
    """
    chains = {name: _chain(name, files, broken, notes) for name in files}
    for name, chain in chains.items():
        _check_removes(files[name], [files[each] for each in chain[1:] if each in files], whole=set(chain) <= files.keys(), notes=notes)
    plans = []
    for name, checked in files.items():
        if checked.file.event_type is None:
            continue
        rules = _rules([files[each] for each in chains[name] if each in files])
        complete = all(each in files and not _has_mistakes(files[each], notes) for each in chains[name])
        plan = Plan(str(checked.file.event_type.value), checked.file.summary, tuple(chains[name]), rules, checked.file.place)
        _check_plan(plan, checked, fields, complete=complete, notes=notes)
        plans.append(plan)
    return tuple(sorted(plans, key=lambda plan: plan.event_type))


def _has_mistakes(checked: Checked, notes: Notes) -> bool:
    return checked.file.file in notes.files()


def _chain(name: str, files: Mapping[str, Checked], broken: set[str], notes: Notes) -> list[str]:
    """The file and its parents, its own name first."""
    chain = [name]
    while (extends := files[chain[-1]].file.extends) is not None:
        parent = str(extends.value)
        if parent in chain:
            cycle = chain[chain.index(parent) :]
            start = min(cycle)
            at = cycle.index(start)
            ring = " ▶ ".join([*cycle[at:], *cycle[:at], start])
            extended = files[start].file.extends
            assert extended is not None
            notes.add(extended.place, f"`extends` goes round in a circle ({ring}); a parent cannot extend its own child")
            return chain
        if parent not in files:
            if parent not in broken:
                advice = did_you_mean(parent, files) or f"; write {parent}.yml beside this file"
                if parent.endswith(".yml"):
                    advice = f'; write the name without .yml: "{parent.removesuffix(".yml")}"'
                notes.add(extends.place, f'there is no mapping "{parent}" to extend{advice}')
            return [*chain, parent]
        chain.append(parent)
    return chain


def _rules(chain: list[Checked]) -> tuple[Rule, ...]:
    """The rules of a chain of files, the event type's own first, and the compiler's."""
    rules: dict[str, Rule] = {}
    for depth in reversed(range(len(chain))):
        checked = chain[depth]
        names = tuple(each.file.name for each in chain[: depth + 1])
        for removed in checked.file.removes:
            for name in [name for name in rules if _is_at_or_below(name, str(removed.value))]:
                del rules[name]
        for name in checked.written:
            rules.pop(name, None)
        for name, rule in checked.rules.items():
            rules[name] = replace(rule, origin=Origin(rule.origin.place, names))
    version = Destination.of(ecs.fields()["ecs.version"])
    rules[version.name] = Constant(version, ecs.VERSION, Origin(_COMPILER, ()))
    return tuple(rules[name] for name in sorted(rules))


def _is_at_or_below(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def _check_removes(checked: Checked, parents: list[Checked], *, whole: bool, notes: Notes) -> None:
    """Each entry of `remove` takes something of a parent away."""
    inherited: set[str] = set()
    for parent in reversed(parents):
        inherited = {name for name in inherited if not any(_is_at_or_below(name, str(r.value)) for r in parent.file.removes)}
        inherited |= parent.written
    for removed in checked.file.removes:
        name = str(removed.value)
        if any(_is_at_or_below(each, name) for each in inherited) or not whole:
            continue
        if checked.file.extends is None:
            notes.add(removed.place, f'`remove` takes a parent\'s rules away, and this file extends none; drop "{name}"')
        elif name in checked.written:
            notes.add(removed.place, f'only this file writes "{name}", no parent does; drop the rule itself')
        else:
            notes.add(removed.place, f'no parent writes "{name}"{did_you_mean(name, inherited) or "; drop it"}')


def _check_plan(plan: Plan, checked: Checked, fields: Mapping[str, Field], *, complete: bool, notes: Notes) -> None:
    """What only the whole list of rules can tell."""
    names = [rule.destination.name for rule in plan.rules]
    if (clash := overlap(names)) is not None:
        rules = [plan.rule(name) for name in clash]
        # blame the rule that is nearest to the event type: the parent was right before it came
        nearest = min((rule for rule in rules if rule is not None), key=lambda rule: (len(rule.origin.chain), rule.origin.place))
        notes.add(nearest.origin.place, overlap_message(*clash))
    _check_event_type(plan, fields, notes)
    for name in REQUIRED if complete else ():
        if name not in names:
            source = {"@timestamp": "published", "event.action": "eventType", "event.id": "uuid"}[name]
            shown = f'"{name}"' if name.startswith("@") else name
            event_type = checked.file.event_type
            assert event_type is not None
            notes.add(event_type.place, f'the mapping of "{plan.event_type}" never writes "{name}", which every document needs; '
                                        f"extend a parent that does, or write `{shown}: {source}` in `fields`")


def _check_event_type(plan: Plan, fields: Mapping[str, Field], notes: Notes) -> None:
    """Each `event.type` is expected by one of the document's categories, as Elastic's own linter has it."""
    category, types = plan.rule("event.category"), plan.rule("event.type")
    expected = fields["event.category"].expected_types
    if not isinstance(category, Constant) or not isinstance(types, Constant) or expected is None:
        return
    assert isinstance(category.value, tuple)
    assert isinstance(types.value, tuple)
    good = sorted({kind for each in category.value for kind in expected.get(str(each), ())})
    for kind in types.value:
        if kind not in good:
            nearest = min((category, types), key=lambda rule: len(rule.origin.chain))
            notes.add(nearest.origin.place, f'event.type "{kind}" is not expected with event.category {choices(map(str, category.value))}; '
                                            f"ECS expects {choices(good)}", "event.type")
