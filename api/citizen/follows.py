"""Following a report: hearing of it without having sent it."""

from uuid import UUID

from litestar import Controller, delete, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from smartcity.identity.roles import Actor
from smartcity.notifications.following.service import Follows


class FollowController(Controller):
    path = "/v1/reports/{report_id:uuid}/follow"
    tags = ("Reports",)

    @put(operation_id="FollowReport", status_code=204)
    async def follow(
        self,
        report_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        follows: NamedDependency[Follows],
    ) -> None:
        """Follow a report: the caller is notified of what happens to it. Repeating changes
        nothing.
        """
        await follows.follow_report(actor.own_id, report_id)

    @delete(operation_id="UnfollowReport", status_code=204)
    async def unfollow(
        self,
        report_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        follows: NamedDependency[Follows],
    ) -> None:
        """Stop following a report. Repeating changes nothing."""
        await follows.unfollow(actor.own_id, report_id)
