from __future__ import annotations

import errno
import gzip
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from normalizer.delivery.checkpoint import Checkpoint
from normalizer.inputs import read, sources
from tests.delivery.checkpoints import FIRST, Run, lines, numbers, saved
from tests.inputs.test_streams import zst, zst_blocks


def test_a_second_run_reads_what_came_since(state: Path, log: Path) -> None:
    assert Run(state, log).read == numbers(0, 30)
    assert Run(state, log).read == []
    with log.open("ab") as file:
        file.write(lines(30, 7)[:-5])
    assert Run(state, log).read == numbers(30, 36)
    with log.open("ab") as file:
        file.write(lines(30, 7)[-5:])
    second = Run(state, log)
    assert (second.read, second.said) == ([36], [])


def test_a_run_that_was_stopped_goes_on_behind_its_last_batch(state: Path, log: Path) -> None:
    first = Run(state, log, batches=3)
    second = Run(state, log)
    assert 0 < len(first.read) < 30
    assert first.read + second.read == numbers(0, 30)


def array(text: bytes) -> bytes:
    return b"[" + text.replace(b"}\n{", b"},\n{") + b"]"


def replace(log: Path, data: bytes) -> None:
    """By another file."""
    other = log.with_name("other")
    other.write_bytes(data)
    other.rename(log)


@pytest.mark.parametrize("pack", [gzip.compress, array])
def test_what_cannot_be_entered_in_its_middle(state: Path, log: Path, pack: Callable[[bytes], bytes]) -> None:
    log.write_bytes(pack(lines(0, 30)))
    first = Run(state, log, batches=3)
    second = Run(state, log)
    assert 0 < len(first.read) < 30
    assert first.read + second.read == numbers(0, 30)
    assert (Run(state, log).read, second.said) == ([], [])


def test_a_folder_of_files(state: Path, logs: Path) -> None:
    for number in range(5):
        (logs / f"{number}.log").write_bytes(lines(number * 10, 10))
    assert Run(state, logs, batches=7).read + Run(state, logs).read == numbers(0, 50)
    (logs / "2.log").unlink()
    (logs / "5.log").write_bytes(lines(50, 3))
    last = Run(state, logs)
    assert (last.read, last.said) == ([50, 51, 52], [])
    assert [Path(each["path"]).name for each in saved(state)] == ["0.log", "1.log", "3.log", "4.log", "5.log"]


def test_a_name_that_is_not_utf_8(state: Path, logs: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(logs) + b"/\xff\xe9.log"))
    path.write_bytes(lines(0, 10))
    assert Run(state, logs).read == numbers(0, 10)
    assert Run(state, logs).read == []


def test_where_a_run_goes_on_is_said(state: Path, logs: Path) -> None:
    for number in range(5):
        (logs / f"{number}.log").write_bytes(lines(number * 10, 10))
    assert Run(state, logs).news == []
    assert Run(state, logs).news == ["5 files have nothing new."]
    for number, count in ((3, 1), (4, 2)):
        with (logs / f"{number}.log").open("ab") as file:
            file.write(lines(100, count))
    assert Run(state, logs).news == [
        f"{logs / '3.log'}: on behind its first 10 events.",
        f"{logs / '4.log'}: on behind its first 10 events.",
        "3 files have nothing new.",
    ]
    for number in range(4):
        with (logs / f"{number}.log").open("ab") as file:
            file.write(lines(100, 1))
    assert Run(state, logs).news == ["4 files: on behind what was read of them before.", "1 file has nothing new."]


# Files that are compressed by what rotates them


def packed(path: Path, pack: Callable[[bytes], bytes], name: str = "") -> Path:
    """The file in another one, and no longer where it was. Its inode stays in use."""
    target = path.with_name(name or path.name + ".1.gz")
    target.write_bytes(pack(path.read_bytes()))
    path.rename(path.parent.parent / f"{path.name}.away")
    return target


