"""The page as text: what it may load and run, what is cut, what is escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest

from normalizer import load
from normalizer.authoring.explain import page as pages
from normalizer.authoring.explain.leaves import Kind, cut, folded, leaves, lines
from normalizer.authoring.explain.page import LONGEST, page
from normalizer.authoring.explain.trace import Tracer
from tests.authoring.explain import hostile

EVENT: dict[str, Any] = {
    "uuid": "u-1",
    "eventType": "mim.command.ios.new",
    "published": "2026-09-14T06:00:00.123Z",
}
VOID = {"meta"}


@cache
def tracer() -> Tracer:
    return Tracer(load())


def made(event: dict[str, Any]) -> str:
    return page(tracer().trace(orjson.dumps(event)), "in:1", tracer().mappings).decode()


class Elements(HTMLParser):
    """What a page consists of; every element must be ended where it should."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("event", [EVENT, hostile.event()], ids=["least", "hostile"])
def test_elements(event: dict[str, Any]) -> None:
    text = made(event)
    elements = Elements(text)
    assert {name for name, _ in elements.attributes} <= {
        *("lang", "charset", "http-equiv", "content", "name", "id", "class", "href", "title", "data-of")
    }
    assert all(value is not None and value.startswith("#") for name, value in elements.attributes if name == "href")
    ids = [value for name, value in elements.attributes if name == "id"]
    assert len(ids) == len({*ids})
    assert {name for name in elements.names if elements.names.count(name) == 1} >= {"script", "style", "title", "main"}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", text)


def test_the_policy_allows_this_style_and_script_alone() -> None:
    text = made(EVENT)
    for name in ("style", "script"):
        [inside] = re.findall(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in text
    assert "content=\"default-src 'none';" in text


def test_long_values_and_long_events(monkeypatch: pytest.MonkeyPatch) -> None:
    text = made(EVENT | {"displayMessage": "y" * (LONGEST + 5)})
    assert "y" * (LONGEST - 2) + "…" in text
    assert "y" * (LONGEST + 1) not in text
    monkeypatch.setattr(pages, "MOST_LINES", 50)
    long = made(EVENT | {"unheard": [*range(100)], "displayMessage": "late"})
    Elements(long)
    assert "… and 58 more lines" in long
    assert long.count('class="unread"') == 45


def test_where_fields_come_from() -> None:
    text = made(EVENT | {"severity": "WARN"})
    [row] = re.findall(r'<li id="f\d+"[^>]*><span class="name">log\.level</span>.*?</li>', text)
    [number] = re.findall(r'data-of="(e\d+)"', row)
    assert f'<a href="#{number}">severity</a>, as lower: &quot;WARN&quot; → &quot;warn&quot;' in row
    assert re.search(rf'<li id="{number}" data-of="[^"]+"><span class="json d1"><span class="key">&quot;severity', text)


# --- the lines of an event


def test_lines_are_json() -> None:
    value = {"a": [1, {"b": None, "c": []}, [[]]], "é": {"": "x\n"}, "d": {}}
    text = "".join(
        f"{'' if line.key is None else orjson.dumps(line.key).decode() + ':'}{line.text}{',' * line.comma}"
        for line in lines(value)
    )
    assert orjson.loads(text) == value
    assert [line.where for line in lines(value) if line.kind is Kind.BEGIN] == [
        (),
        ("a",),
        ("a", 1),
        ("a", 2),
        ("é",),
    ]
    assert [*leaves(value)] == [(("a", 0), 1), (("é", ""), "x\n")]


def test_places_without_indices() -> None:
    assert folded(("target", 3, "detailEntry", "a.b")) == "target[].detailEntry.a.b"
    assert folded((0, 1, "a")) == "[][].a"
    assert (cut("abcd", 4), cut("abcde", 4)) == ("abcd", "abc…")
