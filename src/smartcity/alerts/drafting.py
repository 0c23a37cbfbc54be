"""From what an officer sent to what an alert may say: the right languages, times and area."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from smartcity.alerts.area import Places, reach_of
from smartcity.alerts.model import AlertAction, Area, Content
from smartcity.alerts.requests import AlertStep, NewAlert
from smartcity.city.model import City
from smartcity.clock import in_utc
from smartcity.errors import FieldError, Invalid

LONGEST: Final = timedelta(days=31)
"""What holds for longer is no alert; it may be issued anew."""

EARLIEST: Final = timedelta(days=366)
"""What began longer ago is a slip of the pen; and long ago the city's clocks were minutes off."""

NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold (XML 1.0, section 2.2), so neither may an alert."""


def content_of(new: NewAlert, city: City, places: Places, at: datetime) -> Content:
    """Raises `Invalid` with everything that is wrong, and `OutsideCity`."""
    if mistakes := [*_wrong_texts(new, city), *_wrong_times(new, at)]:
        raise Invalid(*mistakes)
    area = msgspec.convert(new.area, Area, from_attributes=True)
    return Content(
        category=new.category,
        severity=new.severity,
        urgency=new.urgency,
        certainty=new.certainty,
        response=new.response,
        texts={language: new.texts[language] for language in city.languages},
        area=area,
        reach=reach_of(area, city, places),
        effective=_utc(new.effective),
        onset=_utc(new.onset),
        expires=in_utc(new.expires),
    )


def check_note(step: AlertStep, city: City) -> None:
    """Raises `Invalid`: only a cancellation has a note, and in every language if in one."""
    note = step.note
    if note and step.action != AlertAction.CANCEL:
        raise Invalid(FieldError("note", "only_with_cancel"))
    if note and (
        mistakes := [*_wrong_languages("note", note, city), *_wrong_letters("note", note)]
    ):
        raise Invalid(*mistakes)


def _wrong_texts(new: NewAlert, city: City) -> Iterator[FieldError]:
    """Nobody gets an alert in another language because somebody forgot theirs."""
    yield from _wrong_languages("texts", new.texts, city)
    for language, words in new.texts.items():
        yield from _wrong_letters(f"texts.{language}", msgspec.structs.asdict(words))


def _wrong_languages(where: str, given: Mapping[str, object], city: City) -> Iterator[FieldError]:
    for language in city.languages:
        if language not in given:
            yield FieldError(f"{where}.{language}", "required")
    for language in given:
        if language not in city.languages:
            yield FieldError(f"{where}.{language}", "unknown")


def _wrong_letters(where: str, texts: Mapping[str, str]) -> Iterator[FieldError]:
    for name, text in texts.items():
        if NOT_IN_XML.search(text):
            yield FieldError(f"{where}.{name}", "control_character")


def _wrong_times(new: NewAlert, at: datetime) -> Iterator[FieldError]:
    if new.expires <= at:
        yield FieldError("expires", "past")
    if new.expires > at + LONGEST:
        yield FieldError("expires", "too_late")
    for name, moment in (("effective", new.effective), ("onset", new.onset)):
        if moment is not None and moment >= new.expires:
            yield FieldError(name, "after_expires")
        if moment is not None and moment < at - EARLIEST:
            yield FieldError(name, "too_early")


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else in_utc(moment)
