"""Receipts: whoever says a code and its secret has the reporter's rights, on any device."""

from typing import Final
from uuid import UUID

from smartcity.errors import NotFound
from smartcity.identifiers import grouped, receipt_secret, same_secret
from smartcity.identity.attempts.service import GUESSER, Attempts
from smartcity.reports.model import Report
from smartcity.reports.requests import SaidSecret
from smartcity.reports.store import ReportStore

RECEIPT: Final = "receipt"
"""The kind of attempt whose failures are counted by the report's code and the address together:
everybody can read the code, and nobody shall lock out who holds the receipt.
"""


class Receipts:
    """The secrets are derived from `secret`, the installation's, and kept nowhere."""

    def __init__(self, store: ReportStore, attempts: Attempts, secret: bytes) -> None:
        self._store = store
        self._attempts = attempts
        self._secret = secret

    def secret_of(self, report: Report) -> str:
        """What the receipt says beside the code."""
        return receipt_secret(self._secret, report.id)

    async def open(self, code: str, said: SaidSecret) -> Report:
        """The report of a receipt. Raises `NotFound` for a wrong code and a wrong secret alike, and
        `TooManyRequests` after too many of them.
        """
        code = grouped(code)
        report = await self._store.find_by_code(code)
        await self._check(code, report, said)
        if report is None:
            raise NotFound
        return report

    async def check(self, report: Report, said: SaidSecret) -> None:
        """Raises `NotFound` for a secret that is not the report's, `TooManyRequests`."""
        await self._check(report.code, report, said)

    async def holds(self, file: UUID, said: SaidSecret) -> UUID:
        """The report of this file whose secret was said. Raises as `open` does."""
        found = await self._store.with_files([file])
        report = found[0] if found else None
        await self._check(report.code if report else str(file), report, said)
        if report is None:
            raise NotFound
        return report.id

    async def _check(self, code: str, report: Report | None, said: SaidSecret) -> None:
        tries = (RECEIPT, f"{code} {said.address}"), (GUESSER, said.address)
        async with self._attempts.in_turn(*tries):
            if report is None or not same_secret(said.secret, self.secret_of(report)):
                raise NotFound
