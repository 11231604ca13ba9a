"""What is wanted of a cluster: options, what is kept where they are not given, what an engine has."""

from __future__ import annotations

import pytest

from normalizer.cluster import (
    Installed,
    data_stream,
    installed_index_mode,
    installed_retention,
    read_retention,
    wanted,
)
from normalizer.cluster.wanted import _has_failure_store
from normalizer.errors import SettingsError
from normalizer.language import Mappings
from normalizer.outputs.server import Server
from tests.cluster.ours import SETTINGS, set_up


def test_options_are_checked(elasticsearch: Server, mappings: Mappings) -> None:
    for retention in ("1 year", "", "0d", "-1", "365d\n", "None"):
        with pytest.raises(SettingsError, match="write 365d"):
            wanted(mappings, elasticsearch, retention=retention)
    with pytest.raises(SettingsError, match="standard or logsdb"):
        wanted(mappings, elasticsearch, index_mode="time_series")  # type: ignore[arg-type]


def test_retentions() -> None:
    assert [read_retention(text) for text in ("365d", "36h", "none", "forever")] == ["365d", "36h", None, None]


def test_a_retention_may_be_as_long_as_a_server_can_count(elasticsearch: Server, mappings: Mappings) -> None:
    for unit in "dhms":
        most = f"999999999{unit}"
        set_up(elasticsearch, mappings, retention=most)
        assert installed_retention(Installed(elasticsearch)) == most
        for more in ("1000000000", "99999999999", "9" * 10_000):
            with pytest.raises(SettingsError, match=rf"^The retention \d+…?{unit}? is too large: write {most} at most"):
                read_retention(f"{more}{unit}")


def test_opensearch_has_no_retention_and_says_what_has(opensearch: Server, mappings: Mappings) -> None:
    with pytest.raises(SettingsError, match=r"OpenSearch has no lifecycle.*leave --retention out.*\(ISM\)\.$"):
        wanted(mappings, opensearch, retention="365d")
    assert wanted(mappings, opensearch, retention="none") == wanted(mappings, opensearch)


def test_what_is_installed_is_known(elasticsearch: Server, mappings: Mappings) -> None:
    def known() -> tuple[str | None, str | None]:
        installed = Installed(elasticsearch)
        return installed_retention(installed), installed_index_mode(installed)

    assert known() == (None, None)
    set_up(elasticsearch, mappings, retention="30d", index_mode="logsdb")
    assert known() == ("30d", "logsdb")
    set_up(elasticsearch, mappings)
    assert known() == (None, "standard")
    elasticsearch.delete("/_index_template/logs-okta.mim")
    elasticsearch.put(f"/_component_template/{SETTINGS}", {"template": {"settings": {"index.codec": "default"}}})
    assert known() == (None, None)


@pytest.mark.parametrize(
    ("version", "has"),
    [((8, 18), False), ((8, 19), True), ((9, 0), False), ((9, 1), True), ((9, 5), True), ((10, 0), True)],
)
def test_versions_with_a_failure_store(version: tuple[int, int], has: bool) -> None:
    assert _has_failure_store(version) is has


@pytest.mark.parametrize("namespace", ["", "Prod", "a-b", "a b", "a/b", "a*", "x" * 101, "a\nb", "ä" * 51])
def test_bad_namespaces(namespace: str) -> None:
    with pytest.raises(SettingsError, match="namespace"):
        data_stream(namespace)
