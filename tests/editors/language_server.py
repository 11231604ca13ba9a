"""The genuine yaml-language-server, which VS Code, Neovim, Helix and others ask about YAML files."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.engines.cache import cache_folder, cached, fingerprint

FOLDER = Path(__file__).resolve().parent
_LOCKED = ("package.json", "package-lock.json")
_SETTINGS = {"yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}}


def installed() -> Path:
    """Its command, of the locked version; fetched once."""
    mark = fingerprint(FOLDER, [FOLDER / name for name in _LOCKED])
    folder = cached(cache_folder("editors") / mark, _install)
    return folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    assert npm is not None, "npm is needed and was not found; install Node.js 20 or newer"
    for name in _LOCKED:
        shutil.copy(FOLDER / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


class Editor:
    """An editor's side of the Language Server Protocol 3.17, as far as these tests go. Positions count from 0."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._opened: dict[str, list[dict[str, Any]]] = {}
        self._ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities={})
        self._tell("initialized")
        self._tell("workspace/didChangeConfiguration", settings=_SETTINGS)

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """The diagnostics of a file that is opened with this text."""
        uri = path.as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._opened.pop(uri, None)
        self._tell("textDocument/didOpen", textDocument=document)
        while uri not in self._opened:
            self._read()
        return self._opened[uri]

    def completions(self, path: Path, line: int, character: int) -> dict[str, dict[str, Any]]:
        """What could stand there, by its label."""
        found = self._ask("textDocument/completion", **_position(path, line, character))
        return {each["label"]: each for each in found["items"]}

    def hover(self, path: Path, line: int, character: int) -> str:
        """What is said of the thing there, as Markdown."""
        found = self._ask("textDocument/hover", **_position(path, line, character))
        return str(found["contents"]["value"]) if found else ""

    def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": params})
        while True:
            said = self._read()
            if said.get("id") == number and "method" not in said:
                assert "error" not in said, said
                return said["result"]

    def _tell(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        data = json.dumps({"jsonrpc": "2.0"} | message).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        """The server's next message; its own questions are answered with nothing."""
        out = self._process.stdout
        assert out is not None
        size = 0
        while line := out.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        assert size, "the language server has ended"
        said: dict[str, Any] = json.loads(out.read(size))
        if said.get("method") == "textDocument/publishDiagnostics":
            self._opened[said["params"]["uri"]] = said["params"]["diagnostics"]
        elif "method" in said and "id" in said:
            items = said["params"].get("items", []) if said["method"] == "workspace/configuration" else None
            result = None if items is None else [_SETTINGS.get(each.get("section"), {}) for each in items]
            self._send({"id": said["id"], "result": result})
        return said


def _position(path: Path, line: int, character: int) -> dict[str, Any]:
    return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": character}}


@contextmanager
def editor(folder: Path) -> Iterator[Editor]:
    """An editor whose folder is open; its language server ends with it."""
    command = ["node", str(installed()), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield Editor(process, folder)
        finally:
            process.kill()
