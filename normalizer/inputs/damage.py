"""How a stream says that it can't go on."""


class Damaged(Exception):
    """A stream ends here, because of damage; all bytes before it have been given. The message is one clause."""


class Torn(Damaged):
    """The file ends inside compressed data: it may still be written."""


class Changed(Torn):
    """The file was emptied or written anew while it was read: what it has now is for another reading."""


class Stopped(Damaged):
    """The system could not read on: the file itself may be whole, and another try may read it."""
