"""What each kind of change is in terms of semantic versioning, and why: data. docs/diff.md prints these rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """How much a change breaks; the highest of all changes is the verdict of the whole."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of change: its verdict, what changes (half a sentence), and why that is so (one sentence)."""

    verdict: Verdict
    title: str
    reason: str


def _major(title: str, reason: str) -> Row:
    return Row(Verdict.MAJOR, title, reason)


def _minor(title: str, reason: str) -> Row:
    return Row(Verdict.MINOR, title, reason)


def _patch(title: str, reason: str) -> Row:
    return Row(Verdict.PATCH, title, reason)


ROWS: dict[str, Row] = {
    # event types
    "event-type-removed": _major(
        "event type removed", "Its events get other documents, or none: what was searched for in them is not there."
    ),
    "event-type-renamed": _major("event type renamed", "Events of the old name no longer become these documents."),
    "event-type-added": _minor("event type added", "Events that had no mapping of their own have one now."),
    "summary-changed": _patch("summary changed", "A sentence for people; no document holds it."),
    # fields
    "field-removed": _major("field removed", "A search for the field finds no new document."),
    "field-renamed": _major("field renamed", "A search for the old name finds no new document."),
    "field-retyped": _major(
        "type of a field changed", "The same search means something else, and old and new indices differ in the type."
    ),
    "field-becomes-list": _major("one value becomes a list", "Who reads one value of the document meets a list."),
    "field-becomes-single": _major("a list becomes one value", "Who reads a list of the document meets one value."),
    "field-added": _minor("field added", "Documents have one field more; all others are as before."),
    # constants
    "constant-changed": _major("constant changed", "A search for the old value finds no new document."),
    "constant-value-removed": _major(
        "value of a constant list removed", "A search for the value finds no new document."
    ),
    "constant-value-added": _minor("value of a constant list added", "All values of before are still there."),
    "constant-reordered": _patch(
        "order of a constant list changed", "The values are the same, and no search knows their order."
    ),
    "constant-becomes-source": _major(
        "constant becomes a value of the event", "Where every document had one value, it now depends on the event."
    ),
    "source-becomes-constant": _major(
        "value of the event becomes a constant", "What the event says no longer reaches the document."
    ),
    # where a value comes from
    "source-changed": _major("source changed", "The value comes from elsewhere in the event, so it is another one."),
    "condition-changed": _major("condition of a source changed", "The value comes from other objects of the event."),
    "path-removed": _major("path of `from` removed", "Events that have the value only there give none."),
    "path-inserted": _major(
        "path put before others in `from`", "Where the event has both, the value is now that of the new path."
    ),
    "paths-reordered": _major(
        "order of `from` changed", "Where the event has several of these, another one than before comes first."
    ),
    "path-appended": _minor(
        "path added at the end of `from`", "It counts only where the others give nothing, or a default did."
    ),
    "collect-path-removed": _major("path of `collect` removed", "Values that stand only there are gone from the list."),
    "collect-path-added": _minor("path of `collect` added", "All values of before are still in the list."),
    "condition-widened": _minor(
        "condition of a list's source widened", "More objects give values; all values of before are still in the list."
    ),
    "collect-reordered": _patch(
        "order of `collect` changed", "The values are the same, and no search knows their order."
    ),
    "collect-becomes-from": _major(
        "`collect` becomes `from`", "Only the first path that has a value gives any; those of the others are gone."
    ),
    "from-becomes-collect": _minor(
        "`from` becomes `collect`", "The other paths give their values too; those of before are still there."
    ),
    "repeats-changed": _patch(
        "`from` or `collect` of one path",
        "Only whether repeats stay differs, and no search knows how often a value is there.",
    ),
    # conversions
    "ignore-added": _major(
        "text of `ignore` added", "Events with that text gave a value, and give none now, or another."
    ),
    "ignore-removed-first": _major(
        "text of `ignore` removed, with further paths", "Where a later path gave the value, it is now that text."
    ),
    "ignore-removed-problem": _major(
        "text of `ignore` removed that the field does not take",
        "Documents of events with that text say now that it did not convert, in `event.kind` and a tag.",
    ),
    "ignore-removed": _minor("text of `ignore` removed", "Events with that text gave no value, and give it now."),
    "conversion-changed": _major("conversion changed", "The same event gives another value, or none."),
    "table-added": _major("table added", "Values are looked up now: each is another one, or none."),
    "table-removed": _major("table removed", "Values are written as they come, and no longer looked up."),
    "table-line-changed": _major("line of a table changed", "The same event gives another value."),
    "table-line-removed": _major("line of a table removed", "Events with that text no longer give its value."),
    "table-line-added": _minor(
        "line of a table added", "Events with that text matched no line before, so they gave nothing, or a default."
    ),
    "default-changed": _major("default changed", "Documents that had the old default have another value."),
    "default-reordered": _patch(
        "order of a default that is a list changed", "The values are the same, and no search knows their order."
    ),
    "default-removed": _major("default removed", "Documents that had the default lack the field."),
    "default-added": _minor("default added", "Documents that lacked the field have it."),
    # declarations
    "allowed-values-changed": _patch(
        "`values` of a custom field changed", "It says what mappings may write; what they write is compared by itself."
    ),
    "description-changed": _patch("description of a custom field changed", "A sentence for people."),
    "declaration-added": _patch("custom field declared", "No mapping writes it."),
    "declaration-removed": _patch("declaration of a custom field removed", "No mapping has written it."),
    "declaration-changed": _patch("type of a custom field changed that is not written", "No mapping writes it."),
    "index-mapping-changed": _patch(
        "index mapping changed", "The documents are as before; what their indices say of the field is not."
    ),
}
"""Every kind of change, in the order in which they are told."""

INDEX = {
    "rollover": "New documents are indexed in this way after the next rollover (`mim-ecs setup --rollover`).",
    "reindex": "The type of a field that is there already: new documents have it after the next rollover, those of "
    "before only once they are reindexed; until then searches over both can fail.",
}
"""What a change of the index mapping asks for, and what that means."""
