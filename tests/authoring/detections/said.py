"""Uses in short: `-` negated, `~` without regard to capitals, `a:x|y` values, `a` any value, `a>=3` a range."""

from __future__ import annotations

from collections.abc import Iterable

from normalizer.authoring.detections import Use


def short(use: Use) -> str:
    sign, fold = "-" * use.negated, "~" * use.caseless
    if use.bounds:
        return f"{sign}{use.field}{''.join(f'{each.operator}{each.limit}' for each in use.bounds)}"
    return f"{sign}{use.field}" if use.values is None else f"{sign}{use.field}{fold}:{'|'.join(use.values)}"


def in_short(uses: Iterable[Use]) -> list[str]:
    return [short(use) for use in uses]
