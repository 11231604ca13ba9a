"""What follows the pick of a rule, as a Painless function of its own: as ▶ map ▶ the field's type ▶ default."""

from __future__ import annotations

from normalizer.backends.source import Names
from normalizer.language.conversions import (
    INTEGER_BITS,
    STEPS,
    TEXT_TYPES,
    TYPES,
    whole_range,
)
from normalizer.language.plan import AS_IS, Scalar, Value

CONVERT = {
    **dict.fromkeys(TEXT_TYPES, "keyword(v)"),
    "date": "date(v)",
    "ip": "ip(v)",
    **{kind: f"whole(v, {low}L, {high}L)" for kind in INTEGER_BITS for low, high in [whole_range(kind)]},
    "boolean": "bool(v)",
    "geo_point": "point(v)",
    "flattened": "objects(v)",
}
"""How each type of the language is converted: an expression over the value `v`."""
CONVERT["long"] = "whole(v, Long.MIN_VALUE, Long.MAX_VALUE)"  # the least of them cannot be written as a literal

STEP = {"lower": "lower(v)", "email": "email(v)", "json": "json(v)"}
"""The same for the conversions that a rule names with `as`."""

OBJECT_TYPES = ("flattened", "geo_point")


def literal(value: Scalar | tuple[Scalar, ...]) -> str:
    """A constant as Painless writes it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'{}'".format(value.replace("\\", "\\\\").replace("'", "\\'"))
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        return f"{value}L" if value > -(2**63) else "Long.MIN_VALUE"
    return repr(value)


class Rules:
    """The functions of a script's rules, equal ones once, and the lists of what picks pass over."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.ignored: list[tuple[str, ...]] = []
        self.tables: dict[str, dict[str, str]] = {}
        self._names = Names()
        self._known: dict[object, str] = {}

    def function(self, rule: Value, keys: tuple[str, ...] = ()) -> str:
        """The name of a function (e, key, ignored, n, c) that gives the value of the document, or null.

        `keys` are the names below a flattened list of objects, whose values go in as they are.
        """
        default = None if rule.destination.array else rule.default
        kind = "keyword" if rule.destination.type in TEXT_TYPES else rule.destination.type
        if (kind, rule.steps, rule.table, default) == ("keyword", (), None, None):
            return "text"
        key = kind, rule.steps, rule.table, default, type(default), keys  # True == 1
        if key not in self._known:
            words = [*rule.steps, *keys]
            if rule.table is not None:
                words.append(rule.table.name or "table")
            if kind not in ("keyword", AS_IS):
                words.append(kind)
            if default is not None:
                words.append("else")
            name = self._known[key] = self._names.new("as" if rule.table is None else "mapped", "_".join(words))
            self.sources[name] = self._source(name, rule, kind, keys, default)
        return self._known[key]

    def ignoring(self, rule: Value) -> str:
        """The variable of the list of texts that a pick passes over."""
        if not rule.ignore:
            return "none"
        ignored = tuple(sorted(rule.ignore))
        if ignored not in self.ignored:
            self.ignored.append(ignored)
        return f"ignored{self.ignored.index(ignored)}"

    def _table(self, rule: Value) -> str:
        """The literal under which the table's text stands in the parameters."""
        assert rule.table is not None
        entries = dict(rule.table.entries)
        wanted = rule.table.name or "table"
        name, count = wanted, 1
        while self.tables.setdefault(name, entries) != entries:
            count += 1
            name = f"{wanted} ({count})"
        return literal(name)

    def _source(
        self, name: str, rule: Value, kind: str, keys: tuple[str, ...], default: Scalar | tuple[Scalar, ...] | None
    ) -> str:
        lines = [
            f"Object {name}(Object[] e, String key, List ignored, int n, Map c) {{",
            "  Object v = valueOf(e, key, ignored);",
            "  if (absent(v)) { v = null; }",
        ]

        def convert(expression: str, noun: str) -> None:
            lines.append(f"  if (v != null) {{ v = checked({expression}, e, key, n, '{noun}', c); }}")

        for step in rule.steps:
            convert(STEP[step], STEPS[step].noun)
        text = bool(rule.steps) and STEPS[rule.steps[-1]].gives == "text"
        if rule.table is not None:
            if not text:
                convert(CONVERT["keyword"], TYPES["keyword"].noun)
            lines.append(f"  if (v != null) {{ v = ((Map) ((Map) c.get('tables')).get({self._table(rule)})).get(v); }}")
            text = True
        if kind == AS_IS:
            if not text:
                fitting = f"fitting(v, n, placeOf(e, key), {units(keys)}, {len(keys)}, c)"
                lines.append(f"  if (v != null) {{ v = {fitting}; }}")
        elif not (text and kind == "keyword"):
            convert(CONVERT[kind], TYPES[kind].noun)
            if kind == "flattened":
                lines.append("  if (v != null) { v = flattened(v, n, placeOf(e, key), c); }")
        lines.append("  return v;" if default is None else f"  return v == null ? {literal(default)} : v;")
        return "\n".join([*lines, "}"])


def units(keys: tuple[str, ...]) -> int:
    """The UTF-16 units of the keys above a value, each with the dot that joins it to the next."""
    return sum(len(key) + 1 for key in keys)