@pytest.mark.parametrize("pack", [gzip.compress, zst, zst_blocks])
@pytest.mark.parametrize("batches", [1, 3, 1000])
@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf", b"\n \n"])
def test_compressed(
    state: Path, logs: Path, log: Path, pack: Callable[[bytes], bytes], batches: int, begin: bytes
) -> None:
    log.write_bytes(begin + lines(0, 30))
    first = Run(state, logs, batches=batches)
    with log.open("ab") as file:
        file.write(lines(30, 2))
    target = packed(log, pack)
    log.write_bytes(lines(40, 3))
    second = Run(state, logs, batches=2)
    assert second.said == [
        f"{log} is another file than the one that was read before: it is read from its start.",
        f"{target} is what {log} was, compressed: reading goes on there {behind(first.read)}.",
    ]
    third = Run(state, logs)
    assert sorted(first.read + second.read + third.read) == [*numbers(0, 32), *numbers(40, 43)]
    fourth = Run(state, logs)
    assert (fourth.read, fourth.said, fourth.news) == ([], [], ["2 files have nothing new."])


def behind(read: list[int]) -> str:
    return f"behind its first {len(read)} events"


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_compressed_when_it_was_read_to_its_end(state: Path, log: Path, end: bytes) -> None:
    log.write_bytes(lines(0, 30).rstrip() + end)
    assert Run(state, log).read == numbers(0, 30)
    target = packed(log, gzip.compress)
    second = Run(state, target)
    assert (second.read, second.said) == (
        [],
        [f"{target} is what {log} was, compressed: reading goes on there behind its first 30 events."],
    )
    assert Run(state, target).news == ["1 file has nothing new."]
    assert saved(state)[0]["offset"] == target.stat().st_size, "it is not unpacked again"


def test_compressed_a_turn_later_and_found_by_its_folder_alone(state: Path, logs: Path, log: Path) -> None:
    """What logrotate calls delaycompress."""
    first = Run(state, log, batches=3)
    log.rename(f"{log}.1")
    log.write_bytes(lines(30, 10))
    assert len(Run(state, log).said) == 1
    target = packed(Path(f"{log}.1"), gzip.compress, f"{log.name}.2.gz")
    for _ in range(2):  # It says so until somebody does it.
        third = Run(state, log)
        assert third.said == [
            f"{log} as it was read before is {target} now, with a part unread: name that as an input too."
        ]
    fourth = Run(state, logs)
    assert first.read + fourth.read == numbers(0, 30)
    assert Run(state, logs).said == []


def test_read_to_its_end_and_compressed_where_nobody_looks(state: Path, logs: Path, log: Path) -> None:
    Run(state, log)
    packed(log, gzip.compress)
    log.write_bytes(lines(30, 1))
    second = Run(state, log)
    assert second.said == [f"{log} is another file than the one that was read before: it is read from its start."]
    third = Run(state, logs)
    assert (third.read, third.said) == ([], [])


def test_an_array_that_is_compressed(state: Path, log: Path) -> None:
    log.write_bytes(b"[" + lines(0, 30).replace(b"}\n{", b"},\n{") + b"]")
    first = Run(state, log, batches=2)
    target = packed(log, gzip.compress)
    second = Run(state, target)
    assert 0 < len(first.read) < 30
    assert first.read + second.read == numbers(0, 30)
    assert second.said == [f"{target} is what {log} was, compressed: reading goes on there {behind(first.read)}."]
    assert Run(state, target).read == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lines(0, 15) + b'{"n":1000099}\n' + lines(15, 20), id="a line more"),
        pytest.param(lines(0, 12), id="shorter"),
        pytest.param(lines(0, 15) + b"\n" * 100 + lines(15, 20), id="blank lines"),
        pytest.param(b"[" + lines(0, 30).replace(b"}\n{", b"},{") + b"]", id="an array"),
    ],
)
def test_what_is_compressed_is_not_what_was_read(state: Path, logs: Path, log: Path, other: bytes) -> None:
    """It only begins as that did: read from its start, and said."""
    Run(state, log)
    log.write_bytes(other)
    target = packed(log, gzip.compress)
    second = Run(state, logs)
    whole = [
        json.loads(line)["n"] - FIRST for line in other.strip(b"[]\n").replace(b"},{", b"}\n{").split(b"\n") if line
    ]
    assert second.read == whole
    if other[:1] == b"{":
        assert second.said == [
            f"{target} begins as {log} did, compressed, but what was read of that cannot be told in it: "
            "it is read from its start, and after a rollover its events are stored twice without --exact."
        ]


