"""What the pages need to become a site: they are written for a code host, where links may leave docs/.

mkdocs calls these functions (`hooks` of mkdocs.yml). What they say by a warning ends a strict build.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

_LOG = logging.getLogger("mkdocs.hooks.site")
_LINK = re.compile(r"^```.*?^```|\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)|`[^`\n]+`", re.MULTILINE | re.DOTALL)
"""A fenced block, a link, or a span of code; of these only links have groups."""
_FENCE = re.compile(r"\A```(\w+) *(\S*).*")
_CONTENTS = re.compile(r"^(?:- \[[^\]]*\]\(#[^)]*\)\n)+(?=\n## )", re.MULTILINE)
"""A list of links to headings, before the first of them."""
_NARROW = re.compile(r'<t([dh])\b.*?</t\1>|<span class="md-ellipsis">.*?</span>', re.DOTALL)
_NAME = re.compile(r"<code>[^<]*</code>|^ *mim\.\S+", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name headings' anchors as code hosts do, and put the pages of folders into the navigation."""
    config.mdx_configs.setdefault("toc", {})["slugify"] = slug
    config.nav = _unfolded(config.nav, Path(config.docs_dir))
    return config


def slug(heading: str, separator: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", separator)


def _unfolded(nav: Any, docs: Path) -> Any:
    """The navigation, where `name/` stands for the pages of that folder: its index first, then the others by name."""
    if isinstance(nav, dict):
        return {title: _unfolded(inner, docs) for title, inner in nav.items()}
    if isinstance(nav, list):
        return [_unfolded(each, docs) for each in nav]
    if isinstance(nav, str) and nav.endswith("/"):
        pages = sorted((docs / nav).glob("*.md"), key=lambda page: (page.name != "index.md", page.name))
        return [page.relative_to(docs).as_posix() for page in pages]
    return nav


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page as it reads best here.

    Links to what is not on the site become its path, and files' names as the text of links the pages' titles. A list
    of the page's own headings is left out: they stand at its side. Of the words of a fenced block, which are for tests,
    the language is left, and the name of its file as its title.
    """
    top = Path(config.docs_dir).parent
    folder = PurePosixPath("docs", page.file.src_uri).parent

    def rewritten(found: re.Match[str]) -> str:
        text, target = found["text"], found["target"]
        if found[0].startswith("```"):
            return _FENCE.sub(_fence, found[0])
        if target is None or target.startswith("#") or ":" in target:
            return found[0]
        path = normpath((folder / target.partition("#")[0]).as_posix())
        if path.startswith("docs/"):
            named = text == PurePosixPath(path).name and (top / path).exists()
            return f"[{_title(top / path)}]({target})" if named else found[0]
        if path.startswith("..") or not (top / path).exists():
            _LOG.warning("%s links to %s, which does not exist", page.file.src_uri, target)
        shown = f"`{path}/`" if (top / path).is_dir() else f"`{path}`"
        return shown if path.endswith(text.strip("`/")) else f"{text} ({shown})"

    return _LINK.sub(rewritten, _CONTENTS.sub("", markdown, count=1))


def _fence(found: re.Match[str]) -> str:
    language, word = found[1], found[2]
    return f'```{language} title="{word}"' if "." in word else f"```{language}"


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Names and paths in tables may break behind their dots, and so may names in the navigation.

    Not earlier: the search reads the page before that.
    """
    return _NARROW.sub(lambda part: _NAME.sub(_breakable, part[0]), output)


def _breakable(name: re.Match[str]) -> str:
    return re.sub(r"(?<=[\w)])[.|](?=\w)", r"\g<0><wbr>", name[0])
