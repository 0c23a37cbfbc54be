"""How the import of a file goes at a terminal: a bar, the counts, a list of what was refused."""

import asyncio
import csv
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import msgspec
import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from smartcity.rowfiles.files import FileError, RowFile
from smartcity.rowfiles.rows import Cell, Heard, Reject, Tally

REJECTS: Final = ".rejects.csv"
"""What the list of refused rows is called behind the file's name, if nobody said."""


class RejectList(msgspec.Struct, frozen=True):
    """A CSV of refused rows: no more of one than its line, its name and why.

    `heading` stands over the names.
    """

    file: Path
    heading: str

    def clear(self) -> None:
        """Forget those of an earlier run."""
        self.file.unlink(missing_ok=True)

    def add(self, rejects: Sequence[Reject]) -> None:
        if not rejects:
            return
        fresh = not self.file.exists()
        with self.file.open("a", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines)
            if fresh:
                writer.writerow(["line", self.heading, "column", "reason"])
            writer.writerows([r.line, r.name, r.column, r.reason] for r in rejects)


def take_in(
    file: Path,
    opening: AbstractContextManager[RowFile[Cell]],
    importing: Callable[[RowFile[Cell], Heard[Any]], Coroutine[Any, Any, Tally]],
    listed: RejectList,
    counts: str,
) -> None:
    """Open a file and import it. `counts` is how the sum is told.

    A file that cannot be read leaves everything as it was, the list of an earlier run too.
    """
    try:
        with opening as rows, _progress() as progress:
            listed.clear()
            bar = progress.add_task(file.name, total=rows.size, counts="")

            def heard(total: Tally, rejects: Sequence[Reject]) -> None:
                listed.add(rejects)
                progress.update(bar, completed=rows.position(), counts=counts.format(total))

            total = asyncio.run(importing(rows, heard))
    except FileError as error:
        raise click.ClickException(f"{file}: {error}") from error
    click.echo(counts.format(total))
    if total.rejected:
        click.echo(f"the reasons are in {listed.file}", err=True)


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    return Progress(*columns, TextColumn("{task.fields[counts]}"), console=Console(stderr=True))
