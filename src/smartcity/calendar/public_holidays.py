"""The days of a country, from the `holidays` package: its one adapter."""

from datetime import date

import holidays
import msgspec


class PublicHolidays(msgspec.Struct, frozen=True):
    """What a country's law says of one year."""

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    """Days of a weekend that are worked, because another day was given for them."""


def public_holidays(country: str, year: int) -> PublicHolidays:
    """The days of a country (ISO 3166-1) in one year.

    Raises `LookupError` for a country that the package does not know.
    """
    try:
        found = holidays.country_holidays(country, years=year)
    except NotImplementedError as error:
        raise LookupError(str(error)) from error
    worked: frozenset[date] = frozenset(getattr(found, "weekend_workdays", ()))
    return PublicHolidays(
        off=frozenset(day for day in found if day.year == year),
        worked=frozenset(day for day in worked if day.year == year),
    )