def test_an_array_that_has_grown_is_not_believed(state: Path, log: Path) -> None:
    log.write_bytes(b"[" + lines(0, 30).replace(b"}\n{", b"},\n{"))
    Run(state, log)
    with log.open("ab") as file:
        file.write(b"," + lines(30, 1) + b"]")
    target = packed(log, gzip.compress)
    second = Run(state, target)
    assert second.read == numbers(0, 31)
    assert "it is read from its start" in second.said[0]


@pytest.mark.parametrize("name", ["export.gz", "other/okta.log.1.gz"])
def test_a_compressed_file_of_another_name_is_another(state: Path, logs: Path, log: Path, name: str) -> None:
    Run(state, log)
    (logs / "other").mkdir()
    packed(log, gzip.compress, name="x.gz").rename(logs / name)
    assert Run(state, logs / name).read == numbers(0, 30)


# Files that are renamed, copied, emptied, replaced


def test_rotated_and_both_are_given(state: Path, logs: Path, log: Path) -> None:
    first = Run(state, logs, batches=3)
    log.rename(logs / "okta.log.1")
    log.write_bytes(lines(30, 10))
    second = Run(state, logs)
    assert sorted(first.read + second.read) == numbers(0, 40)
    assert second.said == [
        f"{log} is another file than the one that was read before: it is read from its start.",
        f"{log}.1 is what {log} was: reading goes on there behind its first {len(first.read)} events.",
    ]
    third = Run(state, logs)
    assert (third.read, third.said) == ([], [])


def test_rotated_and_only_the_new_one_is_given(state: Path, log: Path) -> None:
    first = Run(state, log, batches=3)
    log.rename(f"{log}.1")
    log.write_bytes(lines(30, 10))
    second = Run(state, log)
    unread = f"{3000 - 100 * len(first.read):,} bytes unread"
    assert second.read == numbers(30, 40)
    assert second.said == [
        f"{log} is another file than the one that was read before: it is read from its start; "
        f"the old one is {log}.1 now, with {unread}: name that as an input too."
    ]
    third = Run(state, log)  # It says so until somebody does it.
    assert third.said == [f"{log} as it was read before is {log}.1 now, with {unread}: name that as an input too."]
    fourth = Run(state, log, f"{log}.1")
    assert first.read + fourth.read == numbers(0, 30)
    assert Run(state, log).said == []


def test_rotated_when_it_was_read_to_its_end(state: Path, log: Path) -> None:
    Run(state, log)
    log.rename(f"{log}.1")
    log.write_bytes(b"")
    assert Run(state, log).said == [
        f"{log} is another file than the one that was read before: it is read from its start."
    ]
    assert Run(state, log).said == []
    Path(f"{log}.1").rename(f"{log}.2")
    log.write_bytes(lines(30, 1))
    last = Run(state, log, f"{log}.2")
    assert (last.read, last.said) == (
        [30],
        [f"{log}.2 is what {log}.1 was: reading goes on there behind its first 30 events."],
    )


def test_lines_that_came_between_the_last_run_and_the_rotation(state: Path, log: Path) -> None:
    Run(state, log)
    with log.open("ab") as file:
        file.write(lines(30, 2))
    log.rename(f"{log}-20260914")
    log.write_bytes(lines(32, 1))
    (said,) = Run(state, log).said
    assert said.endswith(f"the old one is {log}-20260914 now, with 200 bytes unread: name that as an input too.")


