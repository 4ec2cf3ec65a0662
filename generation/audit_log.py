"""The log of who did what in a guild, for its moderators: pages of it by member, kind and time, and a spreadsheet."""

import asyncio
import contextlib
import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from clock import Clock
from errors import StorageUnavailable
from generation.spend_sheets import UPLOAD_MAX_BYTES, harmless
from storage import aside, audit
from storage.audit import Kind, Line, Wanted
from storage.database import Database
from storage.suspensions import UNTIL_LIFTED

__all__ = [
    "DAYS_BOUNDS",
    "EXPORT_LINES",
    "FILENAME",
    "KINDS",
    "PAGE_SIZE",
    "UNTIL_LIFTED",
    "AuditLog",
    "Line",
    "LogPage",
    "LogQuery",
    "LogSheet",
    "Topic",
]

# Eight lines with the longest words that they can have stay below Discord's 4000 characters.
PAGE_SIZE: Final = 8
# Lines are kept for a year.
DAYS_BOUNDS: Final = (1, 365)
# The newest so many go into a spreadsheet: years of a busy server, and a few megabytes.
EXPORT_LINES: Final = 20_000
FILENAME: Final = "easel-log.csv"
COLUMNS: Final = ("line", "time", "by_id", "action", "about_id", "job_id", "before", "after", "reason")
# Without it, spreadsheet programs on Windows read a file as if it were in a local encoding.
_BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


class Topic(StrEnum):
    """What moderators tell lines apart by; several kinds of names make one."""

    MODERATION = "moderation"
    FILTER = "filter"
    SETTINGS = "settings"
    MONEY = "money"
    PRESETS = "presets"
    PRIVACY = "privacy"


KINDS: Final[dict[Topic, tuple[Kind, ...]]] = {
    Topic.MODERATION: (Kind.MOD,),
    Topic.FILTER: (Kind.FILTER,),
    Topic.SETTINGS: (Kind.SETTING, Kind.ALLOWED),
    Topic.MONEY: (Kind.LIMIT, Kind.GRANT, Kind.JOB),
    Topic.PRESETS: (Kind.PRESET, Kind.LORA),
    Topic.PRIVACY: (Kind.PRIVACY, Kind.AUDIT),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """What of a guild's log is asked for; None is everything.

    By or about a member, of one topic, of the last so many days.
    """

    guild_id: int
    member_id: int | None = None
    topic: Topic | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Some lines, the newest first, and whether there are older or newer ones of the same query."""

    lines: tuple[Line, ...]
    has_older: bool
    has_newer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSheet:
    """A finished spreadsheet: an open file without a name, at its beginning, gone once it is closed.

    `lines` is how many it has; not `complete`, it lacks the oldest.
    """

    file: BinaryIO
    lines: int
    complete: bool

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


class AuditLog:
    """Reads the log. Every method raises StorageUnavailable where the database can't be used.

    Whoever calls has checked that the member may read it: nothing here knows of permissions.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(
        self, query: LogQuery, *, before: int | None = None, after: int | None = None, size: int = PAGE_SIZE
    ) -> LogPage:
        """The newest lines, or those next below the line `before`, or next above the line `after`.

        Where there are too few above it, or none below it any more, it is the newest.
        """
        find = partial(audit.page, self._database, self._wanted(query), size=size + 1)
        if after is not None:
            above = await find(after=after)
            if len(above) > size:
                return LogPage(lines=tuple(above[1:]), has_older=True, has_newer=True)
        elif before is not None:
            below = await find(before=before)
            if below:
                return LogPage(lines=tuple(below[:size]), has_older=len(below) > size, has_newer=True)
        newest = await find()
        return LogPage(lines=tuple(newest[:size]), has_older=len(newest) > size, has_newer=False)

    async def export(self, query: LogQuery, *, limit_bytes: int = UPLOAD_MAX_BYTES) -> LogSheet:
        """A spreadsheet of the newest lines, as many as there may be and as fit; whoever asked closes it."""
        folder = (await aside.path_of(self._database)).parent
        wanted = self._wanted(query)
        made: list[LogSheet] = []
        try:
            await aside.read(
                self._database,
                lambda connection: made.append(
                    _write(audit.lines(connection, wanted, at_most=EXPORT_LINES + 1), folder, limit_bytes)
                ),
            )
        except asyncio.CancelledError:
            for sheet in made:  # finished in the very moment in which nobody wanted it any more
                sheet.close()
            raise
        return made[0]

    def _wanted(self, query: LogQuery) -> Wanted:
        return Wanted(
            guild_id=query.guild_id,
            member_id=query.member_id,
            kinds=() if query.topic is None else KINDS[query.topic],
            since=None if query.days is None else self._clock.now() - timedelta(days=query.days),
        )


def _write(lines: Iterable[Line], folder: Path, limit_bytes: int) -> LogSheet:
    """Write the lines down until one too many, or one that would not fit; blocks, so it belongs on a thread."""
    count, complete = 0, True
    with contextlib.ExitStack() as unless_done:
        try:
            file = unless_done.enter_context(tempfile.TemporaryFile(dir=folder))
            for number, row in enumerate(_rows(lines)):
                if number > EXPORT_LINES or file.tell() + len(row) > limit_bytes:
                    complete = False
                    break
                file.write(row)
                count = number
            file.seek(0)
        except OSError as error:
            raise StorageUnavailable(f"a spreadsheet could not be written: {error.strerror}") from error
        unless_done.pop_all()
    return LogSheet(file=file, lines=count, complete=complete)


def _rows(lines: Iterable[Line]) -> Iterator[bytes]:
    """The heading, then each line, encoded."""
    yield _row(COLUMNS, before=_BYTE_ORDER_MARK)
    for line in lines:
        yield _row(
            (
                str(line.seq),
                line.at.astimezone(UTC).isoformat(timespec="seconds"),
                "" if line.by_id is None else str(line.by_id),
                line.what,
                "" if not line.subject_id else str(line.subject_id),
                line.job_id or "",
                *(harmless(words) for words in (line.before or "", line.after or "", line.reason)),
            )
        )


def _row(cells: tuple[str, ...], *, before: str = "") -> bytes:
    page = io.StringIO(newline="")
    page.write(before)
    csv.writer(page).writerow(cells)
    # A lone surrogate can't be encoded, and must not cost a guild its whole spreadsheet.
    return page.getvalue().encode("utf-8", "replace")
