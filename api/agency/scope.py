"""Which agencies a caller may ask about."""

from collections.abc import Collection

from smartcity.city.model import City
from smartcity.errors import FieldError, Forbidden, Invalid
from smartcity.identity.roles import Actor, Role


def within(agencies: Collection[str] | None, actor: Actor, city: City) -> frozenset[str]:
    """The agencies asked for, or all that the caller acts for; a dispatcher acts for any, and for
    the city's dispatch where they name none. Raises `Forbidden` for another's, and `Invalid` for
    one that there is not.
    """
    wanted = frozenset(agencies or ())
    if Role.DISPATCHER in actor.roles:
        if wanted - city.agencies.keys():
            raise Invalid(FieldError("agency", "unknown"))
        return wanted or actor.agencies or frozenset({city.dispatch})
    if wanted - actor.agencies:
        raise Forbidden
    return wanted or actor.agencies
