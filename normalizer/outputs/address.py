"""Where a server is, who we are there, and how its certificate is verified: all that both engines take alike.

No sentence holds a credential.
"""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import certifi

from normalizer.errors import SettingsError
from normalizer.outputs.pins import Pinned

_PORTS = {"http": 80, "https": 443}
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a cluster. `path` begins with a slash or is empty; `user`, name and password, stood in it too."""

    scheme: str
    host: str
    port: int
    path: str
    user: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """Host and port, for sentences."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_address(url: str, engine: str) -> Address:
    """An address taken apart. Raises SettingsError."""
    advice = "write one such as https://host:9200."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError(f"{engine}'s address cannot be read; {advice}") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise SettingsError(f"{engine}'s address begins with http:// or https:// and a host; {advice}")
    if parts.query or parts.fragment:
        raise SettingsError(f"{engine}'s address ends with host, port and path, without ? and #; {advice}")
    user = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Address(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], parts.path.rstrip("/"), user)


def authorization(address: Address, api_key: str | None, username: str | None, password: str | None) -> dict[str, str]:
    """The header that says who we are (RFC 7617), or none; what is given wins over what stands in the address.

    Raises SettingsError where an API key and a user are given, or one half of a user.
    """
    if api_key is not None and (username is not None or password is not None):
        raise SettingsError("An API key and a user were both given; the server takes one of them.")
    if (username is None) != (password is None):
        raise SettingsError("A user needs a password, and a password a user.")
    if api_key is not None:
        if not api_key.isascii():
            raise SettingsError("The API key is none: it has letters that no key has.")
        return {"authorization": f"ApiKey {api_key}"}
    user = (username, password) if username is not None else address.user
    if user is None:
        return {}
    return {"authorization": f"Basic {base64.b64encode(':'.join(map(str, user)).encode()).decode()}"}


def trust(address: Address, ca_certs: str | Path | None, fingerprint: str | None) -> ssl.SSLContext | None:
    """How the server's certificate is verified; None for http.

    `ca_certs` is a file of authorities to trust and no others (PEM); without it those of this machine and of certifi
    are. `fingerprint` is the SHA-256 of the server's certificate, or of an authority that it sends along and that has
    signed it; no other authority counts then, and no name. Raises SettingsError.
    """
    if address.scheme != "https":
        if ca_certs is not None or fingerprint is not None:
            where = f"http://{address.shown}"
            raise SettingsError(f"Certificates were given for {where}, which is http; write https://.")
        return None
    context = _authorities(ca_certs)
    if fingerprint is not None:
        wanted = fingerprint.replace(":", "").lower()
        if len(wanted) != 64 or not _HEX.issuperset(wanted):
            raise SettingsError(
                f"The fingerprint for {address.shown} is no SHA-256: 64 hexadecimal digits, also with colons."
            )
        context = Pinned.to(bytes.fromhex(wanted))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _authorities(path: str | Path | None) -> ssl.SSLContext:
    if path is None:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context
    try:
        return ssl.create_default_context(cafile=str(path))
    except FileNotFoundError:
        raise SettingsError(f"There is no file of certificates {path}.") from None
    except (OSError, ssl.SSLError):
        raise SettingsError(f"The file {path} holds no certificates (PEM).") from None
