"""The command `mim-ecs`, also as `python -m normalizer`."""

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Ctrl-C ends us without a traceback while the rest is loaded, which takes a moment; then it is `main`'s."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from normalizer.cli import main

    main()


if __name__ == "__main__":
    main()
