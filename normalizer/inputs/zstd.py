"""Decompresses Zstandard (RFC 8878) block by block.

The format's own blocks are the steps: a block gives at most 128 KiB, so memory is bounded whatever the ratio; a block
that is whole is handed on before the damage in the next is met; and the end of a frame is known, so a torn file is
seen (zstandard's stream reader takes it for a file's end).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import zstandard

from normalizer.inputs.damage import Damaged, Torn

FRAME = b"\x28\xb5\x2f\xfd"
WINDOW = 128 * 1024 * 1024
"""The most a frame may ask to keep in memory: what `zstd` itself accepts without a flag."""
TORN = "the zstd data is torn: the file ends inside it"


def begins_frame(magic: bytes) -> bool:
    """Whether these 4 bytes begin a frame, or a skippable one, with which pzstd begins its files."""
    return magic == FRAME or (magic[1:] == b"\x2a\x4d\x18" and magic[0] & 0xF0 == 0x50)


def _may_begin_frame(magic: bytes) -> bool:
    return len(magic) < 4 and (FRAME.startswith(magic) or begins_frame(magic + b"\x50\x2a\x4d\x18"[len(magic) :]))


class _Pull:
    """Takes so many bytes at a time from blocks of any size."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes; fewer only at the end."""
        while len(self._rest) - self._at < count and (more := next(self._blocks, b"")):
            self._rest, self._at = self._rest[self._at :] + more, 0
        taken = self._rest[self._at : self._at + count]
        self._at += len(taken)
        return taken

    def skip(self, count: int) -> int:
        """Pass over `count` bytes; says how many are missing."""
        while count and (taken := self.take(min(count, 64 * 1024))):
            count -= len(taken)
        return count


def decompress(blocks: Iterator[bytes], damage: Callable[[], Damaged | None]) -> Iterator[bytes]:
    """The text of all frames. `damage` says, at the end of the blocks, whether they ended too early and why."""
    pull = _Pull(blocks)
    try:
        while magic := pull.take(4):
            if magic == FRAME:
                yield from _frame(pull)
            elif len(magic) == 4 and begins_frame(magic):
                size = pull.take(4)
                if len(size) < 4 or pull.skip(int.from_bytes(size, "little")):
                    raise Torn(TORN)
            elif _may_begin_frame(magic):
                raise Torn(TORN)
            else:
                raise Damaged("the zstd data is damaged: something else follows it")
    except zstandard.ZstdError as error:
        why = str(error).rpartition(": ")[2]
        raise Damaged(f"the zstd data is damaged: {why.lower()}") from None
    except Damaged:
        if early := damage():
            raise early from None
        raise
    if early := damage():
        raise early


def _frame(pull: _Pull) -> Iterator[bytes]:
    decoder = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
    descriptor = pull.take(1)
    if not descriptor:
        raise Torn(TORN)
    flags = descriptor[0]
    single_segment = bool(flags & 0x20)
    size_bytes = (int(single_segment), 2, 4, 8)[flags >> 6]
    wanted = (not single_segment) + (0, 1, 2, 4)[flags & 3] + size_bytes
    header = pull.take(wanted)
    decoder.decompress(FRAME + descriptor + header)
    if len(header) < wanted:
        raise Torn(TORN)
    last = False
    while not last:
        head = pull.take(3)
        if len(head) < 3:
            raise Torn(TORN)
        fields = int.from_bytes(head, "little")
        last = bool(fields & 1)
        wanted = 1 if fields & 6 == 2 else fields >> 3  # Of a run, only the one byte that is repeated is stored.
        body = pull.take(wanted)
        if text := decoder.decompress(head + body):
            yield text
        if len(body) < wanted:
            raise Torn(TORN)
    if flags & 4:
        checksum = pull.take(4)
        if len(checksum) < 4:
            raise Torn(TORN)
        decoder.decompress(checksum)
