"""Whether the pack still has the codes that reports carry. They carry them for ever: what happens
to an old report hangs on its category and its agency, so nothing runs without them.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from smartcity.city.mistakes import Mistake, PackError
from smartcity.city.model import City
from smartcity.reports.lists.store import ReportLists


async def refuse_lost_codes(lists: ReportLists, city: City, folder: Path) -> None:
    """Raises `PackError` with every category and agency that reports have and the pack has not."""
    mistakes = [
        *_lost("categories.toml", "category", await lists.others("category", city.categories)),
        *_lost("agencies.toml", "agency", await lists.others("agency", city.agencies)),
    ]
    if mistakes:
        raise PackError(folder, mistakes)


def _lost(file: str, kind: str, codes: Collection[str]) -> Iterator[Mistake]:
    reason = "is not there, and there are reports with it: put it back and give it a valid_to"
    return (Mistake(file, f"{kind}.{code}", reason) for code in sorted(codes))
