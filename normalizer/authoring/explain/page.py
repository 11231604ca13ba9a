"""One event and its document as a page for browsers: a file that needs nothing else, and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from normalizer.authoring.explain.coverage import why
from normalizer.authoring.explain.leaves import Kind, Line, cut, lines, written
from normalizer.authoring.explain.trace import Fact, State, Trace, Traced
from normalizer.authoring.explain.words import MOST, SECTIONS, arrived, files, how, where_written, why_absent
from normalizer.backends.python.convert import is_absent
from normalizer.backends.python.library import Where, place
from normalizer.language import Mappings
from normalizer.language.plan import Each, Value

MOST_LINES = 5000
"""So many lines of an event are shown, and of a document."""
LONGEST = 1000
"""Characters of one value."""
_DEEPEST = 20
"""Lines deeper than this are indented no further."""
_TITLES = 12
"""Fields that a line's tooltip names."""


# What a browser would not show, or would turn the direction of what follows with.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def page(trace: Trace, where: str, mappings: Mappings) -> bytes:
    """The page, as UTF-8. `where` says where the event stands."""
    return "\n".join(_Page(trace, where, mappings).lines()).encode()


class _Page:
    def __init__(self, trace: Trace, where: str, mappings: Mappings) -> None:
        self.trace, self.where, self.mappings = trace, where, mappings
        self.ids = {each.name: f"f{number}" for number, each in enumerate(trace.fields)}
        self.facts = {fact.where: fact for fact in trace.facts}
        self.numbers: dict[Where, str] = {}
        for number, line in zip(range(MOST_LINES), lines(trace.event), strict=False):
            if line.kind is not Kind.END:
                self.numbers[line.where] = f"e{number}"

    def lines(self) -> Iterator[str]:
        """The lines of the page."""
        trace = self.trace
        yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
        yield f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">'
        yield f"<title>{_text(trace.event['eventType'])} {_text(trace.event['uuid'])}</title>"
        yield f"<style>{_style()}</style>\n</head>\n<body>"
        yield from self._header()
        yield '<main>\n<div class="side from">'
        yield from self._event()
        yield '</div>\n<div class="side">'
        yield from self._document()
        yield f"</div>\n</main>\n<script>{_script()}</script>\n</body>\n</html>\n"

    def _header(self) -> Iterator[str]:
        trace = self.trace
        there = sum(each.is_there for each in trace.fields)
        unread = sum(not fact.is_read for fact in trace.facts)
        lost = sum(map(_is_lost, trace.facts))
        yield f"<header>\n<h1>{_text(trace.event['eventType'])}</h1>"
        yield f"<p><code>{_text(trace.event['uuid'])}</code> of {_text(self.where)}</p>"
        yield f"<p>Mapping: <code>{_text(files(trace.plan, self.mappings))}</code></p>"
        yield f'<p class="marks"><span class="mark">{there:,} fields</span>'
        for count, kind, words in (
            (len(trace.problems), "lost", "did not convert"),
            (lost, "lost", "read, but in no field"),
            (unread, "unread", "read by no rule"),
        ):
            if count:
                yield f'<span class="mark {kind}">{count:,} {words}</span>'
        yield "</p>\n</header>"

    # ---- the event

    def _event(self) -> Iterator[str]:
        yield f"<h2>The event<small>{len(self.trace.facts):,} values</small></h2>"
        yield '<ol class="event">'
        yield from self._lines(self.trace.event, self._line)
        yield "</ol>"

    def _lines(self, value: Any, line_of: Any) -> Iterator[str]:
        count = 0
        for line in lines(value):
            count += 1
            if count <= MOST_LINES:
                yield line_of(line)
        if count > MOST_LINES:
            yield f'<li><span class="json">… and {count - MOST_LINES:,} more lines</span></li>'

    def _line(self, line: Line) -> str:
        number = "" if line.kind is Kind.END else f' id="{self.numbers[line.where]}"'
        fact = self.facts.get(line.where) if line.kind is Kind.VALUE else None
        if fact is None:
            kind = "absent" if line.kind is Kind.VALUE and is_absent(line.value) else ""
            return f"<li{number}{_class(kind)}>{_json(line)}</li>"
        fields = [*dict.fromkeys(traced.name for traced in fact.arrived())]
        if fields:
            shown = f'<a href="#{self.ids[fields[0]]}">{_text(fields[0])}</a>'
            more = f" +{len(fields) - 1:,}" if len(fields) > 1 else ""
            listed = " ".join(self.ids[name] for name in fields)
            title = _text("\n".join([*fields[:_TITLES], *(["…"] if len(fields) > _TITLES else [])]), plain=True)
            to = f'<span class="to" title="{title}">{shown}{more}</span>'
            return f'<li{number} data-of="{listed}">{_json(line)}{to}</li>'
        kind = "lost" if fact.is_read else "unread"
        reason = _reason(fact)
        short = _text(cut(reason.removeprefix(f"{fact.place}: "), 60))
        to = f'<span class="to" title="{_text(reason, plain=True)}">{short}</span>'
        return f'<li{number} class="{kind}">{_json(line)}{to}</li>'

    # ---- the document

    def _document(self) -> Iterator[str]:
        trace = self.trace
        for title, states in SECTIONS.items():
            fields = [each for each in trace.fields if each.state in states and each.is_there]
            if fields:
                yield f"<section>\n<h2>{title}<small>{len(fields):,}</small></h2>"
                yield '<ul class="fields">'
                yield from map(self._field, fields)
                yield "</ul>\n</section>"
        yield from self._problems()
        yield from self._absent()
        yield "<section>\n<details>\n<summary>The document as JSON</summary>"
        yield '<ol class="event">'
        yield from self._lines(trace.document, lambda line: f"<li>{_json(line)}</li>")
        yield "</ol>\n</details>\n</section>"

    def _field(self, traced: Traced) -> str:
        picks = arrived(traced)
        listed = " ".join(filter(None, (self.numbers.get(pick.where) for pick in picks)))
        of = f' data-of="{listed}"' if listed else ""
        value = _text(cut(written(traced.value), LONGEST))
        from_where = [self._link(pick.where) for pick in picks[:MOST]]
        if isinstance(traced.rule, Each):
            from_where = [_text(str(traced.rule.path))]
        if len(picks) > MOST:
            from_where.append(f"{len(picks) - MOST:,} more")
        told = ", ".join([*from_where, *([_text(how(traced))] if how(traced) else [])])
        return (
            f'<li id="{self.ids[traced.name]}"{of}><span class="name">{_text(traced.name)}</span>'
            f'<bdi class="value">{value}</bdi>{_origin(told, traced)}</li>'
        )

    def _link(self, where: Where) -> str:
        name = _text(place(where))
        number = self.numbers.get(where)
        return name if number is None else f'<a href="#{number}">{name}</a>'

    def _problems(self) -> Iterator[str]:
        trace = self.trace
        if not trace.problems:
            return
        yield f"<section>\n<h2>Did not convert<small>{len(trace.problems):,}</small></h2>"
        yield '<ul class="fields">'
        for problem in trace.problems:
            told = [each for each in trace.fields if problem in each.problems]
            names = "".join(_origin(f"<code>{_text(each.name)}</code>", each) for each in told)
            yield f'<li><span class="name">{_text(problem.partition(": ")[0])}</span>'
            yield f'<bdi class="value">{_text(problem)}</bdi>{names}</li>'
        yield "</ul>\n</section>"

    def _absent(self) -> Iterator[str]:
        gone = [each for each in self.trace.fields if each.state is State.ABSENT]
        gone.sort(key=lambda traced: not any(read.picks for read in traced.reads))  # what has a reason comes first
        if not gone:
            return
        yield "<section>\n<details>"
        yield f"<summary>Absent: the rule's paths gave nothing<small>{len(gone):,}</small></summary>"
        yield '<ul class="fields plain">'
        for each in gone:
            paths = f"<code>{_text(why_absent(each))}</code>"
            yield f'<li id="{self.ids[each.name]}"><span class="name">{_text(each.name)}</span>'
            yield f"{_origin(paths, each)}</li>"
        yield "</ul>\n</details>\n</section>"


