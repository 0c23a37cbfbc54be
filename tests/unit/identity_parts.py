"""The whole of `identity`, composed over a test's database."""

from typing import Any

from smartcity.city.messages import required_keys
from smartcity.city.model import Agency, Category, Field
from smartcity.city.texts import Messages
from smartcity.identity.attempts.service import Attempts
from smartcity.identity.credentials import Credentials
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DeviceStore
from smartcity.identity.keys.service import KeyService
from smartcity.identity.keys.store import KeyStore
from smartcity.identity.oidc.store import UsedTokenStore
from smartcity.identity.oidc.tokens import IdentityTokens
from smartcity.identity.personal import PersonalData
from smartcity.identity.staff.colleagues import Colleagues
from smartcity.identity.staff.doors import Doors
from smartcity.identity.staff.passwords import Passwords
from smartcity.identity.staff.second_factor import SecondFactors
from smartcity.identity.staff.service import StaffService
from smartcity.identity.staff.sessions import SessionService
from smartcity.identity.staff.store import DoorStore, SessionStore, StaffStore
from smartcity.settings import load_settings
from smartcity.storage.mongo import Database
from tests.unit.small_cities import small_city, unit

KEY = bytes(range(32))
PASSWORD = "correct horse battery staple"

LANGUAGES = ("vi", "en")

CITY = small_city(
    units=[unit("u1", 0.2, 0.2), unit("u2", 0.8, 0.8)],
    languages=LANGUAGES,
    messages=Messages(
        {name: {key: key.removeprefix("errors.") for key in required_keys()} for name in LANGUAGES}
    ),
    fields={"roads": Field(code="roads", name={"en": "Roads"}, icon="road")},
    categories={
        "pothole": Category(code="pothole", field="roads", name={"en": "Pothole"}, icon="hole")
    },
    agencies={
        "roads": Agency(code="roads", name={"en": "Roads"}),
        "bridges": Agency(code="bridges", name={"en": "Bridges"}, parent="roads"),
        "waste": Agency(code="waste", name={"en": "Waste"}),
    },
)


class Identity:
    """Every service of the room. `options` are settings."""

    def __init__(self, database: Database, *, remembered_s: float = 5, **options: Any) -> None:
        self.settings = load_settings(options, environment={})
        personal = PersonalData(KEY)
        passwords = Passwords()
        staff, sessions = StaffStore(database), SessionStore(database)
        self.device_store = DeviceStore(database)
        self.attempts = Attempts(database, self.settings)
        self.devices = DeviceService(self.device_store, CITY)
        self.staff = StaffService(staff, sessions, passwords, personal, CITY)
        self.colleagues = Colleagues(staff, CITY)
        factors = SecondFactors(staff, personal, KEY)
        self.sessions = SessionService(
            staff,
            sessions,
            passwords,
            self.attempts,
            factors,
            Doors(DoorStore(database), KEY),
            CITY,
        )
        self.tokens = IdentityTokens((), UsedTokenStore(database), KEY)
        self.keys = KeyService(KeyStore(database))
        self.credentials = Credentials(
            self.devices, self.sessions, self.keys, remembered_s=remembered_s
        )
