"""What is Elasticsearch's own about a server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.engines import EngineError
from tests.engines.ask import ask
from tests.engines.certificates import Authority, Certificate
from tests.engines.elasticsearch import home
from tests.engines.elasticsearch.security import USER, Security
from tests.engines.server import Server


class Elasticsearch(Server):
    """A genuine Elasticsearch; its arguments are those of every `Server`, and `security`.

    With it the server speaks https only and wants a user: `elastic` with `password`, who may do everything, or another
    that this one makes. `ca_certs` is the file of the authority to trust.
    """

    name = "Elasticsearch"
    version = home.VERSION
    prefix = "es"
    main_class = "launcher.NodeLauncher"
    own_jvm_options = (
        "-Des.distribution.type=tar",
        # Its library is not on Maven Central; looked for and not found, the server does without all native code.
        "-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false",
    )

    def __init__(
        self,
        settings: Mapping[str, object] | None = None,
        *,
        heap: str = "512m",
        data: Path | None = None,
        optimized: bool = False,
        security: bool = False,
    ) -> None:
        super().__init__(settings, heap=heap, data=data, optimized=optimized)
        self._security: Security | None = None
        if security:
            try:
                self._security = Security(self._folder / "config" / "certificates")
            except BaseException:
                self.close()
                raise
            self.scheme = "https"
            self._settings = self._security.settings | self._settings

    @property
    def password(self) -> str:
        """Of the user elastic. Raises EngineError without security."""
        return self._secured.password

    @property
    def ca_certs(self) -> Path:
        """The file of the authority to trust. Raises EngineError without security."""
        return self._secured.authority.certificate

    @property
    def authority(self) -> Authority:
        """Issues more certificates that are trusted like the server's. Raises EngineError without security."""
        return self._secured.authority

    @property
    def certificate(self) -> Certificate:
        """The server's own. Raises EngineError without security."""
        return self._secured.certificate

    def variables(self) -> dict[str, str]:
        """All that a client must know, for its environment."""
        known = super().variables()
        if self._security is not None:
            secured = {"username": USER, "password": self.password, "ca_certs": str(self.ca_certs)}
            known |= {self.variable(name): value for name, value in secured.items()}
        return known

    def ask(self, method: str, path: str, body: object = None, *, seconds: float = 30) -> tuple[int, Any]:
        """As `Server.ask`, by the user elastic where there are users."""
        if self._security is None:
            return super().ask(method, path, body, seconds=seconds)
        user = (USER, self.password)
        return ask(self.url, method, path, body, seconds=seconds, user=user, ca_certs=self.ca_certs)

    def prepare_home(self, java: Path) -> Path:
        """The folder with lib and modules, from the cache or newly made; raises as `start` does."""
        return home.prepare_home(java, security=self._security is not None)

    @property
    def _secured(self) -> Security:
        if self._security is None:
            raise EngineError("The server has no security.")
        return self._security

    def _environment(self) -> dict[str, str]:
        return super()._environment() | (self._security.environment if self._security else {})
