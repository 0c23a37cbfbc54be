"""Settings: one file, the environment over it, options over both; every mistake is named."""

import threading
from pathlib import Path

import pytest

from smartcity.settings import (
    NOT_SETTINGS,
    PROJECT,
    Settings,
    SettingsError,
    environment_of,
    load_settings,
)

FILE = PROJECT / "config" / "settings.toml"


def test_the_file_holds_every_setting_with_a_meaning() -> None:
    load_settings(environment={})
    lines = FILE.read_text("utf-8").splitlines()
    explained = {line.split("=")[0].strip() for line in lines if "=" in line and "# " in line}
    apparent = {"mongo_database", "attachments_per_report"}
    assert explained | apparent >= set(Settings.__struct_fields__)


def test_options_come_before_the_environment_and_that_before_the_file() -> None:
    environment = {"SMARTCITY_PORT": "9001", "SMARTCITY_HOST": "127.0.0.2"}
    settings = load_settings({"port": 9002, "host": None}, environment)
    assert (settings.port, settings.host, settings.workers) == (9002, "127.0.0.2", 1)


def test_other_variables_are_left_alone() -> None:
    environment = {"HOME": "/root", **dict.fromkeys(NOT_SETTINGS, "x")}
    assert load_settings(environment=environment) == load_settings(environment={})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SMARTCITY_PROT", "9000"),
        ("SMARTCITY_PORT", "many"),
        ("SMARTCITY_PORT", "65536"),
        ("SMARTCITY_WORKERS", "0"),
        ("SMARTCITY_LEASE_S", "-1"),
        ("SMARTCITY_LOG_LEVEL", "loud"),
        ("SMARTCITY_RATE_LIMITS", "maybe"),
        ("SMARTCITY_LIMIT_READS", "often"),
    ],
)
def test_a_wrong_variable_stops_the_start_and_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable}: "):
        load_settings(environment={variable: value})


@pytest.mark.parametrize("value", ["short", "g" * 64, "a" * 65])
def test_a_wrong_secret_is_named_and_not_shown(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^SMARTCITY_SECRET_KEY: ") as refusal:
        load_settings(environment={"SMARTCITY_SECRET_KEY": value})
    assert value not in str(refusal.value)


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^--data-dir: "):
        load_settings({"data_dir": 7}, {})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("port = 8000", "port = 'x'"), "settings.toml: "),
        (("port = 8000", "prot = 8000"), "prot|port"),
        (("port = 8000", "port ="), "settings.toml: "),
    ],
)
def test_a_wrong_file_stops_the_start_and_is_named(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(FILE.read_text("utf-8").replace(*change))
    with pytest.raises(SettingsError, match=said):
        load_settings(environment={}, file=file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        load_settings(environment={}, file=tmp_path / "nowhere")


def test_another_process_reads_the_same_settings() -> None:
    settings = load_settings({"port": 0, "mongo_timeout_s": 2.5, "public_url": "https://a.b"}, {})
    ours = {k: v for k, v in environment_of(settings).items() if k.startswith("SMARTCITY_")}
    assert load_settings(environment=ours) == settings


def test_the_environment_of_another_process_keeps_what_is_not_ours() -> None:
    assert "PATH" in environment_of(load_settings(environment={}))


def test_the_city_is_found_from_the_current_folder_or_from_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({"city": "config/hanoi"}, {})
    assert settings.city_dir == PROJECT / "config" / "hanoi"
    (tmp_path / "config" / "hanoi").mkdir(parents=True)
    assert settings.city_dir.resolve() == tmp_path / "config" / "hanoi"


def test_a_secret_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": str(tmp_path / "var")}, {})
    secret = settings.secret()
    assert len(secret) == 32
    assert settings.secret() == secret
    file = tmp_path / "var" / "secret.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]


def test_of_many_that_start_at_once_all_have_the_same_secret(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": str(tmp_path)}, {})
    found: list[bytes] = []
    starts = [threading.Thread(target=lambda: found.append(settings.secret())) for _ in range(8)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_configured_secret_is_the_one_used(tmp_path: Path) -> None:
    given = {"data_dir": str(tmp_path), "secret_key": "ab" * 32}
    assert load_settings(given, {}).secret() == b"\xab" * 32
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["", "abc", "zz" * 32])
def test_a_secret_that_was_damaged_is_not_used(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret.key").write_text(content)
    with pytest.raises(SettingsError, match=r"secret\.key"):
        load_settings({"data_dir": str(tmp_path)}, {}).secret()