def test_emptied_after_a_copy(state: Path, logs: Path, log: Path) -> None:
    """What logrotate calls copytruncate."""
    first = Run(state, logs, batches=3)
    shutil.copy(log, logs / "okta.log.1")
    log.write_bytes(lines(30, 1))
    second = Run(state, logs)
    assert sorted(first.read + second.read) == numbers(0, 31)
    assert second.said == [
        f"{log} is shorter than when it was read: it is read from its start.",
        f"{log}.1 begins as {log} did and seems to be a copy: "
        f"reading goes on behind its first {len(first.read)} events.",
    ]
    third = Run(state, logs)
    assert (third.read, third.said) == ([], [])


def test_emptied_after_a_copy_that_is_not_given(state: Path, logs: Path, log: Path) -> None:
    first = Run(state, log, batches=3)
    shutil.copy(log, f"{log}.1")
    log.write_bytes(lines(30, 1))
    second = Run(state, log)
    unread = f"{3000 - 100 * len(first.read):,} bytes unread"
    assert (second.read, second.said) == (
        [30],
        [
            f"{log} is shorter than when it was read: it is read from its start; "
            f"the old one is {log}.1 now, with {unread}: name that as an input too."
        ],
    )
    third = Run(state, logs)
    assert first.read + third.read == numbers(0, 30)


def test_emptied(state: Path, log: Path) -> None:
    Run(state, log)
    log.write_bytes(lines(40, 2))
    second = Run(state, log)
    assert second.read == [40, 41]
    assert second.said == [f"{log} is shorter than when it was read: it is read from its start."]


def test_emptied_and_longer_again(state: Path, log: Path) -> None:
    Run(state, log)
    log.write_bytes(lines(40, 50))
    second = Run(state, log)
    assert second.read == numbers(40, 90)
    assert second.said == [f"{log} is another file than the one that was read before: it is read from its start."]


def test_replaced_with_an_unread_rest(state: Path, log: Path) -> None:
    first = Run(state, log, batches=3)
    replace(log, lines(50, 40))
    second = Run(state, log)
    assert second.read == numbers(50, 90)
    assert second.said == [
        f"{log} is another file than the one that was read before: it is read from its start; "
        f"the old one is gone, with {3000 - 100 * len(first.read):,} bytes unread."
    ]
    assert Run(state, log).said == []


@pytest.mark.parametrize("batches", [3, 1000])
def test_gone(state: Path, logs: Path, log: Path, batches: int) -> None:
    first = Run(state, logs, batches=batches)
    log.unlink()
    (logs / "new.log").write_bytes(lines(30, 3))
    second = Run(state, logs)
    assert second.read == [30, 31, 32]
    unread = 3000 - 100 * len(first.read)
    assert second.said == ([f"{log} as it was read before is gone, with {unread:,} bytes unread."] if unread else [])
    assert [Path(each["path"]).name for each in saved(state)] == ["new.log"]
    assert Run(state, logs).said == []


def test_gone_is_said_once_even_where_nothing_is_read(state: Path, logs: Path, log: Path) -> None:
    (logs / "a.log").write_bytes(lines(40, 1))
    Run(state, logs, batches=3)
    log.unlink()
    assert len(Run(state, logs).said) == 1
    assert Run(state, logs).said == []


def test_another_input_than_before_is_no_reason_to_say_anything(state: Path, log: Path) -> None:
    Run(state, log, batches=3)
    other = log.with_name("other.log")
    other.write_bytes(lines(50, 2))
    assert Run(state, other).said == []
    assert Run(state, log, other).read[-1] == 29


