"""What is said when the embedded database cannot run."""

from pathlib import Path

import pytest

from smartcity.storage.binary import EmbeddedServerError, explain, find_server

pytestmark = pytest.mark.anyio


def executable(folder: Path, script: str) -> Path:
    path = folder / "mongod"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


async def test_a_server_on_the_path_comes_before_the_packaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = executable(tmp_path, "echo 'db version v8.0.4'; echo more")
    monkeypatch.setenv("PATH", str(tmp_path))
    server = await find_server()
    assert (server.path, server.version, server.packaged) == (path, "8.0.4", False)


async def test_the_packaged_server_is_found_without_one_on_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    server = await find_server()
    assert server.packaged
    assert server.version == "6.0.5"


async def test_a_missing_library_is_told_with_the_package_that_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(
        tmp_path,
        "echo 'mongod: error while loading shared libraries: libcurl.so.4: cannot open shared "
        "object file: No such file or directory' >&2; exit 127",
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedServerError, match=r"libcurl\.so\.4.*apt-get install libcurl4"):
        await find_server()


def test_another_complaint_of_the_loader_is_told_as_it_is() -> None:
    said = explain(Path("/usr/bin/mongod"), "mongod: version `GLIBC_2.34' not found\n")
    assert said.endswith("version `GLIBC_2.34' not found")
