"""Broken files, and what of each is good, is bad, and can be read when its end comes."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.reliability.load import Load

DEPTH = 10_000


@dataclass(frozen=True)
class Bad:
    """What is bad in a file: the line, counted from 1; the word for why; and the text that begins there."""

    line: int
    reason: str
    text: bytes


@dataclass(frozen=True)
class End:
    """The end of a file that breaks off: what is bad there, the `rest` that is missing, and the events in both."""

    bad: Bad
    rest: bytes
    events: dict[str, bytes]

    @property
    def line(self) -> int:
        return self.bad.line


@dataclass(frozen=True)
class Broken:
    """A file, with the good events by their uuids."""

    path: Path
    good: dict[str, bytes]
    bad: list[Bad]
    end: End | None = None


def _with(junk: bytes) -> Callable[[bytes], bytes]:
    """An event with one more key."""
    return lambda text: text[:-1] + b',"junk":' + junk + b"}"


IN_ANY = {
    "bad UTF-8": _with(b'"\xc3("'),
    "NUL": _with(b'"\0"'),
    "nested arrays": _with(b"[" * DEPTH + b"]" * DEPTH),
    "nested objects": _with(b'{"a":' * DEPTH + b"1" + b"}" * DEPTH),
    "half of a surrogate pair": _with(rb'"\ud800"'),
}
"""Texts that are no JSON and whose brackets match."""

IN_LINES: dict[str, Callable[[bytes], bytes]] = IN_ANY | {
    "NULs alone": lambda _text: b"\0" * 512,
    "bytes of an image": lambda _text: b"\x89PNG\r\x1a\xff\xfe",
    "no JSON": lambda _text: b"--- log turned over ---",
    "torn": lambda text: text[: len(text) // 3],
    "torn early": lambda text: text[:1],
    "torn at its end": lambda text: text[:-1],
}


def broken_files(folder: Path, load: Load, rng: random.Random) -> list[Broken]:
    """A file of each kind, in a new folder; each event is in one of them at most."""
    folder.mkdir()
    texts = [*load.events.values()]
    size = len(texts) // len(_KINDS)
    files = []
    for number, (name, kind) in enumerate(_KINDS.items()):
        files.append(kind(folder / name, texts[number * size : (number + 1) * size], rng))
    return files


def _by_uuid(texts: Iterable[bytes]) -> dict[str, bytes]:
    return {json.loads(text)["uuid"]: text for text in texts}


def _numbered(
    texts: Sequence[bytes], spoils: Iterable[Callable[[bytes], bytes]], rng: random.Random
) -> Iterator[tuple[bytes, bool]]:
    """The texts, and whether each is good: as many as there are ways to spoil one are bad; the first never is."""
    spoils = [*spoils]
    places = dict(zip(rng.sample(range(1, len(texts)), len(spoils)), spoils, strict=True))
    for place, text in enumerate(texts):
        yield (places[place](text), False) if place in places else (text, True)


# --- text -----------------------------------------------------------------------------------------------------------


def _lines(path: Path, texts: Sequence[bytes], rng: random.Random, *, begin: bytes = b"", end: bytes = b"\n") -> Broken:
    r"""NDJSON with bad lines and blank ones, and a torn last one. With \r\n, some lines end with \n all the same."""
    good: list[bytes] = []
    bad: list[Bad] = []
    data = begin
    line = 1
    for text, is_good in _numbered(texts[:-1], IN_LINES.values(), rng):
        if rng.random() < 0.05:
            data += rng.choice([b"", b"  ", b"\t"]) + end
            line += 1
        if is_good:
            good.append(text)
        else:
            bad.append(Bad(line, "not_json", text))
        data += text + rng.choice([end, end, b"\n"])
        line += 1
    half = texts[-1][: rng.randrange(1, len(texts[-1]))]
    path.write_bytes(data + half)
    rest = texts[-1][len(half) :] + end
    return Broken(path, _by_uuid(good), bad, End(Bad(line, "not_json", half), rest, _by_uuid(texts[-1:])))


def _bom(path: Path, texts: Sequence[bytes], rng: random.Random) -> Broken:
    return _lines(path, texts, rng, begin=b"\xef\xbb\xbf", end=b"\r\n")


def _torn_first(path: Path, texts: Sequence[bytes], rng: random.Random) -> Broken:
    """NDJSON as it is when somebody has cut a file's beginning off, and begun another with what was left."""
    torn = texts[0][: texts[0].index(b'"uuid":"') + 12]
    tail = texts[0][-100:]
    path.write_bytes(b"\n".join([torn, tail, *texts[1:], b""]))
    return Broken(path, _by_uuid(texts[1:]), [Bad(1, "not_json", torn), Bad(2, "not_json", tail)])


