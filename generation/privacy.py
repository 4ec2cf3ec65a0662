"""What members may ask about themselves: what is kept, all of it as a file, and that it be forgotten.

Also what becomes of a guild that the bot has left. What is forgotten leaves the database's file: the search index is
rewritten without it and the log of writes is emptied.
"""

import asyncio
import contextlib
import gzip
import logging
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from clock import Clock
from errors import InvalidOption, StorageUnavailable
from generation.drafts import Drafts
from storage import aside, audit, erasure, history, maintenance, personal
from storage.database import Database
from storage.erasure import Erasure, Kept
from storage.personal import Holdings

__all__ = ["GRACE", "Export", "Forgotten", "Holdings", "Kept", "Privacy"]

log = logging.getLogger(__name__)

# A guild that removed the bot by mistake finds everything as it was.
GRACE: Final = timedelta(days=14)
# Others' writes go first, between two steps.
_STEP_PAUSE_SECONDS: Final = 0.02
# The log of writes can be emptied only in a moment in which nobody reads.
_EMPTY_TRIES: Final = 50
_EMPTY_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An open file without a name, at its beginning, gone once it is closed."""

    file: BinaryIO
    filename: str

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was done, and what still keeps the member's id until it has ended."""

    jobs: int
    kept: Kept


class Privacy:
    """Every method raises StorageUnavailable where the database can't be used."""

    def __init__(
        self,
        *,
        database: Database,
        drafts: Drafts,
        folder: Path,
        clock: Clock,
        ended: Callable[[Iterable[str]], None],
        case_changed: Callable[[], None],
    ) -> None:
        self._database = database
        self._drafts = drafts
        self._folder = folder
        self._clock = clock
        self._ended = ended
        self._case_changed = case_changed
        # One at a time: two rewrites of the search index would only be in each other's way.
        self._forgetting = asyncio.Lock()

    async def holdings(self, user_id: int) -> Holdings:
        """How much is kept about the member."""
        return await aside.read(self._database, lambda connection: personal.holdings(connection, user_id))

    async def export(self, user_id: int, *, limit_bytes: int) -> Export:
        """Everything that is kept about the member as JSON, packed where it would be too large to be sent.

        Raises InvalidOption (`too_much`) where it is too large even then.
        """
        return await aside.read(self._database, lambda connection: self._written(connection, user_id, limit_bytes))

    async def forget(self, user_id: int, *, guild_id: int) -> Forgotten:
        """Forget the member in every guild, as far as that can be done now; the rest follows by itself.

        When this returns, no word of theirs is in the database's file, nor in the files beside it.
        """
        async with self._forgetting:
            now = self._clock.now()
            asked = await self._database.write(
                lambda connection: erasure.ask(connection, user_id, pseudonym=erasure.new_pseudonym(), at=now)
            )
            await self._database.write(
                lambda connection: audit.note(
                    connection, guild_id=guild_id, by_id=user_id, at=now, what="privacy.delete", subject_id=user_id
                )
            )
            done = await self._forget(asked, first=True)
            await self._purge()
        return done

    async def go_on(self) -> None:
        """Go on with what could not be done before, and delete what is kept of guilds left long enough ago."""
        async with self._forgetting:
            changed = False
            for asked in await erasure.asked(self._database):
                await self._forget(asked, first=False)
                changed = True
            for guild_id in await erasure.departed(self._database, before=self._clock.now() - GRACE):
                changed = await self._forget_guild(guild_id) or changed
            if changed:
                await self._purge()

    async def left(self, guild_id: int) -> None:
        """The bot is not in the guild any more."""
        now = self._clock.now()
        await self._database.write(lambda connection: erasure.note_departure(connection, guild_id, at=now))
        log.info("left server %d: what is kept of it goes in %d days", guild_id, GRACE.days)

    async def returned(self, guild_id: int) -> None:
        """The bot is in the guild (again)."""
        if await self._database.write(lambda connection: erasure.note_return(connection, guild_id)):
            log.info("server %d is back: what was kept of it stays", guild_id)

    async def look_at(self, present: frozenset[int]) -> None:
        """Note which of the guilds that are known are no longer among those that the bot is in, and which are again."""
        for guild_id in await erasure.known_guilds(self._database):
            if guild_id not in present:
                await self.left(guild_id)
        for guild_id in await erasure.departed(self._database, before=self._clock.now()):
            if guild_id in present:
                await self.returned(guild_id)

    async def _forget(self, asked: Erasure, *, first: bool) -> Forgotten:
        """Do what can be done by now; moderators' cards are edited the `first` time only."""
        write = self._database.write
        drafts = await write(lambda connection: erasure.forget_belongings(connection, asked.user_id))
        for draft_id in drafts:
            await self._drafts.discard(draft_id)
        numbers = await aside.read(
            self._database,
            lambda connection: erasure.numbers_of_jobs(connection, asked.user_id, until=asked.asked_at),
        )
        for start in range(0, len(numbers), erasure.STEP_JOBS):
            step = numbers[start : start + erasure.STEP_JOBS]
            now = self._clock.now()
            forget = partial(erasure.forget_jobs, erasure=asked, numbers=step, at=now)
            self._ended(await write(forget))
            await self._clock.sleep(_STEP_PAUSE_SECONDS)
        now = self._clock.now()
        if first:
            await write(lambda connection: erasure.forget_words(connection, asked, at=now))
        kept = await write(lambda connection: erasure.forget_who(connection, asked, at=now))
        self._case_changed()
        log.info("forgot a member: %d jobs%s", len(numbers), "" if kept.nothing else "; the rest when it has ended")
        return Forgotten(jobs=len(numbers), kept=kept)

    async def _forget_guild(self, guild_id: int) -> bool:
        """True once it is done; jobs that are still under way there are waited for."""
        pseudonyms: dict[int, int] = {}

        def pseudonym_of(user_id: int) -> int:
            return pseudonyms.setdefault(user_id, erasure.new_pseudonym())

        more = True
        while more:
            more = await self._database.write(
                lambda connection: erasure.forget_guild_jobs(connection, guild_id, pseudonym_of)
            )
            await self._clock.sleep(_STEP_PAUSE_SECONDS)
        now = self._clock.now()
        done = await self._database.write(
            lambda connection: erasure.forget_guild(connection, guild_id, pseudonym_of, at=now)
        )
        log.info("server %d: %s", guild_id, "forgotten" if done else "to be forgotten when its jobs have ended")
        return done

    async def _purge(self) -> None:
        """Take what was deleted out of the file: FTS5 and the log of writes would keep it for a while."""
        more = await self._database.write(lambda connection: history.purge_texts(connection, first=True))
        while more:
            await self._clock.sleep(_STEP_PAUSE_SECONDS)
            more = await self._database.write(lambda connection: history.purge_texts(connection, first=False))
        path = await aside.path_of(self._database)
        for _ in range(_EMPTY_TRIES):
            if await asyncio.to_thread(maintenance.empty_log, path):
                return
            await self._clock.sleep(_EMPTY_PAUSE_SECONDS)
        log.warning("the log of writes could not be emptied: somebody reads all the time; it will be in time")

    def _written(self, connection: sqlite3.Connection, user_id: int, limit_bytes: int) -> Export:
        name = "easel-my-data.json"
        try:
            with contextlib.ExitStack() as unless_done:
                file: BinaryIO = unless_done.enter_context(tempfile.TemporaryFile(dir=self._folder))
                for piece in personal.as_json(connection, user_id):
                    file.write(piece.encode("utf-8", "replace"))
                unless_done.pop_all()
            if file.tell() > limit_bytes:
                file, name = _packed(file, self._folder), f"{name}.gz"
        except OSError as error:
            raise StorageUnavailable(f"an export could not be written: {error.strerror}") from error
        if file.tell() > limit_bytes:
            file.close()
            raise InvalidOption("export", "too_much")
        file.seek(0)
        return Export(file=file, filename=name)


def _packed(plain: BinaryIO, folder: Path) -> BinaryIO:
    with plain, contextlib.ExitStack() as unless_done:
        plain.seek(0)
        file: BinaryIO = unless_done.enter_context(tempfile.TemporaryFile(dir=folder))
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packing:
            while piece := plain.read(1 << 20):
                packing.write(piece)
        unless_done.pop_all()
        return file
