"""The linter: what the mapping language allows, and nobody should write. It reads Plans, never YAML.

A new rule is a function in one of the modules here, a line in `LINTS`, and a page in docs/lint/ with a bad and a good
example, which are run as tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from normalizer.authoring.lint import conversions, fields, paths, plans
from normalizer.authoring.lint.subject import Found, Subject
from normalizer.errors import Finding, Place
from normalizer.language import Mappings


@dataclass(frozen=True, slots=True)
class Lint:
    """A rule: what it looks for, in one sentence. `whole`: it can only be told when every file could be read."""

    about: str
    find: Callable[[Subject], Found]
    whole: bool = False


LINTS: dict[str, Lint] = {
    "beta-field": Lint("A field that is beta in ECS may change or go.", fields.beta_field),
    "cannot-convert": Lint("A value that never becomes what its field takes.", conversions.cannot_convert),
    "constant-default": Lint(
        "A default that every line of the map gives too: the field never varies.", conversions.constant_default
    ),
    "deprecated-field": Lint("A field that ECS gives up.", fields.deprecated_field),
    "impossible-key": Lint("A line of a table that is never asked for.", conversions.impossible_key, whole=True),
    "impossible-selector": Lint("A selector for a text that Okta never writes there.", paths.impossible_selector),
    "incomplete-categorization": Lint(
        "An event type with one part of what ECS places events by, and without another.",
        plans.incomplete_categorization,
        whole=True,
    ),
    "list-into-single": Lint("A list of the event for a field that holds one value.", paths.list_into_single),
    "other-dataset": Lint("Documents that the data stream does not take.", plans.other_dataset, whole=True),
    "problem-mark": Lint("A mapping that writes the normalizer's own mark of a problem.", plans.problem_mark),
    "repeated-path": Lint("The same path twice in one rule, or the same text in a selector.", paths.repeated_path),
    "repeated-rule": Lint("A rule that repeats its parent's unchanged.", plans.repeated_rule),
    "repeats-ecs-field": Lint("A field of one's own that ECS has, written otherwise.", fields.repeats_ecs_field),
    "reserved-name": Lint("A field of one's own where ECS may put one of that name.", fields.reserved_name),
    "summary-repeated": Lint("Two event types with the same summary.", plans.summary_repeated),
    "summary-sentence": Lint("A summary that is no sentence.", plans.summary_sentence),
    "unreachable-path": Lint("A path of `from` behind one that every event has.", paths.unreachable_path),
    "unused-field": Lint("A declared field that no event type writes.", fields.unused_field, whole=True),
    "unused-parent": Lint("A parent that no event type extends.", plans.unused_parent, whole=True),
    "unused-table": Lint("A table that no event type looks into.", conversions.unused_table, whole=True),
    "useless-default": Lint("A default that is never written.", conversions.useless_default),
}


def lint(mappings: Mappings, *, whole: bool = True) -> list[Finding]:
    """What all rules find in a folder, each rule at most one thing at a place. `whole`: every file could be read.

    What stands in the package's files, where a pack extends them, is not the pack's to mend and left out.
    """
    subject = Subject(mappings)
    found: dict[tuple[Place, str], Finding] = {}
    for name, each in LINTS.items():
        if whole or not each.whole:
            for place, message in each.find(subject):
                found.setdefault((place, name), Finding(place, message, name))
    folders = {str(PurePosixPath(place.file).parent) for place in mappings.files.values()}
    return sorted(each for each in found.values() if _inside(each.place, folders))


def _inside(place: Place, folders: set[str]) -> bool:
    """Whether a place lies in the folder, or in that of its tables; with no mapping file nobody knows."""
    folder = PurePosixPath(place.file).parent
    return not folders or str(folder) in folders or str(folder.parent) in folders
