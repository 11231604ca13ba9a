"""What is kept between runs and must not be seen: checkpoints, and credentials."""

from __future__ import annotations

from tests.delivery.checkpoints import checkpoint_trials
from tests.engines.elasticsearch import Elasticsearch
from tests.reliability.promises import OPENSEARCH, Tally, promise
from tests.reliability.stage import Stage
from tests.security.scene import Scene
from tests.security.trials import TRIALS


@promise("14", "A checkpoint is never ahead nor torn", engines=())
def checkpoints(stage: Stage, tally: Tally) -> None:
    """Kill -9 before, amid and after each write, fsync and rename; its small runs are in tests/delivery."""
    runs = stage.of(small=36, full=200)
    with tally.trial(runs) as trial:
        killed, honest = checkpoint_trials(runs)
        tally.figures["kills"] = killed
        tally.figures["checkpoints that load and are not ahead"] = honest
        trial.check(killed == runs, f"only {killed} of {runs} runs were killed")
        trial.check(honest == runs, f"{runs - honest} checkpoints were torn, ahead, or more than one batch behind")


@promise("20", "Credentials are safe", small=())
def credentials(stage: Stage, tally: Tally) -> None:
    """The trials of tests/security, whose small runs are there: those of this engine's client.

    The server with security is always Elasticsearch; OpenSearch's client meets peers of our own, which are no server.
    """
    mine = {name: trial for name, trial in TRIALS.items() if (OPENSEARCH.lower() in name) == _is_opensearch(stage)}
    folder = stage.folder / "credentials"
    folder.mkdir()
    with Elasticsearch(security=True) as server:
        scene = Scene(server, folder)
        for name, put_to_the_test in mine.items():
            with tally.trial() as trial:
                try:
                    put_to_the_test(scene)
                except AssertionError as error:
                    trial.check(False, f"{name}: {error}")
    tally.figures["kinds of peers, places and mistakes"] = len(mine)


def _is_opensearch(stage: Stage) -> bool:
    return stage.engine.name == OPENSEARCH
