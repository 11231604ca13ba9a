"""The events that both ways are given besides random ones: golden cases, the samples, odd values in every place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

from normalizer import Options
from normalizer.authoring import golden
from tests.backends.python.events import LEAST, NEEDED, ODD, documented, full, put
from tests.golden import FOLDER as GOLDEN
from tests.parity.events import SAMPLES, enveloped, promised
from tests.parity.writing import STYLES, written

NOT_COMPARED: Final = {
    "mim.streamDevicesCSVDownload/without-original": "pipelines have no such option: they always keep the event's text",
}
"""Golden cases that pipelines cannot have, and why."""

NO_EVENTS: Final = (
    " ", "x", "{", "}", "{}", "[]", "[{}]", "null", "true", "5", '"x"', '{"uuid":"1"', '{"uuid":"1"} x',
    '{"uuid":"1"}{}', '{"uuid":"1",}', "{'uuid':'1'}", '{"uuid":"1"}', '{"uuid":"1","eventType":"mim.x"}', "\0",
    '{"a":1}', '{"uuid":"1","eventType":"mim.x","published":"2026-02-30T06:00:00Z"}',
    '{"uuid":"","eventType":"mim.x","published":"2026-09-14T06:00:00Z"}',
    '{"uuid":"é","eventType":"mim.x","published":"2026-09-14T06:00:00Z"}',
    '{"uuid":1,"eventType":"mim.x","published":"2026-09-14T06:00:00Z"}',
    '{"uuid":"1","eventType":"","published":"2026-09-14T06:00:00Z"}',
    '{"uuid":"1","eventType":null,"published":"2026-09-14T06:00:00Z"}',
    '{"uuid":"1","eventType":"mim.x","published":1789365600000}',
)  # fmt: skip
"""Texts that are no events: pipelines keep them, and say so."""


_NO_EVENTS_INSIDE: Final = (
    "null", '""', '"x"', "5", "true", "[]", "{}", '"{}"', '"[]"', '"null"', '[{"uuid":"1"}]', '{"uuid":"1"}',
    '"{\\"uuid\\":\\"1\\"}"', '{"event":{"uuid":"1"}}',
)  # fmt: skip


def samples() -> list[str]:
    """The sample events."""
    return SAMPLES.read_text(encoding="utf-8").splitlines()


def envelopes() -> Iterator[str]:
    """Some of the sample events in the envelopes of log streams, and what is nearly one."""
    for number, text in enumerate(samples()[:40]):
        event = json.loads(text)
        yield enveloped(event, 21 + number % 3, STYLES[number % len(STYLES)])
    yield from (f'{{"{key}":{value}}}' for key in ("event", "detail") for value in _NO_EVENTS_INSIDE)


def golden_cases() -> Iterator[tuple[golden.Case, Options]]:
    """Those that pipelines can have, with what the run time must be given; theirs is no event that "*" alone takes."""
    for case in golden.cases(GOLDEN):
        if str(case) not in NOT_COMPARED:
            given = case.options()
            yield case, Options(org=given.org, namespace=given.namespace)


def odd_events(*, whole: bool) -> Iterator[str]:
    """An event for every odd value in every documented place; in an event that has all else, or next to nothing."""
    for path in documented():
        for value in ODD.values():
            event: dict[str, Any] = full() if whole else copy.deepcopy(LEAST)
            if path.startswith("target.") and not whole:
                event["target"] = [{"type": "Device"}, {"type": "User"}]
            put(event, path, copy.deepcopy(value))
            if path not in NEEDED or path == "published":
                yield written(promised(event))
