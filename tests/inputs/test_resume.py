"""Reading goes on where it stopped, and a file may grow meanwhile."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from normalizer.inputs import Batch, Position, Source, Unreadable, read
from normalizer.inputs.packed import place_in_packed, unpacked_hash
from tests.inputs.reading import Found, batches, flat
from tests.inputs.test_properties import OBJECTS, TEXTS
from tests.inputs.test_streams import SKIPPABLE, gz, gz_flushed, zst, zst_blocks

COUNT = 7
EVENTS = [b'{"n":%d,"x":"%s"}' % (n, b"y" * (n * 7 % 40)) for n in range(COUNT)]
LINES = b"\n".join(EVENTS) + b"\n"
ARRAY = b"[\n  " + b",\n  ".join(EVENTS) + b"\n]\n"
PRETTY = json.dumps([json.loads(event) for event in EVENTS], indent=2).encode()
VALUES = b"\n".join(json.dumps(json.loads(event), indent=1).encode() for event in EVENTS)
LIMIT = 60

FILES = {
    "lines": LINES,
    "no line end": LINES[:-1],
    "CRLF": LINES.replace(b"\n", b"\r\n"),
    "BOM": b"\xef\xbb\xbf" + LINES,
    "blank lines": b"\n \r\n  " + LINES.replace(b"\n", b"\n\n \t\r\n") + b"\n\n  \n ",
    "junk": b"hello\n" + LINES[:100] + b"\n\0\0\n{\n" + LINES + b"\xff\xfe\n{}\r",
    "holes": b"\0" * 90 + LINES + b"\n" + b"\0" * 5 + b"\n\0\0 " + EVENTS[0] + b"\r\n" + b"\0" * 70,
    "long lines": LINES + b"[" + b"z" * 200 + b"]\r\n" + LINES + b" " * 300 + b"\n" + b"{" + b"z" * 200 + b"}",
    "one line": EVENTS[3],
    "one blank line": b"\n",
    "several on one line": EVENTS[0] * 4,
    "more on one line than an event may be long": EVENTS[3] * 6,
    "a long one among several on one line": EVENTS[0] * 3 + b'{"z":"' + b"z" * 200 + b'"}' + EVENTS[1] + b"\n" + LINES,
    "two on one line": EVENTS[0] + b" , " + EVENTS[1] + b"\n" + EVENTS[2],
    "array": ARRAY,
    "array, then another": ARRAY + ARRAY,
    "array with slips": ARRAY.replace(b",\n", b"\n", 2) + b"junk\n" + LINES,
    "torn array": ARRAY[:-40],
    "pretty": PRETTY,
    "values": VALUES,
    "damaged values": VALUES.replace(b'"y', b'"\ny', 3) + b"\n" + VALUES[:-3],
    "gzip": gz(LINES),
    "gzip, flushed": gz_flushed(LINES),
    "gzip, an array": gz(PRETTY),
    "gzip, two members": gz(LINES[:90]) + gz(LINES[90:]) + b"\0\0\0",
    "gzip, torn": gz_flushed(LINES)[:-30],
    "gzip, damaged": gz_flushed(LINES)[:-60] + b"\xff" * 25,
    "zstd": zst(LINES),
    "zstd, blocks": zst_blocks(VALUES),
    "zstd, frames": SKIPPABLE + zst(LINES[:90]) + SKIPPABLE + zst(LINES[90:-1]),
    "zstd, torn": zst_blocks(LINES)[:-30],
    "UTF-16": LINES.decode().encode("utf-16"),
    "archive": b"PK\x03\x04" + LINES,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "input"


def source(path: Path) -> Source:
    return Source("name", path, None)


def check_every_position(path: Path, text: bytes, size: int, *, growing: bool, limit: int = LIMIT) -> None:
    """After every batch, reading can go on: the same items on the same lines."""
    path.write_bytes(text)
    every = [*read(source(path), max_event=limit, batch_bytes=size, growing=growing)]
    whole = every if not growing else [batch for batch in every if batch.items]
    count = 0
    for number, batch in enumerate(whole, 1):
        count += len(batch.items)
        after = batch.after
        assert after is not None
        assert after.items == count
        if not after.again:
            assert after.line == text[: after.offset].count(b"\n") + 1
            assert after.offset in (len(text), text[: after.offset].rfind(b"\n") + 1)
        rest = [*read(source(path), start=after, max_event=limit, batch_bytes=size, growing=growing)]
        assert flat([each for each in rest if each.items]) == flat(whole[number:]), (after, size)
        if growing:  # Else blanks at the end may or may not stand in the last block that has an item.
            assert not rest or rest[-1].after == every[-1].after
        assert [each.note for each in rest if each.note] == [each.note for each in every[-1:] if each.note]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("growing", [False, True])
def test_reading_goes_on_behind_every_batch(path: Path, name: str, growing: bool) -> None:
    for size in (1, 3, 17, 64, 100, 4096):
        check_every_position(path, FILES[name], size, growing=growing)


many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check_every_place(path: Path, text: bytes, size: int, pack: Callable[[bytes], bytes]) -> tuple[int, int]:
    """Of the positions, how many there are, and how many are found in the compressed text: there the rest is the same.

    The file has grown meanwhile.
    """
    path.write_bytes(text)
    whole = [*read(source(path), max_event=LIMIT, batch_bytes=size, growing=True)]
    compressed = path.with_name("packed")
    compressed.write_bytes(pack(text))
    found = 0
    positions = [(number, batch.after) for number, batch in enumerate(whole, 1) if batch.after is not None]
    for number, after in positions:
        place = place_in_packed(compressed, after, LIMIT)
        if place is None:
            continue
        found += 1
        assert (place.items, place.line) == (after.items, after.line)
        rest = with_items(read(source(compressed), start=place, max_event=LIMIT, growing=True))
        assert rest == with_items(whole[number:]), (after, size)
        assert place.offset in (0, compressed.stat().st_size)
        assert not place.offset or not rest
    return len(positions), found


def with_items(given: Iterable[Batch]) -> list[Found]:
    return trimmed(flat([batch for batch in given if batch.items]))


SURE = ("lines", "no line end", "CRLF", "BOM", "one line", "array", "pretty", "values", "torn array")


@pytest.mark.parametrize("name", [name for name in FILES if "gzip" not in name and "zstd" not in name])
@pytest.mark.parametrize("pack", [gz, zst])
def test_the_same_place_in_what_was_compressed(path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    for size in (1, 17, 64, 4096):
        count, found = check_every_place(path, FILES[name], size, pack)
        assert found == count or name not in SURE


def test_a_place_in_what_is_not_compressed_or_no_longer_there(path: Path) -> None:
    path.write_bytes(LINES)
    (batch,) = read(source(path))
    assert batch.after is not None
    assert place_in_packed(path, batch.after) is None
    assert place_in_packed(path.with_name("none"), batch.after) is None
    assert unpacked_hash(path) is None
    assert unpacked_hash(path.with_name("none")) is None


def test_a_place_in_what_is_being_compressed(path: Path) -> None:
    """What was written until now reaches the place, or not."""
    path.write_bytes(LINES)
    (batch,) = read(source(path))
    assert batch.after is not None
    compressed = path.with_name("packed")
    compressed.write_bytes(gz_flushed(LINES + EVENTS[0] + b"\n" + EVENTS[1])[:-10])
    place = place_in_packed(compressed, batch.after)
    assert place is not None
    assert place.offset == 0
    compressed.write_bytes(gz_flushed(LINES)[:-30])
    assert place_in_packed(compressed, batch.after) is None


@many
@given(text=TEXTS, size=st.integers(1, 40))
def test_the_same_place_in_any_text(path: Path, text: bytes, size: int) -> None:
    check_every_place(path, text, size, gz)


@many
@given(
    text=TEXTS,
    size=st.integers(1, 40),
    limit=st.sampled_from([5, 12, 30, 1 << 20]),
    pack=st.sampled_from([bytes, bytes, gz, zst]),
    growing=st.booleans(),
)
def test_reading_goes_on_in_any_text(
    path: Path, text: bytes, size: int, limit: int, pack: Callable[[bytes], bytes], growing: bool
) -> None:
    check_every_position(path, pack(text), size, growing=growing, limit=limit)


def test_lines_are_entered_in_their_middle(path: Path) -> None:
    """Of what is before the position only a kilobyte at either end is looked at."""
    text = LINES * 20
    path.write_bytes(text)
    after = next(read(source(path), batch_bytes=3000)).after
    assert after is not None
    end = after.offset
    path.write_bytes(text[:1024] + b"\0" * (end - 2048) + text[end - 1024 :])
    (batch,) = read(source(path), start=after)
    assert [*batch.lines] == [*range(after.line, COUNT * 20 + 1)]
    assert batch.items == (EVENTS * 20)[after.items :]
    assert batch.consumed == len(text)


def test_a_file_that_was_read_to_its_end_is_not_unpacked_again(path: Path) -> None:
    text = gzip.compress(LINES * 100, 0)
    path.write_bytes(text)
    (batch,) = read(source(path), growing=True)
    assert batch.after == Position(len(text), COUNT * 100 + 1, COUNT * 100, again=True)
    path.write_bytes(text[:1024] + b"x" * (len(text) - 2048) + text[-1024:])
    assert [*read(source(path), start=batch.after, growing=True)] == []


def test_a_position_knows_its_file(path: Path) -> None:
    path.write_bytes(LINES * 10)
    (batch,) = read(source(path))
    assert batch.after is not None
    identity = batch.after.file
    assert identity is not None
    status = path.stat()
    assert (identity.device, identity.inode, identity.size) == (status.st_dev, status.st_ino, status.st_size)
    assert identity.head == 1024


def test_another_file_of_the_same_name_is_read_from_its_start(path: Path) -> None:
    """Also where it took the name after somebody had looked: no byte of it is passed over."""
    path.write_bytes(LINES)
    after = next(read(source(path), batch_bytes=100)).after
    path.rename(path.with_name("old"))
    path.write_bytes(LINES)
    assert [item for batch in read(source(path), start=after) for item in batch.items] == EVENTS


def test_a_file_that_was_cut_is_read_from_its_start(path: Path) -> None:
    path.write_bytes(LINES)
    (batch,) = read(source(path))
    path.write_bytes(LINES[:60])
    assert flat([*read(source(path), start=batch.after)]) == flat(batches(path))


# Files that are written anew

MANY = [b'{"n":%d,"x":"%s"}' % (n, b"y" * 60) for n in range(1000, 1100)]
LATE = [b'{"n":%d,"x":"%s"}' % (n, b"z" * 60) for n in range(2000, 2007)]


def as_lines(events: list[bytes]) -> bytes:
    return b"".join(event + b"\n" for event in events)


def as_array(events: list[bytes]) -> bytes:
    return b"[" + b",\n".join(events) + b"]\n"


def as_gzip(events: list[bytes]) -> bytes:
    members = (as_lines(events[start : start + 10]) for start in range(0, len(events), 10))
    return packed(members)  # as one byte more would change all that follows it in one


def as_one_line(events: list[bytes]) -> bytes:
    return b"".join(events)


FORMS = [as_lines, as_array, as_gzip, as_one_line]


def half(path: Path, *, size: int = 4000) -> Position:
    """Where the reading of a file has come to after its first block."""
    after = next(read(source(path), growing=True, batch_bytes=size)).after
    assert after is not None
    assert 12 < after.items < 80
    return after


def rest(path: Path, start: Position | None) -> tuple[list[bytes | Unreadable], list[str], Position | None]:
    """What reading goes on with, what it says, and where it ends."""
    given = [*read(source(path), start=start, growing=True, batch_bytes=1000)]
    return (
        [item for batch in given for item in batch.items],
        [batch.note for batch in given if batch.note],
        given[-1].after if given else start,
    )


ANOTHER = (
    "name has become another file since the run began: it is read from its start; where it was copied or renamed, "
    "name that file as an input too."
)
REWRITTEN = (
    "name was written anew, with other events among those that were read before: it is read from its start, "
    "and after a rollover its events are stored twice without --exact."
)


@pytest.mark.parametrize("form", FORMS)
def test_emptied_and_filled_again_since_somebody_looked(path: Path, form: Callable[[list[bytes]], bytes]) -> None:
    """The position is of before; the file is as long again when it is opened."""
    path.write_bytes(form(MANY))
    after = half(path)
    path.write_bytes(form(LATE * 20))
    items, notes, end = rest(path, after)
    assert (items, notes) == (LATE * 20, [ANOTHER])
    assert rest(path, end)[0] == []


def test_another_rest_behind_the_same_beginning(path: Path) -> None:
    """Lines all of one length: only what stands in them tells."""
    path.write_bytes(as_lines(MANY))
    after = half(path)
    path.write_bytes(as_lines(MANY[:20] + LATE + MANY[20:]))
    assert rest(path, after)[:2] == (MANY[:20] + LATE + MANY[20:], [ANOTHER])


@pytest.mark.parametrize("form", FORMS[1:])
@pytest.mark.parametrize("at", [30, 90])
@pytest.mark.parametrize("whole", [False, True])
def test_events_that_come_late_into_what_is_read_again(
    path: Path, form: Callable[[list[bytes]], bytes], at: int, whole: bool
) -> None:
    """An export that is made again, with others among the old events."""
    path.write_bytes(form(MANY))
    after = rest(path, None)[2] if whole else half(path)
    assert after is not None
    made = MANY[:at] + LATE + MANY[at:]
    path.write_bytes(form(made))
    items, notes, end = rest(path, after)
    assert (items, notes) == ((made, [REWRITTEN]) if at < after.items else (made[after.items :], []))
    assert rest(path, end)[0] == []


@pytest.mark.parametrize("form", FORMS[1:])
def test_events_that_are_gone_from_what_is_read_again(path: Path, form: Callable[[list[bytes]], bytes]) -> None:
    path.write_bytes(form(MANY))
    after = half(path)
    made = MANY[:20] + LATE
    path.write_bytes(form(made))
    items, notes, end = rest(path, after)
    assert (items, notes) == (made, [REWRITTEN])
    assert rest(path, end)[0] == []


@pytest.mark.parametrize("form", FORMS[1:])
def test_others_of_the_same_length(path: Path, form: Callable[[list[bytes]], bytes]) -> None:
    path.write_bytes(form(MANY))
    after = rest(path, None)[2]
    made = MANY[:90] + LATE + MANY[97:]
    text = form(made)
    path.write_bytes(text)
    assert rest(path, after)[:2] == (made, [REWRITTEN])


def test_an_array_that_is_made_again_with_more_at_its_end(path: Path) -> None:
    path.write_bytes(as_array(MANY))
    after = rest(path, None)[2]
    path.write_bytes(as_array(MANY + LATE))
    assert rest(path, after)[:2] == (LATE, [])


def test_a_position_that_does_not_know_the_items_before_it(path: Path) -> None:
    """Of an older state: they are counted."""
    path.write_bytes(as_array(MANY))
    after = replace(half(path), digest=None)
    path.write_bytes(as_array(MANY[:20] + LATE + MANY[20:]))
    assert rest(path, after)[:2] == ((MANY[:20] + LATE + MANY[20:])[after.items :], [])


@pytest.mark.parametrize("form", [as_lines, as_array, as_gzip])
@pytest.mark.parametrize("count", [0, 1, 200])
def test_emptied_and_filled_again_while_it_is_read(
    path: Path, form: Callable[[list[bytes]], bytes], count: int
) -> None:
    """It was copied before: what nobody has read is there; the file's new events are for the next run."""
    path.write_bytes(form(MANY))
    reading = read(source(path), growing=True, batch_bytes=2000)
    first = next(reading)
    shutil.copy(path, path.with_name("copy"))
    path.write_bytes(form((LATE * 30)[:count]))
    *others, last = reading
    read_of_it = [item for batch in [first, *others, last] for item in batch.items]
    assert read_of_it == MANY[: len(read_of_it)]
    assert len(read_of_it) < 100
    assert last.note is not None
    assert "the file was emptied or written anew while it was read; what follows is left for the next run" in last.note
    after = last.after
    assert after is not None
    assert after.file is not None
    assert (after.items, after.file.size) == (len(read_of_it), path.with_name("copy").stat().st_size)
    assert rest(path, after)[0] == (LATE * 30)[:count]
    status = path.with_name("copy").stat()
    copied = replace(after, file=replace(after.file, device=status.st_dev, inode=status.st_ino))
    assert rest(path.with_name("copy"), copied)[:2] == (MANY[len(read_of_it) :], [])


