"""“I see it too”: confirming a report that somebody else sent."""

from uuid import UUID

from litestar import Controller, delete, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from smartcity.identity.roles import Actor
from smartcity.identity.senders.service import Senders
from smartcity.reports.confirmations.service import ConfirmationService


class ConfirmationController(Controller):
    path = "/v1/reports/{report_id:uuid}/confirmation"
    tags = ("Reports",)

    @put(operation_id="ConfirmReport", status_code=204)
    async def confirm(
        self,
        report_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        confirmations: NamedDependency[ConfirmationService],
        senders: NamedDependency[Senders],
    ) -> None:
        """Say that one sees the problem too. Repeating changes nothing; one's own report and one
        that is not open are refused.
        """
        await senders.admit(actor)
        await confirmations.confirm(actor, report_id)

    @delete(operation_id="WithdrawConfirmation", status_code=204)
    async def withdraw(
        self,
        report_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        confirmations: NamedDependency[ConfirmationService],
    ) -> None:
        """Take it back. Repeating changes nothing."""
        await confirmations.withdraw(actor, report_id)
