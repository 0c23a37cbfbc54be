"""What `smartcity up --demo` puts into a database, so that one can look around at once."""

from typing import Final

from smartcity.city import City
from smartcity.errors import Conflict
from smartcity.identity.personal import PersonalData
from smartcity.identity.roles import STAFF
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.rules import OF_AN_AGENCY
from smartcity.identity.staff.service import StaffService
from smartcity.identity.staff.store import SessionStore, StaffStore
from smartcity.settings import Settings
from smartcity.storage.mongo import Database

KNOWN_TO_ALL: Final = "only-for-a-demo"


async def load_demo(database: Database, city: City, settings: Settings) -> list[str]:
    """Add what is not there yet. Answers with the sample log-ins, as lines to print."""
    agency = next(
        (rule.agency for rule in city.rules if rule.agency in city.agencies), city.dispatch
    )
    service = StaffService(
        StaffStore(database),
        SessionStore(database),
        Passwords(),
        PersonalData(settings.secret()),
        city,
    )
    for role in sorted(STAFF):
        try:
            await service.add(role, KNOWN_TO_ALL, [role], [agency] if role in OF_AN_AGENCY else [])
        except Conflict:
            continue  # from an earlier start
    return [f"log in as {', '.join(sorted(STAFF))} with the password {KNOWN_TO_ALL}"]
