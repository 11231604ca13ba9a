"""`mim-ecs drift`: a catalogue in the form of Okta's, with types of our own making beside the genuine names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import mim_ecs
from tests.golden import SHIPPED

HEADER = "Event Type,Description,Release Date,Tags\n"


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """All that is mapped, and two types of other parts of Okta; lines have as many tags as they need."""
    lines = [f'"{name}","About, {name}.","2017.45","mim","oie-only"\n' for name in sorted(SHIPPED)]
    lines.insert(3, '"user.session.start","User login to Okta","2016.01"\n"task.lifecycle.create"\n')
    path = tmp_path / "okta-event-types.csv"
    path.write_text(HEADER + "".join(lines), encoding="utf-8")
    return path


def edited(path: Path, edit: Callable[[str], str]) -> Path:
    text = path.read_text(encoding="utf-8")
    assert edit(text) != text
    path.write_text(edit(text), encoding="utf-8")
    return path


def test_nothing_differs(catalog: Path) -> None:
    done = mim_ecs("drift", catalog, code=0)
    assert done.out.decode() == "17 event types mapped; 2 event types of other parts of Okta.\n"


def test_new_missing_and_renamed(catalog: Path) -> None:
    edited(catalog, lambda text: text.replace('"mim.command.ios.formaterror"', '"mim.command.ios.format_error"'))
    edited(catalog, lambda text: text.replace('"mim.streamDevicesCSVDownload"', '"device.enrollment.create"'))
    edited(catalog, lambda text: text + '"mim.checkOSXAccessEligibility.true","Checks, twice.","2015.01","mim"\n')
    done = mim_ecs("drift", catalog, code=1)
    assert done.out.decode().splitlines() == [
        "renamed: mim.command.ios.formaterror (mappings/mim.command.ios.formaterror.yml) is most likely "
        "mim.command.ios.format_error in the catalogue (line 13)",
        "new:     mim.checkOSXAccessEligibility.true - Checks, twice.; mim-ecs new mim.checkOSXAccessEligibility.true",
        "missing: mim.streamDevicesCSVDownload (mappings/mim.streamDevicesCSVDownload.yml) is not in the catalogue",
        "15 event types mapped; 3 event types of other parts of Okta.",
    ]


def test_json_from_standard_input(catalog: Path) -> None:
    text = catalog.read_text().replace("IOS", "IPADOS").replace("\n", "\r\n")
    done = mim_ecs("drift", "-", "--json", stdin=b"\xef\xbb\xbf" + text.encode(), code=1)
    said = json.loads(done.out)
    assert said["renamed"] == [
        {
            "event_type": "mim.createEnrollment.IOS",
            "file": "mappings/mim.createEnrollment.IOS.yml",
            "now": "mim.createEnrollment.IPADOS",
            "line": 16,
        }
    ]
    assert (said["new"], said["missing"], said["mapped"], said["others"]) == ([], [], 16, 2)


def test_names_that_are_like_several(catalog: Path) -> None:
    """Only the two that are nearest to each other are taken for one."""
    edited(
        catalog,
        lambda text: text.replace('"mim.command.ios.new"', '"mim.command.ios.news"').replace(".generic.new", ".x"),
    )
    lines = mim_ecs("drift", catalog, code=1).out.decode().splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [
        ["renamed:", "mim.command.ios.new"],
        ["new:", "mim.command.x"],
        ["missing:", "mim.command.generic.new"],
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", ': the first line has no column "Event Type"; give the CSV file of Okta\'s catalogue.'),
        (b"a,b\nmim.x,y\n", ': the first line has no column "Event Type"; give the CSV file of Okta\'s catalogue.'),
        (HEADER.encode(), ": the catalogue names no event type."),
        (HEADER.encode() + b'"mim.x', ":2: this is no CSV: unexpected end of data."),
        (b"\xff\xfe", ": this is no text in UTF-8; give the CSV file of Okta's catalogue."),
    ],
)
def test_what_is_no_catalogue(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "catalog.csv"
    path.write_bytes(data)
    assert mim_ecs("drift", path, code=2).err == f"Error: {path}{why}\n"


def test_a_catalogue_that_is_not_there(tmp_path: Path) -> None:
    assert "No such file or directory" in mim_ecs("drift", tmp_path / "none.csv", code=2).err
