"""What `setup` does to a cluster: compare what is there with what is compiled from the mappings, and put the rest."""

from normalizer.cluster.names import data_stream
from normalizer.cluster.pipelines import installed_org, obstacle
from normalizer.cluster.setup import Change, Kind, State, apply, check_installed, plan, wanted

__all__ = [
    "Change",
    "Kind",
    "State",
    "apply",
    "check_installed",
    "data_stream",
    "installed_org",
    "obstacle",
    "plan",
    "wanted",
]