def test_what_cannot_be_read_again_has_no_position(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, LINES)
    os.close(writing)
    (batch,) = read(Source("pipe", Path(f"/dev/fd/{reading}"), None))
    os.close(reading)
    assert (batch.items, batch.after) == (EVENTS, None)


def test_where_a_file_cannot_be_opened_the_position_stays(path: Path) -> None:
    start = Position(5, 2, 1)
    (batch,) = read(source(path), start=start, growing=True)
    assert isinstance(batch.items[0], Unreadable)
    assert batch.after == start


@pytest.mark.parametrize("pack", [bytes, gz, zst_blocks])
def test_where_reading_fails_the_position_stays_before_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    """Another run may be able to read on; then nothing is missing, and nothing is torn."""
    stored = pack(LINES)
    path.write_bytes(stored)
    whole = flat([*read(source(path))])
    for cut in range(0, len(stored), 7):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", _failing(cut))
            before = [*read(source(path), growing=True, batch_bytes=50)]
        error = before[-1].items[-1]
        assert isinstance(error, Unreadable)
        assert error.detail.startswith("reading stopped: input/output error")
        after = before[-1].after
        assert after is None or after.items == sum(len(batch.items) for batch in before) - 1
        assert flat(before)[:-1] + flat([*read(source(path), start=after)]) == whole


