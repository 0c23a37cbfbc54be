"""Where a caller is: what limits and failed log-ins are counted by."""

from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from litestar import Request
from litestar.types import Scope

from smartcity.settings import SettingsError

UNKNOWN = "unknown"
"""Over a Unix socket there is no address, and all callers count as one."""


class Addresses:
    """Believes `X-Forwarded-For` only where it was written by a proxy of ours.

    `trusted` is the setting `trusted_proxies`: addresses or networks, with commas between.
    """

    def __init__(self, trusted: str) -> None:
        try:
            self._trusted = [ip_network(one.strip()) for one in trusted.split(",") if one.strip()]
        except ValueError as error:
            raise SettingsError(f"trusted_proxies: {error}") from error

    def of(self, scope: Scope) -> str:
        """The address that speaks, or the one that our outermost proxy heard.

        An IPv6 caller is known by the /64, which is what one household is given.
        """
        client = scope["client"]
        if client is None:
            return UNKNOWN
        address = client[0]
        if self._trusted and self._is_ours(address):
            address = self._forwarded(scope) or address
        return _household(address) if ":" in address else address

    def provide(self, request: Request[Any, Any, Any]) -> str:
        """The dependency `address`."""
        return self.of(request.scope)

    def _forwarded(self, scope: Scope) -> str | None:
        """The last address in the header that is not ours: those before it anybody can write."""
        values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        heard = b",".join(values).decode("latin-1").split(",")
        return next(
            (a for a in map(str.strip, reversed(heard)) if a and not self._is_ours(a)), None
        )

    def _is_ours(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


def _household(address: str) -> str:
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, 64), strict=False))
