"""From rows to dossiers: times understood, names encrypted, secrets hashed."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from smartcity.dossiers.codes import CodeError, parse
from smartcity.dossiers.deadlines import NOT_YET_ACCEPTED, finished_at
from smartcity.dossiers.model import Dossier, Step
from smartcity.dossiers.secrets import DossierSecrets
from smartcity.dossiers.statuses import Stage, Status, stage
from smartcity.dossiers.sync.rows import Row, form_of
from smartcity.dossiers.sync.times import read_time
from smartcity.identifiers import new_id
from smartcity.identity.personal import PersonalData
from smartcity.rowfiles.rows import RowError

CLOCK_SKEW: Final = timedelta(days=1)
"""A row from further in the future would keep every later one out."""


class RowReader:
    """Reads the rows of one source. `zone` is where times without a zone are meant."""

    def __init__(
        self, personal: PersonalData, secrets: DossierSecrets, zone: ZoneInfo, source: str
    ) -> None:
        self._personal = personal
        self._secrets = secrets
        self._zone = zone
        self._source = source

    def dossier(self, row: Row, at: datetime, batch: UUID | None = None) -> Dossier:
        """The dossier as a row that arrived at `at` tells it. Raises `RowError`."""
        form = form_of(row)
        code = _code(form.code)
        updated_at = self._time("updated_at", form.updated_at)
        assert updated_at is not None, "the form demands it"
        if updated_at > at + CLOCK_SKEW:
            raise RowError("updated_at", "lies in the future")
        received_at = self._time("received_at", form.received_at)
        if received_at is None and form.status not in NOT_YET_ACCEPTED:
            raise RowError("received_at", "missing")
        done_at = self._time("finished_at", form.finished_at, end_of_day=True)
        steps = _steps(form.status, updated_at, done_at)
        return Dossier(
            id=new_id(),
            code=code,
            version=1,
            procedure=form.procedure,
            agency=form.agency,
            status=form.status,
            steps=steps,
            as_of=updated_at,
            source=self._source,
            received_at=received_at,
            due_at=self._time("due_at", form.due_at, end_of_day=True),
            finished_at=None if stage(form.status) is Stage.OPEN else finished_at(steps),
            collected_at=updated_at if form.status == Status.RETURNED else None,
            channel=form.channel,
            collect_place=form.collect_place,
            applicant=self._personal.encrypt(form.applicant) if form.applicant else None,
            secret=self._secrets.hash(code, form.secret or form.factor or ""),
            batch=batch,
        )

    def _time(self, column: str, text: str | None, *, end_of_day: bool = False) -> datetime | None:
        if text is None:
            return None
        try:
            return read_time(text, self._zone, end_of_day=end_of_day)
        except ValueError as error:
            raise RowError(column, "not a time") from error


def _code(typed: str) -> str:
    try:
        return parse(typed).text
    except CodeError as error:
        raise RowError("code", "not a dossier code") from error


def _steps(status: int, updated_at: datetime, done_at: datetime | None) -> tuple[Step, ...]:
    """The row's own step and, for a result that was handed over, when it was done before."""
    if done_at is None:
        return (Step(status, updated_at),)
    if stage(status) is Stage.OPEN:
        raise RowError("finished_at", "given, but the status is an open one")
    done_at = min(done_at, updated_at)  # a source that knows the day only means its end
    if status == Status.RETURNED:
        return (Step(Status.DONE, done_at), Step(status, updated_at))
    return (Step(status, done_at),)
