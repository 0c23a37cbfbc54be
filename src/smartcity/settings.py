"""The runtime settings: read once, by the composition root, and handed on.

`config/settings.toml` holds every setting with its default and its meaning; `SMARTCITY_…`
variables override it; options override both. Nothing else in the project reads the environment.
"""

import os
import secrets
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

PROJECT = Path(__file__).resolve().parents[2]
PREFIX = "SMARTCITY_"
NOT_SETTINGS = frozenset({"SMARTCITY_PASSWORD"})
"""Variables with our prefix that a single command reads for itself."""

Rate = Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d{0,8}/(second|minute|hour|day)$")]
"""How often something may happen: `10/hour`."""

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Key = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-fA-F]{2}){32,}$|^$")]
PersonalKeys = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-fA-F]{64}([ ,]+|$))*$")]


class SettingsError(Exception):
    """A setting that is unknown or malformed; the message names it and where it came from."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `config/settings.toml` says, after the overrides. The meanings stand in that file."""

    city: str
    data_dir: str
    host: str
    port: Port
    workers: Count
    public_url: str
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["console", "json"]

    mongo_uri: str
    mongo_database: str
    mongo_cache_mb: Count
    mongo_timeout_s: Seconds
    mongo_pool: Count

    secret_key: Key
    personal_keys: PersonalKeys

    oidc_issuers: str
    totp_roles: str

    attachments: str
    upload_bytes: Count
    upload_pixels: Count
    attachments_per_report: Count

    fcm_project: str
    fcm_credentials: str
    fcm_endpoint: str
    push_per_second: Count

    letter_wait_s: Annotated[float, msgspec.Meta(ge=0)]
    letter_link: str
    smtp_url: str
    smtp_from: str
    smtp_per_second: Count

    sms_gateway: str
    sms_secret: str

    geocoder_url: str

    webhook_networks: str

    rate_limits: Literal["on", "off"]
    limit_devices: Rate
    limit_reports: Rate
    limit_actions: Rate
    limit_logins: Rate
    limit_account_logins: Rate
    limit_secrets: Rate
    limit_guesses: Rate
    limit_searches: Rate
    limit_emails: Rate
    limit_reads: Rate
    trusted_proxies: str
    live_listeners: Count
    body_bytes: Count

    publisher_poll_ms: Count
    consumer_poll_ms: Count
    publisher_batch: Count
    lease_s: Seconds
    feed_days: Count

    @property
    def city_dir(self) -> Path:
        """The city pack's folder: as given, or inside the project."""
        given = Path(self.city)
        return given if given.is_dir() else PROJECT / given

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir).absolute()

    def secret(self) -> bytes:
        """The key that receipts and personal data hang on; made at the first use if none is set.

        Every process of one installation must have the same: with processes on several machines,
        set `secret_key`.
        """
        return bytes.fromhex(self.secret_key or _kept_secret(self.data_path / "secret.key"))


def load_settings(
    options: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
    file: Path = PROJECT / "config" / "settings.toml",
) -> Settings:
    """Read the settings. Raises `SettingsError`, naming the setting and its source."""
    try:
        values: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from error
    sources = dict.fromkeys(values, str(file))
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in Settings.__struct_fields__:
            raise SettingsError(f"{variable}: there is no such setting; see {file}")
        values[name], sources[name] = text, variable
    for name, value in (options or {}).items():
        if value is not None:
            values[name], sources[name] = value, f"--{name.replace('_', '-')}"
    for field in msgspec.structs.fields(Settings):
        if field.name in values:
            try:
                msgspec.convert(values[field.name], field.type, strict=False)
            except msgspec.ValidationError as error:
                raise SettingsError(f"{sources[field.name]}: {error}") from error
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{file}: {error}") from error


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment in which another process of ours reads these same settings."""
    given = {
        f"{PREFIX}{name.upper()}": str(v) for name, v in msgspec.structs.asdict(settings).items()
    }
    return {**os.environ, **given}


def _kept_secret(file: Path) -> str:
    """The secret in `file`; two processes that start at once agree on the first one written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        with tempfile.NamedTemporaryFile("w", dir=file.parent) as fresh:  # readable by us alone
            fresh.write(secrets.token_hex(32))
            fresh.flush()
            with suppress(FileExistsError):
                os.link(fresh.name, file)
    kept = file.read_text().strip()
    try:
        return msgspec.convert(kept or "lost", Key)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{file}: {error}") from error
