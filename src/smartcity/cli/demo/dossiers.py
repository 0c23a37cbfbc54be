"""Sample dossiers, as a one-stop system would send them: some nine in ten on time."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from smartcity.calendar.working_time import WorkingTime
from smartcity.city.model import City, Procedure
from smartcity.cli.demo.dice import Dice, weighted
from smartcity.cli.demo.samples import Samples
from smartcity.cli.demo.wording import Wording
from smartcity.dossiers.statuses import Status
from smartcity.identifiers import SECRET_LENGTH, digest_of, readable

DAYS: Final = 60
HOURS_A_DAY: Final = 8
ORDINARY_DAYS: Final = 5.0
"""For a procedure whose days the pack does not know."""

LATE: Final = 0.09
OPENS: Final = weighted(
    (
        (Status.ACCEPTED, 2),
        (Status.IN_PROGRESS, 9),
        (Status.SUPPLEMENT_ASKED, 2),
        (Status.FEE_ASKED, 1),
    )
)
ENDS: Final = weighted(
    (
        (Status.DONE, 20),
        (Status.RETURNED, 74),
        (Status.NOT_ACCEPTED, 2),
        (Status.WITHDRAWN, 2),
        (Status.STOPPED, 2),
    )
)
COLLECTED_AFTER_H: Final = (1, 60)

Row = Mapping[str, str]


class Dossiers:
    """Makes rows for the dossiers' own import. Secrets follow from the installation's `secret`."""

    def __init__(
        self, city: City, samples: Samples, wording: Wording, dice: Dice, secret: bytes
    ) -> None:
        self._city = city
        self._samples = samples
        self._wording = wording
        self._dice = dice
        self._secret = secret
        self._times = {
            code: WorkingTime(calendar, city.zone) for code, calendar in city.calendars.items()
        }
        agencies = list(city.agencies)
        self._numbers = {code: number for number, code in enumerate(agencies, 1)}
        self._procedures = list(city.procedures.values())
        self._units = list(city.units)

    def rows(self, count: int, now: datetime) -> Iterator[Row]:
        for number in range(count):
            yield self._row(number, now)

    def followed(self, now: datetime) -> tuple[Row, Row]:
        """One dossier twice: in work, and a little later done."""
        row = self._begun(0, now - timedelta(days=3), self._procedures[0])
        early, late = now - timedelta(days=2), now - timedelta(minutes=30)
        told = {"due_at": _text(now + timedelta(days=2))}
        return (
            {**row, **told, "status": str(int(Status.IN_PROGRESS)), "updated_at": _text(early)},
            {**row, **told, "status": str(int(Status.DONE)), "updated_at": _text(late)},
        )

    def secret_of(self, code: str) -> str:
        """What the receipt says beside the code."""
        return readable(digest_of(self._secret, b"demo dossier", code.encode()), SECRET_LENGTH)

    def _row(self, number: int, now: datetime) -> Row:
        dice, procedure = self._dice, self._dice.one_of(self._procedures)
        row = self._begun(number + 1, now - timedelta(days=dice.between(0.1, DAYS)), procedure)
        time = self._times[self._city.agencies[row["agency"]].calendar]
        received = datetime.fromisoformat(row["received_at"])
        hours = (procedure.days or ORDINARY_DAYS) * HOURS_A_DAY
        taken = dice.between(1.05, 1.6) if dice.happens(LATE) else dice.between(0.2, 0.95)
        finished = time.after(received, hours * taken)
        given = {**row, "due_at": _text(time.after(received, hours))}
        if finished >= now:
            seen = received + (now - received) * dice.between(0.1, 0.9)
            return {**given, "status": str(int(dice.one_of(OPENS))), "updated_at": _text(seen)}
        status = dice.one_of(ENDS)
        told = {"status": str(int(status)), "updated_at": _text(finished)}
        if status is Status.RETURNED:
            collected = time.after(finished, dice.between(*COLLECTED_AFTER_H))
            if collected >= now:
                return {**given, **told, "status": str(int(Status.DONE))}
            told |= {"finished_at": _text(finished), "updated_at": _text(collected)}
        return {**given, **told}

    def _begun(self, number: int, at: datetime, procedure: Procedure) -> dict[str, str]:
        """What is known on the first day."""
        agency = procedure.agency
        if agency is None:
            own = self._city.own_agency(self._dice.one_of(self._units))
            agency = own.code if own else self._city.dispatch
        received = self._times[self._city.agencies[agency].calendar].after(at, 0)
        issuer = self._samples.issuer.format(number=self._numbers[agency])
        code = f"{issuer}-{self._city.local(received):%y%m%d}-{number:04}"
        name = self._city.agencies[agency].name[self._city.languages[0]]
        return {
            "code": code,
            "procedure": procedure.code,
            "agency": agency,
            "received_at": _text(received),
            "channel": self._dice.one_of(("1", "2", "2", "3")),
            "collect_place": self._samples.collect_place.format(agency=name),
            "applicant": self._wording.person(),
            "secret": self.secret_of(code),
        }


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
