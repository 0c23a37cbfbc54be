"""What is forgotten, and what is tidied up."""

from smartcity.composition import Composition
from smartcity.people.erasure import Eraser, everything
from workers.crew.parts import Leasing, Work
from workers.duty import Chore, Duty
from workers.forgetter import Forgetter
from workers.housekeeping import Housekeeping


def work(shared: Composition, lease: Leasing) -> Work:
    forgetter = Forgetter(_eraser(shared), shared.retention, lease("forgetter"))
    yield Duty(name="eraser", run_once=forgetter.erase, poll_s=2)
    yield Duty(name="retention", run_once=forgetter.retain, poll_s=3600)
    housekeeping = Housekeeping(
        shared.attachments, shared.dossier_store, shared.devices, lease("housekeeping")
    )
    yield Chore(10, housekeeping.sweep_attachments)
    yield Chore(60, housekeeping.forget_silent_addresses)
    yield Chore(1, housekeeping.promise_abandoned_batches)


def _eraser(shared: Composition) -> Eraser:
    return Eraser(
        shared.people_store,
        shared.personal_store,
        shared.attachments,
        shared.persons,
        everything(
            shared.device_store,
            shared.citizen_store,
            shared.consent_store,
            shared.follow_store,
            shared.notification_store,
            shared.letter_store,
            shared.email_store,
            shared.alert_read_store,
            shared.confirmation_store,
            shared.restriction_store,
            shared.choice_store,
        ),
        shared.forgetting,
        shared.feed_store,
    )
