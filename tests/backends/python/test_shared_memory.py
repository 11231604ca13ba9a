"""What the quick way remembers is shared by event types whose documents have the same parts, and by no others."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from normalizer import load
from normalizer.language import Constant, Plan
from tests.backends.python.ways import Ways
from tests.golden import FOLDER

EVENT = orjson.loads((FOLDER / "mim.command.ios.new" / "rich.event.json").read_bytes())
TARGET = {"target": [{"id": "00u1", "type": "User", "displayName": "Anna"}, {"id": "guo1", "type": "Device"}]}


def objects(plan: Plan) -> Iterator[str]:
    """All objects of the documents in which values of the event stand."""
    names = {rule.destination.name for rule in plan.rules if not isinstance(rule, Constant)}
    yield from sorted({name[:at] for name in names for at, char in enumerate(name) if char == "."})


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    """Event types of which each writes one more constant or value, in another object of what all have."""
    folder = tmp_path_factory.mktemp("mappings")
    shipped = load().plan("mim.command.ios.new")
    assert shipped is not None
    fields = [f"{name}.more" for name in objects(shipped)]
    lines = [f"{name}: {{type: keyword, description: One more.}}" for name in [*fields, "acme.owner.name"]]
    (folder / "_custom_fields.yml").write_text("\n".join(lines), encoding="utf-8")
    owner = "fields:\n  acme.owner.name: target(type=User).displayName\n"
    rules = {"plain": "", "owner": owner}
    for number, name in enumerate(fields):
        rules[f"constant{number}"] = f"set:\n  {name}: more\n"
        if number % 4 == 0:
            rules[f"value{number}"] = f"fields:\n  {name}: target(type=User).displayName\n"
    for name, text in rules.items():
        head = f"event_type: mim.x.{name}\nextends: _command\nsummary: The event type {name}.\n"
        (folder / f"mim.x.{name}.yml").write_text(head + text, encoding="utf-8")
    return Ways(load(folder))


@pytest.mark.parametrize("backwards", [False, True])
def test_types_that_differ_in_one_field_keep_apart(ways: Ways, backwards: bool) -> None:
    types = sorted(plan.event_type for plan in ways.mappings.plans if plan.event_type.startswith("mim.x."))
    assert len(types) > 30
    for event in (EVENT, EVENT | TARGET):
        for event_type in reversed(types) if backwards else types:
            ways.document(event | {"eventType": event_type})  # fails where a way says otherwise
    assert ways.gave_up < ways.made / 10
