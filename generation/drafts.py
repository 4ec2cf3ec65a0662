"""Drafts: what a member puts together in a private panel, with its pictures, until a press makes a job of it.

The row comes before the folder and goes before it, so a folder without a row is litter. It stays for a while all the
same: a press uses the row up while the pictures are still on their way to the card.
"""

import asyncio
import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, ParamSpec, TypeVar

from clock import Clock
from errors import StorageUnavailable
from storage import drafts
from storage.database import Database

# Nobody comes back to a private panel later: Discord's own token for it is dead after a quarter of an hour.
LIFETIME: Final = timedelta(hours=1)
# How long after its draft's end a folder may still be read: no answer to a press takes longer, as its token dies.
_USED_UP_FOR: Final = timedelta(minutes=15)
_ID_BYTES: Final = 12
_DRAFT_ID: Final = re.compile(r"[A-Za-z0-9_-]{16}")
_FILE_NAME: Final = re.compile(r"[a-z0-9_]{1,32}\.[a-z0-9]{1,8}")

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a member is putting together: `content` is JSON's kinds of values, and `kind` says which panel's."""

    draft_id: str
    guild_id: int
    user_id: int
    kind: str
    content: dict[str, Any] = field(repr=False)


class Drafts:
    """Every member's drafts, at most ten each: an eleventh takes the place of the one that was not touched longest."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock

    async def create(
        self,
        *,
        guild_id: int,
        user_id: int,
        kind: str,
        content: Mapping[str, Any],
        files: Mapping[str, BinaryIO] | None = None,
    ) -> Draft:
        """Keep a new draft with its files, which are read from their beginnings.

        Raises StorageUnavailable, with nothing kept; a caller that is cancelled may leave some of it for the sweep.
        """
        draft = Draft(
            draft_id=secrets.token_urlsafe(_ID_BYTES),
            guild_id=guild_id,
            user_id=user_id,
            kind=kind,
            content=dict(content),
        )
        now = self._clock.now()
        outdated = await self._database.write(
            lambda connection: drafts.put(
                connection, draft.draft_id, guild_id=guild_id, user_id=user_id, kind=kind, content=content, at=now
            )
        )
        try:
            await _in_thread(self._store, draft, files or {}, now)
        except StorageUnavailable:
            await self.discard(draft.draft_id)
            raise
        for draft_id in outdated:
            await asyncio.to_thread(self._remove_folder, draft_id)
        return draft

    async def open(self, draft_id: str, *, guild_id: int, user_id: int, kind: str) -> Draft:
        """The member's draft. Raises DraftGone for one that is missing, not theirs, another kind or too old."""
        content = await drafts.find(
            self._database,
            draft_id,
            guild_id=guild_id,
            user_id=user_id,
            kind=kind,
            since=self._clock.now() - LIFETIME,
        )
        return Draft(draft_id=draft_id, guild_id=guild_id, user_id=user_id, kind=kind, content=content)

    async def change(
        self, draft: Draft, content: Mapping[str, Any], files: Mapping[str, BinaryIO] | None = None
    ) -> Draft:
        """Replace what the draft holds, and those of its files that are given; its hour begins anew.

        Raises DraftGone, or StorageUnavailable, with everything as it was.
        """
        now = self._clock.now()
        staged = await _in_thread(self._stage, draft, files or {})
        try:
            await self._database.write(lambda connection: drafts.change(connection, draft.draft_id, content, at=now))
        except Exception:  # raised again below: whatever it was, the files of a change that did not happen go
            await asyncio.to_thread(_remove, staged.values())
            raise
        await _in_thread(self._settle, draft, staged, now)
        return Draft(
            draft_id=draft.draft_id,
            guild_id=draft.guild_id,
            user_id=draft.user_id,
            kind=draft.kind,
            content=dict(content),
        )

    async def discard(self, draft_id: str) -> None:
        """Remove the draft and its files, whatever there is of it. Raises StorageUnavailable."""
        await self._database.write(lambda connection: drafts.drop(connection, draft_id))
        await asyncio.to_thread(self._remove_folder, draft_id)

    def path(self, draft: Draft, name: str) -> Path:
        """Where the draft's file of that name lies, if it has one."""
        if not _FILE_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a draft's file")
        return self._folder_of(draft.draft_id) / name

    async def sweep(self) -> int:
        """Remove what is too old, and folders without a draft; return how many drafts ended so.

        Raises StorageUnavailable or OSError.
        """
        before = self._clock.now() - LIFETIME
        dropped = await self._database.write(lambda connection: drafts.drop_older(connection, before=before))
        # Listed before the rows are read: a draft that is made in between is in neither.
        old = await asyncio.to_thread(self._old_folders, before - _USED_UP_FOR)
        litter = old - await drafts.existing(self._database, old)
        for draft_id in litter.union(dropped):
            await asyncio.to_thread(self._remove_folder, draft_id)
        return len(dropped)

    def _folder_of(self, draft_id: str) -> Path:
        assert _DRAFT_ID.fullmatch(draft_id)  # ours: `open` gives out what is in the table only
        return self._folder / draft_id

    def _store(self, draft: Draft, files: Mapping[str, BinaryIO], now: datetime) -> None:
        self._settle(draft, self._stage(draft, files), now)

    def _stage(self, draft: Draft, files: Mapping[str, BinaryIO]) -> dict[Path, Path]:
        """Write the files beside their places and return which goes where; all of them or none."""
        staged: dict[Path, Path] = {}
        try:
            if files:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._folder_of(draft.draft_id).mkdir(mode=0o700, exist_ok=True)
            for name, file in files.items():
                place = self.path(draft, name)
                staged[place] = place.with_name(f"{name}.{secrets.token_hex(4)}.partial")
                file.seek(0)
                with staged[place].open("xb") as target:
                    shutil.copyfileobj(file, target)
                    target.flush()
                    os.fsync(target.fileno())
        except OSError:
            _remove(staged.values())
            raise
        return staged

    def _settle(self, draft: Draft, staged: Mapping[Path, Path], now: datetime) -> None:
        for place, partial in staged.items():
            partial.replace(place)
        with contextlib.suppress(FileNotFoundError):  # a draft without files has no folder
            # The bot's own time, by which the sweep goes.
            os.utime(self._folder_of(draft.draft_id), (now.timestamp(), now.timestamp()))

    def _old_folders(self, before: datetime) -> set[str]:
        if not self._folder.is_dir():  # no draft has had a file yet
            return set()
        return {
            folder.name
            for folder in self._folder.iterdir()
            if _DRAFT_ID.fullmatch(folder.name) and folder.stat().st_mtime < before.timestamp()
        }

    def _remove_folder(self, draft_id: str) -> None:
        if _DRAFT_ID.fullmatch(draft_id):  # what a custom id says is not ours to trust
            shutil.rmtree(self._folder / draft_id, ignore_errors=True)


async def _in_thread(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run a function that works on files in a thread; what the disk refuses becomes StorageUnavailable."""
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except OSError as error:
        raise StorageUnavailable(f"a draft's files could not be kept: {error.strerror}") from error


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
