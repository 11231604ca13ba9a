"""Trials of the promise that credentials are safe: no bad peer gets a byte of one, and no output holds one.

Each trial is a function of a `Scene` that raises AssertionError where the promise is broken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote

from examples.generate import lines
from tests.engines.certificates import Certificate
from tests.security.peer import Peer, Relay, reply
from tests.security.scene import Credential, Said, Scene, index, some_events, variables

Trial = Callable[[Scene], None]

_MANY = 2_000
_BYTES = 2_500_000
"""Of a run's requests, when its key is revoked: some documents are indexed, and some not."""


# --- peers that are not who they should be


def _another_authority(scene: Scene) -> tuple[Certificate | None, dict[str, str]]:
    return scene.stranger.issue("peer"), {"ca_certs": str(scene.server.ca_certs)}


def _nobody_s_authority(scene: Scene) -> tuple[Certificate | None, dict[str, str]]:
    return scene.stranger.issue("peer"), {}


def _another_host(scene: Scene) -> tuple[Certificate | None, dict[str, str]]:
    return scene.server.authority.issue("other", "elasticsearch.example.com"), {"ca_certs": str(scene.server.ca_certs)}


def _expired(scene: Scene) -> tuple[Certificate | None, dict[str, str]]:
    return scene.server.authority.issue("old", days=-1), {"ca_certs": str(scene.server.ca_certs)}


def _another_fingerprint(scene: Scene) -> tuple[Certificate | None, dict[str, str]]:
    return scene.server.authority.issue("peer"), {"fingerprint": scene.server.certificate.fingerprint}


def _copied(scene: Scene) -> tuple[Certificate | None, dict[str, str]]:
    """The certificate with the fingerprint is among those that it sends, but it has not the key of it."""
    own = scene.stranger.issue("copier")
    own.path.write_text(own.path.read_text() + scene.server.certificate.path.read_text())
    return own, {"fingerprint": scene.server.certificate.fingerprint}


def _no_tls(scene: Scene) -> tuple[Certificate | None, dict[str, str]]:
    return None, {"ca_certs": str(scene.server.ca_certs)}


_BAD = {
    "another authority": (_another_authority, "is not trusted"),
    "an authority that nobody knows": (_nobody_s_authority, "is not trusted"),
    "another host name": (_another_host, "is not trusted"),
    "an expired certificate": (_expired, "is not trusted"),
    "another fingerprint": (_another_fingerprint, "is not trusted"),
    "the fingerprint of a copy": (_copied, "is not trusted"),
    "no TLS": (_no_tls, "cannot be reached"),
}


def _bad_peer(name: str, engine: str, scene: Scene) -> None:
    """It gets a connection, and not one byte of a request."""
    make, word = _BAD[name]
    certificate, trust = make(scene)
    credential = _credential(scene, engine)
    with Peer(certificate) as peer:
        said = _index(scene, engine, peer.url, credential, trust)
    said.check_refused(word, peer.address)
    said.check_silent(credential)
    assert peer.connections
    assert peer.raw
    if certificate is not None:
        assert peer.plain == b""
    assert b"uthorization" not in peer.raw
    _check_unseen(credential, peer.raw)


def _good_peer(engine: str, scene: Scene) -> None:
    """The same peer, when it is trusted, gets the credential: it would have seen one."""
    credential = _credential(scene, engine)
    with Peer(scene.server.authority.issue("peer"), reply("401 Unauthorized", engine=engine)) as peer:
        said = _index(scene, engine, peer.url, credential, {"ca_certs": str(scene.server.ca_certs)})
    said.check_refused("(401)")
    said.check_silent(credential)
    assert _seen(credential, peer.plain)
    _check_unseen(credential, peer.raw)


def _redirect(status: str, engine: str, scene: Scene) -> None:
    """Nobody follows it, though who sends it is trusted, and whom it names too."""
    credential = _credential(scene, engine)
    certificate = scene.server.authority.issue("peer")
    with Peer(certificate) as other, Peer(certificate, reply(status, f"Location: {other.url}/", engine=engine)) as peer:
        said = _index(scene, engine, peer.url, credential, {"ca_certs": str(scene.server.ca_certs)})
    said.check_refused(peer.address)
    said.check_silent(credential)
    assert _seen(credential, peer.plain)
    assert (other.connections, other.raw) == (0, b"")


def _credential(scene: Scene, engine: str) -> Credential:
    return scene.api_key() if engine == "elasticsearch" else scene.user()  # OpenSearch knows no API keys


def _index(scene: Scene, engine: str, url: str, credential: Credential, trust: dict[str, str]) -> Said:
    folder = scene.new_folder()
    env = variables({"url": url, **credential.settings, **trust}, engine)
    return index(folder, some_events(folder), "--engine", engine, env=env)


