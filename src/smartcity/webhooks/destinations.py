"""Where a webhook may lead: into the world, and into the networks that the settings name.

An administrator's account, or a name server that is not the city's, must not make the city's
machines speak to one another. So it is the resolved address that is looked at, at the moment of
connecting, and not the name in the settings.
"""

from collections.abc import Sequence
from errno import EACCES
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import AF_UNSPEC, AddressFamily
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from smartcity.settings import SettingsError

Network = IPv4Network | IPv6Network

WORLD: Final = IPv6Network("2000::/3")
"""All of IPv6 that leads into the world; what lies outside of it is local, or is made into an IPv4
address by somebody on the way (https://www.iana.org/assignments/ipv6-address-space).
"""

CARRIER: Final = IPv6Network("2002::/16")
"""So is this, though it lies in it."""

LOOPBACK: Final = ("127.0.0.1", "::1")


class Refused(OSError):
    """No webhook may lead there."""

    def __init__(self, reason: str) -> None:
        super().__init__(EACCES, reason)


def networks_of(setting: str) -> Sequence[Network]:
    """The setting `webhook_networks`. Raises `SettingsError`."""
    try:
        return [ip_network(one.strip()) for one in setting.split(",") if one.strip()]
    except ValueError as error:
        raise SettingsError(f"webhook_networks: {error}") from error


def leads_nowhere(host: str, networks: Sequence[Network], *, world: bool) -> bool:
    """Whether no webhook may reach a host of a URL, whatever name servers say of it: it is an
    address itself, or a name of the machine that asks (RFC 6761, 6.3).
    """
    if host == "localhost" or host.endswith(".localhost"):
        return not any(_permits(one, networks, world=world) for one in LOOPBACK)
    return _is_address(host) and not _permits(host, networks, world=world)


class Destinations(AbstractResolver):
    """Resolves names to those of their addresses that a webhook may lead to. `networks` may be
    reached although they are not the world's; without `world`, they alone.
    """

    def __init__(
        self, resolver: AbstractResolver, networks: Sequence[Network], *, world: bool
    ) -> None:
        self._resolver = resolver
        self._networks = networks
        self._world = world

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises `Refused` if none of its addresses is one."""
        found = await self._resolver.resolve(host, port, family)
        permitted = [one for one in found if self._permits(one)]
        if not permitted:
            raise Refused(f"{host} is at an address that no webhook may reach")
        return permitted

    async def close(self) -> None:
        await self._resolver.close()

    def check(self, url: URL) -> None:
        """An address that stands in the URL itself is never resolved. Raises `Refused`."""
        host = url.host or ""
        if leads_nowhere(host, self._networks, world=self._world):
            raise Refused(f"{host} is an address that no webhook may reach")

    def _permits(self, found: ResolveResult) -> bool:
        return _permits(found["host"], self._networks, world=self._world)


def _permits(host: str, networks: Sequence[Network], *, world: bool) -> bool:
    address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in networks):
        return True
    if not world or not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv6Address):
        return address in WORLD and address not in CARRIER
    return True


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