def _failing(cut: int) -> Callable[..., io.FileIO]:
    class Failing(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            left = cut - self.tell()
            if left <= 0:
                raise OSError(5, "Input/output error")
            return super().read(left if size is None or size < 0 else min(size, left)) or b""

    return lambda path, *_args, **_options: Failing(path)


# A file that grows


def grown(path: Path, text: bytes, cuts: list[int], size: int) -> list[Found]:
    """What is read of a file that has so many bytes at each reading, and in the end all of them."""
    result: list[Found] = []
    after = None
    path.unlink(missing_ok=True)
    for before, cut in itertools.pairwise([0, *cuts]):
        with path.open("ab") as file:
            file.write(text[before:cut])
        for batch in read(source(path), start=after, growing=True, max_event=LIMIT, batch_bytes=size):
            result += flat([batch]) if batch.items else []
            after = batch.after
    with path.open("ab") as file:
        file.write(text[cuts[-1] if cuts else 0 :])
    result += flat([*read(source(path), start=after, max_event=LIMIT, batch_bytes=size)])
    return result


def trimmed(result: list[Found]) -> list[Found]:
    """Without the blanks around an item, which may have come later than it, and what made it more than a line."""
    return [Found(line, item.strip(b" \t\r") if isinstance(item, bytes) else item, True) for line, item, _ in result]


GROWING = [name for name in FILES if name not in ("gzip, torn", "gzip, damaged", "zstd, torn", "UTF-16", "archive")]
"""Files that somebody may write from their start to their end."""


@pytest.mark.parametrize("name", GROWING)
def test_a_file_that_grows_at_any_byte(path: Path, name: str) -> None:
    text = FILES[name]
    path.write_bytes(text)
    whole = flat(batches(path, max_event=LIMIT))
    for cut in range(len(text) + 1):
        assert trimmed(grown(path, text, [cut], 4096 if cut % 16 else 40)) == trimmed(whole), cut


@pytest.mark.parametrize("name", GROWING)
def test_a_file_that_grows_byte_by_byte(path: Path, name: str) -> None:
    text = FILES[name]
    path.write_bytes(text)
    whole = flat(batches(path, max_event=LIMIT))
    assert trimmed(grown(path, text, [*range(len(text) + 1)], 4096)) == trimmed(whole)


@many
@given(
    objects=st.lists(OBJECTS, min_size=1, max_size=6),
    end=st.sampled_from([b"\n", b"\r\n", b"\n\n"]),
    last=st.booleans(),
    data=st.data(),
)
def test_events_that_come_at_any_time(
    path: Path, objects: list[object], end: bytes, last: bool, data: st.DataObject
) -> None:
    rows = [json.dumps(each).encode() for each in objects]
    text = end.join(rows) + (end if last else b"")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    path.write_bytes(text)
    whole = flat(batches(path))
    result: list[Found] = grown(path, text, cuts, 64)
    assert [line for line, _, _ in result] == [line for line, _, _ in whole]
    if all(len(row) <= LIMIT for row in rows):
        assert trimmed(result) == trimmed(whole)


def notes(path: Path, text: bytes) -> list[Batch]:
    path.write_bytes(text)
    return [*read(source(path), growing=True)]


@pytest.mark.parametrize(
    ("text", "items", "note"),
    [
        (b'{}\n{"a":', 1, "name:2: the last line has no line end yet; its 5 bytes are left for the next run."),
        (b"{}\nhello", 1, "name:2: the last line has no line end yet; its 5 bytes are left for the next run."),
        (b'{"a":', 0, "name:1: the last line has no line end yet; its 5 bytes are left for the next run."),
        (b'{\n"a":\n', 0, "name:1: the JSON value that begins here has no end yet; it is left for the next run."),
        (
            b"[{},\n{}",
            2,
            "name:2: the JSON array that begins at line 1 has no end yet; what follows is left for the next run.",
        ),
        (b"[{},\n{", 1, "name:2: the JSON value that begins at line 2 has no end yet; it is left for the next run."),
        (
            gz_flushed(b"{}\n{}\n")[:-3],
            2,
            "name:3: the gzip data is torn: the file ends inside it; what follows is left for the next run.",
        ),
        (
            zst_blocks(b"{}\n{}\n")[:-3],
            2,
            "name:3: the zstd data is torn: the file ends inside it; what follows is left for the next run.",
        ),
        (b"{}\n{}", 2, None),
        (b"{}\n{}\r", 2, None),
        (b"{}\n  ", 1, None),
        (gz(b"{}\n") + b"junk", 2, None),
    ],
)
def test_what_is_left_is_said(path: Path, text: bytes, items: int, note: str | None) -> None:
    given = notes(path, text)
    assert sum(len(batch.items) for batch in given) == items
    assert [batch.note for batch in given] == [None] * (len(given) - 1) + [note]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b" \r\n"])