@pytest.mark.parametrize("count", [30, 5])
def test_restored_from_a_backup(state: Path, log: Path, count: int) -> None:
    """A whole kilobyte that is the same is believed; less is not, and is read again, which does no harm."""
    log.write_bytes(lines(0, count))
    Run(state, log)
    backup = log.with_name("backup")
    shutil.copy(log, backup)
    log.rename(log.with_name(".hidden"))  # Keeps the inode's number from being given again.
    log.with_name(".hidden").rename(state.with_name("elsewhere"))
    with backup.open("ab") as file:
        file.write(lines(count, 1))
    backup.rename(log)
    second = Run(state, log)
    if count == 30:
        assert (second.read, second.said) == (
            [30],
            [f"{log} begins as it did and seems to be a copy: reading goes on behind its first 30 events."],
        )
    else:
        assert (second.read, len(second.said)) == (numbers(0, 6), 1)
    assert Run(state, log).said == []


def test_written_anew_in_its_place_with_the_same_beginning(state: Path, log: Path) -> None:
    """Something came in between, so the place where reading stopped is inside an event now."""
    Run(state, log)
    log.write_bytes(lines(0, 15) + b'{"n":1000099}\n' + lines(15, 20))
    second = Run(state, log)
    assert second.read == [*numbers(0, 15), 99, *numbers(15, 35)]
    assert second.said == [f"{log} is another file than the one that was read before: it is read from its start."]


def test_written_anew_in_its_place_where_an_event_ends_again(state: Path, log: Path) -> None:
    """Its lines are all of one length, so only what stands in them tells."""
    Run(state, log)
    log.write_bytes(lines(0, 15) + lines(70, 3) + lines(15, 15))
    second = Run(state, log)
    assert second.read == [*numbers(0, 15), *numbers(70, 73), *numbers(15, 30)]
    assert second.said == [f"{log} is another file than the one that was read before: it is read from its start."]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_replaced_by_one_that_begins_as_it_did(state: Path, log: Path, pack: Callable[[bytes], bytes]) -> None:
    """It is no copy: what stands where reading stopped is something else."""
    log.write_bytes(pack(lines(0, 300)))
    Run(state, log)
    replace(log, pack(lines(0, 250) + lines(700, 3) + lines(250, 50)))
    second = Run(state, log)
    assert second.read == [*numbers(0, 250), *numbers(700, 703), *numbers(250, 300)]
    assert second.said == [f"{log} is another file than the one that was read before: it is read from its start."]
    assert Run(state, log).read == []


def test_an_array_that_is_replaced_by_one_that_begins_as_it_did(state: Path, log: Path) -> None:
    log.write_bytes(array(lines(0, 30)))
    Run(state, log)
    replace(log, array(lines(0, 15) + lines(70, 3) + lines(15, 15)))
    second = Run(state, log)
    assert second.read == [*numbers(0, 15), *numbers(70, 73), *numbers(15, 30)]
    assert second.notes == [
        f"{log} was written anew, with other events among those that were read before: it is read from its start, "
        "and after a rollover its events are stored twice without --exact."
    ]
    assert Run(state, log).read == []


def test_what_is_packed_ends_where_it_did_with_other_lines(state: Path, log: Path) -> None:
    Run(state, log)
    log.write_bytes(lines(0, 15) + lines(70, 15))
    target = packed(log, gzip.compress)
    assert Run(state, target).read == [*numbers(0, 15), *numbers(70, 85)]


def test_a_file_that_only_begins_as_another_is_no_copy(state: Path, logs: Path, log: Path) -> None:
    Run(state, log)
    log.rename(state.with_name("elsewhere"))
    (logs / "export.ndjson").write_bytes(lines(0, 12) + lines(70, 50))
    second = Run(state, logs)
    assert (second.read, second.said) == ([*numbers(0, 12), *numbers(70, 120)], [])


def test_twins(state: Path, logs: Path, log: Path) -> None:
    """What is known of one file says nothing about another that is known too."""
    twin = logs / "okta.log.1"
    twin.write_bytes(lines(0, 30))
    Run(state, log)
    read = Run(state, twin, batches=2).read
    log.unlink()
    (logs / "new").write_bytes(lines(50, 1))
    assert Run(state, logs / "new").read == [50]
    assert read + Run(state, twin).read == numbers(0, 30)


