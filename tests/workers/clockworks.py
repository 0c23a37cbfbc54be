"""A clock over a test's database, and the reports it watches."""

from collections.abc import Sequence
from pathlib import Path

from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import open_files
from smartcity.attachments.service import AttachmentService
from smartcity.attachments.store import AttachmentStore
from smartcity.bridges import ReportsWithFiles
from smartcity.city.model import City
from smartcity.reports.clockwork.sweep import Sweep
from smartcity.reports.model import Action, Entry, Report
from smartcity.reports.store import ReportStore
from smartcity.settings import Settings, load_settings
from smartcity.storage.mongo import Database, from_document
from workers.clockwork import compose_sweep


def settings_for(folder: Path) -> Settings:
    return load_settings({"data_dir": str(folder)}, environment={})


def sweep_over(database: Database, city: City, folder: Path) -> Sweep:
    settings = settings_for(folder)
    attachments = AttachmentService(
        AttachmentStore(database),
        open_files(settings.attachments, settings.data_path),
        Examiner(pixels=settings.upload_pixels, zone=city.zone),
        ReportsWithFiles(ReportStore(database)),
        upload_bytes=settings.upload_bytes,
        per_report=settings.attachments_per_report,
    )
    return compose_sweep(settings, city, database, attachments)


async def every_report(database: Database) -> list[Report]:
    return [from_document(d, Report) async for d in database["reports"].find({}, {"outbox": 0})]


def entries(report: Report, action: Action) -> Sequence[Entry]:
    return [entry for entry in report.timeline if entry.action is action]
