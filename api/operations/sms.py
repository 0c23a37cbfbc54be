"""What this month's text messages cost, and what is left of their budget."""

from datetime import datetime

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency

from smartcity.notifications.letters.sms.desk import SmsDesk


class SmsBudgetView(msgspec.Struct, frozen=True, kw_only=True):
    """In parts, by which text messages are paid. What was paid before it left counts as spent, also
    if it never did. The last `kept_for_urgent` of the budget are for what is urgent; at `until` the
    next month begins.
    """

    month: str
    budget: int
    kept_for_urgent: int
    spent: int
    left: int
    until: datetime


class SmsController(Controller):
    path = "/v1/operations/sms"
    tags = ("Notifications",)

    @get(operation_id="GetSmsBudget")
    async def budget(self, sms_desk: NamedDependency[SmsDesk]) -> SmsBudgetView:
        """Tell how much of the month's budget of text messages is spent. A city without one has a
        budget of 0.
        """
        now = await sms_desk.standing()
        return SmsBudgetView(
            month=now.month,
            budget=now.budget,
            kept_for_urgent=now.kept_for_urgent,
            spent=now.spent,
            left=now.left,
            until=now.until,
        )
