"""What a server with security has that others have not: a certificate, the authority behind it, a password."""

import secrets
from pathlib import Path

from tests.engines.certificates import Authority, Certificate

USER = "elastic"
"""The user who may do everything."""


class Security:
    """Made anew for every server, in a folder of its own."""

    def __init__(self, folder: Path, certificate: Certificate | None = None) -> None:
        """By default with a certificate for this machine's loopback."""
        self.authority = Authority(folder)
        self.certificate = certificate or self.authority.issue("server")
        self.password = secrets.token_urlsafe(16)

    @property
    def settings(self) -> dict[str, object]:
        """For elasticsearch.yml. Only HTTP is encrypted: one node on loopback has nobody to talk to otherwise."""
        return {
            "xpack.security.enabled": True,
            "xpack.license.self_generated.type": "basic",
            "xpack.security.http.ssl.enabled": True,
            "xpack.security.http.ssl.key": str(self.certificate.key),
            "xpack.security.http.ssl.certificate": str(self.certificate.path),
            "xpack.security.transport.ssl.enabled": False,
        }

    @property
    def environment(self) -> dict[str, str]:
        """For the launcher, which hands it to the server as `bootstrap.password`."""
        return {"ES_BOOTSTRAP_PASSWORD": self.password}
