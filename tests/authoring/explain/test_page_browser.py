"""The page in a real browser: it shows what it should, asks nobody for anything, and runs nothing of the event's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from normalizer import load
from normalizer.authoring.explain.leaves import cut
from normalizer.authoring.explain.page import LONGEST
from normalizer.authoring.explain.page import page as html
from normalizer.authoring.explain.trace import Trace, Tracer
from tests.authoring.explain import hostile
from tests.authoring.explain.browser import Page, page

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
EVENT: dict[str, Any] = orjson.loads((GOLDEN / "mim.command.ios.error/addresses-that-are-none.event.json").read_bytes())


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with page(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.fixture(scope="module")
def tracer() -> Tracer:
    return Tracer(load())


def shown(browser: Page, tracer: Tracer, event: dict[str, Any], folder: Path) -> Trace:
    """The trace of an event, whose page is open now."""
    trace = tracer.trace(orjson.dumps(event))
    file = folder / "event.html"
    file.write_bytes(html(trace, "events.ndjson:1", tracer.mappings))
    browser.looks()
    browser.open(file)
    return trace


@pytest.mark.parametrize("event", [EVENT, hostile.event()], ids=["golden", "hostile"])
def test_the_page_alone_and_nothing_but_it(
    browser: Page, tracer: Tracer, event: dict[str, Any], tmp_path: Path
) -> None:
    trace = shown(browser, tracer, event, tmp_path)
    requests = [each["params"]["request"]["url"] for each in browser.events if each["method"].endswith("WillBeSent")]
    assert requests == [(tmp_path / "event.html").as_uri()]
    told = [each for each in browser.events if each["method"] in ("Log.entryAdded", "Runtime.exceptionThrown")]
    assert told == []
    assert browser.run("window.hacked === undefined")
    assert browser.run("document.querySelectorAll('script').length") == 1
    assert browser.run("document.querySelectorAll('img, link, iframe, form, [style], [onerror]').length") == 0
    links = browser.run("[...document.querySelectorAll('a')].map((each) => each.getAttribute('href'))")
    assert all(browser.run(f"document.getElementById('{link[1:]}') !== null") for link in {*links} if link[0] == "#")
    assert {link[0] for link in links} == {"#"}
    check_texts(browser, trace)


def check_texts(browser: Page, trace: Trace) -> None:
    """What can be read is the event, the document and the fields of the trace."""

    def joined(side: str) -> str:
        script = f"[...document.querySelectorAll('{side} .json')].map((each) => each.textContent).join('')"
        return str(browser.run(script))

    assert orjson.loads(joined(".from")) == trace.event
    assert orjson.loads(joined("details")) == shortened(trace.document)
    names = browser.run("[...document.querySelectorAll('.fields:not(.plain) .name')].map((each) => each.textContent)")
    assert {*names} >= {each.name for each in trace.fields if each.is_there}
    text = browser.run("document.body.innerText")
    for each in trace.fields:
        if each.place is not None and each.is_there:
            assert f"{each.place.file}:{each.place.line}" in text
    for turned in ("\u202e", "\u2066", "\u200b", "\u2028", "\x1b"):
        assert turned not in text


def shortened(value: Any) -> Any:
    """A value with its long texts cut."""
    if isinstance(value, dict):
        return {key: shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [*map(shortened, value)]
    return cut(value, LONGEST) if isinstance(value, str) else value


def test_marks_in_the_event(browser: Page, tracer: Tracer, tmp_path: Path) -> None:
    event = EVENT | {"unheard": {"of": "it"}}
    trace = shown(browser, tracer, event, tmp_path)
    [unread] = browser.run("[...document.querySelectorAll('.from li.unread .json')].map((each) => each.textContent)")
    assert unread == '"of": "it"'
    lost = browser.run("[...document.querySelectorAll('.from li.lost .json')].map((each) => each.textContent)")
    assert len(lost) == sum(fact.is_read and not any(fact.arrived()) for fact in trace.facts) > 0
    assert browser.run("document.querySelectorAll('header .mark').length") == 4


def test_fields_and_their_values_find_each_other(browser: Page, tracer: Tracer, tmp_path: Path) -> None:
    shown(browser, tracer, EVENT, tmp_path)
    row = "[...document.querySelectorAll('.fields > li')].find((each) => each.innerText.startsWith('okta.actor.id'))"
    link = f"{row}.querySelector('.how a')"
    assert browser.run(f"{link}.textContent") == "actor.id"
    browser.run(f"{row}.scrollIntoView({{block: 'center'}})")
    box = browser.run(f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({link}.getBoundingClientRect())")
    browser.mouse("mouseMoved", *box)
    value = f"document.querySelector({link}.getAttribute('href'))"
    assert browser.run(f"{value}.classList.contains('hot')")
    for kind in ("mousePressed", "mouseReleased"):
        browser.mouse(kind, *box, button="left", clickCount=1)
    assert browser.run(f"location.hash === {link}.getAttribute('href')")
    assert browser.run(f"{value}.matches(':target') && {value}.textContent.includes('\"id\"')")
    assert browser.run(f"(({{top, bottom}}) => top >= 0 && bottom <= innerHeight)({value}.getBoundingClientRect())")


def test_sizes_colors_and_paper(browser: Page, tracer: Tracer, tmp_path: Path) -> None:
    shown(browser, tracer, hostile.event(), tmp_path)
    colors = set()
    for width, scheme in ((1400, "light"), (1400, "dark"), (380, "light")):
        browser.looks(width, scheme=scheme)
        assert browser.run("document.documentElement.scrollWidth <= innerWidth"), width
        colors.add(browser.run("getComputedStyle(document.body).backgroundColor"))
    assert len(colors) == 2
    browser.looks(scheme="dark", media="print")
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run("getComputedStyle(document.querySelector('main')).display") == "block"
    assert len(browser.call("Page.printToPDF")["data"]) > 10_000


def test_without_script(browser: Page, tracer: Tracer, tmp_path: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        trace = shown(browser, tracer, EVENT, tmp_path)
        check_texts(browser, trace)
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
