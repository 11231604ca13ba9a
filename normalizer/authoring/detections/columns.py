"""The columns of an ES|QL query: which names are fields of the index still, and which the query has made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from normalizer.authoring.detections import patterns
from normalizer.authoring.detections.model import Use
from normalizer.authoring.detections.trees import Tree


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the index, under its name there; `caseless` where the query has made its letters small or large."""

    name: str
    caseless: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a command makes: its name, what it is made of, and the field whose values it holds."""

    name: str | None
    tree: Tree
    same_as: Field | None = None

    @property
    def called(self) -> str | None:
        """The column's name, which without one of its own is that of its field."""
        return self.name or (self.same_as.name if self.same_as is not None else None)


class Columns:
    """The names that commands have made so far; None is the field of one that is computed."""

    def __init__(self) -> None:
        self._made: dict[str, Field | None] = {}
        self._closed = False

    def field(self, name: str) -> Field | None:
        """The field of the index that a name is."""
        if name in self._made:
            return self._made[name]
        if self._closed or ("*" in name and any(patterns.matches(name, each) for each in self._made)):
            return None
        return Field(name)

    def resolved(self, uses: Iterable[Use]) -> list[Use]:
        """Those uses that are of fields of the index, under their names there."""
        fields = ((use, self.field(use.field)) for use in uses)
        return [
            replace(use, field=field.name, caseless=use.caseless or field.caseless)
            for use, field in fields
            if field is not None
        ]

    def make(self, column: Column) -> None:
        """Know a new column, if it has a name."""
        if column.name is not None:
            self._made[column.name] = self._source(column)

    def close(self, columns: Iterable[Column]) -> None:
        """Leave these columns alone, as STATS does."""
        self._made = {each.called: self._source(each) for each in columns if each.called is not None}
        self._closed = True

    def _source(self, column: Column) -> Field | None:
        same = column.same_as
        field = None if same is None else self.field(same.name)
        return None if field is None or same is None else replace(field, caseless=field.caseless or same.caseless)
