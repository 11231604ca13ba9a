"""The command line: one thin module for each command; `main` turns every error into a sentence and an exit code."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import pairwise, takewhile
from types import FrameType
from typing import Any, NoReturn

import click

from normalizer import __version__
from normalizer.cli.config import config_option
from normalizer.cli.settings import CONTEXT, EXIT_CODES, LOG_FORMAT, exit_codes
from normalizer.cli.variables import check_variables, inherit, variable_of
from normalizer.cli.view import is_text, start_log, tell_error
from normalizer.errors import MappingError, NormalizerError, OutputError, ReaderGone, SettingsError, WorkerError
from normalizer.language.advice import did_you_mean
from normalizer.outputs.files import why

COMMANDS = {
    "new": "Write a mapping file and golden cases for an event type, to start from.",
    "normalize": "Turn events into ECS documents, one JSON object a line.",
    "index": "Turn events into ECS documents and index them into Elasticsearch or OpenSearch.",
    "replay": "Send dead letters again, and keep those that fail again.",
    "setup": "Install the templates and ingest pipelines of the data stream into Elasticsearch or OpenSearch.",
    "build": "Renew everything that is compiled from the mappings.",
    "check": "Hold mapping files against all that is asked of them: what CI calls.",
    "diff": "Say what a change of the mappings changes for those who search the documents.",
    "explain": "Say where each field of a document comes from.",
    "drift": "Say what Okta's catalogue of event types has that the mappings lack, and the other way round.",
}
"""What the list of commands says of each; its module is loaded when it is used, for some need half a second."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            ctx.fail(f'There is no command "{args[0]}"{did_you_mean(args[0], COMMANDS)}')
        start_log(_log_format(args, ctx.default_map or {}))
        check_variables(ctx, args[0], COMMANDS)
        inherit(ctx, args[0])
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"normalizer.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings=CONTEXT, epilog=exit_codes(*EXIT_CODES))
@click.version_option(__version__, prog_name="mim-ecs", message="%(prog)s %(version)s")
@config_option
def cli() -> None:
    """Okta's mobile-management audit events as documents of the Elastic Common Schema (ECS).

    Every option can also be set by an environment variable (MIM_ECS_NORMALIZE_WORKERS=2 is `normalize --workers 2`)
    or in a YAML file (see --config); a flag wins over a variable, a variable over the file.
    """


def main() -> NoReturn:
    """The entry point of `mim-ecs`."""
    _stand_in_for_closed_streams()
    start_log(_log_format(sys.argv[1:], {}))
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup and shells ignore what a job must not get
            signal.signal(number, _stop)
    code = _flushed(_run())
    if code > 128:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # else the next one kills us while Python ends, with another code
    sys.exit(code)


def _log_format(words: Sequence[str], settings: Mapping[str, Any]) -> str:
    """The format that mistakes in the words of a command line are told in: click tells them before it reads its option.

    As click finds it: a flag, a variable, `settings` of the commands.
    """
    words = [*takewhile(lambda word: word != "--", words)]
    flags = [after for word, after in pairwise(words) if word == "--log-format"]
    flags += [word.partition("=")[2] for word in words if word.startswith("--log-format=")]
    command = next((word for word in words if word in COMMANDS), "")
    variables = [os.environ.get(name, "") for name in (LOG_FORMAT, variable_of(command, "log_format"))]
    asked = [*flags[-1:], *filter(None, variables), settings.get(command, {}).get("log_format", "text")]
    return str(asked[0])


def _run() -> int:
    """Do what the arguments say; the exit code."""
    try:
        code = cli.main(prog_name="mim-ecs", standalone_mode=False)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
        if code > 128:
            tell_error(f"stopped by {signal.Signals(code - 128).name}")
        return code if code != 1 else ReaderGone.exit_code  # so click ends where nobody reads a help
    except click.exceptions.NoArgsIsHelpError as error:
        if is_text():
            error.show()
        else:
            tell_error("No command is named. See mim-ecs --help")
        return error.exit_code
    except click.Abort:
        click.echo(err=True)  # after the question
        tell_error("a question had no answer; nothing was done")
        return SettingsError.exit_code
    except click.ClickException as error:
        tell_error(error)
        return error.exit_code
    except MappingError as error:
        for finding in error.findings:
            tell_error(str(finding), begin="")
        count = len(error.findings)
        tell_error(f"{count} mistake{'s' if count > 1 else ''} in the mapping files.")
        return error.exit_code
    except ReaderGone as error:
        return error.exit_code
    except NormalizerError as error:
        tell_error(str(error))
        return error.exit_code
    except OSError as error:
        # Sockets, inputs and outputs have errors of their own; what is left is text for standard output.
        tell_error(f"{error.filename or 'standard output cannot be written'}: {why(error)}")
        return OutputError.exit_code
    except Exception as error:
        place = _place(error)
        tell_error(f"a defect of mim-ecs ({type(error).__name__} at {place}); please report it")
        return WorkerError.exit_code
    return code if isinstance(code, int) else 0


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace is not None else "no line"


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    """End in good order; at once where that is asked for again.

    SystemExit, since code that turns every Exception into a sentence must not take this for one.
    """
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stop_at_once)
    raise SystemExit(128 + number)


def _stop_at_once(number: int, _frame: FrameType | None) -> NoReturn:
    """End without waiting for anything: not for answers, nor for whoever reads standard error."""
    with suppress(Exception):
        if select.select([], [sys.stderr], [], 0)[1]:
            tell_error(f"stopped by {signal.Signals(number).name}")
    os._exit(128 + number)


def _stand_in_for_closed_streams() -> None:
    """Where a standard stream is closed, the next file to be opened would become it: documents would go there.

    In its place stands what cannot be read, or written to, so that whoever uses it is told.
    """
    for number, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error does, whatever the locale


def _flushed(code: int) -> int:
    """Write out what is buffered; where nobody reads any more, see that Python does not complain at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            gone = stream is sys.stdout and isinstance(error, BrokenPipeError)
            code = code or (ReaderGone if gone else OutputError).exit_code
    return code
