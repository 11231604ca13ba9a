"""The documentation as a site: built as strictly as mkdocs can, then read, and looked at in a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote

import click
import pytest
import yaml

from normalizer import Mappings, load
from normalizer.authoring.lint import LINTS
from normalizer.cli import COMMANDS, cli
from normalizer.language import Constant
from tests.authoring.explain.browser import Page, page
from tests.golden import SHIPPED

TOP = Path(__file__).resolve().parent.parent
DOCS = TOP / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = {path.relative_to(TOP).as_posix(): path.read_text(encoding="utf-8") for path in [TOP / "README.md", *PAGES]}
SMALL = """\
site_name: Small
docs_dir: docs
hooks: [hook.py]
theme: {name: mkdocs, highlightjs: false}
plugins: []
validation: {anchors: warn}
markdown_extensions: [toc]
nav: [index.md, {More: more/}]
"""


def mkdocs(folder: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """A strict build of the site that a folder has. Not `--quiet`, which keeps warnings from being counted too."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=folder,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = mkdocs(TOP, folder)
    assert done.returncode == 0, done.stderr
    assert {line.split()[0] for line in done.stderr.splitlines()} == {"INFO"}, done.stderr
    return folder


@pytest.fixture(scope="module")
def html(site: Path) -> dict[str, str]:
    """Every page that was built, by its path."""
    return {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}


def links(text: str, tag: str = "a") -> Iterator[str]:
    """What the tags of one kind load or lead to."""
    for found in re.findall(rf'<{tag}\b[^>]*?\s(?:href|src)="?([^"\s>]+)', text):
        yield unescape(found)


# --- the site


def test_every_page_is_in_the_navigation(html: dict[str, str]) -> None:
    wanted = {path.relative_to(DOCS).with_suffix(".html").as_posix() for path in PAGES}
    assert {*html} == wanted | {"404.html"}
    menu = re.search(r'<nav class="md-nav md-nav--primary.*?</nav>\s*</div>', html["index.html"], re.DOTALL)
    assert menu is not None
    assert wanted <= {normpath(unquote(each.partition("#")[0])) or "index.html" for each in links(menu[0])}


def test_every_link_leads_somewhere(html: dict[str, str]) -> None:
    marks = {name: {*re.findall(r'\sid="?([^"\s>]+)', text)} for name, text in html.items()}
    inside = 0
    for name, text in html.items():
        if name == "404.html":  # served for any path, so its links begin at the top
            continue
        for link in links(text):
            if re.match(r"(https?|mailto):", link):
                continue
            path, _, mark = unquote(link).partition("#")
            target = normpath(f"{name}/../{path}") if path else name
            assert target in html, f"{name} links to {link}"
            assert not mark or mark in marks[target], f"{name} links to {link}"
            inside += 1
    assert inside > 1000


