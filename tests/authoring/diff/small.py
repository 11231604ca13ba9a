"""A small folder of mappings that uses everything a rule can have, and edits of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from normalizer.authoring.diff import Difference, compare
from normalizer.language import Mappings, load

FILES = {
    "_custom_fields.yml": """\
okta.status: {type: keyword, values: [new, done], description: The status.}
okta.reason: {type: keyword, description: The reason.}
okta.codes: {type: keyword, array: true, description: The codes.}
okta.level: {type: long, description: The level.}
okta.apps: {type: object, array: true, description: The apps.}
okta.apps.name: {type: keyword, description: The name of an app.}
okta.apps.version: {type: keyword, description: The version of an app.}
okta.other: {type: keyword, description: Nothing writes this.}
""",
    "_base.yml": """\
summary: What all have in common.
set:
  event.kind: event
  event.module: okta
  event.provider: okta
  event.category: [configuration, host]
  event.type: [info]
  data_stream.dataset: okta.mim
fields:
  "@timestamp": published
  event.id: uuid
  event.action: eventType
  event.outcome: {from: outcome.result, map: outcome, default: unknown}
  user:
    at: actor
    ignore: [unknown, none]
    fields:
      id: id
      name: {from: [alternateId, displayName]}
      email: {from: alternateId, as: email}
  host.name: target(type=Device).displayName
  related.user: {collect: [actor.id, target(type=User).id]}
  related.hosts: {from: target(type=Device).id}
  okta.codes: {from: [debugContext.debugData.codes, debugContext.debugData.code]}
  okta.level: {from: debugContext.debugData.level, map: {low: "1", high: "2"}}
  okta.apps:
    each: debugContext.debugData.apps
    fields: {name: title, version: {from: [version, $.version]}}
""",
    "mim.one.yml": "event_type: mim.one\nextends: _base\nsummary: The first.\nset: {okta.status: new}\n",
    "mim.two.yml": "event_type: mim.two\nextends: _base\nsummary: The second.\nset: {okta.status: done}\n",
    "mim.any.yml": 'event_type: mim.*\nextends: _base\nsummary: All others.\nset: {event.category: [configuration]}\n',
    "tables/outcome.yml": "SUCCESS: success\nFAILURE: failure\n",
}  # fmt: skip

Edit = tuple[str, str]
"""What stands in a file, and what takes its place."""
Edits = Mapping[str, Edit | list[Edit] | str | None]
"""By file: edits, a new text, or None where the file goes."""


def edited(folder: Path, edits: Edits, files: Mapping[str, str] = FILES) -> Path:
    """A folder whose `mappings/` holds these files, edited, and no others."""
    texts: dict[str, str] = {**files}
    for name, edit in edits.items():
        if edit is None:
            del texts[name]
        elif isinstance(edit, str):
            texts[name] = edit
        else:
            for before, after in edit if isinstance(edit, list) else [edit]:
                assert texts[name].count(before) == 1, (name, before)
                texts[name] = texts[name].replace(before, after)
    shutil.rmtree(folder / "mappings", ignore_errors=True)
    for name, text in texts.items():
        path = folder / "mappings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def loaded(folder: Path, edits: Edits, files: Mapping[str, str] = FILES) -> Mappings:
    return load(edited(folder, edits, files) / "mappings")


def difference(folder: Path, before: Edits, after: Edits) -> Difference:
    return compare(loaded(folder / "old", before), loaded(folder / "new", after))
