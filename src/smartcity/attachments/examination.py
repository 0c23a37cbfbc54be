"""One file is looked at: `python -m smartcity.attachments.examination`, a process for each.

Decoders of photos and PDFs are where strangers' bytes do harm. Here they do it to a process that
holds no secret, writes no file, yields to the API, and ends with its memory or its time.
"""

import os
import resource
import sys
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from smartcity.attachments.images import Covered, Photo, Region, cover, develop
from smartcity.attachments.media import MediaType, NotAcceptedError, Refusal, recognise
from smartcity.attachments.pdf import inspect

MEMORY_BYTES: Final = 1 << 30
"""Six copies of the largest photo."""

CPU_S: Final = 20


class Task(msgspec.Struct, frozen=True, kw_only=True, tag="examine"):
    """What the process is given. `zone`: where a camera's time without an offset is read."""

    original: bytes
    pixels: int
    zone: str


class Covering(msgspec.Struct, frozen=True, kw_only=True, tag="cover"):
    """A picture of our own, and what is to be painted over."""

    content: bytes
    regions: tuple[Region, ...]


class Document(msgspec.Struct, frozen=True, kw_only=True, tag="document"):
    """A document that may be kept as it came."""

    media_type: MediaType


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """A file that may not be kept."""

    refusal: Refusal


Outcome = Photo | Document | Refused | Covered


def do(task: Task | Covering) -> Outcome:
    """What the process is for."""
    return examine(task) if isinstance(task, Task) else cover(task.content, task.regions)


def examine(task: Task) -> Photo | Document | Refused:
    """Recognise a file and make it safe, or say why not."""
    media_type = recognise(task.original)
    try:
        if media_type is None:
            raise NotAcceptedError(Refusal.MEDIA_TYPE)
        if media_type is MediaType.PDF:
            inspect(task.original)
            return Document(media_type=media_type)
        return develop(task.original, media_type, pixels=task.pixels, zone=ZoneInfo(task.zone))
    except NotAcceptedError as error:
        return Refused(refusal=error.refusal)
    except MemoryError:
        return Refused(refusal=Refusal.COMPLEX)


def main() -> None:
    os.nice(10)
    for limit, amount in (
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (amount, amount))
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task | Covering)
    sys.stdout.buffer.write(msgspec.msgpack.encode(do(task)))


if __name__ == "__main__":
    main()
