"""The certificates of test servers are what tests take them for."""

import socket
import ssl
import threading
from pathlib import Path

import pytest

from tests.engines import MissingError
from tests.engines.certificates import Authority, Certificate


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def shake_hands(shown: Certificate, trusted: Authority, host: str = "localhost") -> None:
    """Raises SSLError where a client that trusts the authority refuses the certificate."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        thread = threading.Thread(target=answer, args=(theirs, shown))
        thread.start()
        try:
            context = ssl.create_default_context(cafile=trusted.certificate)
            with context.wrap_socket(ours, server_hostname=host) as wrapped:
                assert ssl.PEM_cert_to_DER_cert(shown.path.read_text()) == wrapped.getpeercert(binary_form=True)
        finally:
            ours.close()
            thread.join()


def answer(connection: socket.socket, shown: Certificate) -> None:
    try:
        shown.context().wrap_socket(connection, server_side=True).close()
    except OSError:  # the client has gone
        connection.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_good_one_is_trusted(authority: Authority, host: str) -> None:
    shake_hands(authority.issue("good"), authority, host)


def test_one_of_another_authority_is_not(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        shake_hands(authority.issue("good"), Authority(tmp_path, "stranger"))


def test_one_for_another_host_is_not(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(authority.issue("other", "elasticsearch.example.com"), authority)


def test_one_that_has_expired_is_not(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
        shake_hands(authority.issue("old", days=-1), authority)


def test_without_openssl_one_sentence_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match=r"^openssl is needed to make certificates: install it"):
        Authority(tmp_path)
