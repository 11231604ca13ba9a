"""Certificates for servers of tests, made by the program `openssl`: good ones, and such as nobody may trust."""

import base64
import hashlib
import os
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.engines import EngineError, MissingError

_NAMES = ("localhost", "127.0.0.1")
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

# Ours, because every machine's own openssl.cnf says something else.
_CONFIGURATION = """[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $ENV::NAMES
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its private key, files in PEM."""

    path: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hexadecimal."""
        lines = self.path.read_text().splitlines()
        return hashlib.sha256(base64.b64decode("".join(lines[1:-1]))).hexdigest()

    def context(self) -> ssl.SSLContext:
        """For a server of ours that shows it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.key)
        return context


class Authority:
    """A certificate authority: `certificate` is the file that who trusts it gives as `ca_certs`.

    Makes its files in `folder`. Raises MissingError without openssl.
    """

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration = folder / "openssl.cnf"
        self._configuration.write_text(_CONFIGURATION)
        self.certificate, self._key = folder / f"{name}.crt", folder / f"{name}.key"
        new = ("req", "-x509", "-config", self._configuration, "-extensions", "authority", *_CURVE)
        self._openssl(*new, "-keyout", self._key, "-out", self.certificate, "-days", "30", "-subj", f"/CN={name}")

    def issue(self, name: str, *hosts: str, days: int = 30) -> Certificate:
        """A certificate for these hosts, by default this machine's loopback; -1 `days` make one that has expired."""
        path, key, request = (self._folder / f"{name}.{end}" for end in ("crt", "key", "csr"))
        new = ("req", "-new", "-config", self._configuration, *_CURVE)
        self._openssl(*new, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        names = ",".join(f"{'IP' if host[-1].isdigit() else 'DNS'}:{host}" for host in hosts or _NAMES)
        signed = ("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial")
        self._openssl(
            *signed, "-extfile", self._configuration, "-extensions", "server", "-days", str(days), "-out", path,
            names=names,
        )  # fmt: skip
        return Certificate(path, key)

    def _openssl(self, *arguments: str | Path, names: str = "") -> None:
        program = shutil.which("openssl")
        if program is None:
            raise MissingError("openssl is needed to make certificates: install it (apt-get install openssl).")
        environment = {**os.environ, "NAMES": names or "DNS:localhost"}
        done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise EngineError(f"openssl could not make a certificate:\n{done.stderr}")
