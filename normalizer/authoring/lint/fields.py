"""Rules of the linter about fields: those of one's own, and those of ECS that are not settled."""

from __future__ import annotations

from functools import cache

from normalizer import ecs
from normalizer.authoring.lint.subject import Found, Subject


def unused_field(subject: Subject) -> Found:
    """Declared fields that no event type writes."""
    written = {name for name, _ in subject.written}
    for name, place in subject.mappings.declared.items():
        if name not in written:
            yield place, f'no event type writes "{name}"; write a rule for it, or remove the line'


def reserved_name(subject: Subject) -> Found:
    """Declared fields that begin with the name of a field set of ECS."""
    for name, place in subject.mappings.declared.items():
        first, dot, rest = name.partition(".")
        if dot and first in _field_sets() and _alike(name) not in _by_alike():
            what = f'"{first}" is a field set of ECS, which may define "{name}" otherwise one day'
            yield place, f"{what}; begin with a name of your own, like acme.{rest}"


def repeats_ecs_field(subject: Subject) -> Found:
    """Declared fields that are a field of ECS written otherwise."""
    for name, place in subject.mappings.declared.items():
        if (known := _by_alike().get(_alike(name))) is not None:
            yield place, f'"{name}" is "{known}" of ECS written otherwise; write that field, and remove the line'


@cache
def _field_sets() -> frozenset[str]:
    """First parts of names below which ECS has fields."""
    return frozenset(name.partition(".")[0] for name in ecs.fields() if "." in name)


@cache
def _by_alike() -> dict[str, str]:
    return {_alike(name): name for name in ecs.fields()}


def _alike(name: str) -> str:
    """A name without what people write differently: capitals, hyphens and underscores, the s of a plural."""
    plain = name.lower().replace("-", "").replace("_", "")
    return ".".join(part.removesuffix("s") for part in plain.split("."))


def beta_field(subject: Subject) -> Found:
    """Rules that write fields of ECS that may still change."""
    for name, place in subject.written:
        if name in ecs.fields() and ecs.fields()[name].beta:
            what = f'"{name}" is beta in ECS {ecs.VERSION}: it may change or go'
            yield place, f"{what}; write another field, or allow it with a reason"


def deprecated_field(subject: Subject) -> Found:
    """Rules that write fields which ECS gives up."""
    for name, place in subject.written:
        if name in ecs.fields() and ecs.fields()[name].deprecated:
            plural = f"{name}s"
            advice = f'write "{plural}"' if plural in ecs.fields() else "write another field"
            yield place, f'"{name}" is deprecated in ECS {ecs.VERSION} and will go; {advice}'
