"""YAML with positions: scalars of YAML 1.2, anchors, places, and no exception for any text."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from normalizer.errors import Finding, Place
from normalizer.language import reader
from normalizer.language.reader import Block, Node, Scalar, Sequence, parse, read


def tree(text: str) -> Node:
    node, findings = parse(text, "x.yml")
    assert findings == []
    assert node is not None
    return node


def plain(node: Node) -> Any:
    """A tree without places."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Block():
            return {key.value: plain(value) for key, value in node.entries}


def messages(text: str) -> list[str]:
    return [str(finding) for finding in parse(text, "x")[1]]


TYPED: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "0": 0,
    "-0": 0,
    "12": 12,
    "-12": -12,
    "9223372036854775807": 2**63 - 1,
    "-9223372036854775808": -(2**63),
    "1.5": 1.5,
    "-0.0": 0.0,
    "1e3": 1000.0,
    "1E-2": 0.01,
    "2.5e+1": 25.0,
}


@pytest.mark.parametrize("text", TYPED)
def test_typed_scalars(text: str) -> None:
    value = plain(tree(f"a: {text}"))["a"]
    assert (value, type(value)) == (TYPED[text], type(TYPED[text]))


TEXTS = """
NO no No on off yes Yes y n 1_000 12:30 2024-01-01 2024-01-01T00:00:00Z 0b11 0xZ 0o8 0o 1e 1e+ e3 1.2.3 192.0.2.1
-- - .a ..5 nan inf Infinity -Infinity 1,000 tRUE fALSE nULL truE None 9.4.0 -x +x .x ~x x~ 1x 12e 1.e.3 = ==
a#b a:b http://x a-b a@b é 中 😀 A\u200d
""".split()  # noqa: SIM905


@pytest.mark.parametrize("text", [text for text in TEXTS if text != "-"])
def test_what_other_readers_take_for_something_else_is_text(text: str) -> None:
    assert plain(tree(f"a: {text}")) == {"a": text}


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quoted_is_text(quote: str) -> None:
    for text in (*TYPED, *TEXTS, "True", "~", "007", "0x1F", ".5", "<<", "*a", "&a", "!a", "", " "):
        assert plain(tree(f"a: {quote}{text}{quote}")) == {"a": text}
        assert plain(tree(f"{quote}{text}{quote}: a")) == {text: "a"}


AMBIGUOUS = {
    "True": "write true",
    "TRUE": "write true",
    "False": "write false",
    "FALSE": "write false",
    "~": "remove it",
    "Null": "remove it",
    "NULL": "remove it",
    "012": "write 12",
    "-007": "write -7",
    "+1": "write 1",
    "1.": "write 1.0",
    ".5": "write 0.5",
    "-.5": "write -0.5",
    "+.5e1": "write 5.0",
    "01e1": "write 10.0",
    "0o17": "write 15",
    "0x1F": "write 31",
    ".inf": "",
    "-.INF": "",
    ".nan": "",
    ".NaN": "",
    "+1e999": "",
}


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_what_yaml_types_otherwise_than_json_is_refused(text: str) -> None:
    advice = f" or {AMBIGUOUS[text]}" if AMBIGUOUS[text] else ""
    assert messages(f"a: {text}") == [f'x:1:4: {text} is read differently by YAML readers; quote it ("{text}"){advice}']


@pytest.mark.parametrize("text", ["0" * 5000, "0x" + "F" * 5000, "0o" + "7" * 5000, "+" + "1" * 5000])
def test_endless_numbers_are_refused_in_a_short_sentence(text: str) -> None:
    (message,) = messages(f"a: {text}")
    assert "is read differently" in message
    assert len(message) < 200


@pytest.mark.parametrize("text", ["1" * 5000, "9223372036854775808", "-9223372036854775809", "1e999", "-1.5e400"])
def test_numbers_that_no_back_end_holds_are_refused(text: str) -> None:
    (message,) = messages(f"a: {text}")
    assert message.endswith("quote it where it is meant as text")
    assert len(message) < 200


def test_places_are_of_keys_and_values() -> None:
    root = tree("é: 1\nlist:\n  - [a, {b: c}]\n")
    assert isinstance(root, Block)
    assert root.place == Place("x.yml", 1, 1)
    assert root.key("list").place == Place("x.yml", 2, 1)
    number = root.get("é")
    assert isinstance(number, Scalar)
    assert (number.place, number.text) == (Place("x.yml", 1, 4), "1")
    outer = root.get("list")
    assert isinstance(outer, Sequence)
    assert outer.place == Place("x.yml", 3, 3)
    inner = outer.items[0]
    assert isinstance(inner, Sequence)
    assert [item.place.column for item in inner.items] == [6, 9]
    assert root.get("missing") is None


