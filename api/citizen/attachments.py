"""Photos and documents: sent in one piece or bit by bit, and looked at."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Controller, Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.exceptions import InternalServerException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)
from litestar.params import FromPath, HeaderParameter, JSONBody
from litestar.response import Stream

from smartcity.attachments.media import MediaType
from smartcity.attachments.model import Announcement, AttachmentView, Content, Upload
from smartcity.attachments.service import AttachmentService
from smartcity.errors import FieldError, Invalid
from smartcity.identity.roles import Actor
from smartcity.identity.senders.service import Senders
from smartcity.reports.receipts import Receipts
from smartcity.reports.requests import SaidSecret

BYTES: Final = "application/octet-stream"
SHOWN_AS: Final = (MediaType.JPEG, MediaType.PDF)
ASK_EACH_TIME: Final = "private, no-cache"
"""Who may see an attachment changes, and what of it: whoever has it asks whether that still holds,
and no cache in between keeps it.
"""

ReceiptSecret = Annotated[
    str | None,
    HeaderParameter(
        name="Receipt-Secret",
        max_length=32,
        description="The secret on the receipt of its report: whoever has it is the reporter.",
    ),
]
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match", max_length=1000)]


def _binary(*media_types: str) -> dict[str, OpenAPIMediaType]:
    schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
    return {media_type: OpenAPIMediaType(schema=schema) for media_type in media_types}


@dataclass
class SendsFile(Operation):
    """Documents a body that is the file itself."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(required=True, content=_binary(*MediaType, BYTES))


@dataclass
class SendsBytes(Operation):
    """Documents a body that is the next bytes of a file."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(required=True, content=_binary(BYTES))


@dataclass
class ShowsFile(Operation):
    """Documents an answer that is a file."""

    def __post_init__(self) -> None:
        self.responses = (self.responses or {}) | {
            "200": OpenAPIResponse(description="The file", content=_binary(*SHOWN_AS)),
            "304": OpenAPIResponse(description="The caller has it"),
        }


class AttachmentController(Controller):
    path = "/v1/attachments"
    tags = ("Attachments",)

    @post(
        operation_id="UploadAttachment",
        operation_class=SendsFile,
        request_max_body_size=None,  # the service knows the limit, and stops reading at it
        responses={200: ResponseSpec(AttachmentView, description="It was sent before")},
    )
    async def take(
        self,
        request: Request[Any, Any, Any],
        actor: NamedDependency[Actor],
        attachments: NamedDependency[AttachmentService],
        senders: NamedDependency[Senders],
    ) -> Response[AttachmentView]:
        """Send one photo (JPEG, PNG, WebP, HEIC) or PDF as the body.

        Answers with the time and place that the photo itself tells. Its kind is told by its
        content, whatever `Content-Type` says. Name the `id` in a report within two days. On a weak
        network, announce the file instead and send it bit by bit.
        """
        await senders.admit(actor)
        attachment, fresh = await attachments.receiving.take(actor, _whole(request))
        return Response(
            attachment,
            status_code=201 if fresh else 200,
            headers={"Location": f"/v1/attachments/{attachment.id}"},
        )

    @get(
        "/{attachment_id:uuid}",
        operation_id="GetAttachment",
        operation_class=ShowsFile,
    )
    async def content(
        self,
        attachment_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        attachments: NamedDependency[AttachmentService],
        receipts: NamedDependency[Receipts],
        address: NamedDependency[str],
        if_none_match: IfNoneMatch = None,
        secret: ReceiptSecret = None,
    ) -> Response[Any]:
        """The photo or document, for its uploader, and for whom its report shows it to.

        A photo is at most 2,048 pixels long, upright and without metadata; a PDF is byte for byte
        what was sent. What a handler hid of a photo is painted over, but for its reporter and its
        agency.
        """
        held = await _held(receipts, attachment_id, secret, address)
        content = await attachments.showing.content(actor, attachment_id, held)
        return await _shown(content, attachment_id, attachments, if_none_match)

    @get(
        "/{attachment_id:uuid}/thumbnail",
        operation_id="GetAttachmentThumbnail",
        operation_class=ShowsFile,
    )
    async def thumbnail(
        self,
        attachment_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        attachments: NamedDependency[AttachmentService],
        receipts: NamedDependency[Receipts],
        address: NamedDependency[str],
        if_none_match: IfNoneMatch = None,
        secret: ReceiptSecret = None,
    ) -> Response[Any]:
        """A photo, at most 320 pixels long."""
        held = await _held(receipts, attachment_id, secret, address)
        thumbnail = await attachments.showing.thumbnail(actor, attachment_id, held)
        return await _shown(thumbnail, attachment_id, attachments, if_none_match)


class UploadController(Controller):
    path = "/v1/uploads"
    tags = ("Attachments",)

    @post(
        operation_id="AnnounceAttachment",
        responses={200: ResponseSpec(Upload, description="It was announced before")},
    )
    async def announce(
        self,
        data: JSONBody[Announcement],
        actor: NamedDependency[Actor],
        attachments: NamedDependency[AttachmentService],
        senders: NamedDependency[Senders],
    ) -> Response[Upload]:
        """Announce a file that will follow. Its `id` may stand in a report at once.

        The same file from the same sender is the same upload: go on at its `offset`.
        """
        await senders.admit(actor)
        upload, fresh = await attachments.receiving.announce(actor, data)
        return Response(
            upload,
            status_code=201 if fresh else 200,
            headers=_position(upload) | {"Location": f"/v1/uploads/{upload.id}"},
        )

    @patch(
        "/{attachment_id:uuid}",
        operation_id="AppendToAttachment",
        operation_class=SendsBytes,
        request_max_body_size=None,  # the service stops reading at the announced length
    )
    async def receive(
        self,
        request: Request[Any, Any, Any],
        attachment_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        attachments: NamedDependency[AttachmentService],
        senders: NamedDependency[Senders],
        upload_offset: Annotated[
            int,
            HeaderParameter(
                name="Upload-Offset", ge=0, description="Where the body belongs in the file."
            ),
        ],
    ) -> Response[Upload]:
        """Send the next bytes of a file, all that are left or some.

        A wrong offset is answered 409 with the right one in `offset`. With the last byte the file
        is examined: it is `ready`, or refused and says why. If its hash is not the announced one,
        the upload starts over. A complete upload that is not ready yet goes on with an empty body.
        """
        await senders.admit(actor)
        upload = await attachments.receiving.receive(
            actor, attachment_id, upload_offset, _as_far_as_it_comes(request)
        )
        return Response(upload, headers=_position(upload))

    @get("/{attachment_id:uuid}", operation_id="GetUpload")
    async def progress(
        self,
        attachment_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        attachments: NamedDependency[AttachmentService],
    ) -> Response[Upload]:
        """How far an upload of one's own has come."""
        upload = await attachments.receiving.progress(actor, attachment_id)
        return Response(upload, headers=_position(upload) | {"Cache-Control": "no-store"})


