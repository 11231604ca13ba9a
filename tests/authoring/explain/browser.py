"""A real browser, told what to do over a pipe by Chromium's own protocol: no driver, no port, no other package."""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WAIT = 60
"""Seconds after which the browser counts as stuck."""
_START = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)


def executable() -> str:
    """The browser of this machine; the test fails where there is none."""
    named = os.environ.get("CHROMIUM", "")
    found = next(filter(None, map(shutil.which, filter(None, (named, *NAMES)))), None)
    if found is None:
        pytest.fail(
            "no Chromium was found; install it (Debian: apt-get install chromium-headless-shell; elsewhere chromium or "
            "Chrome), or name it in the variable CHROMIUM"
        )
    return found


class Page:
    """One tab. `events` are all that the browser told of it unasked."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the browser said of this tab so far."""
        return [each for each in self._browser.events if each.get("sessionId") == self._session]

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """The answer to a method of the protocol."""
        return self._browser.call(method, self._session, **given)

    def open(self, path: Path) -> None:
        """Open a file, and wait until it is there."""
        self._browser.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(each["method"] == "Page.loadEventFired" for each in self.events):
            self._browser.read()

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def looks(self, width: int = 1400, height: int = 1000, scheme: str = "light", media: str = "") -> None:
        """Take a size, a color scheme and a medium."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Move the mouse, or press and release it."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)


class Browser:
    """The process and its pipes; messages end in NUL."""

    def __init__(self, folder: Path) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        theirs = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in (theirs_in, theirs_out)]
        options = ["--headless", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--disable-dev-shm-usage"]
        options += ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to run as root with one
        command = [sys.executable, "-c", _START, *map(str, theirs), executable(), *options, "about:blank"]
        self._process = subprocess.Popen(command, pass_fds=theirs, stderr=subprocess.DEVNULL)
        for each in (theirs_in, theirs_out, *theirs):
            os.close(each)
        self._in, self._out, self._left, self._count = ours_in, ours_out, b"", 0
        self.events: list[dict[str, Any]] = []
        self._answers: dict[int, dict[str, Any]] = {}

    def call(self, method: str, session: str = "", **given: Any) -> dict[str, Any]:
        """The answer to a method of the protocol."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": given} | ({"sessionId": session} if session else {})
        os.write(self._out, orjson.dumps(message) + b"\0")
        while self._count not in self._answers:
            self.read()
        answer = self._answers.pop(self._count)
        assert "error" not in answer, (method, answer)
        result: dict[str, Any] = answer["result"]
        return result

    def read(self) -> None:
        """Take what the browser says next."""
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._in], [], [], WAIT)
            piece = os.read(self._in, 1 << 16) if ready else b""
            assert piece, "the browser ended, or is stuck"
            self._left += piece
        text, _, self._left = self._left.partition(b"\0")
        message = orjson.loads(text)
        if "id" in message:
            self._answers[message["id"]] = message
        else:
            self.events.append(message)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait(WAIT)
        os.close(self._in)
        os.close(self._out)


@contextmanager
def page(folder: Path) -> Iterator[Page]:
    """A tab of a browser of its own."""
    browser = Browser(folder)
    try:
        yield Page(browser)
    finally:
        browser.close()
