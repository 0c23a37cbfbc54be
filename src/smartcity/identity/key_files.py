"""Where the keys of personal data come from: the setting `personal_keys`, or a file.

A key that is added to the file is read with by every process at once, and written under by each
within `SEEN_WITHIN_S`: a look at the file for every text would slow down what takes in millions.
"""

import os
import secrets
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from smartcity.identity.personal import KEY_BYTES, PersonalData
from smartcity.settings import Settings, SettingsError

FILE: Final = "personal.keys"
SEEN_WITHIN_S: Final = 0.5


class KeyFile:
    """The keys in a file, one a line in hexadecimal digits, the newest first. Made at first use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state: tuple[int, int] | None = None
        self._keys: Sequence[bytes] = ()
        self._look_at = 0.0

    def __call__(self, *, again: bool = False) -> Sequence[bytes]:
        """Raises `SettingsError` for a file that holds anything else."""
        if not again and time.monotonic() < self._look_at:
            return self._keys
        try:
            state = self._now()
        except FileNotFoundError:
            self._write(self.path, [secrets.token_bytes(KEY_BYTES)], only_if_new=True)
            state = self._now()
        if state != self._state:
            self._keys = _keys_of(self.path.read_text().split(), str(self.path))
            self._state = state
        self._look_at = time.monotonic() + SEEN_WITHIN_S
        return self._keys

    def add(self) -> None:
        """Make a key that is written under from now on. Those before it still read."""
        self._write(
            self.path, [secrets.token_bytes(KEY_BYTES), *self(again=True)], only_if_new=False
        )
        self._look_at = 0.0

    def _now(self) -> tuple[int, int]:
        found = self.path.stat()
        return found.st_mtime_ns, found.st_ino

    @staticmethod
    def _write(path: Path, keys: Sequence[bytes], *, only_if_new: bool) -> None:
        """All of it or nothing: whoever dies here leaves the file as it was. Of two who make it at
        once, both then read the first one's.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as fresh:
            fresh.write("".join(f"{key.hex()}\n" for key in keys))  # readable by us alone
            fresh.flush()
            os.fsync(fresh.fileno())
        made = Path(fresh.name)
        if not only_if_new:
            made.replace(path)
            return
        try:
            path.hardlink_to(made)
        except FileExistsError:
            return
        finally:
            made.unlink()


class ConfiguredKeys:
    """The keys of the setting, which are the same for as long as a process runs."""

    def __init__(self, setting: str) -> None:
        self._keys = _keys_of(setting.replace(",", " ").split(), "personal_keys")

    def __call__(self, *, again: bool = False) -> Sequence[bytes]:
        """However often one looks."""
        del again
        return self._keys


def keys_of(settings: Settings) -> KeyFile | ConfiguredKeys:
    """Where this installation's keys are."""
    if settings.personal_keys:
        return ConfiguredKeys(settings.personal_keys)
    return KeyFile(settings.data_path / FILE)


def open_personal(settings: Settings) -> PersonalData:
    """The cipher of this installation."""
    return PersonalData(settings.secret(), keys_of(settings))


def _keys_of(lines: Sequence[str], source: str) -> Sequence[bytes]:
    try:
        keys = tuple(bytes.fromhex(line) for line in lines)
    except ValueError as error:
        raise SettingsError(f"{source}: {error}") from error
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise SettingsError(f"{source}: holds something else than keys of {KEY_BYTES * 2} digits")
    return keys
