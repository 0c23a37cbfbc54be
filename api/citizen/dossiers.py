"""Where a dossier stands: asked with its code and secret, or followed."""

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from smartcity.dossiers.service import DossierService
from smartcity.dossiers.views import DossierList, DossierView
from smartcity.identity.roles import Actor

Secret = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=64,
        description="Printed on the receipt; else the last digits of the applicant's phone or "
        "citizen number.",
    ),
]


class DossierLookup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dossier's code, however it was typed, and its secret."""

    code: Annotated[
        str, msgspec.Meta(min_length=1, max_length=100, examples=["000.A0.01.H26-210212-9090"])
    ]
    secret: Secret


class DossierKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What opens the dossier that the address names."""

    secret: Secret


class DossierController(Controller):
    path = "/v1/dossiers"
    tags = ("Dossiers",)

    @post("/lookup", operation_id="LookUpDossier", status_code=200)
    async def look_up(
        self,
        data: JSONBody[DossierLookup],
        dossiers: NamedDependency[DossierService],
        address: NamedDependency[str],
        language: NamedDependency[str],
    ) -> DossierView:
        """Show where a dossier stands. A wrong secret and a code that is not known are answered
        alike, and few may be tried.
        """
        return await dossiers.look_up(data.code, data.secret, address, language)


class FollowedDossierController(Controller):
    path = "/v1/me/dossiers"
    tags = ("Dossiers",)

    @get(operation_id="ListMyDossiers")
    async def list(
        self,
        dossiers: NamedDependency[DossierService],
        actor: NamedDependency[Actor],
        language: NamedDependency[str],
    ) -> DossierList:
        """List the dossiers that the caller follows, without their secrets being asked again."""
        return DossierList(items=await dossiers.followed(actor.own_id, language))

    @put("/{code:str}", operation_id="FollowDossier")
    async def follow(
        self,
        code: FromPath[str],
        data: JSONBody[DossierKey],
        dossiers: NamedDependency[DossierService],
        actor: NamedDependency[Actor],
        address: NamedDependency[str],
        language: NamedDependency[str],
    ) -> DossierView:
        """Follow a dossier: the caller is notified when its status changes. Repeating changes
        nothing.
        """
        return await dossiers.follow(actor.own_id, code, data.secret, address, language)

    @delete("/{code:str}", operation_id="UnfollowDossier", status_code=204)
    async def unfollow(
        self,
        code: FromPath[str],
        dossiers: NamedDependency[DossierService],
        actor: NamedDependency[Actor],
    ) -> None:
        """Stop following a dossier. Repeating changes nothing."""
        await dossiers.unfollow(actor.own_id, code)