def _origin(told: str, traced: Traced) -> str:
    rule = where_written(traced)
    place_of = f'<span class="rule">{_text(rule)}</span>' if rule else ""
    return f'<span class="origin"><span class="how">{told}</span>{place_of}</span>'


def _is_lost(fact: Fact) -> bool:
    return fact.is_read and not any(fact.arrived())


def _reason(fact: Fact) -> str:
    """Why a value of the event is in no field."""
    if not fact.is_read:
        return "no rule reads it"
    told = dict.fromkeys(why(each.rule, pick) for each, pick in fact.picks if isinstance(each.rule, Value))
    return "\n".join(told) or fact.problem


def _json(line: Line) -> str:
    depth = min(len(line.where), _DEEPEST)
    key = "" if line.key is None else f'<span class="key">{_text(written(cut(line.key, LONGEST)))}:</span> '
    text = written(cut(line.value, LONGEST)) if isinstance(line.value, str) else line.text
    comma = "," if line.comma else ""
    return f'<span class="json d{depth}">{key}<bdi>{_text(text)}</bdi>{comma}</span>'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _text(text: str, *, plain: bool = False) -> str:
    """A text as it stands in HTML, what is invisible as `\\u202e`; `plain` in an attribute, where lines may end."""
    if plain:
        return html.escape("\n".join(_INVISIBLE.sub(_escaped, one) for one in text.split("\n")))
    parts = re.split(f"({_INVISIBLE.pattern})", text)
    return "".join(
        f'<span class="escaped">{_escape(part)}</span>' if at % 2 else html.escape(part)
        for at, part in enumerate(parts)
    )


def _escaped(found: re.Match[str]) -> str:
    return _escape(found[0])


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


@cache
def _style() -> str:
    indents = (f".d{depth} {{ padding-left: {1.4 * depth:.1f}em; }}" for depth in range(_DEEPEST + 1))
    return "\n".join([_beside("page.css"), *indents])


@cache
def _script() -> str:
    return _beside("page.js")


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


@cache
def _policy() -> str:
    """Nothing is fetched or sent, and no style or script runs but the two of this page."""
    return (
        f"default-src 'none'; style-src {_digest(_style())}; script-src {_digest(_script())}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
