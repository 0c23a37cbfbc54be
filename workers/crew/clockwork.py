"""What becomes of reports and dossiers when time passes."""

from smartcity.bridges import FollowsOfDossiers, SeenNotifications
from smartcity.composition import Composition
from smartcity.dossiers.collecting.service import PAGE, Collecting
from smartcity.dossiers.collecting.store import RoundStore
from smartcity.reports.clockwork.store import AlarmStore
from smartcity.reports.clockwork.sweep import FRESH, Sweep
from workers.clockwork import POLL_S, Clockwork
from workers.collecting import POLL_S as COLLECTING_POLL_S
from workers.collecting import Collector
from workers.crew.parts import Leasing, Work
from workers.duty import Duty


def work(shared: Composition, lease: Leasing) -> Work:
    clockwork = Clockwork(compose_sweep(shared), lease("clockwork"))
    yield Duty(name="clockwork", run_once=clockwork.run_once, poll_s=POLL_S, full=FRESH)
    collector = Collector(compose_collecting(shared), lease("collecting"))
    yield Duty(name="collecting", run_once=collector.run_once, poll_s=COLLECTING_POLL_S, full=PAGE)


def compose_sweep(shared: Composition) -> Sweep:
    """A sweep that acts through the same door as everybody else."""
    reach = SeenNotifications(shared.notification_store, shared.device_store)
    return Sweep(AlarmStore(shared.database), shared.reports, reach)


def compose_collecting(shared: Composition) -> Collecting:
    """The round through what people follow."""
    return Collecting(
        shared.city,
        shared.dossier_store,
        FollowsOfDossiers(shared.follow_store),
        RoundStore(shared.database),
        shared.feed_store,
    )
