"""The generated source: flat Python that looks each object of an event up once, and is the same for the same Plan."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache

import pytest

from normalizer import load, okta
from normalizer.language import Constant, Each, Plan, Value
from tests.backends.python.ways import sources

MAPPINGS = load()
PLANS = [pytest.param(plan, id=plan.chain[0]) for plan in MAPPINGS.plans]
WAYS = ["plain", "quick"]
NEVER = (ast.While, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Try, ast.With, ast.Lambda, ast.ClassDef)


@cache
def both(event_type: str) -> tuple[str, str]:
    plan = MAPPINGS.plan(event_type)
    assert plan is not None
    return sources(plan)


def source(plan: Plan, way: str) -> str:
    return both(plan.event_type)[WAYS.index(way)]


def event_paths(plan: Plan) -> set[str]:
    """The first names of all paths that a Plan reads in the event itself."""
    found = set()
    for rule in plan.rules:
        if isinstance(rule, Each):
            found.add(rule.path.segments[0].name)
        values = rule.fields if isinstance(rule, Each) else [] if isinstance(rule, Constant) else [rule]
        found |= {path.segments[0].name for value in values for path in value.paths if path.absolute and not path.given}
    return found


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("way", WAYS)
def test_the_source_is_flat_python(plan: Plan, way: str) -> None:
    tree = ast.parse(source(plan, way))
    compile(tree, "<mapping>", "exec")
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert functions[-1].name == "document"
    assert [argument.arg for argument in functions[-1].args.args] == [
        "event", "original", "org", "namespace", "problems",
    ]  # fmt: skip
    assert len(functions) == 1 if way == "plain" else all(node.name.startswith("part_") for node in functions[:-1])
    assert not [node for node in ast.walk(tree) if isinstance(node, NEVER)]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("way", WAYS)
def test_loops_are_over_lists_of_the_event_only(plan: Plan, way: str) -> None:
    """A loop over rules would grow with the mapping; these grow with what the mapping reads of lists."""
    loops = [node for node in ast.walk(ast.parse(source(plan, way))) if isinstance(node, ast.For)]
    collects = sum(len(rule.paths) for rule in plan.rules if isinstance(rule, Value) and rule.collect)
    lists = sum(isinstance(rule, Each) for rule in plan.rules)
    assert 0 < len(loops) <= 3 * (collects + lists)
    for node in loops:
        assert re.match(r"(all|e|\()", ast.unparse(node.iter)), ast.unparse(node)


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("way", WAYS)
def test_each_object_of_the_event_is_looked_up_once(plan: Plan, way: str) -> None:
    text = source(plan, way)
    document = text[text.index("def document(") :]
    counts = Counter(re.findall(r"\bevent\.get\('(\w+)'\)", document))
    assert set(counts) == event_paths(plan)
    objects = event_paths(plan) & {path.partition(".")[0] for path in okta.log_event() if "." in path}
    # The quick way looks for a part that repeats by its name, and again where another rule reads two such parts.
    assert max(counts[name] for name in objects) <= (1 if way == "plain" else 2)


@pytest.mark.parametrize("plan", PLANS)
def test_every_rule_says_where_it_was_written(plan: Plan) -> None:
    for text in both(plan.event_type):
        comments = re.findall(r"# (\S+): .*\((\S+\.yml):(\d+)\)$", text, re.MULTILINE)
        written = {name for name, _, _ in comments}
        assert written <= {rule.destination.name for rule in plan.rules} | {
            field.destination.name for rule in plan.rules if isinstance(rule, Each) for field in rule.fields
        }
        assert len(written) > len([rule for rule in plan.rules if isinstance(rule, Value)]) / 2  # equal ones once


def test_the_same_mappings_give_the_same_source() -> None:
    for plan in load().plans:
        assert sources(plan) == both(plan.event_type)


def test_types_that_differ_in_constants_only_share_their_source() -> None:
    assert both("mim.command.ios.new") == both("mim.command.generic.cancelled")
    assert both("mim.command.ios.error") == both("mim.command.ios.formaterror") != both("mim.command.ios.new")
    assert both("mim.createEnrollment.IOS") == both("mim.createEnrollment.OSX") != both("mim.createEnrollment.UNKNOWN")
