"""Has files examined: one at a time, in a process that is ended when it takes too long."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from smartcity.attachments.examination import Covering, Document, Outcome, Refused, Task
from smartcity.attachments.images import Covered, Photo, Region
from smartcity.attachments.media import NotAcceptedError, Refusal
from smartcity.errors import Unavailable

COMMAND: Final = (sys.executable, "-I", "-m", "smartcity.attachments.examination")

WAITING: Final = 16
"""Files in hand; each is held in memory while it waits."""

PATIENCE_S: Final = 60.0
"""The process has its own limit of CPU time; this one is for a machine that gives it none."""


class Examiner:
    """Looks at files, one at a time, so that photos cannot starve the API of its processors."""

    def __init__(self, *, pixels: int, zone: ZoneInfo, patience_s: float = PATIENCE_S) -> None:
        self._pixels = pixels
        self._zone = zone
        self._patience_s = patience_s
        self._turn = asyncio.Semaphore(1)
        self._in_hand = 0

    async def examine(self, original: bytes) -> Photo | Document:
        """Make a file safe. Raises `NotAcceptedError`; `Unavailable` when too many wait."""
        task = Task(original=original, pixels=self._pixels, zone=self._zone.key)
        outcome = await self._in_turn(task)
        if isinstance(outcome, Refused):
            raise NotAcceptedError(outcome.refusal)
        assert not isinstance(outcome, Covered), "asked to examine"
        return outcome

    async def cover(self, content: bytes, regions: Sequence[Region]) -> Covered:
        """Paint over regions of a picture of our own. Raises `Unavailable` when too many wait."""
        outcome = await self._in_turn(Covering(content=content, regions=tuple(regions)))
        if not isinstance(outcome, Covered):
            raise Unavailable(retry_after_s=5)  # killed: nothing is shown rather than the original
        return outcome

    async def _in_turn(self, task: Task | Covering) -> Outcome:
        if self._in_hand >= WAITING:
            raise Unavailable(retry_after_s=5)
        self._in_hand += 1
        try:
            async with self._turn:
                return await self._in_own_process(task)
        finally:
            self._in_hand -= 1

    async def _in_own_process(self, task: Task | Covering) -> Outcome:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={},  # our secrets may stand in the environment
        )
        try:
            async with asyncio.timeout(self._patience_s):
                output, mistakes = await process.communicate(msgspec.msgpack.encode(task))
        except TimeoutError:
            raise Unavailable(retry_after_s=self._patience_s) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        match process.returncode:
            case 0:
                return msgspec.msgpack.decode(output, type=Outcome)
            case died if died is not None and died < 0:
                ended = -died in (signal.SIGXCPU, signal.SIGKILL)
                return Refused(refusal=Refusal.COMPLEX if ended else Refusal.UNREADABLE)
            case failed:  # our own mistake, or a broken installation: never the sender's fault
                raise RuntimeError(f"examination ended with {failed}: {mistakes[-2000:]!r}")
