"""How a stream says that it can't go on."""


class Damaged(Exception):
    """A stream ends here, because of damage; all bytes before it have been given. The message is one clause."""
