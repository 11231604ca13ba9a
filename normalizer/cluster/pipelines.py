"""Whether a cluster can run our ingest pipelines, and what the installed one knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normalizer.backends.pipelines.lookup import processors
from normalizer.cluster.asking import Privilege, ask, unreadable
from normalizer.cluster.installed import Installed, Kind
from normalizer.language.advice import choices
from normalizer.names import NAME
from normalizer.outputs.server import Server


def obstacle(server: Server, pipelines: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Why the cluster cannot run these pipelines, as a clause; None where it can.

    Every node with the role ingest must have every type of processor in them: any of these may be given a document.
    Raises ServerError.
    """
    answer = ask(server, Privilege.MONITOR, "GET", "/_nodes/ingest")
    try:
        nodes = [
            {processor["type"] for processor in node["ingest"]["processors"]}
            for node in answer["nodes"].values()
            if "ingest" in node["roles"]
        ]
    except (AttributeError, KeyError, TypeError):
        raise unreadable(server) from None
    if not nodes:
        return "no node has the role ingest"
    needed = {processor.type for name, body in pipelines.items() for processor in processors(name, body)}
    missing = sorted(needed - set.intersection(*nodes))
    if not missing:
        return None
    lack = "the cluster has no" if len(nodes) == 1 else "not every node has the"
    return f"{lack} processor{'s' if len(missing) > 1 else ''} {choices(missing, 'and')}"


def installed_org(installed: Installed) -> str | None:
    """The Okta org in the pipeline that is installed; None where there is none, or no pipeline. Raises ServerError."""
    body = installed.get(Kind.PIPELINE, NAME)
    if body is None:
        return None
    orgs = (each.options.get("params", {}).get("org") for each in processors(NAME, body) if each.type == "script")
    return next((org for org in orgs if isinstance(org, str)), None)
