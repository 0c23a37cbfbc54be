"""“I see it too”, under some of the sample reports."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from smartcity.cli.demo.scene import Scene
from smartcity.identifiers import derived_id
from smartcity.reports.confirmations.model import Confirmation, Confirming
from smartcity.reports.confirmations.store import ConfirmationStore
from smartcity.reports.model import Report
from smartcity.storage.mongo import Database

CONFIRMED: Final = 25
NEIGHBOURS: Final = 6


async def confirm_some(database: Database, scene: Scene, reports: Sequence[Report]) -> None:
    """The newest open reports that everybody sees, each by a few people."""
    store, dice = ConfirmationStore(database), scene.dice
    seen = [report for report in reports if report.is_public and report.is_open][-CONFIRMED:]
    for report in seen:
        for number in range(int(dice.between(1, NEIGHBOURS))):
            at = report.submitted_at + (scene.now - report.submitted_at) * dice.between(0, 1)
            await store.add(
                Confirmation(id=Confirming(report.id, _neighbour(scene, number)), at=at)
            )


def _neighbour(scene: Scene, number: int) -> UUID:
    begun = scene.now - timedelta(days=number + 1)
    return derived_id(begun, f"demo neighbour {number}".encode())
