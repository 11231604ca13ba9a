"""Takes away what `setup` has put: templates and pipelines, never a data stream, nor what the user has written."""

from __future__ import annotations

from collections.abc import Iterable

from normalizer.backends.pipelines.pipeline import CUSTOM
from normalizer.cluster.asking import ask
from normalizer.cluster.installed import Installed, Kind, is_ours
from normalizer.cluster.streams import DataStream
from normalizer.errors import SetupError
from normalizer.language.advice import choices
from normalizer.names import NAME
from normalizer.outputs.server import Server

_COMPONENTS = (f"{NAME}@mappings", f"{NAME}@settings")

Thing = tuple[Kind, str]


def removable(
    server: Server, installed: Installed, streams: Iterable[DataStream], *, pipelines: bool = True
) -> list[Thing]:
    """What there is of ours, in the order of removing. Changes nothing.

    Raises SetupError where data streams or index templates of the user's need it; ServerError.
    """
    things = [(Kind.INDEX_TEMPLATE, NAME), *((Kind.COMPONENT_TEMPLATE, name) for name in _COMPONENTS)]
    things += [(Kind.PIPELINE, NAME), (Kind.PIPELINE, CUSTOM)] if pipelines else []
    found = [thing for thing in things if _is_there(installed, *thing)]
    if needed := [reason for reason in (_streams(found, streams), _templates(found, installed)) if reason]:
        raise SetupError(f"Nothing was removed at {server.address}: {'; '.join(needed)}.")
    return found


def remove(server: Server, kind: Kind, name: str) -> None:
    """Remove one; that it is gone already is as good. Raises ServerError."""
    ask(server, kind.privilege, "DELETE", kind.path(name))


def _is_there(installed: Installed, kind: Kind, name: str) -> bool:
    """Whether it is there and ours; the pipeline for the user's processors only as long as it has none."""
    body = installed.get(kind, name)
    return body is not None and is_ours(kind, body) and not (name == CUSTOM and body.get("processors"))


def _streams(found: Iterable[Thing], streams: Iterable[DataStream]) -> str:
    """Why data streams forbid it. Where no other index template matches them, the server would refuse it as well."""
    names = [stream.name for stream in streams if stream.template == NAME]
    if (Kind.INDEX_TEMPLATE, NAME) not in found or not names:
        return ""
    use, stream = ("uses", "data stream") if len(names) == 1 else ("use", "data streams")
    who = f"the {_named('data stream', names)} {use} the index template {NAME}"
    return f"{who}; delete the {stream} first, with all documents: `DELETE _data_stream/{','.join(names)}`"


def _templates(found: Iterable[Thing], installed: Installed) -> str:
    """Why index templates of the user's forbid it: the server refuses to remove what they are composed of."""
    components = {name for kind, name in found if kind is Kind.COMPONENT_TEMPLATE}
    names = [
        name
        for name, body in sorted(installed.index_templates().items())
        if name != NAME and not components.isdisjoint(body.get("composed_of", ()))
    ]
    if not names:
        return ""
    use, them = ("is", "it") if len(names) == 1 else ("are", "them")
    return f"the {_named('index template', names)} of yours {use} composed of ours; remove {them} first"


def _named(noun: str, names: list[str]) -> str:
    return f"{noun}{'' if len(names) == 1 else 's'} {choices(names, 'and')}"
