"""`mim-ecs explain`: of events as docs/explain.md shows it, of fields held against Plans, scripts and documents."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from normalizer import Normalizer
from normalizer.backends.pipelines import build
from normalizer.backends.pipelines.lookup import Source, Written, written
from normalizer.backends.pipelines.values import COMPILER
from normalizer.language import Constant, Each, Mappings, Value, load
from tests.cli.command import EVENTS, mim_ecs

TOP = Path(__file__).resolve().parents[2]
NAME = "logs-okta.mim"


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load()


@pytest.fixture(scope="module", params=[None, 45_000], ids=["whole", "split"])
def pipelines(mappings: Mappings, request: pytest.FixtureRequest) -> dict[str, Any]:
    return build(mappings, **({} if request.param is None else {"limit": request.param}))


@pytest.fixture(scope="module")
def found(mappings: Mappings, pipelines: dict[str, Any]) -> dict[str, Written]:
    return written(mappings, pipelines)


def sources(each: Written) -> Iterator[Source]:
    for writer in each.writers:
        yield from writer.sources


def rules(mappings: Mappings, event_type: str) -> Iterator[tuple[str, Constant | Value | Each]]:
    plan = mappings.plan(event_type)
    assert plan is not None
    for rule in plan.rules:
        yield rule.destination.name, rule
        if isinstance(rule, Each):
            yield from ((inner.destination.name, inner) for inner in rule.fields)


# --- the look-up


def test_every_rule_of_every_event_type_is_found_once(mappings: Mappings, found: dict[str, Written]) -> None:
    for plan in mappings.plans:
        for name, rule in rules(mappings, plan.event_type) if plan.event_type != "*" else ():
            [source] = [each for each in sources(found[name]) if plan.event_type in each.event_types]
            place = rule.origin.place
            assert source.place == (f"{place.file}:{place.line}" if place.file.endswith(".yml") else COMPILER)
            assert source.value == (rule.value if isinstance(rule, Constant) else None)
            if isinstance(rule, Value):
                assert (source.steps, source.default) == (rule.steps, rule.default)
                for said, path in zip(source.paths, rule.paths, strict=True):
                    assert said.endswith(str(path))
            assert {*source.event_types, *source.others} == {each.event_type for each in mappings.plans} - {"*"}
            assert not {*source.event_types} & {*source.others}


def test_nothing_is_said_that_no_rule_says(mappings: Mappings, found: dict[str, Written]) -> None:
    known = {name for plan in mappings.plans for name, _ in rules(mappings, plan.event_type)}
    assert {name for name, each in found.items() if any(sources(each))} <= known
    assert {name for name, each in found.items() if not any(sources(each))} == {
        "_id",
        "error.message",
        "event.ingested",
    }


def test_every_field_of_a_document_is_found(found: dict[str, Written]) -> None:
    def unknown(value: Any, name: str) -> Iterator[str]:
        """The names of values that are no fields; what is below a flattened field is of that."""
        if isinstance(value, dict) and (name not in found or found[name].type == "object"):
            for key, inner in value.items():
                yield from unknown(inner, f"{name}.{key}" if name else key)
        elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
            for each in value:
                yield from unknown(each, name)
        elif name not in found:
            yield name

    normalizer = Normalizer.load()
    for event in EVENTS:
        assert [*unknown(normalizer.normalize(event), "")] == []


def test_lines_are_those_of_the_script(pipelines: dict[str, Any], found: dict[str, Written]) -> None:
    scripts = {
        each["script"]["tag"]: each["script"]["source"].splitlines()
        for each in pipelines[NAME]["processors"]
        if "script" in each
    }
    tags = set()
    for name, each in found.items():
        for writer in each.writers:
            by = writer.processor
            assert (by.pipeline, bool(writer.line)) == (NAME, by.type == "script"), name
            if by.type == "script":
                tags.add(by.tag)
                at = writer.line - 1
                assert scripts[by.tag][at : at + len(writer.code)] == [*writer.code]
                assert writer.code
    assert tags == {*scripts}


def test_the_lines_of_a_field_write_it_and_no_other(found: dict[str, Written]) -> None:
    """Its last key stands in a call of `put`, and objects of other fields are not begun there."""
    for name, each in found.items():
        for writer in each.writers:
            if writer.sources:
                code = "\n".join(writer.code)
                assert re.search(rf"put\(\w+, '{name.rpartition('.')[2]}', ", code), name
                assert code.count("{") == code.count("}"), name
                depth = len(writer.code[0]) - len(writer.code[0].lstrip())
                assert not [line for line in writer.code if re.match(rf" {{{depth}}}\S.* = begin\(", line)], name


def test_event_types_that_differ(found: dict[str, Written]) -> None:
    constant, read = (writer for writer in found["event.outcome"].writers if writer.sources)
    assert {source.value for source in constant.sources} == {"failure"}
    assert len(constant.sources) == 3
    [source] = read.sources
    assert (source.paths, source.table, source.default) == (("outcome.result",), "outcome", "unknown")
    assert {*source.others} == {event_type for each in constant.sources for event_type in each.event_types}


def test_what_is_written_without_a_rule(found: dict[str, Written]) -> None:
    def how(name: str) -> list[tuple[str, bool, str]]:
        return [(each.processor.type, each.processor.on_failure, each.when) for each in found[name].writers]

    failed = "where a processor fails"
    assert how("event.ingested") == [("set", False, ""), ("set", True, failed)]
    assert ("script", False, "where a value does not convert") in how("error.message")
    assert ("append", True, failed) in how("error.message")
    assert how("event.kind")[0] == ("script", False, "")
    assert {*how("event.kind")[1:]} == {("script", False, "where a value does not convert"), ("set", True, failed)}
    assert ("rename", False, "") in how("event.original")
    assert "found.get('uuid')" in found["_id"].writers[0].code[0]


# --- of fields


def explain(*given: str | Path, code: int = 0) -> str:
    done = mim_ecs("explain", *given, code=code)
    return done.out.decode() if code == 0 else done.err


def test_a_field() -> None:
    lines = explain("--pipeline", "user.name").splitlines()
    assert lines[0] == "user.name (keyword)"
    heading = re.fullmatch(r"  script normalize\w* of logs-okta\.mim, lines (\d+)-(\d+)", lines[1])
    assert heading is not None
    place = re.fullmatch(r"    (mappings/_log_event\.yml):(\d+): actor\(type!=SystemPrincipal\)\.alternateId", lines[2])
    assert place is not None
    assert "name: alternateId" in (TOP / place[1]).read_text().splitlines()[int(place[2]) - 1]
    assert lines[3].split(None, 1) == [heading[1], f"// user.name: _log_event.yml:{place[2]}"]
    assert lines[-1].split(None, 1)[0] == heading[2]
    assert "put(d_user, 'name', " in lines[-1]


def test_fields_whose_rules_differ_by_event_type() -> None:
    text = explain("--pipeline", "event.outcome", "host.os.type")
    assert '    mappings/mim.command.ios.error.yml:7: "failure" (mim.command.ios.error)\n' in text
    but = "all but mim.command.generic.error, mim.command.ios.error, mim.command.ios.formaterror"
    assert f': outcome.result, by the table outcome, else "unknown" ({but})\n' in text
    assert text.index("\nhost.os.type (keyword)\n") > text.index("event.outcome (keyword)\n")
    assert '"ios" (mim.createEnrollment.IOS)\n' in text


def test_the_table_of_all_fields(mappings: Mappings) -> None:
    lines = explain("--pipeline").splitlines()
    assert lines[0].split() == ["field", "written", "by", "rules"]
    assert [line.split()[0] for line in lines[1:]] == [*written(mappings, build(mappings))]
    rows = {line.split()[0]: line for line in lines}
    assert re.fullmatch(r"event\.ingested +set set_ingested", rows["event.ingested"])
    assert re.search(r" script normalize\w*, lines \d+-\d+ +mappings/_log_event\.yml:\d+$", rows["@timestamp"])
    assert rows["event.type"].endswith(" more")


def test_json(mappings: Mappings) -> None:
    [one, other] = json.loads(explain("--pipeline", "--json", "okta.target", "okta.target.id"))
    assert (one["field"], other["field"]) == ("okta.target", "okta.target.id")
    [writer] = other["writers"]
    assert (writer["pipeline"], writer["processor"], writer["when"]) == (NAME, "script", None)
    assert writer["tag"].startswith("normalize")
    [rule] = writer["rules"]
    assert rule["paths"] == ["target.id"]
    assert "mim.createEnrollment.IOS" in rule["event_types"]
    assert one["writers"][0]["line"] < writer["line"]
    assert len(json.loads(explain("--pipeline", "--json"))) == len(written(mappings, build(mappings)))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (["user.nme"], '"user.nme" (did you mean user.name?)'),
        (["user"], '"user" (did you mean user.email, user.full_name, user.id, user.name or user.target.email?)'),
        (["okta.target.detailEntry.x"], '"okta.target.detailEntry.x" (did you mean okta.target.detailEntry?)'),
        (["@timestamp", "zzz", "zzz", "User.Name"], '"zzz"; nor "User.Name" (did you mean user.name?)'),
    ],
)
def test_fields_that_nothing_writes(fields: list[str], said: str) -> None:
    assert explain("--pipeline", *fields, code=2) == f"Error: the pipelines write no field {said}.\n"


@pytest.mark.parametrize(("name", "field"), [("user.name", "user.name"), ("user", "user"), ("user.nme", "user.name")])
def test_a_field_that_is_no_file(name: str, field: str) -> None:
    advice = f"to ask what writes the field {field}, write mim-ecs explain --pipeline {field}"
    assert explain(name, code=2) == f"Error: there is no file {name}; {advice}.\n"
    assert explain("user.nme.ndjson", code=2) == "Error: There is no file or folder user.nme.ndjson.\n"


def test_mappings_of_ones_own(tmp_path: Path) -> None:
    shutil.copytree(TOP / "mappings", tmp_path / "mine")
    file = tmp_path / "mine" / "mim.command.ios.error.yml"
    file.write_text(file.read_text() + "fields:\n  event.reason: {from: [outcome.reason, eventType], as: lower}\n")
    text = explain("--pipeline", "event.reason", "--mappings", tmp_path / "mine")
    line = len(file.read_text().splitlines())
    assert f"    {file}:{line}: outcome.reason, eventType, as lower (mim.command.ios.error)\n" in text
    assert " (all but mim.command.ios.error)\n" in text


# --- of events

DOCS = TOP / "docs" / "explain.md"
EVENT = b'{"uuid": "u-1", "eventType": "mim.command.ios.new", "published": "2026-09-14T06:00:00.123Z"}'


def examples() -> Iterator[Any]:
    for command, output in re.findall(
        r"^```console\n\$ ([^\n]*)\n(.*?)^```$", DOCS.read_text(), re.MULTILINE | re.DOTALL
    ):
        yield pytest.param(command, output, id=command.partition("mim-ecs ")[2])


def plain(line: str) -> str:
    """A line without what changes with every line of a mapping file."""
    return re.sub(r" +", " ", re.sub(r"(?<=\.yml):\d+", ":N", line)).rstrip()


@pytest.mark.parametrize(("command", "output"), [*examples()])
def test_the_output_is_as_documented(command: str, output: str, tmp_path: Path) -> None:
    [event] = re.findall(r"^```json\n(.*?)^```$", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "event.json").write_text(event)
    shutil.copytree(TOP / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("*.py"))
    before, _, words = command.rpartition("mim-ecs ")
    stdin = before.partition("'")[2].rpartition("'")[0].encode()
    done = mim_ecs(*shlex.split(words), cwd=tmp_path, stdin=stdin, code=1 if stdin else 0)
    lines = [plain(line) for line in done.out.decode().splitlines()]
    assert all(len(line) <= 100 for line in done.out.decode().splitlines())
    at = 0
    for part in re.split(r"^…\n", output, flags=re.MULTILINE):
        shown = [plain(line) for line in part.splitlines()]
        found = [start for start in range(at, len(lines)) if lines[start : start + len(shown)] == shown]
        assert found, part
        at = found[0] + len(shown)


def test_another_event_than_the_first(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"{\n" + b"\n".join(EVENTS[:3]) + b"\n")
    told = json.loads(explain(file, "--event", "4", "--json"))
    assert (told["event"]["file"], told["event"]["line"], told["event"]["number"]) == (str(file), 4, 4)
    assert told["event"]["uuid"] == json.loads(EVENTS[2])["uuid"]
    assert told["document"] == Normalizer.load().normalize(EVENTS[2])
    broken = json.loads(mim_ecs("explain", file, "--json", code=1).out)
    assert broken == {
        "event": {"file": str(file), "line": 1, "number": 1},
        "document": None,
        "reason": "not_json",
        "message": "not JSON: it ends too early",
    }


def test_what_machines_read() -> None:
    event = EVENT.replace(b"{", b'{"severity": "WARN", "client": "x", "unheard": [1], ', 1)
    told = json.loads(mim_ecs("explain", "--json", "--org", "acme.okta.com", stdin=event).out)
    by_name = {each["field"]: each for each in told["fields"]}
    severity = by_name["event.severity"]
    assert (severity["value"], severity["by"], severity["table"], severity["type"]) == (3, "event", "severity", "long")
    [path] = severity["paths"]
    line = path["found"][0]["table"].pop("line")
    assert path == {
        "path": "severity",
        "served": True,
        "found": [
            {
                "place": "severity",
                "value": "WARN",
                "fate": "arrived",
                "became": 3,
                "table": {"key": "WARN", "gives": "3"},
            }
        ],
    }
    file, number, _ = line.split(":")
    assert (TOP / file).read_text().splitlines()[int(number) - 1].startswith("WARN:")
    assert severity["files"][-1] == "_log_event"
    assert by_name["organization.id"]["by"] == "given"
    [problem] = told["problems"]
    assert problem["message"] == 'client: "x" is not an object'
    assert {"client.ip", "okta.client.zone", "related.ip"} <= {*problem["fields"]}
    assert told["lost"] == [{"place": "client", "value": "x", "why": [problem["message"]]}]
    assert told["unread"] == [{"place": "unheard[0]", "value": 1}]
    assert {each["by"] for each in told["absent"]} == {"failed", "absent"}
    assert {each["field"] for each in told["absent"]}.isdisjoint(by_name)


def test_a_page(tmp_path: Path) -> None:
    file, page = tmp_path / "event.json", tmp_path / "event.html"
    file.write_bytes(EVENT)
    assert json.loads(explain(file, "--html", page, "--json"))["event"]["uuid"] == "u-1"
    assert page.read_text().startswith("<!doctype html>")
    assert explain(file, "--html", "-") == page.read_text()
    assert "both write to standard output" in explain(file, "--html", "-", "--json", code=2)
    assert "is the same file as" in explain(file, "--html", file, code=2)
    assert file.read_bytes() == EVENT


def test_coverage_for_machines(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.json").write_bytes(EVENT.replace(b"{", b'{"new": 1, ', 1))
    told = json.loads(explain("--coverage", "--json", tmp_path))
    assert (told["events"], told["mapped"]) == (2, 2)
    [seen] = told["never"]
    assert (seen["path"], seen["events"], seen["example"]["uuid"]) == ("new", 2, "u-1")


def test_without_what_is_absent() -> None:
    told, less = (mim_ecs("explain", *words, stdin=EVENT).out.decode() for words in ((), ("--no-absent",)))
    assert "\nAbsent: " in told
    assert "\nAbsent: " not in less
    assert [line for line in less.splitlines() if line not in told.splitlines()] == []


def test_mappings_in_the_current_folder_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(TOP / "mappings", tmp_path / "mappings")
    parent = tmp_path / "mappings" / "_mim.yml"
    parent.write_text(f"# ours\n{parent.read_text(encoding='utf-8')}", encoding="utf-8")
    line = next(rule.origin.place.line for name, rule in rules(load(), "mim.*") if name == "event.dataset")
    assert f"mappings/_mim.yml:{line}\n" in mim_ecs("explain", stdin=EVENT).out.decode()
    monkeypatch.chdir(tmp_path)
    assert f"mappings/_mim.yml:{line + 1}\n" in mim_ecs("explain", stdin=EVENT).out.decode()


def test_options_that_mean_nothing() -> None:
    assert "--no-absent means nothing with --json or --html" in explain("--json", "--no-absent", code=2)
    assert "--event means nothing with --coverage" in explain("--coverage", "--event", "1", code=2)
    assert "--html and --coverage mean nothing with --pipeline" in explain(
        "--pipeline", "--coverage", "--html", "x", code=2
    )


def test_what_would_move_the_cursor_is_told_by_its_number() -> None:
    event = EVENT.replace(b"{", '{"displayMessage": "\x9b2J\u202e", "a\x9bb": 1, '.encode(), 1)
    told = mim_ecs("explain", stdin=event).out.decode()
    assert "\x9b" not in told
    assert "\u202e" not in told
    assert told.count("\\x9b") >= 3