def test_nothing_is_loaded_from_elsewhere(site: Path, html: dict[str, str]) -> None:
    for name, text in html.items():
        loaded = [each for tag in ("script", "link", "img", "iframe") for each in links(text, tag)]
        assert loaded, name
        assert not [each for each in loaded if re.match(r"(https?:)?//", each)], name
    for path in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//|@import", path.read_text(encoding="utf-8")), path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A site of two pages, built with the same hook; `index.md` is still to be written."""
    (tmp_path / "docs" / "more").mkdir(parents=True)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "x.py").touch()
    (tmp_path / "mkdocs.yml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "hook.py").write_bytes((DOCS / "site" / "hook.py").read_bytes())
    (tmp_path / "docs" / "more" / "first.md").write_text("# First\n\n## A `b` – c\n", encoding="utf-8")
    return tmp_path


def test_links_as_code_hosts_have_them(small: Path) -> None:
    text = "[All](../mappings) of [first.md](more/first.md#a-b--c), [`x.py`](../x.py).\n"
    text += "\n```yaml a.yml\na: [b](../c)\n```\n"
    (small / "docs" / "index.md").write_text(text, encoding="utf-8")
    done = mkdocs(small, small / "site")
    assert done.returncode == 0, done.stderr
    built = (small / "site" / "index.html").read_text(encoding="utf-8")
    assert '<p>All (<code>mappings/</code>) of <a href="more/first/#a-b--c">First</a>, <code>x.py</code>.</p>' in built
    assert "a: [b](../c)" in built


def test_links_that_lead_nowhere_end_the_build(small: Path) -> None:
    text = "[A](../tests/gone.py) [b](more/gone.md) [c](more/first.md#gone)"
    (small / "docs" / "index.md").write_text(text, encoding="utf-8")
    done = mkdocs(small, small / "site")
    assert done.returncode != 0
    assert "index.md links to ../tests/gone.py, which does not exist" in done.stderr
    for each in ("'more/gone.md'", "'more/first.md#gone'"):
        assert f"contains a link {each}" in done.stderr


# --- in a browser


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with page(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.mark.parametrize("name", ["index", "fields/mim.command.ios.error", "elasticsearch", "comparison"])
def test_a_narrow_screen_has_the_whole_page(site: Path, tab: Page, name: str) -> None:
    """Tables and code scroll by themselves; the page does not."""
    tab.looks(400, 900)
    tab.open(site / f"{name}.html")
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    assert tab.run(
        "[...document.querySelectorAll('article table')].every(each => each.closest('.md-typeset__scrollwrap'))"
    )


def test_pages_on_the_disk_are_searched(site: Path, tab: Page) -> None:
    tab.looks()
    tab.open(site / "index.html")
    found = tab.run(
        """(async () => {
          const field = document.querySelector("input[name=query]")
          document.querySelector("#__search").click()
          field.focus()
          field.value = "rollover"
          field.dispatchEvent(new Event("keyup", {bubbles: true}))
          field.dispatchEvent(new Event("input", {bubbles: true}))
          for (let tries = 0; tries < 200; tries++) {
            const links = [...document.querySelectorAll(".md-search-result__link")].map(each => each.href)
            if (links.length) return links
            await new Promise(done => setTimeout(done, 100))
          }
          return []
        })()"""
    )
    assert any("elasticsearch.html" in each for each in found), found
    asked = [each["params"]["request"]["url"] for each in tab.events if each["method"] == "Network.requestWillBeSent"]
    assert asked
    assert all(each.startswith(("file:", "data:")) for each in asked), asked


# --- what the pages say


def options() -> Iterator[tuple[str, list[str]]]:
    """Each command with each of its options, in all forms."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield name, [*parameter.opts, *parameter.secondary_opts]


def test_every_command_and_every_option_is_in_some_page() -> None:
    pages = "\n".join(text for name, text in TEXTS.items() if name.startswith("docs/"))
    assert [name for name in COMMANDS if f"`mim-ecs {name}" not in pages] == []
    everything = "\n".join(TEXTS.values())
    told = {*re.findall(r"(?<![\w-])--?[a-z][\w-]*", everything)}
    assert [(name, forms) for name, forms in options() if told.isdisjoint(forms)] == []


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return load()


def test_the_comparison_has_our_values(mappings: Mappings) -> None:
    rows = re.findall(r"^\| `(mim\.\S+)` \| \w+ \| (\w+) \| ([\w ]+) \|$", TEXTS["docs/comparison.md"], re.MULTILINE)
    assert {name for name, *_ in rows} == SHIPPED
    for name, event_type, outcome in rows:
        plan = mappings.plan(name)
        assert plan is not None
        rules = plan.rule("event.type"), plan.rule("event.outcome")
        assert isinstance(rules[0], Constant)
        assert rules[0].value == (event_type,)
        assert outcome == (rules[1].value if isinstance(rules[1], Constant) else "from the event")


def test_fields_that_the_comparison_names_are_written(mappings: Mappings) -> None:
    text = TEXTS["docs/comparison.md"].partition("## What we write")[2].partition("\n## Where both")[0]
    written = {rule.destination.name for plan in mappings.plans for rule in plan.rules}
    written |= {name.rpartition(".")[0] + ".*" for name in written} | {
        name for name in mappings.fields if name in written
    }
    named = {
        each for row in re.findall(r"^\| (.*?) \|", text, re.MULTILINE) for each in re.findall(r"`([\w.*]+)`", row)
    }
    assert len(named) > 20
    for name in named - {"okta.target.detailEntry"}:
        assert any(each == name or (name.endswith("*") and each.startswith(name[:-1])) for each in written), name


def test_ci_has_all_inputs_of_the_action() -> None:
    action = yaml.safe_load((TOP / ".github/actions/check/action.yml").read_text(encoding="utf-8"))
    told = re.findall(r"^\| `([\w-]+)` \|.*\| (.*) \|$", TEXTS["docs/ci.md"].partition("## GitLab")[0], re.MULTILINE)
    assert {name for name, _ in told} == {*action["inputs"]}
    for name, default in told:
        if default.startswith("`"):
            assert default.strip("`") == action["inputs"][name]["default"], name


def test_the_number_of_lint_rules() -> None:
    assert f"[{len(LINTS)} rules](lint/index.md)" in TEXTS["docs/check.md"]
