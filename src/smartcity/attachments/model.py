"""What an attachment is, here and on the wire, and what must be asked of reports."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Protocol
from uuid import UUID

import msgspec

from smartcity.attachments.images import Place, Region
from smartcity.attachments.media import MediaType, Refusal
from smartcity.identity.roles import Actor


class Kind(StrEnum):
    """What people call it."""

    PHOTO = "photo"
    DOCUMENT = "document"


class State(StrEnum):
    """How far an upload has come."""

    ANNOUNCED = "announced"  # nothing has arrived
    RECEIVING = "receiving"
    READY = "ready"
    REFUSED = "refused"


UNFINISHED: Final = frozenset({State.ANNOUNCED, State.RECEIVING})


class Standing(StrEnum):
    """What ties an attachment to a report."""

    LOOSE = "loose"  # in no report; its owner's, who may announce it again under the same id
    CLAIMED = "claimed"  # a report that is being written names it
    KEPT = "kept"  # a written report was seen to hold it
    DOOMED = "doomed"  # in no report for too long; being removed


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """One stored file."""

    path: str
    media_type: MediaType
    size_bytes: int
    sha256: bytes
    width: int | None = None
    height: int | None = None

    @property
    def etag(self) -> str:
        return f'"{self.sha256.hex()}"'


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """One attachment as it is kept. `sha256` and `size_bytes` are those of what the phone sends."""

    id: UUID = msgspec.field(name="_id")
    owner: UUID
    sha256: bytes
    size_bytes: int
    created_at: datetime
    state: State = State.ANNOUNCED
    standing: Standing = Standing.LOOSE
    report: UUID | None = None
    received: int = 0
    parts: tuple[str, ...] = ()
    """Paths of what has arrived, in order."""
    refusal: Refusal | None = None
    content: Content | None = None
    thumbnail: Content | None = None
    taken_at: datetime | None = None
    place: Place | None = None

    @property
    def folder(self) -> str:
        """Where its files lie."""
        return str(self.id)


class Announcement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that will follow. `sha256` (hexadecimal) and `bytes` are those of the file as it is.

    `media_type` is for hearing early that a kind is not taken. `report`: the report that the file
    is already in, when its upload is taken up again.
    """

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    bytes: Annotated[int, msgspec.Meta(ge=1)]
    media_type: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    report: UUID | None = None


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An attachment as people see it; only its id and state before it is ready.

    `taken_at` and `place` are what a photo said of itself: for its uploader, and for staff as
    proof, never for the public.
    """

    id: UUID
    state: State
    kind: Kind | None = None
    media_type: MediaType | None = None
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    thumbnail: bool = False
    taken_at: datetime | None = None
    place: Place | None = None


class Upload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far an upload has come: send what follows `offset`, until the state is `ready`."""

    id: UUID
    state: State
    offset: int
    bytes: int
    refusal: Refusal | None = None
    attachment: AttachmentView | None = None


class AttachmentAudience(Protocol):
    """What attachments must ask of reports; the composition root fills it."""

    async def covers(
        self, attachment: UUID, actor: Actor, receipt: UUID | None
    ) -> Sequence[Region] | None:
        """What is covered of this attachment where a report shows it to this actor, who holds the
        receipt of that report or of none; none if no report shows it to them.
        """
        ...

    async def holders(self, attachments: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Of these attachments, those that a written report holds, each with that report's id."""
        ...


def view(attachment: Attachment, *, with_proof: bool) -> AttachmentView:
    """An attachment as people see it, with or without the time and place it was taken."""
    content = attachment.content
    if content is None:
        return AttachmentView(id=attachment.id, state=attachment.state)
    return AttachmentView(
        id=attachment.id,
        state=attachment.state,
        kind=Kind.DOCUMENT if content.media_type is MediaType.PDF else Kind.PHOTO,
        media_type=content.media_type,
        bytes=content.size_bytes,
        width=content.width,
        height=content.height,
        thumbnail=attachment.thumbnail is not None,
        taken_at=attachment.taken_at if with_proof else None,
        place=attachment.place if with_proof else None,
    )


def upload(attachment: Attachment) -> Upload:
    """An upload as its sender sees it."""
    ready = attachment.state is State.READY
    return Upload(
        id=attachment.id,
        state=attachment.state,
        offset=attachment.received,
        bytes=attachment.size_bytes,
        refusal=attachment.refusal,
        attachment=view(attachment, with_proof=True) if ready else None,
    )
