"""The pipelines around the scripts: what comes in, what is dropped, what is said of failures.

Every processor and option is one that Elasticsearch 8.19 and 9 and OpenSearch 3 all have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from normalizer.backends.pipelines.merged import Merged, merge
from normalizer.backends.pipelines.script import event_roots, removed, scripts
from normalizer.language import Mappings
from normalizer.names import DATASET, MANAGED_BY, NAME

CUSTOM: Final = f"{NAME}@custom"
"""A pipeline of the user's own, which runs at the end."""
VERSION: Final = 1
"""Of the pipelines, in one line of whole numbers: raised by every release that changes what they do."""
LIMIT: Final = 60_000
"""Bytes of a script, comments included; Elasticsearch takes 65,535 (script.max_size_in_bytes)."""

Body = dict[str, Any]

_FAILED = (
    "Processor {{{ _ingest.on_failure_processor_type }}} with tag {{{ _ingest.on_failure_processor_tag }}} in pipeline "
)
_BECAUSE = " failed with message: {{{ _ingest.on_failure_message }}}"
# OpenSearch knows no `_ingest.pipeline` in a bulk request.
_FAILURE = f"{_FAILED}{{{{{{ _ingest.pipeline }}}}}}{{{{^_ingest.pipeline}}}}{NAME}{{{{/_ingest.pipeline}}}}{_BECAUSE}"
_FAILURE_OF_CUSTOM = f"{_FAILED}{CUSTOM}{_BECAUSE}"
_NOW = "{{{_ingest.timestamp}}}"
_NOT_THERE = f"ctx._okta_mim.custom.contains('non-existent pipeline [{CUSTOM}]')"
_KEPT_ON_FAILURE = ("data_stream", "event", "tags")


def pipelines(mappings: Mappings) -> Iterator[tuple[str, bytes]]:
    """The files below the repository's top: path and JSON; and each script again, to be read and compared."""
    for name, body in build(mappings).items():
        content = orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        yield f"ingest_pipelines/{name}.json", content
        for processor in body["processors"]:
            if "script" in processor:
                script = processor["script"]
                yield f"ingest_pipelines/{name}.{script['tag']}.painless", script["source"].encode()


def build(mappings: Mappings, limit: int = LIMIT, org: str | None = None) -> dict[str, Body]:
    """The pipelines by name. `limit` is that of one script in bytes; `org` the Okta org, where it is known.

    Raises SetupError where no script can be short enough.
    """
    merged = merge(mappings.plans)
    made = scripts(merged, limit)
    steps: list[Body] = []
    for number, (source, params) in enumerate(zip(made.sources, made.params, strict=True), start=1):
        tag = "normalize" if len(made.sources) == 1 else f"normalize_{number}"
        given = {"org": org, **params} if org else params
        about = f"Makes the ECS document{_part(made.fields, number)}; what does not convert is named in error.message."
        steps.append(_processor("script", tag, about, lang="painless", source=source, params=given))
        if number == 1:
            steps += _OUTCOMES
    return {
        NAME: {
            "description": "Turns Okta's events of mobile management (mim.*) into documents of the Elastic Common "
            f"Schema. Made by {MANAGED_BY} from its mappings: change those, or write {CUSTOM}.",
            "version": VERSION,
            "processors": [*_INCOMING, *steps, *_LAST],
            "on_failure": _on_failure(merged),
        },
        CUSTOM: {
            "description": f"Processors of your own: they run after those of {NAME}. {MANAGED_BY} never changes this.",
            "processors": [],
        },
    }


def _part(fields: tuple[tuple[str, ...], ...], number: int) -> str:
    """Which fields a script makes, where there are several."""
    roots = dict.fromkeys(name.split(".")[0] for name in fields[number - 1])
    return f" ({', '.join(roots)})" if len(fields) > 1 else ""


def _processor(kind: str, tag: str, description: str, when: str = "", **options: Any) -> Body:
    condition = {"if": when} if when else {}
    return {kind: {"tag": tag, "description": description, **condition, **options}}


_INCOMING = (
    _processor(
        "rename",
        "rename_message",
        "The message of a shipper is the raw event.",
        "(ctx.event == null || ctx.event instanceof Map) && ctx.event?.original == null",
        field="message",
        target_field="event.original",
        ignore_missing=True,
        ignore_failure=True,
    ),
    _processor(
        "remove",
        "remove_message",
        "The shipper has kept the raw event as event.original.",
        "ctx.event instanceof Map && ctx.event?.original != null "
        "&& ctx.event.original instanceof String && ctx.event.original != ''",
        field="message",
        ignore_missing=True,
    ),
)

