"""What is installed of ours, as the cluster shows it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from normalizer.backends.templates import Body
from normalizer.cluster.asking import Privilege, ask, unreadable
from normalizer.errors import Busy, ServerError, SetupError
from normalizer.names import MANAGED_BY, NAME
from normalizer.outputs.server import Server

_NOT_FORMED = "_na_"
"""What a node says of its cluster's uuid before it has joined one."""


class Kind(StrEnum):
    """What `setup` changes, in the order in which it is put: an index template names its component templates.

    It is the last thing of ours, so that where it is, everything is. Of a data stream only the lifecycle is put.
    """

    PIPELINE = "ingest pipeline"
    COMPONENT_TEMPLATE = "component template"
    INDEX_TEMPLATE = "index template"
    DATA_STREAM = "data stream"

    def path(self, name: str) -> str:
        """Where it is put."""
        return {
            Kind.PIPELINE: f"/_ingest/pipeline/{name}",
            Kind.COMPONENT_TEMPLATE: f"/_component_template/{name}",
            Kind.INDEX_TEMPLATE: f"/_index_template/{name}",
            Kind.DATA_STREAM: f"/_data_stream/{name}/_lifecycle",
        }[self]

    @property
    def privilege(self) -> Privilege:
        """What it takes to read or put it."""
        if self is Kind.PIPELINE:
            return Privilege.PIPELINES
        return Privilege.LIFECYCLE if self is Kind.DATA_STREAM else Privilege.TEMPLATES


class Installed:
    """The templates and pipelines of a cluster; each is asked for once."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._known: dict[tuple[Kind, str], Body | None] = {}
        self._index_templates: dict[str, Body] | None = None

    def get(self, kind: Kind, name: str) -> Body | None:
        """The body of one, None where it is not there. Raises ServerError."""
        if kind is Kind.INDEX_TEMPLATE:
            return self.index_templates().get(name)
        if (kind, name) not in self._known:
            answer = ask(self._server, kind.privilege, "GET", kind.path(name))
            self._known[kind, name] = _body(self._server, kind, name, answer)
        return self._known[kind, name]

    def index_templates(self) -> dict[str, Body]:
        """All index templates by name, whoever made them. Raises ServerError."""
        if self._index_templates is None:
            # Not those of the old API (_template): any of these wins over all of them.
            answer = ask(self._server, Privilege.TEMPLATES, "GET", "/_index_template")
            try:
                found = [] if answer is None else answer["index_templates"]
                self._index_templates = {each["name"]: dict(each["index_template"]) for each in found}
            except (KeyError, TypeError, ValueError):
                raise unreadable(self._server) from None
        return self._index_templates

    def simulate(self, template: Body) -> Body:
        """What the server makes of an index template for our data streams, above all that are there.

        That is `template`, what their next backing indices have, and `overlapping`, the others that match some of them.
        Raises ServerError.
        """
        top = max((each.get("priority") or 0 for each in self.index_templates().values()), default=0)
        # It refuses a second one of any's priority, and one that is not for data streams where there are some.
        body = {"index_patterns": [f"{NAME}-*"], "priority": top + 1, "data_stream": {}, "template": template}
        answer = ask(self._server, Privilege.TEMPLATES, "POST", "/_index_template/_simulate", body)
        if not isinstance(answer, dict):
            raise unreadable(self._server)
        return answer


def _body(server: Server, kind: Kind, name: str, answer: Any) -> Body | None:
    """One pipeline or template out of the answer that has it in a list or object."""
    if answer is None:
        return None
    try:
        if kind is Kind.PIPELINE:
            return dict(answer[name])
        key = kind.replace(" ", "_")
        return dict(answer[f"{key}s"][0][key])
    except (KeyError, IndexError, TypeError, ValueError):
        raise unreadable(server) from None


def is_ours(kind: Kind, there: Body) -> bool:
    """Whether we have made it: a template says so in its `_meta`, a pipeline, which need not have one, in words."""
    if kind is Kind.PIPELINE:
        return MANAGED_BY in str(there.get("description", ""))
    meta = there.get("_meta")
    return isinstance(meta, dict) and meta.get("managed_by") == MANAGED_BY


_INSTALLED_BY = {Kind.INDEX_TEMPLATE: "mim-ecs setup", Kind.PIPELINE: "mim-ecs setup --pipelines"}


def check_installed(server: Server, kind: Kind = Kind.INDEX_TEMPLATE) -> None:
    """Raise SetupError where the index template (or pipeline) is missing or not ours, ServerError without an answer.

    Without the template a document would go to a data stream of the server's own making, or to none.
    """
    there = _body(server, kind, NAME, server.get(kind.path(NAME)))
    if there is None:
        raise SetupError(f"There is no {kind} {NAME} at {server.address}; run `{_INSTALLED_BY[kind]}` first.")
    if not is_ours(kind, there):
        raise SetupError(f"The {kind} {NAME} at {server.address} is not of {MANAGED_BY}; rename or remove it.")


def cluster_uuid(server: Server) -> str | None:
    """The uuid of the cluster; None where it has none yet, or does not say.

    It is the first question to a server, to which others than those of its engine show what they are. Raises
    ServerError for these, and without an answer.
    """
    answer = server.request("GET", "/")
    if not answer.ok:
        if isinstance(error := server.refused(answer), Busy):
            raise error
        return None
    if not isinstance(answer.body, dict) or "version" not in answer.body:
        raise ServerError(f"The server at {server.address} is not {server.engine}.")
    found = answer.body.get("cluster_uuid")
    return found if isinstance(found, str) and found != _NOT_FORMED else None


def has_data_stream(server: Server, name: str) -> bool | None:
    """Whether a data stream is there; None where we may not ask, or have no answer."""
    try:
        answer = server.request("GET", f"/_data_stream/{name}")
    except ServerError:
        return None
    return answer.ok if answer.ok or answer.status == 404 else None
