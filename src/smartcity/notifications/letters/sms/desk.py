"""How it stands with the month's text messages, for those who run the system."""

from smartcity.notifications.letters.sms.budget import SmsBudget
from smartcity.notifications.letters.sms.model import Standing
from smartcity.notifications.push_records import AT_LEAST_S


class SmsDesk:
    """`latest` is kept, and read anew behind the answers; none before it was."""

    def __init__(self, budget: SmsBudget) -> None:
        self._budget = budget
        self.latest: Standing | None = None
        self.pause_s = AT_LEAST_S
        """How long to wait before the next `refresh`."""

    async def refresh(self) -> None:
        self.latest = await self._budget.standing()

    async def standing(self) -> Standing:
        """As it is now."""
        return await self._budget.standing()
