"""What becomes of reports and dossiers when time passes."""

from smartcity.composition import Composition
from smartcity.dossiers.collecting.service import PAGE
from smartcity.reports.clockwork.sweep import FRESH
from workers.clockwork import POLL_S, Clockwork, compose_sweep
from workers.collecting import POLL_S as COLLECTING_POLL_S
from workers.collecting import Collector, compose_collecting
from workers.crew.parts import Leasing, Work
from workers.duty import Duty


def work(shared: Composition, lease: Leasing) -> Work:
    clockwork = Clockwork(compose_sweep(shared), lease("clockwork"))
    yield Duty(name="clockwork", run_once=clockwork.run_once, poll_s=POLL_S, full=FRESH)
    collector = Collector(compose_collecting(shared), lease("collecting"))
    yield Duty(name="collecting", run_once=collector.run_once, poll_s=COLLECTING_POLL_S, full=PAGE)
