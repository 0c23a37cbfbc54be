"""A clock over a test's database, and the reports it watches."""

from collections.abc import Sequence
from pathlib import Path

from smartcity.city.model import City
from smartcity.composition import Composition
from smartcity.reports.clockwork.sweep import Sweep
from smartcity.reports.model import Report
from smartcity.reports.timeline import Entry
from smartcity.reports.words import Action
from smartcity.settings import Settings, load_settings
from smartcity.storage.mongo import Database, from_document
from workers.crew.clockwork import compose_sweep


def settings_for(folder: Path) -> Settings:
    return load_settings({"data_dir": str(folder)}, environment={})


def sweep_over(database: Database, city: City, folder: Path) -> Sweep:
    return compose_sweep(Composition(settings_for(folder), city, database))


async def every_report(database: Database) -> list[Report]:
    return [from_document(d, Report) async for d in database["reports"].find({}, {"outbox": 0})]


def entries(report: Report, action: Action) -> Sequence[Entry]:
    return [entry for entry in report.timeline if entry.action is action]
