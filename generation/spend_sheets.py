"""A spreadsheet of jobs: CSV that opens in any program, harmless there, and small enough to be sent."""

import contextlib
import csv
import gzip
import io
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import BinaryIO, Final

from errors import InvalidOption, StorageUnavailable
from generation.spans import Span
from storage.spend import Line

# What Discord takes in a message of a server without boosts.
UPLOAD_MAX_BYTES: Final = 10 * 1024 * 1024
COLUMNS: Final = (
    "time",
    "job_id",
    "guild_id",
    "member_id",
    "status",
    "images_asked",
    "images_made",
    "images_shown",
    "usd_spent",
    "usd_held",
    "preset",
    "mode",
)
# A cell that begins with one of these is a formula to some spreadsheet programs.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
# So many lines are put into words at once: enough for speed, little for memory.
_LINES_AT_ONCE: Final = 1000
# Without it, spreadsheet programs on Windows read a file as if it were in a local encoding.
_BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
_MICROS_PER_USD: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A finished spreadsheet: an open file without a name, at its beginning, gone once it is closed.

    `jobs` is how many lines it has below its heading.
    """

    file: BinaryIO
    filename: str
    size_bytes: int
    jobs: int

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


def write(lines: Iterable[Line], *, folder: Path, where: tzinfo, span: Span, shorter: Span, limit_bytes: int) -> Sheet:
    """Write the jobs down, one a line, with times in the zone `where`; blocks, so it belongs on a thread.

    Larger than the limit it becomes a `.csv.gz`. Raises InvalidOption (`period`, `too_much`) where that is too large
    as well, with the period that `shorter` names in `other`, and StorageUnavailable where the disk refuses.
    """
    counter = _Counter()
    pieces = _pieces(counter.counted(lines), where)
    name = f"easel-spend-{span.key}.csv"
    try:
        file = _plain(pieces, folder, limit_bytes)
        if file.tell() > limit_bytes:
            with file:
                file = _packed(file, pieces, folder, limit_bytes, too_much=shorter)
            name += ".gz"
    except OSError as error:
        raise StorageUnavailable(f"a spreadsheet could not be written: {error.strerror}") from error
    size_bytes = file.tell()
    file.seek(0)
    return Sheet(file=file, filename=name, size_bytes=size_bytes, jobs=counter.count)


class _Counter:
    def __init__(self) -> None:
        self.count = 0

    def counted(self, lines: Iterable[Line]) -> Iterator[Line]:
        for line in lines:
            self.count += 1
            yield line


def _plain(pieces: Iterator[bytes], folder: Path, limit_bytes: int) -> BinaryIO:
    """As much as fits, and one piece more: then the file is too large, and the rest of the pieces is still to come."""
    with contextlib.ExitStack() as unless_done:
        file = unless_done.enter_context(tempfile.TemporaryFile(dir=folder))
        for piece in pieces:
            file.write(piece)
            if file.tell() > limit_bytes:
                break
        unless_done.pop_all()
    return file


def _packed(begun: BinaryIO, pieces: Iterator[bytes], folder: Path, limit_bytes: int, *, too_much: Span) -> BinaryIO:
    with contextlib.ExitStack() as unless_done:
        file = unless_done.enter_context(tempfile.TemporaryFile(dir=folder))
        begun.seek(0)
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packing:
            shutil.copyfileobj(begun, packing)
            for piece in pieces:
                packing.write(piece)
                if file.tell() > limit_bytes:
                    break
        if file.tell() > limit_bytes:
            raise InvalidOption("period", "too_much", other=too_much.key)
        unless_done.pop_all()
    return file


def _pieces(lines: Iterable[Line], where: tzinfo) -> Iterator[bytes]:
    page = io.StringIO(newline="")
    writer = csv.writer(page)
    page.write(_BYTE_ORDER_MARK)
    writer.writerow(COLUMNS)
    for number, line in enumerate(lines, start=1):
        writer.writerow(_cells(line, where))
        if number % _LINES_AT_ONCE == 0:
            yield _taken(page)
    yield _taken(page)


def _taken(page: io.StringIO) -> bytes:
    # A lone surrogate can't be encoded, and must not cost a guild its whole spreadsheet.
    data = page.getvalue().encode("utf-8", "replace")
    page.seek(0)
    page.truncate()
    return data


def _cells(line: Line, where: tzinfo) -> tuple[str, ...]:
    return (
        line.created_at.astimezone(where).isoformat(timespec="seconds"),
        line.job_id,
        str(line.guild_id),
        str(line.user_id),
        line.status,
        str(line.images_asked),
        str(line.images_made),
        str(line.images_shown),
        usd(line.spent_micros),
        usd(line.held_micros),
        harmless(line.preset or ""),
        harmless(line.mode or ""),
    )


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet program takes for a formula: after an apostrophe if it begins like one."""
    narrow = unicodedata.normalize("NFKC", text[:1])  # the full-width signs of Asian keyboards count as well
    return "'" + text if narrow.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS) else text


def usd(micros: int) -> str:
    """An amount as a plain decimal number, exact, with two decimals or more: `0.09`, `1250.00`, `0.0825`."""
    whole, part = divmod(micros, _MICROS_PER_USD)
    return f"{whole}.{f'{part:06}'.rstrip('0'):0<2}"
