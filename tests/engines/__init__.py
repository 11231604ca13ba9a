"""Real servers for the tests and for `make run`, made of public packages: no Docker, no account. See README.md."""

import sys


class EngineError(Exception):
    """A server cannot be prepared, cannot start or has died; the message is for people and may have several lines."""


class MissingError(EngineError):
    """Something that only the user can install is not on this machine; the message is one sentence that says how."""


def say(message: str) -> None:
    """Tell the user what is going on, on stderr: stdout belongs to the command that runs beside the server."""
    print(message, file=sys.stderr, flush=True)
