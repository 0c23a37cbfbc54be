# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Opens the ways to FCM that the settings ask for: messages, and who has which topic."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from firebase_admin import credentials as firebase_credentials
from pyreqwest.client import Client, ClientBuilder

from smartcity.notifications.fcm.sender import FcmSender
from smartcity.notifications.fcm.tokens import AccessTokens
from smartcity.notifications.fcm.topics import FcmSubscriber
from smartcity.notifications.push import NotConfigured, PushSender
from smartcity.notifications.topics import Subscriber

FCM: Final = "https://fcm.googleapis.com"
IID: Final = "https://iid.googleapis.com"
TIMEOUT: Final = timedelta(seconds=10)

CLIENTS: Final = 8
"""Over HTTP/2 a client keeps one connection, and a server takes some 100 requests at once on one:
at 50 ms each that is 2,000 messages a second. Topics have one more, and never hold a message up.
"""


@asynccontextmanager
async def open_fcm(
    *, project: str, credentials: str, endpoint: str
) -> AsyncGenerator[tuple[PushSender, Subscriber | None]]:
    """What the settings `fcm_project`, `fcm_credentials` and `fcm_endpoint` ask for.

    Credentials make it FCM; an endpoint alone is a stand-in, which needs none. With neither,
    nothing is sent, everything is recorded, and there is nobody to tell of topics. Raises `OSError`
    or `ValueError` for a credentials file that cannot be used.
    """
    if not credentials and not endpoint:
        yield NotConfigured(), None
        return
    account = firebase_credentials.Certificate(Path(credentials)) if credentials else None
    project = project or (account.project_id if account else "") or "smartcity"
    tokens = AccessTokens(account.get_credential()) if account else None
    fcm, iid = ((endpoint or one).rstrip("/") for one in (FCM, IID))
    url = f"{fcm}/v1/projects/{project}"
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client()) for _ in range(CLIENTS)]
        of_topics = await stack.enter_async_context(_client())
        yield (
            FcmSender(clients, f"{url}/messages:send", tokens),
            FcmSubscriber(of_topics, url, iid, tokens),
        )


def _client() -> Client:
    """HTTP/2 where the other side speaks it (ALPN), HTTP/1.1 where not."""
    return (
        ClientBuilder()
        .http2(enable=True)
        .follow_redirects(enable=False)
        .timeout(TIMEOUT)
        .default_headers({"Content-Type": "application/json"})
        .build()
    )
