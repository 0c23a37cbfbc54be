"""`smartcity up`: everything, on one machine."""

import asyncio
import ipaddress
import signal
import sys
from typing import Final

import aiohttp
import msgspec
import rich_click as click

from smartcity.city import City, load_city
from smartcity.cli.demo import load_demo, load_samples
from smartcity.cli.demo.samples import Samples
from smartcity.cli.failures import NotReadyError
from smartcity.cli.opening import open_database
from smartcity.cli.options import option, takes_settings
from smartcity.cli.schema import MIGRATIONS, every_index
from smartcity.cli.serve import with_address
from smartcity.cli.supervisor import Child, Supervisor
from smartcity.settings import Settings, SettingsError, environment_of
from smartcity.storage.binary import EmbeddedServerError
from smartcity.storage.embedded import EmbeddedMongo
from smartcity.storage.migrations import migrate

READY_S: Final = 90.0

PACKAGED: Final = (
    "The database is the packaged MongoDB {version}: for trying and testing only. It is older than "
    "known security fixes; for production set SMARTCITY_MONGO_URI to a supported version."
)


@click.command(epilog="Example: smartcity up --demo --port 8080")
@takes_settings("host", "port", "workers")
@option("--demo", is_flag=True, help="With sample data and log-ins; only on this machine.")
def up(settings: Settings, demo: bool) -> None:
    """Run everything: the database, the workers, the API. Ctrl-C stops it.

    The last line it prints is `ready http://host:port`. With SMARTCITY_MONGO_URI set, it uses that
    database and starts none.
    """
    if demo and not _is_loopback(settings.host):
        raise SettingsError(f"--demo shows its log-ins to whoever looks: not on {settings.host}")
    asyncio.run(_run(settings, demo))


async def _run(settings: Settings, demo: bool) -> None:
    """Bring all up and keep it up until a signal; whatever happens, leave nothing behind."""
    supervisor = Supervisor(_say)
    running = asyncio.create_task(_bring_up(settings, demo, supervisor))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        _say("stopping")
    finally:
        await supervisor.stop()


async def _bring_up(settings: Settings, demo: bool, supervisor: Supervisor) -> None:
    city = load_city(settings.city_dir)
    samples = load_samples(settings.city_dir, city) if demo else None
    settings = await with_address(settings)
    settings.secret()
    if not settings.mongo_uri:
        settings = await _start_database(settings, supervisor)
    await _prepare(settings, city, samples)
    environment = environment_of(settings)
    for name in ("work", "serve"):
        words = [sys.executable, "-m", "smartcity.cli", name]
        await supervisor.start(Child(name, words, environment))
    address = f"http://{_reachable(settings.host)}:{settings.port}"
    await _until_ready(f"{address}/health/ready")
    click.echo(f"API       {settings.public_url or address}/v1")
    click.echo(f"document  {settings.public_url or address}/openapi.json")
    click.echo(f"ready {address}")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def _start_database(settings: Settings, supervisor: Supervisor) -> Settings:
    mongo = EmbeddedMongo(settings.data_path, cache_mb=settings.mongo_cache_mb, shared=True)
    if await mongo.claim_or_find():
        raise EmbeddedServerError(
            f"SmartCity runs on {settings.data_path} already (process {mongo.owner()})"
        )
    await supervisor.start(mongo)
    if mongo.server and mongo.server.packaged:
        _say(PACKAGED.format(version=mongo.server.version))
    return msgspec.structs.replace(settings, mongo_uri=mongo.uri)


async def _prepare(settings: Settings, city: City, samples: Samples | None) -> None:
    async with open_database(settings, city) as (_, database):
        await migrate(database, every_index(settings), MIGRATIONS, _say)
        if samples is not None:
            for line in await load_demo(database, city, samples, settings):
                click.echo(line)


async def _until_ready(url: str) -> None:
    """Come back when every part that the API needs answers."""
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        for _ in range(int(READY_S / 0.2)):
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass  # it does not listen yet
            await asyncio.sleep(0.2)
    raise NotReadyError(f"{url} does not answer; its reasons stand above")


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _reachable(host: str) -> str:
    """How this machine itself reaches a host that it listens on."""
    if not _is_address(host):
        return host
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return str(address) if address.version == 4 else f"[{address}]"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _say(line: str) -> None:
    click.echo(f"smartcity: {line}", err=True)
