"""What a person decides about their own data: consents, a copy of everything, and its end."""

from typing import Annotated, Any

from litestar import Controller, Request, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from msgspec import Meta, Struct

from smartcity.city.model import City
from smartcity.identity.consents.service import Consents
from smartcity.identity.credentials import Credentials
from smartcity.identity.roles import Actor
from smartcity.identity.senders.service import Senders
from smartcity.people.consents import Withdrawals
from smartcity.people.erasure import Erasures
from smartcity.people.export import Export
from smartcity.people.person import speaking


class ConsentText(Struct, frozen=True, kw_only=True):
    """What is agreed to, in the caller's language, and the version to agree to it with."""

    purpose: str
    version: str
    text: str


class Agreement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The version of the text that the person has read."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]


class ConsentController(Controller):
    path = "/v1"
    tags = ("Me",)

    @get("/consents", operation_id="ListConsents")
    async def texts(
        self, city: NamedDependency[City], language: NamedDependency[str]
    ) -> list[ConsentText]:
        """What the city asks people to agree to before it keeps something about them."""
        return [
            ConsentText(purpose=one.code, version=one.version, text=one.text[language])
            for one in city.privacy.consents
        ]

    @put("/me/consents/{purpose:str}", operation_id="GiveConsent", status_code=204)
    async def give(
        self,
        purpose: FromPath[str],
        data: JSONBody[Agreement],
        actor: NamedDependency[Actor],
        consents: NamedDependency[Consents],
    ) -> None:
        """Agree to a text. Only its present version can be agreed to."""
        await consents.give(actor.own_id, purpose, data.version)

    @delete("/me/consents/{purpose:str}", operation_id="WithdrawConsent", status_code=204)
    async def withdraw(
        self,
        purpose: FromPath[str],
        actor: NamedDependency[Actor],
        withdrawals: NamedDependency[Withdrawals],
    ) -> None:
        """Take a consent back: contact details go from the person's open reports at once."""
        await withdrawals.withdraw(actor, purpose)


class MeController(Controller):
    path = "/v1/me"
    tags = ("Me",)

    @get("/export", operation_id="ExportMe", media_type="application/x-ndjson")
    async def copy(
        self,
        actor: NamedDependency[Actor],
        export: NamedDependency[Export],
        language: NamedDependency[str],
    ) -> Stream:
        """Everything that the city keeps about the caller: one JSON object a line, with its `kind`.

        Kinds: account, email, device, consent, choices, restriction, follow, notification, letter,
        alerts_read, confirmation, attachment, report, said (in a report that another person sent).
        """
        return Stream(
            export.lines(speaking(actor), language),
            media_type="application/x-ndjson",
            headers={"Cache-Control": "no-store"},
        )

    @delete(operation_id="EraseMe", status_code=202)
    async def erase(
        self,
        actor: NamedDependency[Actor],
        erasures: NamedDependency[Erasures],
        senders: NamedDependency[Senders],
        credentials: NamedDependency[Credentials],
        request: Request[Actor, str, Any],
    ) -> None:
        """Erase the caller. The token opens nothing from now on; the rest follows within seconds.

        From a phone that is linked to an account this erases the person: the account and every
        phone that was ever linked to it. To part with one phone only, unlink it.

        Contact details, photos, notifications, follows, confirmations and consents go, and so do
        the words of reports that are finished. Open ones stay with their agency as nobody's, with
        numbers masked, until they are finished.
        """
        await senders.leave(actor)
        await erasures.ask(speaking(actor))
        credentials.forget(request.auth)
