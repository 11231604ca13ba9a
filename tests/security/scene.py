"""Where secrets are put to the test: a server with security, credentials for it, `mim-ecs` that tells all it can."""

from __future__ import annotations

import secrets
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.cli.command import EVENTS, TIMEOUT, environment, mim_ecs
from tests.engines.certificates import Authority
from tests.engines.elasticsearch import Elasticsearch
from tests.engines.elasticsearch.security import USER

ROLE: Mapping[str, object] = {
    "cluster": ["monitor"],
    "indices": [{"names": ["logs-okta.mim-*"], "privileges": ["auto_configure", "create_doc"]}],
}
"""That of `mim-ecs index` in docs/security.md; that it is the smallest one is tested there."""

_LOUD = Path(__file__).with_name("loud.py")


@dataclass(frozen=True, slots=True)
class Credential:
    """What `mim-ecs` is given to be let in, by the names of the settings. `id` is the API key's."""

    settings: Mapping[str, str]
    id: str = ""

    @property
    def variables(self) -> dict[str, str]:
        """The same for the environment."""
        return variables(self.settings)

    @property
    def canaries(self) -> set[bytes]:
        """Texts by which it is known wherever it turns up."""
        if "api_key" in self.settings:
            return _forms(self.settings["api_key"])
        user, password = self.settings["username"], self.settings["password"]
        return _forms(password) | {b64encode(f"{user}:{password}".encode())}


def variables(settings: Mapping[str, str], engine: str = "elasticsearch") -> dict[str, str]:
    """Settings of a server, for the environment."""
    return {f"{engine}_{name}".upper(): value for name, value in settings.items()}


def _forms(secret: str) -> set[bytes]:
    return {form.encode() for form in (secret, quote(secret, safe=""), b64encode(secret.encode()).decode())}


@dataclass(frozen=True, slots=True)
class Said:
    """What a run said and wrote; `everything` is both streams and all files, by their names."""

    code: int
    err: str
    everything: Mapping[str, bytes]

    def check_silent(self, credential: Credential) -> None:
        """Nothing of it is there."""
        for name, content in self.everything.items():
            for canary in credential.canaries:
                assert canary not in content, f"a secret is in {name}"

    def check_refused(self, *words: str) -> None:
        """The run has ended with exit code 3 and a sentence that holds the words."""
        assert self.code == 3, (self.code, self.err)
        [sentence] = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        for word in words:
            assert word in sentence, sentence


@dataclass
class Scene:
    """A server with our templates, an authority of our own beside its, and a folder."""

    server: Elasticsearch
    folder: Path
    stranger: Authority = field(init=False)

    def __post_init__(self) -> None:
        self.stranger = Authority(self.folder / "stranger", "stranger")
        everything = Credential({"username": USER, "password": self.server.password})
        mim_ecs("setup", "--no-pipelines", cwd=self.folder, env=everything.variables | self.trusted)

    @property
    def trusted(self) -> dict[str, str]:
        """The server's address and authority, for the environment."""
        return variables({"url": self.server.url, "ca_certs": str(self.server.ca_certs)})

    def api_key(self) -> Credential:
        """A new one that may index."""
        made = self.ask("POST", "/_security/api_key", {"name": "trial", "role_descriptors": {"trial": ROLE}})
        return Credential({"api_key": made["encoded"]}, made["id"])

    def user(self) -> Credential:
        """A new one that may index."""
        name, password = f"trial-{secrets.token_hex(4)}", f"canary/{secrets.token_urlsafe(16)}"
        self.ask("PUT", f"/_security/role/{name}", ROLE)
        self.ask("PUT", f"/_security/user/{name}", {"password": password, "roles": [name]})
        return Credential({"username": name, "password": password})

    def end(self, credential: Credential) -> None:
        """It is good for nothing any more."""
        if credential.id:
            self.ask("DELETE", "/_security/api_key", {"ids": [credential.id]})
        else:
            self.ask("DELETE", f"/_security/user/{credential.settings['username']}")

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The server's answer, which must not be an error."""
        status, answer = self.server.ask(method, path, body)
        assert status == 200, f"{method} {path}: {status} {answer}"
        return answer

    def new_folder(self) -> Path:
        """An empty one."""
        folder = self.folder / secrets.token_hex(4)
        folder.mkdir()
        return folder

    def held(self, stream: str) -> list[str]:
        """The `_id`s that a data stream holds, of each of its documents; none where there is no such data stream."""
        self.server.ask("POST", f"/{stream}/_refresh")
        query = {"size": 10_000, "_source": False}
        status, answer = self.server.ask("POST", f"/{stream}/_search?ignore_unavailable=true", query)
        assert status == 200, answer
        return [hit["_id"] for hit in answer["hits"]["hits"]]


def some_events(folder: Path, count: int = 3) -> Path:
    """Some events, and one that becomes a dead letter."""
    path = folder / "events.ndjson"
    path.write_bytes(b"\n".join([*EVENTS[:count], b'{"uuid": "torn']) + b"\n")
    return path


def index(folder: Path, *given: str | Path, env: Mapping[str, str], config: str = "{}") -> Said:
    """Run `mim-ecs index` as loud as it can be, with all files that it can write in `folder`.

    `config` is the text of its settings file, which takes no part in what is returned.
    """
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    settings = folder.with_suffix(".yml")
    settings.write_text(config)
    files = ("--state", "state.json", "--dead-letters", "dead.ndjson", "--metrics", "metrics.prom")
    done = subprocess.run(
        [sys.executable, _LOUD, "--config", settings, "index", *given, *files, "--patience", "5s"],
        env=environment(**env),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT,
    )
    settings.unlink()
    written = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path not in before}
    everything = {"standard output": done.stdout, "standard error": done.stderr, **written}
    return Said(done.returncode, done.stderr.decode(), everything)
