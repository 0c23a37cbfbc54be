"""Documents: a PDF is kept byte for byte, because signatures cover its bytes, or refused.

Runs in the examination's own process: parsers meet what strangers send.
"""

import re
from collections.abc import Iterable
from io import BytesIO
from typing import Final

import pikepdf

from smartcity.attachments.media import NotAcceptedError, Refusal

ACTIVE_KEYS: Final = frozenset(
    {
        "/JS",  # a script
        "/JavaScript",  # the document's own scripts, by name
        "/XFA",  # a form language with scripts of its own
        "/EmbeddedFiles",  # files inside, by name
        "/EF",  # a file inside
    }
)
ACTIVE_KINDS: Final = frozenset(
    {
        "/JavaScript",
        "/Launch",  # starts a program
        "/ImportData",  # reads a file
        "/GoToE",  # opens a file inside
        "/EmbeddedFile",
        "/FileAttachment",
        "/RichMedia",
    }
)
"""Types of action, annotation or stream (ISO 32000-2, 12.5.6, 12.6.4) that do more than show."""

KIND_KEYS: Final = ("/S", "/Type", "/Subtype")

SUPERSEDED: Final = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?)\b")
"""What the file's own index may not lead to: a viewer that repairs a file finds it all the same."""


def inspect(original: bytes) -> None:
    """Look into every object of a PDF, those in compressed object streams included.

    Raises `NotAcceptedError` for one that is damaged, encrypted or active.
    """
    try:
        with pikepdf.open(BytesIO(original)) as pdf:
            if pdf.is_encrypted:
                raise NotAcceptedError(Refusal.ENCRYPTED)
            if not len(pdf.pages):
                raise NotAcceptedError(Refusal.UNREADABLE)
            if SUPERSEDED.search(original) or _is_active(pdf.objects):
                raise NotAcceptedError(Refusal.ACTIVE)
    except pikepdf.PasswordError:
        raise NotAcceptedError(Refusal.ENCRYPTED) from None
    except pikepdf.PdfError as error:
        raise NotAcceptedError(Refusal.UNREADABLE) from error


def _is_active(objects: Iterable[pikepdf.Object]) -> bool:
    """Whether any object, or anything written inside one, does more than show."""
    unseen: list[object] = list(objects)
    while unseen:
        value = unseen.pop()
        if isinstance(value, pikepdf.Array):
            inside: list[object] = list(value)
        elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
            if not ACTIVE_KEYS.isdisjoint(value.keys()):
                return True
            if any(str(value.get(key)) in ACTIVE_KINDS for key in KIND_KEYS):
                return True
            inside = [part for _, part in value.items()]
        else:
            continue
        # What is only referred to is an object of its own, and looked at as one.
        unseen += [p for p in inside if isinstance(p, pikepdf.Object) and not p.is_indirect]
    return False
