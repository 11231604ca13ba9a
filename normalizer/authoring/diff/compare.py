"""Two sets of Plans ▶ what a change of one into the other changes, and for which event types.

    event types    which there are on one side only, and which of these are one under another name
    fields         of each event type on both sides: which there are on one side only, and which have another name
    rules          of each field on both sides: what is other
    declarations, the index mapping

Rules are compared by what they do. Where they were written, and in which file of a chain, is the place of a change and
never a change.
"""

from __future__ import annotations

from normalizer.authoring.diff.declared import declarations
from normalizer.authoring.diff.event_types import event_type_changes, renamed
from normalizer.authoring.diff.fields import field_changes
from normalizer.authoring.diff.index import with_index
from normalizer.authoring.diff.model import Change, Difference
from normalizer.authoring.diff.verdicts import ROWS
from normalizer.language import Mappings

_KINDS = {kind: at for at, kind in enumerate(ROWS)}


def compare(old: Mappings, new: Mappings) -> Difference:
    """All that differs in the documents, and in what is said of them."""
    before = {plan.event_type: plan for plan in old.plans}
    after = {plan.event_type: plan for plan in new.plans}
    both = {name: (plan, after[name]) for name, plan in before.items() if name in after}
    names = renamed(before, after, field_changes(both))
    both |= {other: (before[name], after[other]) for name, other in names.items()}
    changes = [*event_type_changes(old, new, names), *field_changes(both), *declarations(old, new)]
    return Difference(tuple(sorted(with_index(changes, old, new), key=_order)), tuple(sorted(both)))


def _order(change: Change) -> tuple[int, int, str, tuple[str, ...], str]:
    return -change.verdict, _KINDS[change.kind], change.field, change.event_types, repr((change.before, change.after))