def _array(path: Path, texts: Sequence[bytes], rng: random.Random) -> Broken:
    """An array, a value in each line, whose last value and end are missing."""
    compact = [orjson.dumps(orjson.loads(text)) for text in texts]  # as its events are written anew
    good: list[bytes] = []
    bad: list[Bad] = []
    data = b"["
    torn = rng.randrange(2, len(texts) - 2)
    for line, (text, is_good) in enumerate(_numbered(compact[:-1], IN_ANY.values(), rng), 1):
        if line == torn:
            bad.append(Bad(line, "damaged", text := text[: text.index(b'"') + 3]))
        elif is_good:
            good.append(text)
        else:
            bad.append(Bad(line, "not_json", text))
        data += text + b",\n"
    half = compact[-1][: rng.randrange(1, len(compact[-1]))]
    path.write_bytes(data + half)
    rest = compact[-1][len(half) :] + b"]\n"
    return Broken(path, _by_uuid(good), bad, End(Bad(len(compact), "damaged", half), rest, _by_uuid(compact[-1:])))


# --- gzip -----------------------------------------------------------------------------------------------------------


def _packed(texts: Iterable[bytes]) -> bytes:
    return gzip.compress(b"".join(text + b"\n" for text in texts))


def _unpacked(data: bytes) -> bytes:
    """The text up to the first byte that cannot be right."""
    text = b""
    decoder = zlib.decompressobj(31)
    for start in range(0, len(data), 4096):
        before = decoder.copy()
        try:
            text += decoder.decompress(data[start : start + 4096])
        except zlib.error:  # a call that fails gives nothing: byte by byte only the last fails
            try:
                for at in range(start, len(data)):
                    text += before.decompress(data[at : at + 1])
            except zlib.error:
                return text
    return text


def _up_to(text: bytes) -> tuple[list[bytes], Bad]:
    """The lines of a text that breaks off, and what is bad at its end."""
    *lines, last = text.split(b"\n")
    return lines, Bad(len(lines) + 1, "damaged", last)


def _cut_off(path: Path, texts: Sequence[bytes], rng: random.Random) -> Broken:
    """The file ends in the midst of the compressed data."""
    data = _packed(texts)
    cut = rng.randrange(len(data) // 4, len(data) * 3 // 4)
    path.write_bytes(data[:cut])
    lines, bad = _up_to(_unpacked(data[:cut]))
    return Broken(path, _by_uuid(lines), [], End(bad, data[cut:], _by_uuid(texts[len(lines) :])))


def _flipped(path: Path, texts: Sequence[bytes], rng: random.Random) -> Broken:
    """One bit in the midst is another.

    It is one that makes text which is no JSON, or no text at all: what becomes another event by it nobody can tell
    before the end of the file, where the checksum stands.
    """
    known = {*texts}
    whole = _packed(texts)
    while True:
        data = bytearray(whole)
        data[rng.randrange(len(data) // 4, len(data) * 3 // 4)] ^= 1 << rng.randrange(8)
        lines, end = _up_to(_unpacked(bytes(data)))
        if all(text in known or _is_junk(text) for text in lines) and len({*lines}) == len(lines):
            break
    path.write_bytes(data)
    bad = [Bad(number, "not_json", text) for number, text in enumerate(lines, 1) if text not in known]
    return Broken(path, _by_uuid(text for text in lines if text in known), [*bad, end])


def _is_junk(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return bool(text.strip(b" \t\r")) and not text.endswith(b"\r")
    return False


def _garbage(path: Path, texts: Sequence[bytes], rng: random.Random) -> Broken:
    """Something else stands behind the end of the compressed data, and the text has bad lines too."""
    spoilt = [*_numbered(texts, IN_LINES.values(), rng)]
    path.write_bytes(_packed(text for text, _ in spoilt) + b"garbage behind the end\n")
    bad = [Bad(line, "not_json", text) for line, (text, is_good) in enumerate(spoilt, 1) if not is_good]
    good = [text for text, is_good in spoilt if is_good]
    return Broken(path, _by_uuid(good), [*bad, Bad(len(texts) + 1, "damaged", b"")])


_KINDS: dict[str, Callable[[Path, Sequence[bytes], random.Random], Broken]] = {
    "lines.ndjson": _lines,
    "bom-and-crlf.ndjson": _bom,
    "torn-first.ndjson": _torn_first,
    "array.json": _array,
    "cut-off.ndjson.gz": _cut_off,
    "flipped-bit.ndjson.gz": _flipped,
    "garbage-behind.ndjson.gz": _garbage,
}
