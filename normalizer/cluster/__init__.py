"""What `setup` does to a cluster: compares what is there with what is compiled from the mappings, and puts the rest."""

from normalizer.cluster.apply import apply
from normalizer.cluster.installed import Installed, Kind, check_installed, cluster_uuid, has_data_stream
from normalizer.cluster.lifecycle import retention_changes, shortened
from normalizer.cluster.names import data_stream
from normalizer.cluster.pipelines import installed_org, obstacle
from normalizer.cluster.plan import Change, State, plan
from normalizer.cluster.remove import removable, remove
from normalizer.cluster.rollover import Rollover, needed, roll_over
from normalizer.cluster.streams import DataStream, data_streams
from normalizer.cluster.wanted import installed_index_mode, installed_retention, read_retention, wanted

__all__ = [
    "Change",
    "DataStream",
    "Installed",
    "Kind",
    "Rollover",
    "State",
    "apply",
    "check_installed",
    "cluster_uuid",
    "data_stream",
    "data_streams",
    "has_data_stream",
    "installed_index_mode",
    "installed_org",
    "installed_retention",
    "needed",
    "obstacle",
    "plan",
    "read_retention",
    "removable",
    "remove",
    "retention_changes",
    "roll_over",
    "shortened",
    "wanted",
]
