"""Documents, or raw events, ▶ a server: requests in flight, verdicts, retries, dead letters, checkpoints.

`deliver` is the way in. Nothing is counted as indexed that the server has not confirmed by name, and nothing is
acknowledged to the source before it is indexed or is a dead letter on the disk.
"""

from normalizer.delivery.bulks import Limits, Mark, Work
from normalizer.delivery.counts import Counts
from normalizer.delivery.deliver import deliver
from normalizer.delivery.gate import Retries
from normalizer.delivery.items import Item
from normalizer.delivery.raw import Raw, raw
from normalizer.delivery.verdicts import Outcome, Verdict, verdict

__all__ = [
    "Counts",
    "Item",
    "Limits",
    "Mark",
    "Outcome",
    "Raw",
    "Retries",
    "Verdict",
    "Work",
    "deliver",
    "raw",
    "verdict",
]
