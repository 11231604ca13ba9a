"""The roles of docs/security.md, as they stand there: each is enough, and each of its privileges is needed."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from normalizer.names import MANAGED_BY, NAME
from normalizer.runtime.batch import DeadLetter
from tests.cli.command import EVENTS, Done, mim_ecs
from tests.engines.ask import ask
from tests.engines.elasticsearch import Elasticsearch
from tests.security.scene import ROLE, Credential, Scene

PAGE = Path(__file__).resolve().parents[2] / "docs/security.md"
Body = dict[str, Any]

_NUMBERS = itertools.count(1)


def blocks(words: str) -> list[str]:
    """The fenced blocks of the page that begin with these words."""
    return re.findall(rf"^```{words}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def requests(words: str) -> dict[str, Body]:
    """The bodies of the blocks that are to be pasted, by the last word of their path."""
    pairs = (block.partition("\n") for block in blocks(words))
    return {line.rpartition("/")[2]: json.loads(body) for line, _, body in pairs}


ROLES = requests("json role")


@dataclass
class Place:
    """A server with our templates, and runs there. Each run has a data stream of its own."""

    scene: Scene
    folder: Path

    def run(self, credential: Credential, *given: str | Path, code: int | None = 0) -> Done:
        return mim_ecs(*given, cwd=self.folder, env=credential.variables | self.scene.trusted, code=code)

    def index(self, credential: Credential, *options: str, code: int | None = 0, stream: str = "") -> Done:
        namespace = stream or self.new()
        return self.run(credential, "index", *options, "--namespace", namespace, self.events, code=code)

    @staticmethod
    def new() -> str:
        """A namespace that nobody uses."""
        return f"roles{next(_NUMBERS)}"

    @property
    def events(self) -> Path:
        path = self.folder / "events.ndjson"
        path.write_bytes(b"\n".join(EVENTS[:2]) + b"\n")
        return path

    def rolled_over(self) -> str:
        """The namespace of a data stream with two backing indices."""
        namespace = self.new()
        self.scene.ask("PUT", f"/_data_stream/{NAME}-{namespace}")
        self.scene.ask("POST", f"/{NAME}-{namespace}/_rollover")
        return namespace

    def retention(self) -> tuple[str, ...]:
        """One that is not set yet."""
        return "--retention", f"{1000 + next(_NUMBERS)}d", "--yes"


# What each role is for: gives the first exit code that is not 0, else 0.


def index(place: Place, credential: Credential) -> int:
    return place.index(credential, code=None).code


def index_exact(place: Place, credential: Credential) -> int:
    return (
        place.index(credential, "--exact", code=None, stream=place.rolled_over()).code
        or place.index(credential, "--exact", code=None).code
    )


def index_via_pipeline(place: Place, credential: Credential) -> int:
    """The pipeline of this server makes no documents of events, so that they become dead letters, but it is asked."""
    code = place.index(credential, "--via-pipeline", code=None).code
    return 0 if code == 1 else code


def setup(place: Place, credential: Credential) -> int:
    place.rolled_over()
    return place.run(credential, "setup", *place.retention(), code=None).code


def setup_rollover(place: Place, credential: Credential) -> int:
    place.rolled_over()
    return place.run(credential, "setup", *place.retention(), "--rollover", code=None).code


USES: dict[str, Callable[[Place, Credential], int]] = {
    f"mim_ecs_{use.__name__}": use for use in (index, index_exact, index_via_pipeline, setup, setup_rollover)
}


@pytest.fixture(scope="module")
def place(secured: Elasticsearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """With an ingest pipeline under our name, which does nothing: this server has no processors for ours."""
    folder = tmp_path_factory.mktemp("roles")
    scene = Scene(secured, folder)
    scene.ask("PUT", f"/_ingest/pipeline/{NAME}", {"description": f"of {MANAGED_BY}", "processors": []})
    yield Place(scene, folder)
    scene.ask("DELETE", f"/_data_stream/{NAME}-roles*")
    scene.ask("DELETE", f"/_ingest/pipeline/{NAME}")


def key(scene: Scene, role: Body) -> Credential:
    made = scene.ask("POST", "/_security/api_key", {"name": "role", "role_descriptors": {"role": role}})
    return Credential({"api_key": made["encoded"]})


def user(scene: Scene, name: str, role: Body) -> Credential:
    scene.ask("PUT", f"/_security/role/{name}", role)
    scene.ask("PUT", f"/_security/user/{name}", {"password": "password of a test", "roles": [name]})
    return Credential({"username": name, "password": "password of a test"})


def privileges(role: Body) -> list[tuple[str, str]]:
    """Of which kind, and which."""
    return [(kind, each) for kind, holder in _holders(role).items() for each in holder[_LISTS[kind]]]


_LISTS = {"cluster": "cluster", "indices": "privileges"}


def _holders(role: Body) -> dict[str, Body]:
    return {"cluster": role, "indices": role["indices"][0]}


def without(role: Body, kind: str, privilege: str) -> Body:
    """The role but for one privilege."""
    left = deepcopy(role)
    _holders(left)[kind][_LISTS[kind]].remove(privilege)
    return {**left, "indices": [each for each in left["indices"] if each["privileges"]]}


def new_privileges(name: str) -> list[tuple[str, str]]:
    """Those that a role has and the one that it extends has not: of that they are looked at there."""
    base = next((ROLES[each] for each in ROLES if name.startswith(f"{each}_")), None)
    return [each for each in privileges(ROLES[name]) if base is None or each not in privileges(base)]


def test_every_role_has_a_use() -> None:
    assert ROLES.keys() == USES.keys()


@pytest.mark.parametrize("name", ROLES)
def test_a_role_is_enough(place: Place, name: str) -> None:
    assert USES[name](place, user(place.scene, name, ROLES[name])) == 0


@pytest.mark.parametrize(
    ("name", "kind", "privilege"),
    [pytest.param(name, *each, id=f"{name}-{each[1]}") for name in ROLES for each in new_privileges(name)],
)
def test_each_privilege_of_a_role_is_needed(place: Place, name: str, kind: str, privilege: str) -> None:
    assert USES[name](place, key(place.scene, without(ROLES[name], kind, privilege))) == 3


def test_the_key_of_the_page_is_made_as_it_says_and_indexes(place: Place) -> None:
    [body] = requests("json key").values()
    assert body["role_descriptors"] == {"mim_ecs_index": ROLES["mim_ecs_index"]}
    made = place.scene.ask("POST", "/_security/api_key", body)
    place.index(Credential({"api_key": made["encoded"]}))
    place.scene.ask("DELETE", "/_security/api_key", {"name": body["name"]})


def test_the_settings_file_of_the_page_is_one(tmp_path: Path) -> None:
    [text] = blocks("yaml settings")
    file = tmp_path / "settings.yml"
    file.write_text(text)
    file.chmod(0o600)
    mim_ecs("--config", file, "build", "--help")


def test_who_indexes_can_neither_read_nor_change_nor_delete(place: Place) -> None:
    namespace = place.new()
    place.index(user(place.scene, "writer", ROLES["mim_ecs_index"]), stream=namespace)
    stream, server = f"{NAME}-{namespace}", place.scene.server
    [known, *_] = place.scene.held(stream)
    for method, path, body in (
        ("GET", f"/{stream}/_search", None),
        ("GET", f"/{stream}/_count", None),
        ("DELETE", f"/_data_stream/{stream}", None),
        ("PUT", f"/_index_template/{NAME}", {"index_patterns": ["x"]}),
        ("PUT", "/other/_create/1", {}),
    ):
        login = ("writer", "password of a test")
        status, _ = ask(server.url, method, path, body, user=login, ca_certs=server.ca_certs)
        assert status == 403, (method, path)
    assert known in place.scene.held(stream)


def test_the_role_that_indexes_is_enough_to_replay(place: Place) -> None:
    credential, namespace = key(place.scene, ROLES["mim_ecs_index"]), place.new()
    letters = place.folder / "dead.ndjson"
    letters.write_bytes(DeadLetter("refused", "no", "in", 1, EVENTS[0]).json(time="2026-09-14T06:00:00.000Z"))
    place.run(credential, "replay", "--namespace", namespace, letters)
    assert place.scene.held(f"{NAME}-{namespace}") == [json.loads(EVENTS[0])["uuid"]]


def test_who_sets_up_may_put_our_pipelines(place: Place) -> None:
    """This server cannot have them, having no processors, so that the command would not try."""
    user(place.scene, "setter", ROLES["mim_ecs_setup"])
    server = place.scene.server
    body = {"description": f"of {MANAGED_BY}", "processors": []}
    login = ("setter", "password of a test")
    path = f"/_ingest/pipeline/{NAME}"
    assert ask(server.url, "PUT", path, body, user=login, ca_certs=server.ca_certs)[0] == 200


def test_the_role_of_the_other_tests_is_that_of_the_page() -> None:
    assert ROLES["mim_ecs_index"] == ROLE
