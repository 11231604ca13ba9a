"""`mim-ecs diff`: a difference of two sets of Plans, for those who search the documents.

    sides     a folder, a git revision or the installed package ▶ Mappings
    compare   two Mappings ▶ Difference: changes, grouped over event types; `rules` and `same` for two rules
    verdicts  kind of change ▶ major, minor or patch, and why: data
    gone      what of a field a search no longer finds; `impact` asks detection rules about it
    samples   events ▶ their documents on both sides
    reports   all this for people, pull requests and machines

It reads Plans, never YAML.
"""

from normalizer.authoring.diff.compare import compare
from normalizer.authoring.diff.model import Change, Difference
from normalizer.authoring.diff.verdicts import INDEX, ROWS, Row, Verdict

__all__ = ["INDEX", "ROWS", "Change", "Difference", "Row", "Verdict", "compare"]
