"""Mapping files with their parents, as Plans: one flat, sorted list of rules for each event type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from normalizer import ecs
from normalizer.data import data_folder
from normalizer.ecs import Field
from normalizer.errors import Place
from normalizer.language.advice import choices, did_you_mean
from normalizer.language.check import Checked
from normalizer.language.notes import Notes
from normalizer.language.plan import Constant, Destination, Each, Origin, Plan, Rule, Value

REQUIRED = ("@timestamp", "event.action", "event.id")
"""What every document has: without these nobody can find it, and `event.id` is its `_id`."""
_LINES = {
    "@timestamp": '"@timestamp": published',
    "event.action": "event.action: eventType",
    "event.id": "event.id: uuid",
}

_COMPILER = Place("normalizer", 1, 1)


def resolve(
    files: Mapping[str, Checked], broken: set[str], fields: Mapping[str, Field], notes: Notes
) -> tuple[Plan, ...]:
    """The Plans of all files that name an event type, sorted by it.

    `broken` are names of files that could not be read at all: nobody reports them as missing.
    """
    plans = []
    for name, checked in files.items():
        chain, whole = _chain(name, files, broken, notes)
        if whole and not checked.file.gaps and not any(parent.gaps for parent in chain[1:]):
            _check_removes(chain, notes)
        if checked.file.event_type is None:
            continue
        names = tuple(each.file.name for each in chain)
        file = checked.file
        event_type = str(checked.file.event_type.value)
        plan = Plan(event_type, file.summary, names, _rules(chain), file.place, file.summary_place)
        _check_event_type(plan, fields, notes)
        if whole and not any(each.gaps for each in chain):
            _check_required(plan, checked.file.event_type.place, chain, notes)
        plans.append(plan)
    return tuple(sorted(plans, key=lambda plan: plan.event_type))


def _chain(name: str, files: Mapping[str, Checked], broken: set[str], notes: Notes) -> tuple[list[Checked], bool]:
    """The file and its parents, its own first, and whether none is missing."""
    names = [name]
    while (extends := files[names[-1]].file.extends) is not None:
        parent = str(extends.value)
        if parent in names:
            _circle(names[names.index(parent) :], files, notes)
            break
        if parent not in files:
            if parent not in broken:
                notes.add(extends.place, f'there is no mapping "{parent}" to extend{_no_parent(parent, files)}')
            break
        names.append(parent)
    return [files[each] for each in names], extends is None


def _no_parent(name: str, files: Mapping[str, Checked]) -> str:
    """What to write instead of a parent that is not there."""
    plain = name.removesuffix(".yml")
    if plain != name:
        return f'; write the name without .yml: "{plain}"'
    if advice := did_you_mean(name, files):
        return advice
    ids = (each for file in files.values() for each in file.file.written if each.target.name == "event.id")
    alone = next(ids, None)
    if alone is None or not (data_folder() / "mappings" / f"{name}.yml").is_file():
        return f"; write {name}.yml beside this file"
    place = alone.target.place
    why = f"this folder stands alone, for {place.file.rpartition('/')[2]} writes event.id in line {place.line}"
    return f"; {why}: remove that, and the package's mappings hold here, or write {name}.yml too"


def _circle(ring: list[str], files: Mapping[str, Checked], notes: Notes) -> None:
    """Tell a circle once, wherever it was entered: at its file with the first name, of those that can be mended."""
    at = ring.index(min(ring, key=lambda name: (files[name].file.place.shipped, name)))
    turned = [*ring[at:], *ring[:at]]
    extends = files[turned[0]].file.extends
    assert extends is not None
    message = (
        f"`extends` goes round in a circle ({' ▶ '.join([*turned, turned[0]])}); let one of them extend something else"
    )
    if len(turned) == 1:
        message = f'"{turned[0]}" extends itself; name its parent, or remove the line'
    notes.add(extends.place, message)


def _rules(chain: list[Checked]) -> tuple[Rule, ...]:
    """The rules of a chain of files, the event type's own first, and the compiler's."""
    rules: dict[str, tuple[Rule, int, Rule | None]] = {}
    for depth in reversed(range(len(chain))):
        checked = chain[depth]
        for removed in checked.file.removes:
            for name in [name for name in rules if _is_at_or_below(name, str(removed.value))]:
                del rules[name]
        inherited = {name: rule for name, (rule, _, _) in rules.items()}
        for name in checked.written:
            rules.pop(name, None)
        for name, rule in checked.rules.items():
            rules[name] = (rule, depth, inherited.get(name))
    version = Destination.of(ecs.fields()["ecs.version"])
    rules[version.name] = (Constant(version, ecs.VERSION, Origin(_COMPILER, ())), -1, None)
    names = tuple(each.file.name for each in chain)
    chains = [names[: depth + 1] for depth in range(len(chain))] + [()]
    return tuple(_from(rule, chains[depth], inherited) for _, (rule, depth, inherited) in sorted(rules.items()))


def _from(rule: Rule, chain: tuple[str, ...], instead_of: Rule | None) -> Rule:
    """The same rule in a chain; the slow `dataclasses.replace` would take half of the time of loading."""
    written = rule.origin
    origin = Origin(written.place, chain, written.parts, written.table, written.default, instead_of, written.segments)
    match rule:
        case Constant(destination, value):
            return Constant(destination, value, origin)
        case Value(destination, paths, collect, ignore, steps, table, default):
            return Value(destination, paths, collect, ignore, steps, table, default, origin)
        case Each(destination, path, fields):
            return Each(destination, path, fields, origin)


def _is_at_or_below(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def _written(chain: list[Checked]) -> set[str]:
    """What a chain of files writes, broken rules too."""
    written: set[str] = set()
    for checked in reversed(chain):
        for removed in checked.file.removes:
            written = {name for name in written if not _is_at_or_below(name, str(removed.value))}
        written |= checked.written
    return written


def _check_removes(chain: list[Checked], notes: Notes) -> None:
    """Each entry of `remove` takes something of a parent away. The file itself is the first of the chain."""
    checked, *parents = chain
    if not checked.file.removes:
        return
    inherited = _written(parents)
    broken = {name for parent in parents for name in parent.file.broken}
    before: list[str] = []
    for each in checked.file.removes:
        name = str(each.value)
        if (above := next((one for one in before if _is_at_or_below(name, one)), None)) is not None:
            what = f'"{name}" stands twice' if above == name else f'"{above}" takes "{name}" away already'
            notes.add(each.place, f"{what}; drop this one")
            continue
        before.append(name)
        known = any(_is_at_or_below(one, name) for one in inherited) or any(
            _is_at_or_below(name, one) for one in broken
        )
        if not known:
            notes.add(each.place, _nothing_to_remove(name, checked, inherited))


def _nothing_to_remove(name: str, checked: Checked, inherited: Iterable[str]) -> str:
    if checked.file.extends is None:
        return f'`remove` takes a parent\'s rules away, and this file extends none; drop "{name}"'
    if name in checked.written:
        return f'only this file writes "{name}", no parent does; drop the rule itself'
    above = next((each for each in inherited if _is_at_or_below(name, each)), None)
    if above is not None:
        return f'"{name}" is a part of "{above}", which is one rule; remove that, or write it anew'
    return f'no parent writes "{name}"{did_you_mean(name, inherited) or "; drop it"}'


def _check_event_type(plan: Plan, fields: Mapping[str, Field], notes: Notes) -> None:
    """Each `event.type` is expected by one of the document's categories, as Elastic's own linter has it."""
    category, types = plan.rule("event.category"), plan.rule("event.type")
    expected = fields["event.category"].expected_types
    if not isinstance(category, Constant) or not isinstance(types, Constant) or expected is None:
        return
    assert isinstance(category.value, tuple)
    assert isinstance(types.value, tuple)
    good = sorted({kind for each in category.value for kind in expected.get(str(each), ())})
    bad = [f'"{kind}"' for kind in types.value if kind not in good]
    if bad:
        nearest = min((types, category), key=lambda rule: len(rule.origin.chain))
        categories = choices(map(str, category.value))
        message = f"event.type {choices(bad)} is not expected with event.category {categories}"
        notes.add(nearest.origin.place, f"{message}; ECS expects {choices(good)}")


def _check_required(plan: Plan, place: Place, chain: list[Checked], notes: Notes) -> None:
    """The chain of files writes what every document needs. A rule that is broken counts: it is told already."""
    written = _written(chain)
    removes = [each for checked in chain for each in checked.file.removes]
    missing = [name for name in REQUIRED if name not in written]
    for name in missing:
        for removed in removes:
            if _is_at_or_below(name, str(removed.value)):
                message = f'every document needs "{name}"; leave it, or write it anew in `fields`'
                notes.add(removed.place, message, "required")
                return
    if missing:
        root = chain[-1].file
        where, who = place, f'the mapping of "{plan.event_type}" never writes'
        if len(chain) > 1:  # the parent of all is told once, not each that extends it
            where, who = root.place, f'"{root.name}" and what extends it never write'
        names = choices((f'"{name}"' for name in missing), "and")
        lines = choices((f"`{_LINES[name]}`" for name in missing), "and")
        message = f"{who} {names}, which every document needs"
        notes.add(where, f"{message}; extend a parent that does, or write {lines} in `fields`", "required")
