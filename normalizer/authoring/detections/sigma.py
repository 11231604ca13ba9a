"""Sigma rules: YAML, one or more documents in a file; rules, correlations of rules, filters for rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from normalizer.authoring.detections import conditions, sigma_items
from normalizer.authoring.detections import sigma_nodes as nodes
from normalizer.authoring.detections.gathering import Gathered
from normalizer.authoring.detections.model import NotChecked, NotUnderstood
from normalizer.authoring.detections.reading import Reading
from normalizer.authoring.detections.sigma_items import Item
from normalizer.authoring.detections.sigma_names import ours
from normalizer.authoring.detections.sigma_nodes import Node
from normalizer.errors import Place

LANGUAGE = "sigma"
PRODUCT = "okta"
_NOT_SELECTIONS = ("condition", "timeframe", "rules")
_MAX_ITEMS = 10_000
"""Lines of all selections of a rule, each counted as often as it is used."""


@dataclass(slots=True)
class SigmaRules:
    """The Sigma rules of a folder. Correlations are read last, when all the rules that they name are known."""

    into: Reading
    elsewhere: set[str] = field(default_factory=set)
    """Names and ids of rules for other products."""
    here: set[str] = field(default_factory=set)
    waiting: list[tuple[Node, Node, str]] = field(default_factory=list)

    def read(self, text: str, file: str) -> None:
        """Read one file; documents that are no Sigma rules are passed over."""
        try:
            documents = nodes.documents(text)
        except nodes.Damaged as error:
            self.into.not_checked.append(NotChecked(Place(file, error.line, error.column), error.why))
            return
        shared: Node = None
        for document in documents:
            if nodes.texts(nodes.get(document, "action")) == ["global"]:
                shared = document
            elif (detection := nodes.get(document, "detection")) is not None:
                self.rule(document, shared, detection, file, "Sigma rule")
            elif nodes.is_block(detection := nodes.get(document, "filter")):
                self.rule(document, shared, detection, file, "Sigma filter")
            elif nodes.is_block(correlation := nodes.get(document, "correlation")):
                self.waiting.append((document, correlation, file))
            elif nodes.get(document, "logsource") is not None:
                gathered = _gathered(document, shared, file)
                gathered.doubt("it has no `detection`")
                self.into.not_checked += gathered.not_checked

    def rule(self, document: Node, shared: Node, detection: Node, file: str, kind: str) -> None:
        """A rule, or a filter, which has the same selections; `shared` is what the file's global document says."""
        names = _names(document)
        logsource = nodes.get(document, "logsource") or nodes.get(shared, "logsource")
        product = nodes.texts(nodes.get(logsource, "product"))
        if product and product[0].lower() != PRODUCT:
            self.elsewhere |= names
            self.into.elsewhere += 1
            return
        self.here |= names
        gathered = _gathered(document, shared, file)
        try:
            _detection(detection, gathered, file)
        except NotUnderstood as error:
            gathered.doubt(error.why)
        self.into.add(gathered, _first(document, "id"), kind, LANGUAGE, ())

    def finish(self) -> None:
        """Read the correlations."""
        for document, correlation, file in self.waiting:
            rules = {*nodes.texts(nodes.get(correlation, "rules"))}
            if rules and rules <= self.elsewhere - self.here:
                self.into.elsewhere += 1
                continue
            gathered = _gathered(document, None, file)
            _correlation(correlation, gathered)
            self.into.add(gathered, _first(document, "id"), "Sigma correlation", LANGUAGE, ())
        self.waiting.clear()


def _first(document: Node, key: str) -> str:
    return next(iter(nodes.texts(nodes.get(document, key))), "")


def _names(document: Node) -> set[str]:
    """What others may call a rule."""
    return {_first(document, "id"), _first(document, "name")} - {""}


def _gathered(document: Node, shared: Node, file: str) -> Gathered:
    title = _first(document, "title") or _first(shared, "title") or "a Sigma rule without a title"
    return Gathered(title, nodes.place(document, file))


def _correlation(correlation: Node, gathered: Gathered) -> None:
    """What a correlation groups by and counts; an alias stands for the fields that it names of each rule."""
    aliases = {name: block for name, _, block in nodes.entries(nodes.get(correlation, "aliases"))}
    named = [text for block in aliases.values() for _, _, value in nodes.entries(block) for text in nodes.texts(value)]
    grouped = [name for name in nodes.texts(nodes.get(correlation, "group-by")) if name not in aliases]
    counted = nodes.texts(nodes.get(nodes.get(correlation, "condition"), "field"))
    gathered.reads(*map(ours, [*grouped, *named, *(name for name in counted if name not in aliases)]))


def _detection(detection: Node, gathered: Gathered, file: str) -> None:
    """The selections that the conditions use. Raises NotUnderstood."""
    selections = {name: (key, value) for name, key, value in nodes.entries(detection) if name not in _NOT_SELECTIONS}
    written = nodes.texts(nodes.get(detection, "condition"))
    if not written:
        raise NotUnderstood("its detection has no condition")
    left = _MAX_ITEMS
    for text in written:
        condition = conditions.read(text, selections)
        gathered.reads(*map(ours, condition.fields))
        for name, negated in condition.selections:
            key, value = selections[name]
            for item in _items(key, value, file, depth=0):
                left -= 1
                if left < 0:
                    raise NotUnderstood(f"it has more than {_MAX_ITEMS:,} lines in its selections")
                _item(item, gathered, negated=negated)


def _item(item: Item | NotUnderstood, gathered: Gathered, *, negated: bool) -> None:
    try:
        if isinstance(item, NotUnderstood):
            raise item
        sigma_items.read(item, gathered, negated=negated)
    except NotUnderstood as error:
        gathered.doubt(error.why, item.place if isinstance(item, Item) else None)


def _items(key: Node, value: Node, file: str, depth: int) -> Iterator[Item | NotUnderstood]:
    """The items of a selection: a block of fields, a list of such blocks, or a list of words."""
    words = []
    for part in nodes.items(value):
        if nodes.is_block(part):
            for name, inner, values in nodes.entries(part):
                if name == "<<" and depth < 2:
                    yield from _items(inner, values, file, depth + 1)
                else:
                    yield _of_field(name, inner, values, file)
        else:
            words.append(part)
    if words:
        yield _of_field("", key, words, file)


def _of_field(name: str, key: Node, values: Node, file: str) -> Item | NotUnderstood:
    try:
        parts = values if isinstance(values, list) else nodes.items(values)
        return Item(name, tuple(map(nodes.text, parts)), nodes.place(key, file))
    except NotUnderstood as error:
        return NotUnderstood(f"{error.why}, at {name or 'the words'} in line {nodes.place(key, file).line}")
