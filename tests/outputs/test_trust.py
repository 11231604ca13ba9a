"""Whose certificate is trusted, and that nothing is sent to anybody else."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from normalizer.errors import ServerError, SettingsError
from normalizer.outputs.address import read_address, trust
from tests.delivery.peer import JSON, PRODUCT, Peer, Reply, peer
from tests.engines.certificates import Authority, Certificate
from tests.outputs.engines import ENGINES, action, connect

CANARY = "c4nary-s3cret"


@dataclass
class Certificates:
    """Ours, and somebody else's."""

    folder: Path
    authority: Authority
    good: Certificate
    stranger: Authority
    strange: Certificate


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    authority, stranger = Authority(folder / "ours"), Authority(folder / "theirs")  # of the same name
    return Certificates(folder, authority, authority.issue("server"), stranger, stranger.issue("server"))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    engine: str = request.param
    return engine


def chain(*files: Path, key: Path, folder: Path) -> ssl.SSLContext:
    """Of a server that sends these certificates, and has the key of the first."""
    together = folder / "chain.crt"
    together.write_text("".join(each.read_text() for each in files))
    return Certificate(together, key).context()


def fingerprint(certificate: Path) -> str:
    return Certificate(certificate, certificate).fingerprint


def answer(_: int, __: bytes) -> Reply:
    return Reply(body=b"{}")


def asked(engine: str, there: Peer, **options: Any) -> object:
    with connect(engine, there.url, username="me", password=CANARY, timeout=5, **options) as server:
        return server.get("/")


def check_refused(engine: str, there: Peer, reason: str, **options: Any) -> None:
    """By a sentence, for a bulk request too, before anything is sent."""
    with pytest.raises(ServerError, match=rf" at 127\.0\.0\.1:\d+ is not trusted: {reason}.*\.$") as caught:
        asked(engine, there, **options)
    assert CANARY not in str(caught.value)
    with (
        connect(engine, there.url, timeout=5, **options) as server,
        pytest.raises(ServerError, match="is not trusted"),
    ):
        server.bulk("logs-a-b", [action()])
    assert there.requests == []


UNKNOWN = "(unable to get local issuer certificate|certificate signature failure|.*self.signed certificate)"
OTHER = "its certificate is not the one that was expected of it"


def test_an_authority(engine: str, made: Certificates) -> None:
    with peer(answer, engine, made.good.context()) as there:
        assert asked(engine, there, ca_certs=made.authority.certificate) == {}
        assert asked(engine, there, ca_certs=str(made.authority.certificate)) == {}
    with peer(answer, engine, made.good.context()) as there:
        check_refused(engine, there, UNKNOWN, ca_certs=made.stranger.certificate)
        check_refused(engine, there, UNKNOWN)


