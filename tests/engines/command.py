"""The command line of either engine: `python -m tests.engines.elasticsearch start` and `… run -- COMMAND`."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.engines import EngineError, MissingError, say
from tests.engines.server import Server
from tests.engines.tether import tethered

_EPILOG = """\
start prints the URL on stdout and stays until Ctrl-C.
run sets {variables} for COMMAND and ends with COMMAND's exit code.

Other exit codes: 2 something is missing on this machine, 3 the server did not start or has died,
130 and 143 stopped by SIGINT and SIGTERM.

example: {program} run -- sh -c 'curl -s "${url}"'"""


def main(engine: type[Server], arguments: list[str], secured: Callable[..., Server] | None = None) -> int:
    """Do with a server of that engine what the arguments say; gives the exit code.

    `secured` makes a server with security, where the engine has one: then there is an option for it.
    """
    options, command = _parse(engine, arguments, secured is not None)
    make = secured if secured and options.security else engine
    signal.signal(signal.SIGTERM, _end)
    try:
        with make(
            dict(options.settings), heap=options.heap, data=options.keep_data, optimized=options.optimized
        ) as server:
            return _run(server, command) if command else _stay(server)
    except EngineError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, MissingError) else 3
    except KeyboardInterrupt:
        return 130


def _parse(engine: type[Server], arguments: list[str], securable: bool) -> tuple[argparse.Namespace, list[str]]:
    program = f"python -m tests.engines.{engine.name.lower()}"
    parser = argparse.ArgumentParser(
        prog=program,
        usage="%(prog)s {start,run} [options] [-- COMMAND ...]",
        description=f"Starts a genuine {engine.name} {engine.version} on this machine, for tests and trials only.",
        epilog=_EPILOG.format(
            program=program,
            url=engine.variable("url"),
            variables=f"{engine.variable('url')}{', and for --security what a user needs,' if securable else ''}",
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=["start", "run"], help="keep a server, or run a command beside one")
    parser.add_argument("--keep-data", metavar="DIR", type=Path, help="keep the data in this folder")
    parser.add_argument("--heap", metavar="SIZE", default="512m", help="of the server's JVM (default: 512m)")
    parser.add_argument("--optimized", action="store_true", help="a slow start and full speed, for measurements")
    if securable:
        parser.add_argument("--security", action="store_true", help="https only, and a password")
    parser.add_argument(
        "-E", metavar="k=v", dest="settings", action="append", default=[], type=_setting, help="a setting of the server"
    )
    # Cut here, because what follows the first -- is the command's own, whatever it looks like.
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    options, command = parser.parse_args(arguments[:cut]), arguments[cut + 1 :]
    if (options.action == "run") != bool(command):
        parser.error("run needs a command after --, start takes none")
    if command and not shutil.which(command[0]):
        parser.error(f"there is no command {command[0]}")
    return options, command


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=value")
    return name, value


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _stay(server: Server) -> NoReturn:
    print(server.url, flush=True)
    for name, value in server.variables().items():
        if name != server.variable("url"):
            say(f"{name}={value}")
    say("Ctrl-C stops it.")
    code = server.wait()
    raise EngineError(f"{server.name} ended with code {code}:\n" + server.last_words())


def _run(server: Server, command: list[str]) -> int:
    environment = {**os.environ, **server.variables()}
    process = subprocess.Popen(tethered(command, at_death=signal.SIGTERM), env=environment)

    def forward(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT or not _at_the_terminal():
            process.send_signal(number)

    # From now on it is the command that decides when and how to end.
    handlers = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = process.wait()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code


def _at_the_terminal() -> bool:
    """Whether Ctrl-C comes from a terminal, which sends it to the command as well."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)
