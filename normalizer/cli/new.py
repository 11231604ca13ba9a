"""`mim-ecs new`."""

from __future__ import annotations

from pathlib import Path

import click

from normalizer.authoring.pack import Pack
from normalizer.authoring.scaffold import scaffold, write
from normalizer.cli.settings import epilog, log_format_option
from normalizer.cli.view import log, say
from normalizer.errors import EventError, NotJSON, SettingsError
from normalizer.inputs import Unreadable, read, sources
from normalizer.language import load
from normalizer.runtime.decode import decode


@click.command(epilog=epilog("mim-ecs new mim.command.ios.wiped --from event.json", "0", "2", "4", "130, 143", "141"))
@click.argument("event_type", metavar="EVENT_TYPE")
@click.option(
    "--from",
    "example",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="An event of the type, or a file that holds one: it becomes a golden case, and rules are proposed for what no "
    "parent reads.",
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    metavar="DIR",
    help="The folder that holds mappings/ and tests/golden/; both are made. Default: the current folder.",
)
@log_format_option
def new(event_type: str, example: str | None, into: Path) -> None:
    """Write a mapping file and golden cases for an event type, to start from.

    The file extends the parent whose event types are most like it, and says in comments what to choose; `mim-ecs check`
    finds nothing to mend in it (where generated files are kept, after `mim-ecs build`). In a folder of its own it is a
    pack: the mappings of the package hold beside it.
    """
    folder = into / "mappings"
    mappings = load(folder if any(folder.glob("*.yml")) else None)
    has_schema = (into / "schemas" / "mapping.schema.json").is_file()
    try:
        made = scaffold(mappings, event_type, _example(example, event_type) if example else None, modeline=has_schema)
    except EventError as error:
        raise SettingsError(f"{example}: {error}") from None
    for path in write(made, into):
        say(f"written: {path.as_posix()}")
    if Pack(folder, into).generated is not None:
        log.info("Run mim-ecs build: the files here that are generated are stale now.")
    for place in made.unread:
        log.warning("No rule can read %s, for LogEvent has no such path, or it stands in a list.", place)
    if example:
        log.warning("The golden case is a copy of your event: take out what is nobody else's business.")


def _example(name: str, event_type: str) -> bytes:
    """The first event of the type in a file; the first event at all where there is none of it. Raises SettingsError."""
    first = None
    for source in sources([name]):
        for batch in read(source):
            for item in batch.items:
                if isinstance(item, Unreadable):
                    raise SettingsError(f"{batch.file}: {NotJSON(item.detail)}")
                try:
                    event = decode(item, own_text=batch.own_text)[0]
                except EventError as error:
                    raise SettingsError(f"{batch.file}: {error}") from None
                if event.get("eventType") == event_type:
                    return item
                first = first or item
    if first is None:
        raise SettingsError(f"{name} holds no event")
    return first
