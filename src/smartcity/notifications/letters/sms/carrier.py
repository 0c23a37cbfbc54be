"""Carries letters as text messages: paid first, then sent, and given back what was surely not."""

from datetime import datetime
from typing import Final, Protocol

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identity.devices.model import QuietHours
from smartcity.identity.devices.quiet_hours import quiet_until
from smartcity.notifications.letters.model import Envelope, Letter
from smartcity.notifications.letters.post import Destination
from smartcity.notifications.letters.sms.budget import SmsBudget
from smartcity.notifications.letters.sms.model import Attempt, Fate, TextMessage
from smartcity.notifications.letters.sms.segments import parts
from smartcity.notifications.letters.sms.wording import filled
from smartcity.notifications.model import Urgency
from smartcity.notifications.push import Limit, Outcome, PushResult

NOT_CONFIGURED: Final = "no gateway for text messages is configured"
USED_UP: Final = "the month's budget is used up"
AT_NIGHT: Final = "phones do not ring at this hour"
PERHAPS_SENT: Final = "perhaps sent"

RECEIPT: Final = "submit"
"""Whoever gets one has just called: it goes at any hour."""

UNSURE_TRIES: Final = 3
"""So often a message is tried of which nobody knows whether it was sent, by a gateway that would
send it again.
"""


class Door(Protocol):
    """The way to a gateway."""

    async def post(self, message: TextMessage) -> Attempt:
        """Try once, within a bounded time. Raises nothing for a message."""
        ...


class SmsCarrier:
    """`repeats_dropped`: the gateway sends a message once, however often it is given its id."""

    def __init__(self, door: Door, budget: SmsBudget, city: City, *, repeats_dropped: bool) -> None:
        self._door = door
        self._budget = budget
        self._city = city
        self._policy = city.sms
        self._repeats_dropped = repeats_dropped

    async def send(self, envelope: Envelope, to: Destination, /) -> PushResult:
        """One letter: they go one by one."""
        (letter,) = envelope.letters
        urgent = letter.sending.urgency is Urgency.HIGH
        if not urgent and letter.action != RECEIPT and (wait_s := self._until_morning_s(now())):
            return PushResult(Outcome.RETRY, AT_NIGHT, wait_s)
        text = filled(letter.body, to.secret, self._policy.most_parts)
        paid = await self._budget.pay(
            letter.id, parts(text), urgent=urgent, anew=not self._repeats_dropped
        )
        if paid is None:
            return PushResult(Outcome.NOT_SENT, USED_UP)
        attempt = await self._door.post(TextMessage(id=letter.id, to=to.address, text=text))
        if attempt.fate in {Fate.NEVER, Fate.LATER}:
            await self._budget.give_back(paid)
        return self._result(letter, attempt)

    async def rest(self) -> None:
        """Nothing is kept open for it: see `posting.open_door`."""

    def _result(self, letter: Letter, attempt: Attempt) -> PushResult:
        match attempt.fate:
            case Fate.TAKEN:
                return PushResult(Outcome.SENT)
            case Fate.NEVER:
                return PushResult(Outcome.FAILED, attempt.reason)
            case Fate.UNCLEAR if self._gives_up(letter):
                return PushResult(Outcome.FAILED, f"{PERHAPS_SENT}: {attempt.reason}")
            case Fate.LATER | Fate.UNCLEAR:
                limit = Limit.PROJECT if attempt.whole else None
                return PushResult(Outcome.RETRY, attempt.reason, attempt.wait_s or None, limit)

    def _gives_up(self, letter: Letter) -> bool:
        return not self._repeats_dropped and letter.sending.attempts + 1 >= UNSURE_TRIES

    def _until_morning_s(self, at: datetime) -> float:
        """How long phones do not ring yet; 0 while they may."""
        if self._policy.hours is None:
            return 0.0
        first, last = self._policy.hours
        quiet = QuietHours.between(last, first)
        morning = quiet_until(quiet, at, self._city.zone)
        return (morning - at).total_seconds() if morning else 0.0
