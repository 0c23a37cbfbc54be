"""What operators and their monitors ask: is it alive, is it ready, how much of what."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from api.readiness import Readiness


class Health(Struct, frozen=True):
    status: str


class HealthController(Controller):
    path = "/health"
    tags = ("Health",)

    @get("/live", operation_id="GetLiveness")
    async def alive(self) -> Health:
        """The process answers."""
        return Health("ok")

    @get("/ready", operation_id="GetReadiness")
    async def ready(self, readiness: NamedDependency[Readiness]) -> Health:
        """The process can do its work: the database answers and the map is loaded; else 503."""
        await readiness.check()
        return Health("ok")


@get("/metrics", operation_id="GetMetrics", media_type="text/plain", tags=("Health",))
async def metrics(registry: NamedDependency[CollectorRegistry]) -> Response[bytes]:
    """Counters and gauges of this process in the Prometheus text format."""
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
