"""Whether every balance is the sum of its entries, asked at the start and every day. Where it is not, no job is taken.

Jobs under way go on: stopping them would leave more in doubt, and what they hold was taken under the caps.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from clock import Clock
from errors import BooksDisagree, StorageUnavailable
from models import AuditFinding
from storage import aside, ledger
from storage.database import Database

log = logging.getLogger(__name__)

_AGAIN_SECONDS: Final = 86_400.0
# Somebody is at it then, and waits to see whether it helped.
_AGAIN_SOON_SECONDS: Final = 300.0
# Enough to begin with; `python bot.py report` shows all of them.
_FINDINGS_LOGGED: Final = 10


class BookNotices(Protocol):
    """Tells the operator how the books stand. Best effort: never raises, logs instead."""

    async def books_disagree(self, accounts: int) -> None:
        """The balances of so many accounts are not the sums of their entries: no new job is taken."""

    async def books_agree(self) -> None:
        """They are the sums again: jobs are taken as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit has found, when, and how long it took."""

    at: datetime
    seconds: float
    findings: tuple[AuditFinding, ...]

    @property
    def sound(self) -> bool:
        return not self.findings


class Books:
    """Audits the ledger on a thread of its own, so that nothing waits for it but the first wish after a start."""

    def __init__(self, *, database: Database, notices: BookNotices, clock: Clock) -> None:
        self._database = database
        self._notices = notices
        self._clock = clock
        self._auditing = asyncio.Lock()
        self._latest: Audit | None = None
        self._told_wrong = False

    @property
    def latest(self) -> Audit | None:
        """The latest audit; None before the first has ended."""
        return self._latest

    @property
    def problem(self) -> str | None:
        """What keeps new jobs from being taken, in a few words for the operator; None where nothing does."""
        if self._latest is None:
            return "not audited yet"
        count = len(self._latest.findings)
        return f"balances that are not the sums of their entries: {count}" if count else None

    async def check(self) -> None:
        """Raise BooksDisagree where new jobs can't be taken. The first call after a start waits for the audit.

        Raises StorageUnavailable where the books can't be read: what was not audited is not trusted.
        """
        if self._latest is None:
            async with self._auditing:
                if self._latest is None:
                    await self._audit()
        assert self._latest is not None  # the audit has ended, or raised
        if not self._latest.sound:
            raise BooksDisagree(len(self._latest.findings))

    async def audit(self) -> Audit:
        """Audit now, and tell the operator what has changed.

        Raises StorageUnavailable where the books can't be read, and then the latest audit stands.
        """
        async with self._auditing:
            audit = await self._audit()
        await self._tell(audit)
        return audit

    async def run(self) -> None:
        """Audit now and every day, sooner while something is wrong, until cancelled."""
        while True:
            try:
                audit = await self.audit()
            except StorageUnavailable as error:
                log.error("the books could not be audited: %s", error)
                await self._clock.sleep(_AGAIN_SOON_SECONDS)
                continue
            await self._clock.sleep(_AGAIN_SECONDS if audit.sound else _AGAIN_SOON_SECONDS)

    async def _audit(self) -> Audit:
        started = self._clock.monotonic()
        findings = await aside.read(self._database, ledger.audit)
        seconds = self._clock.monotonic() - started
        self._latest = Audit(at=self._clock.now(), seconds=seconds, findings=findings)
        log.info("audited the books in %.2f s; balances that are wrong: %d", seconds, len(findings))
        return self._latest

    async def _tell(self, audit: Audit) -> None:
        """Say what has changed since the operator was told last."""
        if audit.sound is not self._told_wrong:
            return  # sound, and nobody was told otherwise; or wrong, as was told before
        self._told_wrong = not audit.sound
        if audit.sound:
            log.warning("every balance is the sum of its entries again: new jobs are taken")
            await self._notices.books_agree()
            return
        for finding in audit.findings[:_FINDINGS_LOGGED]:
            log.error(
                "%s %s %s of guild %d, member %d: %d pending and %d posted, but its entries add up to %d and %d",
                *(finding.account.scope, finding.account.unit, finding.account.period),
                *(finding.account.guild_id, finding.account.user_id),
                *(finding.pending, finding.posted, finding.entries_pending, finding.entries_posted),
            )
        log.error("balances that are not the sums of their entries: %d; no new job is taken", len(audit.findings))
        await self._notices.books_disagree(len(audit.findings))