def test_a_file_that_cannot_be_looked_at_is_not_forgotten(
    state: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so the system is made to say it."""
    Run(state, log)
    genuine = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if os.fspath(path) == str(log):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return genuine(path, *arguments, **options)

    (log.parent / "new.log").write_bytes(lines(30, 1))
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with Checkpoint(state) as checkpoint:
            plan = checkpoint.resume(sources([str(log.parent)]))
            assert [start for _, start in plan.files] == [None, None]
            assert plan.sentences == []
    second = Run(state, log.parent)
    assert (second.read, second.said) == ([30], [])


def test_a_small_file_that_has_grown_is_known_by_what_it_had(state: Path, log: Path) -> None:
    log.write_bytes(lines(0, 1))
    assert Run(state, log).read == [0]
    assert saved(state)[0]["head"]["bytes"] == 100
    with log.open("ab") as file:
        file.write(lines(1, 50))
    second = Run(state, log)
    assert (second.read, second.said) == (numbers(1, 51), [])
    assert saved(state)[0]["head"]["bytes"] == 1024


def test_a_file_with_two_names_is_read_once(state: Path, logs: Path, log: Path) -> None:
    (logs / "current.log").symlink_to(log)
    run = Run(state, logs)
    assert run.read == numbers(0, 30)
    assert run.said == [f"{log} is the same file as {logs / 'current.log'}: it is read once."]


def test_an_inode_that_was_given_again(state: Path, logs: Path, log: Path) -> None:
    """The number of a deleted file may become another file's, under any name."""
    first = Run(state, log, batches=3)
    log.rename(logs / "new.log")
    (logs / "new.log").write_bytes(lines(60, 40))
    second = Run(state, logs)
    assert second.read == numbers(60, 100)
    assert second.said == [f"{log} as it was read before is gone, with {3000 - 100 * len(first.read):,} bytes unread."]


def test_the_name_changes_hands_while_it_is_read(state: Path, log: Path) -> None:
    """What is saved is what was open, not what has its name by then."""
    with Checkpoint(state) as checkpoint:
        ((source, start),) = checkpoint.resume(sources([str(log)])).files
        reading = read(source, start=start, growing=True, batch_bytes=500)
        next(reading)
        log.rename(f"{log}.1")
        log.write_bytes(lines(30, 50))
        after = next(reading).after
        assert after is not None
        checkpoint.save(source, after)
        reading.close()  # type: ignore[attr-defined]  # a generator
    second = Run(state, log, f"{log}.1")
    assert sorted(second.read) == numbers(after.items, 80)


def test_one_byte_that_nobody_has_read(state: Path, log: Path) -> None:
    Run(state, log)
    with log.open("ab") as file:
        file.write(b"{")
    log.rename(f"{log}.1")
    log.write_bytes(lines(30, 1))
    (said,) = Run(state, log).said
    assert "with 1 byte unread" in said


def test_an_array_of_which_a_part_is_unread(state: Path, log: Path) -> None:
    log.write_bytes(b"[" + lines(0, 30).replace(b"}\n{", b"},\n{") + b"]")
    Run(state, log, batches=2)
    log.unlink()
    log.with_name("new").write_bytes(b"")
    assert Run(state, log.parent).said == [f"{log} as it was read before is gone, with a part unread."]


def test_the_state_in_a_folder_that_is_read(logs: Path, log: Path) -> None:
    state = logs / "state.json"
    for expected in (numbers(0, 30), []):
        run = Run(state, logs)
        assert (run.files, run.read, run.said) == ([str(log)], expected, [])


def test_a_state_behind_a_link_stays_one(state: Path, log: Path) -> None:
    link = log.with_name("link.json")
    link.symlink_to(state)
    Run(link, log)
    assert link.is_symlink()
    assert Run(state, log).read == []
