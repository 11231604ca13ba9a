"""Processes that end when the process that started them ends, even by kill -9 (Linux).

This file is also the program that ties the knot: `python tether.py PARENT SIGNAL COMMAND…` asks the kernel for SIGNAL
at the death of PARENT and becomes COMMAND, under the same process id. A program rather than subprocess's preexec_fn,
which is not safe in a parent with threads.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def tethered(command: Sequence[str], at_death: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command line that runs `command` until it ends or its parent does.

    To the kernel the parent is the thread that starts the process: that thread must live as long as the process shall.
    """
    # -I and -S: neither the user's settings nor site-packages slow this down or break it.
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(at_death)), *command]


def _main(parent: str, at_death: str, *command: str) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(at_death))
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which a shell's job in the background ignores, and its children too
    if os.getppid() == int(parent):  # else it has died before the line above, and no signal will come
        os.execvp(command[0], command)


if __name__ == "__main__":
    _main(*sys.argv[1:])