def test_authorities_of_the_machine(engine: str, made: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """They count where no file is given, and only there."""
    monkeypatch.setenv("SSL_CERT_FILE", str(made.stranger.certificate))
    with peer(answer, engine, made.strange.context()) as there:
        assert asked(engine, there) == {}
    with peer(answer, engine, made.strange.context()) as there:
        check_refused(engine, there, UNKNOWN, ca_certs=made.authority.certificate)
        check_refused(engine, there, OTHER, fingerprint=made.good.fingerprint)


def test_another_name_and_an_old_certificate(engine: str, made: Certificates) -> None:
    trusted = made.authority.certificate
    with peer(answer, engine, made.authority.issue("other", "other.example").context()) as there:
        check_refused(engine, there, "IP address mismatch", ca_certs=trusted)
    with peer(answer, engine, made.authority.issue("old", days=-1).context()) as there:
        check_refused(engine, there, "certificate has expired", ca_certs=trusted)


def test_a_fingerprint(engine: str, made: Certificates) -> None:
    """That of the server's certificate, whoever has signed it, or of the authority that it sends along."""
    printed = ":".join(made.good.fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    with peer(answer, engine, made.good.context()) as there:
        assert asked(engine, there, fingerprint=made.good.fingerprint) == {}
        assert asked(engine, there, fingerprint=printed) == {}
    both = chain(made.good.path, made.authority.certificate, key=made.good.key, folder=made.folder)
    with peer(answer, engine, both) as there:
        assert asked(engine, there, fingerprint=fingerprint(made.authority.certificate)) == {}
        assert asked(engine, there, fingerprint=made.good.fingerprint) == {}
    with peer(answer, engine, made.good.context()) as there:
        check_refused(engine, there, OTHER, fingerprint=made.strange.fingerprint)
        check_refused(engine, there, OTHER, fingerprint=fingerprint(made.authority.certificate))


def test_a_name_does_not_count_beside_a_fingerprint(engine: str, made: Certificates) -> None:
    other = made.authority.issue("elsewhere", "other.example")
    with peer(answer, engine, other.context()) as there:
        assert asked(engine, there, fingerprint=other.fingerprint) == {}


@pytest.mark.parametrize("copied", ["the server's", "the authority's"])
def test_a_certificate_that_is_only_sent_along_proves_nothing(engine: str, made: Certificates, copied: str) -> None:
    """Everybody has seen them: only who has the key, or a signature by it, is who he says."""
    certificate = made.good.path if copied == "the server's" else made.authority.certificate
    false = chain(made.strange.path, certificate, key=made.strange.key, folder=made.folder)
    with peer(answer, engine, false) as there:
        check_refused(engine, there, UNKNOWN, fingerprint=fingerprint(certificate))


def test_who_shows_another_certificate_later_is_refused(engine: str, made: Certificates) -> None:
    """The certificate that was found by its fingerprint is looked at in each connection."""
    closing = Reply(body=b"{}", headers={**JSON, **PRODUCT, "Connection": "close"})
    context = made.good.context()
    with (
        peer(lambda *_: closing, engine, context) as there,
        connect(engine, there.url, fingerprint=made.good.fingerprint, timeout=5) as server,
    ):
        assert server.get("/") == {}
        context.load_cert_chain(made.strange.path, made.strange.key)
        with pytest.raises(ServerError, match="is not trusted"):
            server.get("/")
        assert len(there.requests) == 1


def test_a_server_that_speaks_no_tls(engine: str) -> None:
    with peer(answer, engine) as there:
        for fingerprint in (None, "ab" * 32):
            url = there.url.replace("http:", "https:")
            with (
                connect(engine, url, timeout=5, fingerprint=fingerprint) as server,
                pytest.raises(ServerError, match=r"cannot be reached: no TLS connection, .*\.$"),
            ):
                server.get("/")
    assert there.requests == []


@pytest.mark.parametrize(
    ("url", "ca_certs", "fingerprint", "sentence"),
    [
        (
            "http://host",
            "ca.pem",
            None,
            r"^Certificates were given for http://host:80, which is http; write https://\.$",
        ),
        ("http://me:c4nary@host", None, "ab" * 32, r"for http://host:80, which"),
        ("https://host", "/no/such/file", None, r"^There is no file of certificates /no/such/file\.$"),
        ("https://host", "/dev/null", None, r"^The file /dev/null holds no certificates \(PEM\)\.$"),
        ("https://host", "/etc/passwd", None, r"holds no certificates"),
        ("https://me:c4nary@host", None, "c4nary", r"^The fingerprint for host:443 is no SHA-256: 64 hex"),
        ("https://host", None, "ab" * 20, r"is no SHA-256"),
        ("https://host", None, "zz" * 32, r"is no SHA-256"),
    ],
)
def test_settings(url: str, ca_certs: str | None, fingerprint: str | None, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        trust(read_address(url, "Elasticsearch"), ca_certs, fingerprint)
    assert "c4nary" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_tls_is_at_least_1_2(made: Certificates) -> None:
    for options in ((None, None), (made.authority.certificate, None), (None, "ab" * 32)):
        context = trust(read_address("https://host", "Elasticsearch"), *options)
        assert context is not None
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        assert context.verify_mode is ssl.CERT_REQUIRED