_OUTCOMES = (
    _processor(
        "drop",
        "drop_other_event_types",
        "The data stream holds events of mobile management only: those of other parts of Okta are dropped here.",
        "ctx._okta_mim?.other != null",
    ),
    _processor(
        "fail",
        "not_an_event",
        "What is no event of Okta's System Log is kept, with the reason.",
        "ctx._okta_mim?.fault != null",
        message="{{{_okta_mim.fault}}}",
    ),
)

_LAST = (
    _processor(
        "set",
        "set_ingested",
        "When the event arrived in the cluster.",
        field="event.ingested",
        value=_NOW,
    ),
    _processor(
        "pipeline",
        "run_custom",
        "Your own processors, if there are any.",
        name=CUSTOM,
        on_failure=[
            _processor(
                "set",
                "custom_failed",
                "Whether the pipeline has failed, or is only not there.",
                field="_okta_mim.custom",
                value="{{{_ingest.on_failure_message}}}",
            ),
            _processor(
                "append",
                "custom_failed_message",
                "Names the processor that failed.",
                f"!{_NOT_THERE}",
                field="error.message",
                value=_FAILURE_OF_CUSTOM,
            ),
            _processor(
                "append",
                "custom_failed_tag",
                "A word to search for.",
                f"!{_NOT_THERE}",
                field="tags",
                value="custom_pipeline_failed",
                allow_duplicates=False,
            ),
            _processor(
                "set",
                "custom_failed_kind",
                "So that failures are found.",
                f"!{_NOT_THERE}",
                field="event.kind",
                value="pipeline_error",
            ),
            _processor("remove", "custom_done", "Nothing of ours stays.", field="_okta_mim", ignore_missing=True),
        ],
    ),
)


def _on_failure(merged: Merged) -> list[Body]:
    """What happens to an event that gives no document: it stays, as text, with the reason.

    What documents hold as objects must not stand there as anything else, or the index mapping refuses it.
    """
    of_event = event_roots(merged)
    roots = [root for root in removed(merged) if root not in _KEPT_ON_FAILURE]
    return [
        _processor(
            "rename",
            "failed_text",
            "The raw event may stand under event as a text, as Splunk's collector sends it.",
            "ctx.event instanceof String",
            field="event",
            target_field="_okta_mim.text",
            ignore_failure=True,
        ),
        _processor(
            "rename",
            "failed_original",
            "It is event.original from here on.",
            field="_okta_mim.text",
            target_field="event.original",
            ignore_missing=True,
            ignore_failure=True,
        ),
        _processor(
            "remove",
            "failed_event",
            "Nothing that an event could be in.",
            "ctx.event != null && !(ctx.event instanceof Map)",
            field="event",
        ),
        _processor(
            "remove",
            "failed_data_stream",
            "Nothing that names a data stream.",
            "ctx.data_stream != null && !(ctx.data_stream instanceof Map)",
            field="data_stream",
        ),
        _processor(
            "remove",
            "failed_shipper",
            "What the shipper says of itself under names that documents have.",
            field=[root for root in roots if root not in of_event],
            ignore_missing=True,
        ),
        _processor(
            "remove",
            "failed_roots",
            "The event's own fields, where event.original holds them all.",
            "ctx.event instanceof Map && ctx.event.original != null",
            field=[root for root in roots if root in of_event],
            ignore_missing=True,
        ),
        _processor("remove", "failed_done", "Nothing of ours stays.", field="_okta_mim", ignore_missing=True),
        *(
            _processor("set", f"failed_{tag}", about, field=field, value=value, override=override, ignore_failure=True)
            for tag, field, value, override, about in (
                ("type", "data_stream.type", "logs", True, "The data stream takes no other."),
                ("dataset", "data_stream.dataset", DATASET, True, "The data stream takes no other."),
                ("namespace", "data_stream.namespace", "default", False, "Where the shipper has not said it."),
                ("ingested", "event.ingested", _NOW, True, "When the event arrived in the cluster."),
                ("timestamp", "@timestamp", _NOW, True, "The event's own time is not known."),
                ("kind", "event.kind", "pipeline_error", True, "So that failures are found."),
            )
        ),
        _processor(
            "append", "failed_message", "Names the processor that failed.", field="error.message", value=_FAILURE
        ),
        _processor(
            "append",
            "failed_tag",
            "A word to search for.",
            field="tags",
            value="not_normalized",
            allow_duplicates=False,
            ignore_failure=True,
        ),
    ]