def test_the_byte_order_mark_takes_no_column(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_bytes(b"\xef\xbb\xbfa: ~\n")
    assert [finding.place for finding in read(path, "x")[1]] == [Place("x", 1, 4)]


def test_the_column_of_a_bad_byte_counts_characters(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_bytes("a: b\néé: ".encode() + b"\xff\n")
    assert read(path, "x") == (None, [Finding(Place("x", 2, 5), "a byte here is not UTF-8; save the file as UTF-8")])


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    assert str(read(tmp_path, "x")[1][0]) == "x:1:1: the file cannot be read: Is a directory"
    assert str(read(tmp_path / "none.yml", "x")[1][0]) == "x:1:1: the file cannot be read: No such file or directory"


def test_anchors_repeat_scalars_and_lists_of_scalars_at_the_place_of_the_alias() -> None:
    root = tree("a: &one 5\nb: *one\nc: &two [x, *one]\nd: *two\n")
    assert plain(root) == {"a": 5, "b": 5, "c": ["x", 5], "d": ["x", 5]}
    assert isinstance(root, Block)
    repeated = root.get("d")
    assert isinstance(repeated, Sequence)
    assert {repeated.place, *(item.place for item in repeated.items)} == {Place("x.yml", 4, 4)}


def test_an_alias_may_be_a_key() -> None:
    assert plain(tree("a: &name b\n*name : c\n")) == {"a": "b", "b": "c"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x {b: c}\nd: *x\n", "x:1:4: the anchor &x stands before something that nests"),
        ("a: &x [[b]]\nd: *x\n", "x:1:4: the anchor &x stands before something that nests"),
        ("a: &x [*x]\n", "x:1:8: the alias *x has no anchor above it"),
        ("a: &x ~\nb: *x\n", "x:1:4: ~ is read differently"),
        ("&x a: b\nc: &x d\n", "x:2:4: the anchor &x stands twice"),
    ],
)
def test_wrong_anchors_are_told_once(text: str, message: str) -> None:
    found = messages(text)
    assert len(found) == 1, found
    assert found[0].startswith(message)


def test_nothing_expands() -> None:
    """The billion laughs: a list of lists has no anchor."""
    lines = ["a0: &a0 [ha, ha]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    found = messages("\n".join(lines))
    assert found[0].startswith("x:2:5: the anchor &a1 stands before something that nests")
    assert all("nests" in message for message in found)


def test_a_list_with_a_mistake_says_so() -> None:
    root, found = parse("a: [b, ~]\nc: ~\n", "x")
    assert len(found) == 2
    assert isinstance(root, Block)
    assert root.dropped == {"c"}
    items = root.get("a")
    assert isinstance(items, Sequence)
    assert (len(items.items), items.whole) == (1, False)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: b\x00", "1:5"),
        ("a: b\r\nc: \x1b[0m", "2:4"),
        ("a: b\rc: \x85", "2:4"),
        ("a: \u2028", "1:4"),
        ("\n\n\ufeffa: b", "3:1"),
        ("a: \ud800", "1:4"),
        ("a: \ufffe", "1:4"),
        ("a: \x7f", "1:4"),
    ],
)
def test_characters_that_nobody_sees_are_refused(text: str, place: str) -> None:
    (message,) = messages(text)
    assert message.startswith(f"x:{place}: ")
    assert "stands here; remove it" in message


def test_they_can_be_written_as_escapes() -> None:
    assert plain(tree('a: "\\u2028\\0\\x7f"')) == {"a": "\u2028\0\x7f"}


def test_deep_nesting_ends_in_a_sentence() -> None:
    for text in (
        "[" * 100_000,
        "{a: " * 10_000,
        "- " * 2_000,
        "a:\n" + "".join(" " * n + "b:\n" for n in range(1, 300)),
    ):
        assert "nest more than 50 levels" in messages(text)[-1]


@pytest.mark.parametrize(
    ("scalar", "what"),
    [
        (Scalar(Place("x", 1, 1), None), "null"),
        (Scalar(Place("x", 1, 1), True), "the boolean true"),
        (Scalar(Place("x", 1, 1), 1000.0, "1e3"), "the number 1e3"),
        (Scalar(Place("x", 1, 1), 5), "the number 5"),
        (Scalar(Place("x", 1, 1), ""), "an empty text"),
        (Scalar(Place("x", 1, 1), "a" * 61), f'the text "{"a" * 60}…"'),
    ],
)
def test_scalars_have_a_name(scalar: Scalar, what: str) -> None:
    assert scalar.what == what


PARSERS = [
    pytest.param(getattr(yaml, "CSafeLoader", yaml.SafeLoader), id="libyaml"),
    pytest.param(yaml.SafeLoader, id="python"),
]
TEXT = st.text() | st.text(alphabet=string.printable) | st.text(alphabet=" \n\t:-?[]{},&*!|>'\"%@`#a1.~=<\\é\u00a0")


@pytest.mark.parametrize("parser", PARSERS)
@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(text=TEXT)
def test_no_text_raises(parser: Any, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_Parser", parser)
        root, found = parse(text, "x")
    assert root is not None or found
    lines = text.count("\n") + text.count("\r") + 2
    for finding in found:
        assert 1 <= finding.place.line <= lines
        assert finding.place.column >= 1


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    value=st.recursive(
        st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs"])),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(alphabet=string.ascii_letters, min_size=1), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_what_pyyaml_writes_is_read_back(value: Any) -> None:
    text = yaml.safe_dump({"a": value}, allow_unicode=True, width=100_000)
    root, found = parse(text, "x")
    # PyYAML writes YAML 1.1, where NO is quoted for being a boolean; it leaves 0o7 and the like bare, which we refuse
    if not found:
        assert root is not None
        assert plain(root) == {"a": value}
    else:
        assert all("is read differently" in finding.message or "nests" in finding.message for finding in found)
