"""A server that is trusted by a fingerprint.

Of the certificates that a server sends only the first proves anything: it has that one's key. All others it may have
copied from somebody, so that one of them having the fingerprint says nothing by itself. Therefore the certificate with
the fingerprint is looked for first, in a handshake of its own in which nothing is sent; then it is the one authority
that connections are verified with.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import sys
import threading
from typing import Any, Self

from urllib3.exceptions import SSLError


class NotTrusted(SSLError):
    """None of the certificates that the server sends has the fingerprint."""


class Pinned(ssl.SSLContext):
    """Trusts nobody until `find` has found the certificate with the fingerprint, then that one or whom it has signed.

    Not the name in the certificate, which the fingerprint stands for. Safe to use from several threads.
    """

    _fingerprint: bytes
    _lock: threading.Lock
    _found: bool

    @classmethod
    def to(cls, fingerprint: bytes) -> Self:
        """A context for this SHA-256."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a certificate that is no authority's may be the anchor
        context._fingerprint, context._lock, context._found = fingerprint, threading.Lock(), False
        return context

    def find(self, host: str, port: int, timeout: float | None) -> None:
        """Look for the certificate at this server, once. Raises NotTrusted, OSError."""
        with self._lock:
            if self._found:
                return
            for certificate in _sent(host, port, timeout):
                if hashlib.sha256(certificate).digest() == self._fingerprint:
                    self.load_verify_locations(cadata=certificate)
                    self._found = True
                    return
        raise NotTrusted("no certificate has the fingerprint")


def _sent(host: str, port: int, timeout: float | None) -> list[bytes]:
    """The certificates that a server sends, in DER; not verified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout) as plain,
        context.wrap_socket(plain, server_hostname=host) as there,
    ):
        if sys.version_info >= (3, 13):
            return there.get_unverified_chain()
        chain: list[Any] = there._sslobj.get_unverified_chain() or []  # type: ignore[attr-defined]
        return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in chain]
