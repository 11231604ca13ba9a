"""The disk for tests is full when it should be, refuses when it should, and goes however its user ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.reliability.disk import LEAST, Disk, Limits, Tmpfs, small_disk

WRITER = """
import sys
from pathlib import Path
for line in sys.stdin:
    path, _, size = line.strip().rpartition(" ")
    try:
        Path(path).write_bytes(b"x" * int(size))
    except OSError as error:
        print(error.strerror.lower(), flush=True)
    else:
        print("written", flush=True)
"""
"""A process that writes files of the sizes that it reads."""

USER = """
import sys, time
from pathlib import Path
from tests.reliability.disk import small_disk
with small_disk(Path(sys.argv[1])) as disk:
    print("ready", flush=True)
    time.sleep(60)
"""


def check(disk: Disk) -> None:
    command = [sys.executable, "-c", WRITER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as writer:

        def write(size: int) -> str:
            assert writer.stdin is not None
            assert writer.stdout is not None
            print(disk.path / "file", size, file=writer.stdin)
            return writer.stdout.readline().strip()

        assert write(100_000) == "written"
        disk.refuse()
        assert write(1) == disk.closed
        disk.free()
        assert write(0) == "written"
        assert disk.fill(writer, 100_000) is False
        assert write(90_000) == "written"
        assert write(110_000) == disk.full
        assert write(0) == "written"
        assert disk.fill(writer) is False
        assert write(LEAST + 1) == disk.full
    disk.free()
    (disk.path / "file").write_bytes(b"x" * 500_000)


def test_limits_in_the_place_of_a_disk(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    check(Limits(tmp_path / "disk"))


def test_a_small_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        check(disk)
        assert os.path.ismount(disk.path) is isinstance(disk, Tmpfs)
    assert not os.path.ismount(tmp_path / "disk")


def test_a_user_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", USER, tmp_path / "disk"], stdout=subprocess.PIPE) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"ready\n"
        user.kill()
    deadline = time.monotonic() + 20
    while os.path.ismount(tmp_path / "disk"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
