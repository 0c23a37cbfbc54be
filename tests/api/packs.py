"""City packs with a few words changed."""

from pathlib import Path
from shutil import copytree

from smartcity.settings import PROJECT


def changed_pack(folder: Path, file: str, *changes: tuple[str, str], city: str = "hanoi") -> str:
    """Where a copy of the pack lies; each change is of words that stand there."""
    pack = copytree(PROJECT / "config" / city, folder / city)
    text = (pack / file).read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (pack / file).write_text(text, "utf-8")
    return str(pack)
