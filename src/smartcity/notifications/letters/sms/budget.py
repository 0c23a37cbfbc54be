"""The month's budget of text messages, which is paid before anything leaves.

Whoever dies between paying and sending has paid too much, never too little: so more may be counted
than was sent, and never more is sent than the city allows.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.notifications.letters.sms.model import Payment, Standing
from smartcity.notifications.letters.sms.store import SmsBudgetStore

REMEMBERED: Final = timedelta(days=7)
"""So long behind its month's end it is known who paid: no message is tried for longer."""


class SmsBudget:
    """A month is the calendar's in the city's zone; what is paid counts in the month of paying."""

    def __init__(self, store: SmsBudgetStore, city: City) -> None:
        self._store = store
        self._zone = city.zone
        self._policy = city.sms

    async def pay(self, message: UUID, parts: int, *, urgent: bool, anew: bool) -> Payment | None:
        """Take the parts of a message from the budget; none if there is no room for them.

        One that paid in this month pays nothing more, unless `anew`: its gateway would send a
        repeat a second time.
        """
        begin, end = self._month(now())
        wanted = Payment(message=message, month=f"{begin:%Y-%m}", parts=parts, attempt=new_id())
        most = self._policy.monthly_parts - (0 if urgent else self._kept)
        return await self._store.pay(wanted, most=most, anew=anew, expires_at=end + REMEMBERED)

    async def give_back(self, paid: Payment) -> None:
        """For what was surely not sent."""
        await self._store.give_back(paid)

    async def standing(self) -> Standing:
        """How it stands with this month."""
        begin, end = self._month(now())
        month = f"{begin:%Y-%m}"
        return Standing(
            month=month,
            budget=self._policy.monthly_parts,
            kept_for_urgent=self._kept,
            spent=await self._store.spent(month),
            until=end,
        )

    @property
    def _kept(self) -> int:
        """Rounded up: with a reserve of any size, what is not urgent never takes the last part."""
        return ceil(self._policy.monthly_parts * self._policy.reserve_share)

    def _month(self, at: datetime) -> tuple[datetime, datetime]:
        """Where the month of a moment begins and ends."""
        local = at.astimezone(self._zone)
        begin = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        after = begin + timedelta(days=32)
        return begin, after.replace(day=1)