def test_a_line_end_that_comes_later(path: Path, end: bytes) -> None:
    for kept in range(len(end)):
        path.write_bytes(b'{"a":1}\n{"b":2}' + end[:kept])
        first, batch = read(source(path), growing=True)
        assert first.items + [item.strip() for item in batch.items] == [b'{"a":1}', b'{"b":2}']  # type: ignore[union-attr]
        path.write_bytes(b'{"a":1}\n{"b":2}' + end)
        (late,) = read(source(path), start=batch.after, growing=True)
        assert (late.items, late.note) == ([], None)
        assert late.after == Position(15 + len(end), 3, 2)
        assert [*read(source(path), start=late.after, growing=True)] == []
        path.write_bytes(b'{"a":1}\n{"b":2}' + end + b"{}\n")
        assert flat([*read(source(path), start=batch.after, growing=True)]) == [Found(3, b"{}", True)]


def test_only_the_last_batch_of_a_growing_file_may_be_empty(path: Path) -> None:
    for text, size in itertools.product(FILES.values(), (1, 40)):
        path.write_bytes(text)
        given = [*read(source(path), growing=True, batch_bytes=size)]
        assert all(batch.items and batch.note is None for batch in given[:-1])


def test_a_good_last_line_is_whole(path: Path) -> None:
    """No beginning of an event is taken for an event."""
    event = json.dumps({"a": {"b": ["}", {"c": '\\"}'}]}, "d": "ü"}, ensure_ascii=False).encode()
    for cut in range(len(event)):
        assert [batch.items for batch in notes(path, b"{}\n" + event[:cut])] == [[b"{}"]]
    assert [batch.items for batch in notes(path, b"{}\n" + event)] == [[b"{}"], [event]]


def packed(pieces: Iterator[bytes]) -> bytes:
    return b"".join(gzip.compress(piece, 0, mtime=0) for piece in pieces)


def test_gzip_members_that_are_appended(path: Path) -> None:
    """As programs write it that pack blocks of one size: a member may end inside a line."""
    pieces = [LINES[start : start + 37] for start in range(0, len(LINES), 37)]
    result: list[Found] = []
    after = None
    for count in range(len(pieces) + 1):
        path.write_bytes(packed(iter(pieces[:count])))
        for batch in read(source(path), start=after, growing=True):
            result += flat([batch]) if batch.items else []
            after = batch.after
    assert result == [Found(line, event, True) for line, event in enumerate(EVENTS, 1)]


def test_a_zstd_frame_of_which_only_the_first_bytes_are_there(path: Path) -> None:
    for more in (zst(b"{}\n"), SKIPPABLE):
        for cut in range(1, 4):
            (batch,) = notes(path, zst(LINES) + more[:cut])
            assert batch.items == EVENTS
            assert batch.note is not None
    assert zstandard.FRAME_HEADER.startswith(zst(b"")[:4])
