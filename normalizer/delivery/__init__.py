"""Documents, or raw events, ▶ a server: batches, a verdict for each item, retries, dead letters.

`deliver` is the way in. Nothing is counted as indexed that the server has not confirmed by name.
"""

from normalizer.delivery.batches import Item, Limits
from normalizer.delivery.bulk import Counts, Retries, deliver
from normalizer.delivery.raw import Raw, raw
from normalizer.delivery.verdicts import Outcome, Verdict, verdict

__all__ = ["Counts", "Item", "Limits", "Outcome", "Raw", "Retries", "Verdict", "deliver", "raw", "verdict"]