async def _held(
    receipts: Receipts, attachment_id: UUID, secret: str | None, address: str
) -> UUID | None:
    """The report whose receipt the caller holds, if they say so."""
    if secret is None:
        return None
    return await receipts.holds(attachment_id, SaidSecret(secret, address))


async def _shown(
    content: Content,
    attachment_id: UUID,
    attachments: AttachmentService,
    if_none_match: str | None,
) -> Response[Any]:
    headers = {
        "ETag": content.etag,
        "Cache-Control": ASK_EACH_TIME,
        "X-Content-Type-Options": "nosniff",
    }
    if if_none_match and content.etag in if_none_match:
        return Response(None, status_code=304, headers=headers)
    headers["Content-Length"] = str(content.size_bytes)
    if content.media_type is MediaType.PDF:
        headers["Content-Disposition"] = f'attachment; filename="{attachment_id}.pdf"'
    return Stream(
        await attachments.showing.stream(content), media_type=content.media_type, headers=headers
    )


def _position(upload: Upload) -> dict[str, str]:
    """What draft-ietf-httpbis-resumable-upload tells of an upload in headers."""
    complete = upload.offset == upload.bytes
    return {"Upload-Offset": str(upload.offset), "Upload-Complete": f"?{complete:d}"}


async def _whole(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """A body that counts for nothing unless all of it comes."""
    try:
        async for chunk in request.stream():
            yield chunk
    except InternalServerException:  # how Litestar says that the connection broke
        raise Invalid(FieldError("body", "incomplete")) from None


async def _as_far_as_it_comes(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """A body of which every byte counts, even if the connection breaks."""
    try:
        async for chunk in request.stream():
            yield chunk
    except InternalServerException:  # how Litestar says that the connection broke
        return