def _seen(credential: Credential, content: bytes) -> bool:
    return any(canary in content for canary in credential.canaries)


def _check_unseen(credential: Credential, content: bytes) -> None:
    assert not _seen(credential, content)


# --- the real server, not as it is expected


def _server_by_another_name(scene: Scene) -> None:
    """Its certificate is for localhost and 127.0.0.1."""
    _real_server(scene, "127.0.0.2", {"ca_certs": str(scene.server.ca_certs)})


def _server_of_another_authority(scene: Scene) -> None:
    _real_server(scene, "127.0.0.1", {"ca_certs": str(scene.stranger.certificate)})


def _server_with_another_fingerprint(scene: Scene) -> None:
    _real_server(scene, "127.0.0.1", {"fingerprint": scene.stranger.issue("other").fingerprint})


def _real_server(scene: Scene, host: str, trust: dict[str, str]) -> None:
    credential = scene.api_key()
    with Relay(scene.server.url.removeprefix("https://"), host) as relay:
        said = _index(scene, "elasticsearch", f"https://{relay.address}", credential, trust)
    said.check_refused("is not trusted", relay.address)
    said.check_silent(credential)
    assert relay.raw
    _check_unseen(credential, relay.raw)


def _server_by_its_fingerprint(scene: Scene) -> None:
    """The right one is enough, without any authority."""
    credential = scene.api_key()
    said = _index(
        scene, "elasticsearch", scene.server.url, credential, {"fingerprint": scene.server.certificate.fingerprint}
    )
    assert said.code == 1, said.err  # there is a dead letter
    said.check_silent(credential)


def _server_by_http(scene: Scene) -> None:
    """Who writes http:// for a server that has https is told so in a sentence, at once."""
    credential = scene.api_key()
    address = scene.server.url.removeprefix("https://")
    said = _index(scene, "elasticsearch", f"http://{address}", credential, {})
    said.check_refused("cannot be reached", address)
    said.check_silent(credential)


# --- a key that is revoked while a run lasts


def _revoked(scene: Scene) -> None:
    """The run ends in one sentence; the next one, with a key that is good, brings what is missing and nothing twice."""
    folder = scene.new_folder()
    events = folder / "events.ndjson"
    texts = [*lines(_MANY)]
    events.write_bytes(b"".join(text.rstrip(b"\n") + b"\n" for text in texts))
    first, second = scene.api_key(), scene.api_key()
    namespace = ("--namespace", f"revoked{folder.name}")
    stream = "-".join(("logs", "okta.mim", namespace[1]))
    address = scene.server.url.removeprefix("https://")
    with Relay(address, at=_BYTES, then=partial(scene.end, first)) as relay:
        there = scene.trusted | variables({"url": f"https://{relay.address}"})
        said = index(folder, events, *namespace, env=first.variables | there)
        assert relay.called.is_set()
        said.check_refused("(401)", "credentials")
        said.check_silent(first)
        before = scene.held(stream)
        assert 0 < len(before) < _MANY
        said = index(folder, events, *namespace, env=second.variables | there)
        assert said.code == 0, said.err
        said.check_silent(second)
    after = scene.held(stream)
    assert len(after) == len(set(after)) == _MANY


# --- outputs, wherever a secret stands


@dataclass(frozen=True, slots=True)
class Given:
    """How a run is given a credential: by settings in the environment and in the settings file."""

    credential: Credential
    variables: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, object] = field(default_factory=dict)


def _key_in_the_environment(scene: Scene) -> Given:
    key = scene.api_key()
    return Given(key, key.settings)


def _password_in_the_environment(scene: Scene) -> Given:
    user = scene.user()
    return Given(user, user.settings)


def _key_in_the_settings_file(scene: Scene) -> Given:
    key = scene.api_key()
    return Given(key, config=key.settings)


def _password_in_the_settings_file(scene: Scene) -> Given:
    user = scene.user()
    return Given(user, config=user.settings)


def _password_in_the_address(scene: Scene) -> Given:
    user = scene.user()
    login = ":".join(quote(each, safe="") for each in user.settings.values())
    return Given(user, {"url": scene.server.url.replace("://", f"://{login}@")})


def _key_in_a_file(scene: Scene) -> Given:
    key = scene.api_key()
    return Given(key, {"api_key_file": str(_kept(scene, key.settings["api_key"]))})


def _password_by_a_command(scene: Scene) -> Given:
    """Which says it on standard error too."""
    user = scene.user()
    path = _kept(scene, user.settings["password"])
    words = ["sh", "-c", f"cat {path} >&2; cat {path}"]
    return Given(user, config={"username": user.settings["username"], "password_command": words})


def _kept(scene: Scene, secret: str) -> Path:
    path = scene.new_folder() / "secret"
    path.write_text(f"{secret}\n")
    return path


