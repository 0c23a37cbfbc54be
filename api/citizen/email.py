"""The address where somebody wants to be written to: an account's, or a member of staff's."""

from html import escape
from typing import Annotated

from litestar import Controller, Response, delete, get, post, put
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import JSONBody, QueryParameter

from smartcity.city.model import City
from smartcity.errors import NotFound
from smartcity.identity.emails.model import EmailCode, NewEmail, masked
from smartcity.identity.emails.service import Emails
from smartcity.identity.roles import Actor
from smartcity.notifications.letters.email.owners import EmailOwners, OwnEmail

Token = Annotated[str, QueryParameter(max_length=100, description="As a mail's link holds it.")]

NOT_KEPT = CacheControlHeader(no_store=True)

PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"></head>
<body><h1>{title}</h1><p>{text}</p>{form}</body></html>
"""
FORM = """<form method="post"><button>{button}</button></form>"""


class OwnEmailController(Controller):
    path = "/v1/me/email"
    tags = ("Me",)

    @get(operation_id="GetMyEmail", cache_control=NOT_KEPT)
    async def show(
        self, actor: NamedDependency[Actor], email_owners: NamedDependency[EmailOwners]
    ) -> OwnEmail:
        """Show where one is written to, masked, and whether it is confirmed."""
        return await email_owners.get(actor)

    @put(operation_id="SetMyEmail", status_code=202)
    async def ask(
        self,
        data: JSONBody[NewEmail],
        actor: NamedDependency[Actor],
        email_owners: NamedDependency[EmailOwners],
        language: NamedDependency[str],
    ) -> OwnEmail:
        """Ask for mails to an address, in the place of any other. It gets a code, and nothing else
        until the code comes back. A device needs an account for it.
        """
        return await email_owners.ask(actor, data, language)

    @post("/confirm", operation_id="ConfirmMyEmail", status_code=200)
    async def confirm(
        self,
        data: JSONBody[EmailCode],
        actor: NamedDependency[Actor],
        email_owners: NamedDependency[EmailOwners],
    ) -> OwnEmail:
        """Confirm the address with the code that was sent to it."""
        return await email_owners.confirm(actor, data.code)

    @delete(operation_id="RemoveMyEmail")
    async def remove(
        self, actor: NamedDependency[Actor], email_owners: NamedDependency[EmailOwners]
    ) -> None:
        """Be written to no more, not even what is on its way; the address is forgotten."""
        await email_owners.remove(actor)


class UnsubscribeController(Controller):
    """Asks nobody to log in: a mail program does it with one click (RFC 8058)."""

    path = "/v1/email/unsubscribe"
    tags = ("Me",)

    @get(operation_id="AskToUnsubscribe", media_type=MediaType.HTML, cache_control=NOT_KEPT)
    async def ask(
        self,
        token: Token,
        emails: NamedDependency[Emails],
        city: NamedDependency[City],
        language: NamedDependency[str],
    ) -> Response[str]:
        """A page that asks whether to send no more mails. It changes nothing: mail scanners open
        every link.
        """
        email = await emails.opened(token)
        address = await emails.address(email)
        if address is None:
            raise NotFound
        button = escape(city.messages.render(language, "email.stop_button"))
        form = FORM.format(button=button)
        return _page(city, language, "stop_ask", form, address=masked(address))

    @post(operation_id="Unsubscribe", media_type=MediaType.HTML, status_code=200)
    async def stop(
        self,
        token: Token,
        emails: NamedDependency[Emails],
        city: NamedDependency[City],
        language: NamedDependency[str],
    ) -> Response[str]:
        """Send no more mails to this address until it is confirmed anew."""
        await emails.stop(token)
        return _page(city, language, "stop_done")


def _page(city: City, language: str, text: str, form: str = "", **values: str) -> Response[str]:
    name = city.name[language]
    title = city.messages.render(language, "email.stop_title", city=name)
    said = city.messages.render(language, f"email.{text}", city=name, **values)
    page = PAGE.format(language=language, title=escape(title), text=escape(said), form=form)
    policy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
    return Response(page, media_type=MediaType.HTML, status_code=200, headers=headers)
