"""The client that is made from settings, and the sentence for each of its exceptions."""

from __future__ import annotations

import inspect
import socket
import ssl
from pathlib import Path
from typing import Any

import elastic_transport
import elasticsearch
import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig

from normalizer.errors import ServerError, SettingsError
from normalizer.outputs.elasticsearch import address, connect, error_of, plainly, server_error

EXCEPTIONS = sorted(
    {
        each
        for module in (elasticsearch, elasticsearch.exceptions, elastic_transport)
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Exception) and not issubclass(each, Warning)
    },
    key=lambda each: (each.__module__, each.__name__),
)


def made(kind: type[Exception], status: int = 400) -> Exception:
    if not issubclass(kind, elastic_transport.ApiError):
        return kind("something")
    meta = ApiResponseMeta(status, "1.1", HttpHeaders(), 0.1, NodeConfig("http", "h", 1))
    return kind("something", meta, {"error": {"type": "odd", "reason": "Because."}})


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_every_exception_of_the_client_is_one_sentence(kind: type[Exception]) -> None:
    client = connect("http://h:1")
    with client, pytest.raises(ServerError) as caught, plainly(client):
        raise made(kind)
    sentence = str(caught.value)
    assert "h:1" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "0x" not in sentence
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError, AttributeError])
def test_built_in_exceptions_of_the_client_do_not_leave_either(kind: type[Exception]) -> None:
    client = connect("http://h:1")
    with client, pytest.raises(ServerError, match=rf"failed \({kind.__name__}\)"), plainly(client):
        raise kind("something")


def test_our_own_errors_pass() -> None:
    client = connect("http://h:1")
    with client, pytest.raises(SettingsError, match="ours"), plainly(client):
        raise SettingsError("ours")


def caused(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            elastic_transport.ConnectionError(
                "no", errors=(caused(ValueError("a"), OSError(111, "Connection refused")),)
            ),
            "Elasticsearch at h:1 cannot be reached: Connection refused.",
        ),
        (
            elastic_transport.ConnectionError("no", errors=(socket.gaierror(-2, "Name or service not known"),)),
            "Elasticsearch at h:1 cannot be reached: Name or service not known.",
        ),
        (elastic_transport.ConnectionError("no"), "Elasticsearch at h:1 cannot be reached: the connection was lost."),
        (elastic_transport.ConnectionTimeout("no"), "Elasticsearch at h:1 did not answer in time."),
        (
            elastic_transport.TlsError("Fingerprints did not match"),
            "Elasticsearch at h:1 is not trusted: its certificate is not the one that was expected of it.",
        ),
    ],
)
def test_sentences(error: Exception, sentence: str) -> None:
    assert str(server_error(error, "h:1")) == sentence


def test_a_certificate_that_is_not_trusted_says_why() -> None:
    inner = ssl.SSLCertVerificationError(1, "certificate verify failed")
    inner.verify_message = "certificate has expired"
    error = elastic_transport.TlsError("no", errors=(inner,))
    assert str(server_error(error, "h:1")) == "Elasticsearch at h:1 is not trusted: certificate has expired."


def test_the_error_of_an_answer_with_its_causes() -> None:
    body = {"type": "a", "reason": "one.", "caused_by": {"type": "b", "reason": "two", "caused_by": {"reason": "two"}}}
    assert error_of({"error": body}) == ("a", "one.; two")
    assert error_of({"error": "text"}) == ("", "text")
    assert error_of("text") == error_of({}) == error_of({"error": 1}) == ("", "")


def headers(client: elasticsearch.Elasticsearch) -> Any:
    return client._headers


def test_credentials() -> None:
    with connect("http://h:9200", api_key="key") as client:
        assert headers(client)["authorization"] == "ApiKey key"
    with connect("http://h:9200", username="me", password="secret") as client:
        assert headers(client)["authorization"] == "Basic bWU6c2VjcmV0"
    with connect("http://me:se%63ret@h:9200") as client:
        assert headers(client)["authorization"] == "Basic bWU6c2VjcmV0"
    with connect("http://other:one@h:9200", username="me", password="secret") as client:
        assert headers(client)["authorization"] == "Basic bWU6c2VjcmV0"
    with connect("http://other:one@h:9200", api_key="key") as client:
        assert headers(client)["authorization"] == "ApiKey key"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h", "h:80"),
        ("https://h", "h:443"),
        ("https://h:9200/", "h:9200"),
        ("https://h/elastic/", "h:443"),
        ("http://[::1]:9200", "[::1]:9200"),
        ("http://me:secret@h:9200", "h:9200"),
    ],
)
def test_addresses(url: str, shown: str) -> None:
    with connect(url) as client:
        assert address(client) == shown


def test_the_clients_own_retries_are_off() -> None:
    with connect("http://h:9200") as client:
        assert client._max_retries == 0
        assert client._retry_on_timeout is False
        assert client._retry_on_status == ()


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("", {}),
        ("host:9200", {}),
        ("ftp://host", {}),
        ("http://", {}),
        ("http://me:c4nary@host:99999", {}),
        ("http://me:c4nary@host:port", {}),
        ("http://me:c4nary@host/?a=1", {}),
        ("http://[me:c4nary@host", {}),
        ("http://host", {"api_key": "c4nary", "username": "me", "password": "x"}),
        ("http://host", {"username": "me"}),
        ("http://host", {"password": "c4nary"}),
        ("http://host", {"ca_certs": "ca.pem"}),
        ("http://me:c4nary@host", {"fingerprint": "ab"}),
        ("https://host", {"ca_certs": "/no/such/file"}),
        ("https://me:c4nary@host", {"fingerprint": "no fingerprint"}),
    ],
)
def test_bad_settings(url: str, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        connect(url, **options)
    assert "c4nary" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_file_without_certificates(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(SettingsError, match="holds no certificates"):
        connect("https://host", ca_certs=tmp_path / "ca.pem")
