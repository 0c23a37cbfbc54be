"""What is tidied up by the clock."""

from smartcity.attachments.service import AttachmentService
from smartcity.clock import now
from smartcity.dossiers.store import DossierStore
from smartcity.dossiers.sync.importing import promise_abandoned
from smartcity.identity.devices.service import DeviceService
from smartcity.storage.leases import Lease


class Housekeeping:
    """Of several processes that run one, the lease holder tidies."""

    def __init__(
        self,
        attachments: AttachmentService,
        dossiers: DossierStore,
        devices: DeviceService,
        lease: Lease,
    ) -> None:
        self._attachments = attachments
        self._devices = devices
        self._dossiers = dossiers
        self._lease = lease

    async def sweep_attachments(self) -> None:
        """Remove uploads that were never finished and files that no report ever showed."""
        if await self._lease.hold() is not None:
            await self._attachments.sweeping.sweep(now())

    async def forget_silent_addresses(self) -> None:
        """Push no more to who was not seen for so long that nothing arrives there."""
        if await self._lease.hold() is not None:
            await self._devices.forget_silent(now())

    async def promise_abandoned_batches(self) -> None:
        """Tell of the dossiers whose import died between writing them and saying so."""
        if await self._lease.hold() is not None:
            await promise_abandoned(self._dossiers)
