"""Where a webhook may lead."""

from collections.abc import Sequence

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from smartcity.settings import SettingsError
from smartcity.webhooks.destinations import Destinations, Refused, networks_of

pytestmark = pytest.mark.anyio

NOWHERE = (
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "fec0::1",
    "5f00::1",
)
WORLD = ("8.8.8.8", "203.162.4.191", "2001:4860:4860::8888", "::ffff:8.8.8.8")


class Names(AbstractResolver):
    """A name server that gives every name these addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=one, port=port, family=family, proto=0, flags=0)
            for one in self._addresses
        ]

    async def close(self) -> None: ...


def leading(*addresses: str, networks: str = "", world: bool = True) -> Destinations:
    return Destinations(Names(*addresses), networks_of(networks), world=world)


async def reached(destinations: Destinations) -> Sequence[str]:
    return [one["host"] for one in await destinations.resolve("receiver.example", 443)]


@pytest.mark.parametrize("address", NOWHERE)
async def test_a_name_of_an_address_inside_leads_nowhere(address: str) -> None:
    with pytest.raises(Refused):
        await reached(leading(address))


@pytest.mark.parametrize("address", WORLD)
async def test_a_name_of_an_address_in_the_world_leads_there(address: str) -> None:
    assert await reached(leading(address)) == [address]


async def test_of_several_addresses_only_those_outside_are_tried() -> None:
    assert await reached(leading("127.0.0.1", "8.8.8.8")) == ["8.8.8.8"]


@pytest.mark.parametrize("address", [*NOWHERE, "localhost", "LocalHost", "hook.localhost"])
def test_an_address_inside_that_stands_in_the_url_leads_nowhere(address: str) -> None:
    host = f"[{address.replace('%', '%25')}]" if ":" in address else address
    with pytest.raises(Refused):
        leading().check(URL(f"https://{host}/"))


async def test_a_network_of_the_citys_own_is_reached_when_the_settings_name_it() -> None:
    destinations = leading("10.20.3.4", networks="10.20.0.0/16, ::1")
    destinations.check(URL("http://10.20.3.4/hook"))
    destinations.check(URL("http://localhost/hook"))
    assert await reached(destinations) == ["10.20.3.4"]
    with pytest.raises(Refused):
        destinations.check(URL("http://10.21.0.1/"))


async def test_without_the_world_only_those_networks_are_reached() -> None:
    destinations = leading("8.8.8.8", "10.20.3.4", networks="10.20.0.0/16", world=False)
    assert await reached(destinations) == ["10.20.3.4"]


def test_a_setting_that_is_no_network_is_refused() -> None:
    with pytest.raises(SettingsError, match="webhook_networks"):
        networks_of("10.0.0.0/8, intranet")