_PLACES = {
    "a key in the environment": _key_in_the_environment,
    "a password in the environment": _password_in_the_environment,
    "a key in the settings file": _key_in_the_settings_file,
    "a password in the settings file": _password_in_the_settings_file,
    "a password in the address": _password_in_the_address,
    "a key in a file": _key_in_a_file,
    "a password by a command": _password_by_a_command,
}


def _silent(place: str, scene: Scene) -> None:
    """A run that works, leaves all its files and has a dead letter; then one that is refused."""
    given = _PLACES[place](scene)
    said = _given(scene, given)
    assert said.code == 1, said.err
    assert {"state.json", "dead.ndjson", "metrics.prom"} <= said.everything.keys()
    assert "DEBUG urllib3" in said.err
    said.check_silent(given.credential)
    scene.end(given.credential)
    said = _given(scene, given, "--log-format", "ecs")
    assert said.code == 3, said.err
    assert "Traceback" in said.err
    said.check_silent(given.credential)


def _given(scene: Scene, given: Given, *options: str) -> Said:
    folder = scene.new_folder()
    return index(
        folder,
        some_events(folder),
        *options,
        env=scene.trusted | variables(given.variables),
        config=json.dumps({"elasticsearch": dict(given.config)}),
    )


# Settings with CANARY in them that cannot be used: those in the environment, the settings file.
_MISTAKES: dict[str, tuple[dict[str, str], str]] = {
    "a line end in a key": ({"api_key": "CANARY\nCANARY"}, "{}"),
    "a letter that no header takes": ({"api_key": "CANARY€"}, "{}"),
    "a key and a user": ({"api_key": "CANARY", "username": "CANARY"}, "{}"),
    "a password alone": ({"password": "CANARY"}, "{}"),
    "a port that is none": ({"url": "https://user:CANARY@localhost:CANARY"}, "{}"),
    "a part of a password for a port": ({"url": "https://user:CANARY/CANARY@localhost:9200"}, "{}"),
    "a query": ({"url": "https://user:CANARY@localhost:9200?key=CANARY"}, "{}"),
    "no scheme": ({"url": "user:CANARY@localhost:9200"}, "{}"),
    "a command that fails": ({"password_command": "sh -c 'echo CANARY; echo CANARY >&2; exit 1'"}, "{}"),
    "a command with an open quote": ({"password_command": "echo 'CANARY"}, "{}"),
    "a command that there is not": ({"password_command": "/CANARY"}, "{}"),
    "a key in the place of its file": ({"api_key_file": "CANARY"}, "{}"),
    "no YAML": ({}, "elasticsearch: {api_key: 'CANARY"),
    "a list": ({}, "elasticsearch: {api_key: [CANARY]}"),
    "no block": ({}, "elasticsearch: CANARY"),
    "a place that is wrong": ({}, "index: {api_key: CANARY}"),
    "a name that is wrong": ({}, "elasticsearch: {apikey: CANARY}"),
    "a tag that YAML does not know": ({}, "elasticsearch: {api_key: !CANARY x}"),
}


def _silent_about_mistakes(scene: Scene) -> None:
    def tried(mistake: tuple[dict[str, str], str]) -> Said:
        folder = scene.new_folder()
        settings, config = mistake
        return index(folder, some_events(folder), env=scene.trusted | variables(settings), config=config)

    with ThreadPoolExecutor(4) as pool:
        tries = [*pool.map(tried, _MISTAKES.values())]
    for name, said in zip(_MISTAKES, tries, strict=True):
        assert said.code == 2, (name, said.code, said.err)
        for where, content in said.everything.items():
            assert b"CANARY" not in content, (name, where)


TRIALS: dict[str, Trial] = {
    **{f"{name}, elasticsearch": partial(_bad_peer, name, "elasticsearch") for name in _BAD},
    **{
        f"{name}, opensearch": partial(_bad_peer, name, "opensearch")
        for name in ("another authority", "another host name", "another fingerprint", "the fingerprint of a copy")
    },
    **{f"a good peer, {engine}": partial(_good_peer, engine) for engine in ("elasticsearch", "opensearch")},
    **{
        f"a redirect, {status}, {engine}": partial(_redirect, status, engine)
        for status, engine in (("307 Temporary Redirect", "elasticsearch"), ("302 Found", "opensearch"))
    },
    "the server by another name": _server_by_another_name,
    "the server of another authority": _server_of_another_authority,
    "the server with another fingerprint": _server_with_another_fingerprint,
    "the server by http": _server_by_http,
    "the server by its fingerprint": _server_by_its_fingerprint,
    "a key revoked while a run lasts": _revoked,
    **{place: partial(_silent, place) for place in _PLACES},
    "settings that are mistakes": _silent_about_mistakes,
}
