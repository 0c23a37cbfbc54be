"""What a person at a terminal is told when something is refused or away: one line, no traceback."""

import re
from socket import gaierror
from ssl import SSLCertVerificationError, SSLError
from typing import Final

from smartcity.audit.store import HeadLost
from smartcity.audit.verification import Broken
from smartcity.city import PackError
from smartcity.errors import SmartCityError
from smartcity.geography.boundaries import BoundaryError
from smartcity.settings import SettingsError
from smartcity.storage.binary import EmbeddedServerError
from smartcity.storage.mongo import DatabaseError
from smartcity.text import unnumbered

MISCONFIGURED: Final = (SettingsError, PackError)

_NOISE: Final = re.compile(r", full error:|, Timeout:| \(configured timeouts")
"""Where the driver begins to tell about itself."""


class NotReadyError(Exception):
    """What was started does not answer in time."""


TOLD: Final = (
    *MISCONFIGURED,
    SmartCityError,
    BoundaryError,
    EmbeddedServerError,
    DatabaseError,
    NotReadyError,
    Broken,
    HeadLost,
)


def exit_code(error: Exception) -> int:
    """2 where nothing was tried."""
    return 2 if isinstance(error, MISCONFIGURED) else 1


def describe(error: Exception) -> str:
    """The failure in one line."""
    match error:
        case PackError():
            count = len(error.mistakes)
            places = "1 place" if count == 1 else f"{count} places (`pack check` lists them)"
            return f"the city pack {error.folder} is wrong in {places}: {error.mistakes[0]}"
        case SmartCityError():
            fields = [f"{field.path}: {field.reason}" for field in error.fields]
            details = [f"{name}: {value}" for name, value in error.details.items()]
            return ": ".join(filter(None, (_words(error.code), ", ".join(fields + details))))
        case BoundaryError():
            more = len(error.mistakes) - 1
            return f"{error.mistakes[0]}" + (f" (and {more} more)" if more else "")
        case DatabaseError():
            return f"the database: {_NOISE.split(str(error), maxsplit=1)[0]}"
        case _:
            return str(error).replace("\n", " ")


def not_reached(error: BaseException) -> str:
    """Why another system did not let us connect."""
    match error:
        case SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case SSLError():
            return f"it speaks no TLS there that we know ({error.reason})"
        case gaierror():
            return "there is no such name, or no name server that answers"
        case ConnectionRefusedError():
            return "nothing listens there"
        case TimeoutError():
            return "no answer in time"
        case _:
            return unnumbered(str(error)) or type(error).__name__


def _words(code: str) -> str:
    return code.replace("_", " ")
