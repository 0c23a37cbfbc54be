"""What is wrong in a pack, said so that a city official can mend it."""

from collections.abc import Sequence
from pathlib import Path

import msgspec


class Mistake(msgspec.Struct, frozen=True, order=True):
    """One wrong thing. `where` is a line (`line 17`) or a dotted key (`category.pothole.icon`)."""

    file: str
    where: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.where, self.reason) if part)


class PackError(Exception):
    """A pack that cannot be used, with every mistake that was found in it."""

    def __init__(self, folder: Path, mistakes: Sequence[Mistake]) -> None:
        self.folder = folder
        self.mistakes = tuple(mistakes)
        lines = "\n".join(f"  {mistake}" for mistake in self.mistakes)
        super().__init__(f"the city pack {folder} cannot be used:\n{lines}")
