"""Attachments on a real database and a real folder."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from smartcity.attachments.examiner import Examiner
from smartcity.attachments.files import open_files
from smartcity.attachments.service import AttachmentService
from smartcity.attachments.store import AttachmentStore
from smartcity.identifiers import new_id
from smartcity.identity.roles import Actor, Role
from smartcity.storage.mongo import Database
from tests.unit.attachments.sending import service
from tests.unit.sample_reports import Reports


@pytest.fixture
def store(database: Database) -> AttachmentStore:
    return AttachmentStore(database)


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def examiner() -> Examiner:
    return Examiner(pixels=50_000_000, zone=ZoneInfo("Asia/Ho_Chi_Minh"))


@pytest.fixture
def attachments(
    store: AttachmentStore, tmp_path: Path, examiner: Examiner, reports: Reports
) -> AttachmentService:
    return service(store, open_files("", tmp_path), examiner, reports)


@pytest.fixture
def device() -> Actor:
    return Actor(roles=frozenset({Role.DEVICE}), id=new_id())
