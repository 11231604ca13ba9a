"""The harness is held against what it must see: without a server, by answers that are wrong on purpose."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import pytest

from normalizer import Normalizer, load
from tests.golden import SHIPPED
from tests.parity import cases
from tests.parity.check import Both, Document, Finding, NoDocument, judged, kept, python
from tests.parity.compare import MISSING, Difference
from tests.parity.events import AS_IT_IS, generated, texts
from tests.parity.reduce import reduced
from tests.parity.report import explained, short
from tests.parity.simulate import (
    MOST,
    MOST_CHARACTERS,
    Answer,
    Dropped,
    Failed,
    Made,
    SimulateError,
    answered,
    batches,
    renamed,
)
from tests.parity.writing import STYLES, Raw, spelled, written

STAMP = "2026-09-14T06:00:00.123456789Z"
TEXT = '{"uuid":"u-1","eventType":"mim.x","published":"2026-09-14T06:00:00.123Z"}'
Wrong = Callable[[Any], Any]


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return Normalizer(load())


def honest(normalizer: Normalizer, text: str) -> Answer:
    """What a pipeline without any mistake would answer."""
    match python(normalizer, text):
        case Document(source, id, _):
            return Made(id, with_stamp(source))
        case NoDocument(drops=True):
            return Dropped()
        case NoDocument(_, reason):
            event = {"kind": "pipeline_error", "original": kept(text), "ingested": STAMP}
            return Made("_id", {"@timestamp": STAMP, "event": event, "error": {"message": [reason]}})


def with_stamp(source: Any) -> Any:
    return {**source, "event": {**source["event"], "ingested": STAMP}}


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from leaves(inner, (*path, key))


def changed(value: Any, path: Sequence[str | int], change: Wrong) -> Any:
    """A copy with another value at a path; MISSING takes it out."""
    new = holder = copy.deepcopy(value)
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = change(holder[path[-1]])
    if holder[path[-1]] is MISSING:
        del holder[path[-1]]
    return new


# ---- one answer


@pytest.mark.parametrize("text", [*cases.NO_EVENTS, *cases.envelopes(), *cases.samples()[:20]])
def test_an_honest_answer_is_none_to_complain_of(normalizer: Normalizer, text: str) -> None:
    assert list(judged(text, python(normalizer, text), honest(normalizer, text))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda value: MISSING, id="nothing"),
        pytest.param(lambda value: None, id="null"),
        pytest.param(lambda value: [value], id="in a list"),
        pytest.param(lambda value: json.dumps(value), id="as text"),
        pytest.param(lambda value: value[::-1] + "x" if isinstance(value, str) else [value], id="another text"),
    ],
)
def test_a_mistake_anywhere_in_a_document_is_seen(normalizer: Normalizer, wrong: Wrong) -> None:
    rich = next(case for case, _ in cases.golden_cases() if case.name == "rich" and case.mapping in SHIPPED)
    text = rich.text().decode()
    expected = python(normalizer, text)
    assert isinstance(expected, Document)
    source = with_stamp(expected.source)
    paths = list(leaves(source))
    assert len(paths) > 150
    for path in paths:
        assert list(judged(text, expected, Made(expected.id, changed(source, path, wrong)))), path


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Dropped(), ("", "a document", "dropped")),
        (Failed("why"), ("", "a document", "an error: why")),
    ],
)
def test_a_missing_document_is_seen(normalizer: Normalizer, answer: Answer, told: tuple[str, Any, Any]) -> None:
    assert list(judged(TEXT, python(normalizer, TEXT), answer)) == [Difference(*told)]


def test_a_wrong_id_and_stamp_and_more_fields_are_seen(normalizer: Normalizer) -> None:
    expected = python(normalizer, TEXT)
    assert isinstance(expected, Document)
    source = expected.source
    told = list(judged(TEXT, expected, Made("u-2", {**with_stamp(source), "more": None})))
    assert told == [Difference("_id", "u-1", "u-2"), Difference("more", MISSING, None)]
    told = list(judged(TEXT, expected, Made("u-1", source)))
    assert told == [Difference("event.ingested", MISSING, "not a date: nothing")]
    told = list(
        judged(TEXT, expected, Made("u-1", changed(with_stamp(source), ("event", "ingested"), lambda _: "now")))
    )
    assert told == [Difference("event.ingested", MISSING, "not a date: now")]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("event", "kind"), "event"),
        (("event", "original"), "{"),
        (("event", "ingested"), None),
        (("@timestamp",), "now"),
        (("error", "message"), "text"),
        (("error", "message"), []),
        (("error", "message"), [None]),
        (("error",), None),
        (("event",), None),
    ],
)
def test_what_a_document_must_say_of_no_event(normalizer: Normalizer, path: tuple[str, ...], wrong: Any) -> None:
    text = '{"uuid":""}'
    answer = honest(normalizer, text)
    assert isinstance(answer, Made)
    expected = python(normalizer, text)
    assert list(judged(text, expected, answer)) == []
    for change in (lambda _: wrong, lambda _: MISSING):
        assert list(judged(text, expected, Made("_id", changed(answer.source, path, change))))
    for other in (Dropped(), Failed("why")):
        assert list(judged(text, expected, other))


def test_an_original_that_is_written_anew_is_compared_as_what_it_says(normalizer: Normalizer) -> None:
    spaced, another = json.dumps(json.loads(TEXT), indent=1), TEXT.replace("u-1", "u-2")

    def differ(text: str, original: str) -> bool:
        answer = honest(normalizer, text)
        assert isinstance(answer, Made)
        source = changed(answer.source, ("event", "original"), lambda _: original)
        return bool(list(judged(text, python(normalizer, text), Made(answer.id, source))))

    assert not differ(f'{{"detail": {TEXT}}}', spaced)
    assert differ(f'{{"detail": {TEXT}}}', another)
    assert differ(TEXT, spaced)
    assert differ(json.dumps({"event": TEXT}), spaced)


def test_an_event_of_another_kind_must_be_dropped(normalizer: Normalizer) -> None:
    text = TEXT.replace("mim.x", "user.x")
    for answer in (honest(normalizer, TEXT), Failed("why")):
        (told,) = judged(text, python(normalizer, text), answer)
        assert told.python == 'dropped: events of type "user.x" are not mapped'


# ---- many answers


def tampered(normalizer: Normalizer, text: str) -> Answer:
    """A pipeline that is wrong about addresses."""
    answer = honest(normalizer, text)
    if isinstance(answer, Made) and "client" in answer.source and "ip" in answer.source["client"]:
        return Made(answer.id, changed(answer.source, ("client", "ip"), lambda _: "::"))
    return answer


def compared(normalizer: Normalizer, pipeline: Callable[[Normalizer, str], Answer]) -> Both:
    return Both(normalizer, lambda texts: (pipeline(normalizer, text) for text in texts))


def test_differing_events_are_found_among_others(normalizer: Normalizer) -> None:
    texts = cases.samples()[:50]
    with_address = [text for text in texts if (orjson.loads(text).get("client") or {}).get("ipAddress")]
    assert 0 < len(with_address) < len(texts)
    ways = compared(normalizer, tampered)
    assert [finding.text for finding in ways.findings(texts)] == with_address
    assert ways.counts == {"without problems": 50}
    assert compared(normalizer, honest).findings(texts) == []


def test_a_lost_answer_is_no_agreement(normalizer: Normalizer) -> None:
    lost = Both(normalizer, lambda texts: (honest(normalizer, text) for text in texts[1:]))
    with pytest.raises(ValueError, match="shorter"):
        lost.findings(cases.samples()[:3])


def test_differences_are_told_by_cause_with_a_small_event(normalizer: Normalizer) -> None:
    ways = compared(normalizer, tampered)
    told = explained(ways, ways.findings(cases.samples()[:50]))
    count = len(ways.findings(cases.samples()[:50]))
    assert told.startswith(f"{count} events differ, in 1 ways:\n\n{count} times, such as the event\n")
    event = json.loads(told.splitlines()[3])
    assert set(event) == {"uuid", "eventType", "published", "client"}
    assert set(event["client"]) == {"ipAddress"}
    assert told.splitlines()[4] == "  client.ip"
    assert told.splitlines()[6] == '    pipeline: "::"'


def test_only_what_differs_in_one_way_counts_as_one() -> None:
    one, two = Difference("a[0]", 1, 1.0), Difference("a[7]", 5, 5.5)
    assert Finding("x", (one, two)).cause == Finding("y", (two,)).cause
    assert Finding("x", (one,)).cause != Finding("x", (Difference("a[0]", 1, None),)).cause


def test_long_events_are_shown_short() -> None:
    assert short(TEXT) == TEXT
    assert short(" ") == '" "'
    assert short(f'{{"a":"{"k" * 5000}"}}') == '{"a":"{…5000 times "k"…}"}'
    assert short('{"a":"' + "😀" * 600 + '"}') == '"{\\"a\\":\\"{…600 times "\\ud83d\\ude00"…}\\"}"'
    assert short("ab" * 3000).endswith("… (6000 characters)")


# ---- making events small


@pytest.mark.parametrize(
    ("text", "core", "expected"),
    [
        ('{"a":1,"b":{"c":[1,2,{"d":"xyz"}]},"e":null}', '"d"', '{"b":{"c":{"d":"x"}}}'),
        ('{"a":"' + "x" * 1000 + 'Q"}', "Q", '{"a":"Q"}'),
        ('{"a":1,"b":2,"c":3,"d":4}', '"c"', '{"c":3}'),
        ('{"a":[1E5,-0]}', "1E5", '{"a":[1E5]}'),
        ('{ "a" : 1 }', " : ", '{ "a" : 1 }'),
        ("no JSON", "JSON", "no JSON"),
        ("5", "5", "5"),
    ],
)
def test_an_event_is_made_small(text: str, core: str, expected: str) -> None:
    assert core in text
    assert reduced(text, lambda texts: [core in each for each in texts]) == expected


# ---- the client


def test_answers_are_told_apart() -> None:
    assert answered({"doc": {"_id": "1", "_source": {"a": 1}}}) == Made("1", {"a": 1})
    assert answered(None) == answered({"doc": None}) == Dropped()
    assert answered({"error": {"root_cause": [{"reason": "a"}], "reason": "b"}}) == Failed("a")
    assert answered({"error": {"reason": "b"}}) == Failed("b")
    with pytest.raises(SimulateError, match="no answer"):
        answered({"doc": {"_source": {}}})


def test_documents_go_in_batches() -> None:
    small = [{"message": str(number)} for number in range(2 * MOST + 1)]
    assert list(map(len, batches(small))) == [MOST, MOST, 1]
    assert [each for batch in batches(small) for each in batch] == small
    large = [{"message": "x" * (MOST_CHARACTERS // 2)}] * 3 + [{"message": "x" * MOST_CHARACTERS * 2}]
    assert list(map(len, batches(large))) == [2, 1, 1]
    assert list(batches([])) == []


def test_pipelines_under_other_names_call_each_other() -> None:
    inner = {"pipeline": {"name": "b", "if": "x"}}
    other = {"pipeline": {"name": "c"}}
    pipelines: dict[str, Any] = {"a": {"processors": [inner, other], "on_failure": [inner]}, "b": {"processors": []}}
    new = {"pipeline": {"name": "p-b", "if": "x"}}
    assert renamed(pipelines, "p-") == {
        "p-a": {"processors": [new, other], "on_failure": [new]},
        "p-b": {"processors": []},
    }
    assert renamed(pipelines, "") == pipelines


# ---- texts and events


@pytest.mark.parametrize("style", STYLES)
def test_a_style_changes_the_text_only(style: Any) -> None:
    value = {"a": ['é😀/"\\\n\0\u2028', 1, 1.5, -0.0, None, True, {}], "😀\0": {"": []}, "x" * 200: "é" * 200}
    text = written(value, style)
    assert json.loads(text) == orjson.loads(text) == value
    assert written(spelled(text)) == written(value)
    assert (text == written(value)) == (style is STYLES[0])


def test_numbers_stay_as_they_are_spelled() -> None:
    text = '{"a":[1E5,-0,0.10,18446744073709551616]}'
    assert written(spelled(text)) == text
    assert spelled(text)["a"][0] == Raw("1E5")


def test_a_seed_gives_the_same_events() -> None:
    strategy = texts(load())
    some = generated(strategy, 30, 1)
    assert generated(strategy, 60, 1)[:30] == some
    assert len(set(some)) == 30
    assert not set(generated(strategy, 30, 2)) >= set(some)


def test_events_are_within_the_promise() -> None:
    """No lone surrogates, no NaN, no key twice, nothing too deep, no more than 64 bits in what is taken as it is."""
    roots = {tuple(path.split(".")) for path in AS_IT_IS}

    def walked(value: Any, path: tuple[str, ...], level: int) -> None:
        assert level < 900
        if isinstance(value, dict):
            for key, inner in value.items():
                walked(inner, (*path, key), level + 1)
        elif isinstance(value, list):
            for inner in value:
                walked(inner, path, level + 1)
        elif type(value) is int and any(path[: len(root)] == root for root in roots):
            assert -(2**63) <= value < 2**63

    def no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs)
        return dict(pairs)

    for text in [*generated(texts(load()), 300, 3), *cases.odd_events(whole=False)]:
        text.encode()
        walked(json.loads(text, object_pairs_hook=no_key_twice), (), 0)
        orjson.loads(text)
