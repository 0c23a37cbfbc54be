"""Reports that tell of the same problem as an earlier one: what stands on what, and what is freed.

A report is only ever merged into an earlier one, so chains end and two that are merged into each
other at once cannot both be. What is merged stays as it is; others follow `merged_into`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from smartcity.city.model import Publicity
from smartcity.reports.model import Report
from smartcity.reports.store import ReportStore
from smartcity.reports.words import Action, Status

LETS_GO: Final = frozenset({Status.WITHDRAWN})
"""Nobody works on such a report, and nobody has said what comes of it. Who is merged into one that
is rejected hears so as its reporter does.
"""

MAY_LET_GO: Final = frozenset({Action.WITHDRAW, Action.CORRECT, Action.REJECT})
"""A correction to a category that is never public would leave the others without news, and so
would the refusal of what is a matter of another law.
"""


class MergedReport(NamedTuple):
    """A report that was merged into another, and who sent it."""

    report: UUID
    reporter: UUID


async def everything_merged_into(
    store: ReportStore, reports: Collection[UUID]
) -> Mapping[UUID, Sequence[MergedReport]]:
    """Everything merged into these, directly or through others. Merging only ever leads to an
    earlier report, so this ends.
    """
    found: defaultdict[UUID, list[MergedReport]] = defaultdict(list)
    roots = {report: report for report in reports}
    while roots:
        below: dict[UUID, UUID] = {}
        for survivor, report, reporter in await store.merged_into(roots.keys()):
            found[roots[survivor]].append(MergedReport(report, reporter))
            below[report] = roots[survivor]
        roots = below
    return found


def carries(survivor: Report | None, merged: Report) -> bool:
    """Whether what is merged into a report is in good hands there: somebody works or has worked on
    it, and whoever sent the other one hears of that.
    """
    if survivor is None or survivor.status in LETS_GO:
        return False
    return survivor.public is not Publicity.NEVER or merged.public is Publicity.NEVER


async def stranded(
    store: ReportStore, written: Report, actions: Collection[Action]
) -> list[Report]:
    """After these actions on a report: which reports are merged into one that does not carry them.

    Looking at the survivor before a merge is not enough: it may be withdrawn between the look and
    the write. So both look again after they wrote, whoever merged and whoever withdrew; the later
    of them sees what the other did.
    """
    if Action.MERGE in actions and written.merged_into is not None:
        survivor = await store.find(written.merged_into)
        heard = survivor is not None and survivor.status is not Status.REJECTED
        return [] if heard and carries(survivor, written) else [written]
    if not actions or MAY_LET_GO.isdisjoint(actions):
        return []
    merged = [report for _, report, _ in await store.merged_into([written.id])]
    return [
        report
        for report in await store.several(merged)
        # Somebody may have taken it out between the two questions.
        if report.merged_into == written.id and not carries(written, report)
    ]
