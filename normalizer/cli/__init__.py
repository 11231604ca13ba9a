"""The command line: one thin module for each command; `main` turns every error into a sentence and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from normalizer.cli.build import build
from normalizer.cli.index import index
from normalizer.cli.normalize import normalize
from normalizer.cli.settings import CONTEXT, config_option, version_option
from normalizer.cli.setup import setup
from normalizer.errors import MappingError, NormalizerError

EXIT_CODES = """
\b
Exit codes:
  0    done, also with problems and skipped events
  1    dead letters, findings or stale files
  2    usage, configuration or mapping errors
  3    the server cannot be reached or refuses us
  4    output or dead letters cannot be written
  5    a worker process died
  130, 143  stopped by Ctrl-C, by SIGTERM
"""


@click.group(context_settings=CONTEXT, epilog=EXIT_CODES)
@version_option
@config_option
def cli() -> None:
    """Okta's mobile-management audit events as documents of the Elastic Common Schema (ECS).

    Every option can also be set by an environment variable (MIM_ECS_NORMALIZE_WORKERS=2 is `normalize --workers 2`)
    or in a YAML file (see --config); a flag wins over a variable, a variable over the file.
    """


for command in (normalize, index, setup, build):
    cli.add_command(command)


def main() -> NoReturn:
    """The entry point of `mim-ecs`."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.Abort:
        code = 130
    except KeyboardInterrupt:
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except MappingError as error:
        count = len(error.findings)
        click.echo(f"{error}\n{count} mistake{'s' if count > 1 else ''} in the mapping files.", err=True)
        code = error.exit_code
    except NormalizerError as error:
        click.echo(f"Error: {error}", err=True)
        code = error.exit_code
    _flush()
    sys.exit(code if isinstance(code, int) else 0)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise click.exceptions.Exit(143)


def _flush() -> None:
    """Write out what is buffered; where nobody reads any more, see that Python does not complain at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
