"""Comments that allow what the linter finds: where they stand, what is one, and what is wrong with them."""

from __future__ import annotations

import pytest
import yaml

from normalizer.authoring.lint import LINTS, allow
from normalizer.authoring.lint.allow import ABOUT, allowed
from normalizer.errors import LOAD_ERROR, Finding, Place

FILE = "mappings/mim.example.yml"
BETA = "beta-field"


def finding(line: int, rule: str = BETA, file: str = FILE) -> Finding:
    return Finding(Place(file, line, 5), "something is wrong; mend it", rule)


def left(text: str, *findings: Finding, whole: bool = True) -> list[str]:
    """`LINE:COLUMN RULE` of what is left."""
    told = allowed(findings, {FILE: text}, whole=whole)
    assert told == sorted(told)
    return [f"{each.place.line}:{each.place.column} {each.rule}" for each in told]


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def scanner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both scanners of PyYAML."""
    if request.param == "python":
        monkeypatch.setattr(allow, "_Scanner", yaml.SafeLoader)


@pytest.mark.parametrize(
    "text",
    [
        "a: b # mim-ecs: allow beta-field: why",
        "a: b #mim-ecs:allow beta-field:why",
        "a: b # because # mim-ecs: allow beta-field: why: so",
        "a: 'b # c' # mim-ecs: allow beta-field: why",
        'a: "b \\" # c" # mim-ecs: allow beta-field: why',
        "a: b#c # mim-ecs: allow beta-field: why",
        "a: it's # mim-ecs: allow beta-field: it's so",
        "a: [b, # mim-ecs: allow beta-field: why\n  c]",
        "a: {b: c} # mim-ecs: allow beta-field: why",
        "a: | # mim-ecs: allow beta-field: why\n  text\n",
        "a: >-2 # mim-ecs: allow beta-field: why\n  text\n",
        "a: &b c # mim-ecs: allow beta-field: why",
        "a: # mim-ecs: allow beta-field: why\n  b: c",
        "a: b # mim-ecs: allow beta-field, repeated-rule: why\n",
    ],
)
def test_at_the_end_of_the_line(text: str) -> None:
    assert left(text, finding(1), finding(1, "repeated-rule"), whole=False) == (
        [] if "repeated-rule" in text else ["1:5 repeated-rule"]
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# mim-ecs: allow beta-field: why\na: b\n", 2),
        ("a:\n  # mim-ecs: allow beta-field: why\n  b: c\n", 3),
        ("a: b\n# mim-ecs: allow beta-field: why\n# more words\nc: d\n", 4),
        ("# words\n# mim-ecs: allow beta-field: why\n# mim-ecs: allow repeated-rule: so\na: b\n", 4),
        ("a: |\n  text\n# mim-ecs: allow beta-field: why\nc: d\n", 4),
        ("a: [b,\n  # mim-ecs: allow beta-field: why\n  c]\n", 3),
        ("a: b\r\n# mim-ecs: allow beta-field: why\r\nc: d\r\n", 3),
        ("a: 'é😀' # é😀\n# mim-ecs: allow beta-field: é😀\nc: d\n", 3),
    ],
)
def test_alone_on_the_line_above(text: str, line: int) -> None:
    assert left(text, finding(line), finding(line, "repeated-rule")) == (
        [] if "repeated-rule" in text else [f"{line}:5 repeated-rule"]
    )


@pytest.mark.parametrize(
    "text",
    [
        'a: "b # mim-ecs: allow beta-field: why"',
        "a: 'b # mim-ecs: allow beta-field: why'",
        "'a # mim-ecs: allow beta-field: why': b",
        "a: b# mim-ecs:allow beta-field:why",
        'a: "b" # mim-ecs allow beta-field: why',
        "a: b # mim-ecs: allows beta-field: why",
        "a: b # mim-ecs: allow-beta-field: why",
        "a: b # allow beta-field: why",
    ],
)
def test_what_is_no_such_comment(text: str) -> None:
    assert left(text, finding(1)) == ["1:5 beta-field"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: |\n  b # mim-ecs: allow beta-field: why\n", 2),
        ("a: |\n  # mim-ecs: allow beta-field: why\n  b\n", 3),
        ("a: >\n  b\n\n  # mim-ecs: allow beta-field: why\n  c\n", 5),
        ('a: "b\n  # mim-ecs: allow beta-field: why\n  c"\n', 3),
        ("a: 'b\n  c # mim-ecs: allow beta-field: why\n  d'\n", 2),
    ],
)
def test_a_text_of_many_lines_holds_no_comment(text: str, line: int) -> None:
    assert left(text, finding(line)) == [f"{line}:5 beta-field"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b # mim-ecs: allow beta-field: why\nc: d\n", 2),
        ("# mim-ecs: allow beta-field: why\na: b\nc: d\n", 3),
        ("# mim-ecs: allow beta-field: why\n\na: b\n", 3),
        ("a: b\n# mim-ecs: allow beta-field: why\n", 1),
        ("a: b\n# mim-ecs: allow beta-field: why", 1),
    ],
)
def test_it_is_about_one_line(text: str, line: int) -> None:
    assert "beta-field" in str(left(text, finding(line)))
    assert sum("allow-unused" in each for each in left(text, finding(line))) == 1


def test_it_is_about_its_own_file_and_rule() -> None:
    text = "a: b # mim-ecs: allow beta-field: why\n"
    other = finding(1, file="mappings/other.yml")
    assert allowed([other], {FILE: "", other.place.file: "a: b\n"}) == [other]
    assert left(text, finding(1), finding(1, "repeated-rule")) == ["1:5 repeated-rule"]
    assert allowed([other], {FILE: text}, whole=False) == [other]


def test_all_findings_of_the_rule_in_the_line_are_allowed() -> None:
    again = Finding(Place(FILE, 1, 9), "something else is wrong; mend it", BETA)
    assert left("a: b # mim-ecs: allow beta-field: why\n", finding(1), again) == []


@pytest.mark.parametrize("comment", ["beta-field", "beta-field:", "beta-field:   "])
def test_without_a_reason(comment: str) -> None:
    text = f"a: b # mim-ecs: allow {comment}\n"
    assert left(text, finding(1)) == ["1:6 allow-without-reason"]
    (told,) = allowed([finding(1)], {FILE: text})
    assert told.message == "this does not say why; write # mim-ecs: allow beta-field: reason"


@pytest.mark.parametrize("comment", ["beta-field (because)", "beta-field - because", "beta-field because"])
def test_a_reason_without_a_colon(comment: str) -> None:
    (told,) = allowed([], {FILE: f"a: b # mim-ecs: allow {comment}\n"})
    assert told.rule == "allow-unknown"
    assert told.message.endswith("between the rule's name and the reason; write # mim-ecs: allow beta-field: reason")


@pytest.mark.parametrize("name", ["beta", "betafield", "Beta-Field", "nothing", "beta-field; repeated-rule"])
def test_unknown(name: str) -> None:
    text = f"a: b # mim-ecs: allow {name}: why\n"
    told = allowed([finding(1)], {FILE: text})
    assert finding(1) in told or "beta-field" in name
    assert [each.rule for each in told if each != finding(1)] == ["allow-unknown"]


def test_unknown_says_which_rule_was_meant() -> None:
    (told,) = allowed([], {FILE: "a: b # mim-ecs: allow repeated-rules: why\n"})
    assert told.message == 'the linter has no rule "repeated-rules"; did you mean "repeated-rule"?'
    (told,) = allowed([], {FILE: "a: b # mim-ecs: allow xyz: why\n"})
    assert all(name in told.message for name in LINTS)


def test_a_comment_that_names_no_rule() -> None:
    for text in ("a: b # mim-ecs: allow\n", "a: b # mim-ecs: allow: why\n"):
        (told,) = allowed([], {FILE: text})
        assert told.rule == "allow-unknown"
        assert told.message.endswith("write # mim-ecs: allow NAME: reason")


@pytest.mark.parametrize("name", [LOAD_ERROR, "golden-differs", "golden-missing", "stale", *ABOUT])
def test_what_cannot_be_allowed(name: str) -> None:
    text = f"a: b # mim-ecs: allow {name}: why\n"
    mistake = finding(1, name)
    told = allowed([mistake], {FILE: text})
    assert sorted(each.rule for each in told) == sorted([name, "allow-unknown"])
    assert mistake in told
    assert any("cannot be allowed" in each.message and "; mend it" in each.message for each in told)


def test_unused_is_told_only_where_all_rules_were_asked() -> None:
    text = "# mim-ecs: allow beta-field, repeated-rule: why\na: b\n"
    assert left(text, finding(2)) == ["1:1 allow-unused"]
    assert left(text, finding(2), whole=False) == []
    (told,) = allowed([finding(2)], {FILE: text})
    assert told.message == "repeated-rule finds nothing in line 2, so there is nothing to allow; remove the comment"


def test_a_file_that_is_no_yaml_has_no_comments() -> None:
    text = "a: b # mim-ecs: allow beta-field: why\nc: [\n"
    mistake = finding(2, LOAD_ERROR)
    assert allowed([mistake, finding(1)], {FILE: text + "\t- '"}) == [finding(1), mistake]


def test_every_comment_about_comments_has_advice() -> None:
    for text in ("allow beta-field", "allow x: y", "allow beta-field: y", f"allow {LOAD_ERROR}: y"):
        (told,) = allowed([], {FILE: f"a: b # mim-ecs: {text}\n"})
        assert "; " in told.message
        assert told.message.isprintable()
