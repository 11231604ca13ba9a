"""Index templates of somebody else's for our data streams, on a genuine server of either engine."""

from __future__ import annotations

from typing import Any

import pytest

from normalizer.cluster import State, plan, wanted
from normalizer.errors import SetupError
from normalizer.language import Mappings
from normalizer.outputs.server import Server
from tests.cluster.ours import MAPPINGS, MINE, NAME, SETTINGS, metadata, set_up, states


def put(server: Server, pattern: str, priority: int, **more: Any) -> None:
    body = {"index_patterns": [pattern], "priority": priority, "data_stream": {}, **more}
    server.put(f"/_index_template/{MINE}", body)


@pytest.mark.parametrize(
    ("pattern", "priority", "said", "upgrade"),
    [
        ("logs-okta.*", 300, r"pattern logs-okta\.\*, priority 300 \(above the 250 of ours\)", False),
        ("logs-okta.mim-prod", 251, r"pattern logs-okta\.mim-prod, priority 251 \(above the 250 of ours\)", True),
        ("*-okta.mim-*", 250, r"pattern \*-okta\.mim-\*, priority 250 \(the same priority as ours\)", False),
    ],
)
def test_one_that_would_win_or_be_in_the_way_is_refused(
    server: Server, mappings: Mappings, pattern: str, priority: int, said: str, upgrade: bool
) -> None:
    if upgrade:
        set_up(server, mappings)
        server.put("/_data_stream/logs-okta.mim-default", None)
    put(server, pattern, priority)
    before = metadata(server)
    advice = "give it a priority below 250, other patterns, or remove it"
    sentence = rf"^Nothing was changed at \S+: the index template {MINE} of somebody else has the {said}; {advice}\.$"
    with pytest.raises(SetupError, match=sentence):
        plan(server, wanted(mappings, server))
    assert metadata(server) == before


@pytest.mark.parametrize(
    ("pattern", "priority"),
    [("logs-*-*", 100), ("logs-okta.mim-*", 249), ("logs-okta.system-*", 500), ("logs-okta.mim", 500)],
)
def test_one_below_and_one_for_other_names_are_fine(
    server: Server, mappings: Mappings, pattern: str, priority: int
) -> None:
    put(server, pattern, priority)
    assert states(set_up(server, mappings)) == dict.fromkeys([MAPPINGS, SETTINGS, NAME], State.ADDED)


def test_one_above_that_is_composed_of_ours_is_the_users_own(server: Server, mappings: Mappings) -> None:
    set_up(server, mappings)
    put(server, "logs-okta.mim-*", 251, composed_of=[MAPPINGS, SETTINGS])
    assert states(set_up(server, mappings)) == {
        MAPPINGS: State.SAME,
        SETTINGS: State.SAME,
        NAME: State.SAME,
        MINE: State.YOURS,
    }
    put(server, "logs-okta.mim-*", 251, composed_of=[SETTINGS])
    with pytest.raises(SetupError, match="of somebody else"):
        plan(server, wanted(mappings, server))


def test_all_that_is_refused_is_told_at_once(server: Server, mappings: Mappings) -> None:
    put(server, "logs-okta.mim-*", 300)
    server.put(f"/_index_template/{NAME}", {"index_patterns": ["logs-okta.mim-*"]})
    with pytest.raises(SetupError, match=rf"the index template {NAME} is not of .*; the index template {MINE} of"):
        plan(server, wanted(mappings, server))
