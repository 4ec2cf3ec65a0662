"""Lists of blocked words as files: what moderators bring along in several shapes, and the one that they are given.

Reading is pure and keeps everything: a line that can't be taken is there with its number and why.
"""

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from errors import TermRefused
from storage.filters import FilterTerm, TermKind

FILE_MAX_BYTES: Final = 256 * 1024
# Far more than a list may hold, so that one that is much too long is still looked at whole.
LINES_MAX: Final = 5000
COLUMNS: Final = ("term", "kind", "category", "action")

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS: Final = ",;\t"
# What makes a spreadsheet take a cell for a formula. An apostrophe before it says that it is none, and one is put
# before an apostrophe that stands there of itself, so that what was written is read back.
_FORMULA: Final = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """One entry as a file has it: `number` counts lines, or entries in JSON, from 1. None is what it doesn't say."""

    number: int
    text: str
    kind: str | None = None
    category: str | None = None
    action: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that can't be taken, and why."""

    number: int
    text: str
    why: TermRefused = field(compare=False)


def read(data: bytes) -> list[FileLine]:
    """What a file holds: JSON, CSV with a column `term`, or one entry a line, told apart by what is in it.

    Empty lines are left out. Raises TermRefused for what is no text, JSON of another shape, and more lines than
    anybody needs.
    """
    text = _decoded(data)
    if text.lstrip()[:1] in {"[", "{"}:
        lines = list(_json_lines(text))
    else:
        rows = text.splitlines()
        columns = _columns(rows[0]) if rows else None
        lines = _csv_lines(text, *columns) if columns else _plain_lines(rows)
    if not lines:
        raise TermRefused("no_terms")
    if len(lines) > LINES_MAX:
        raise TermRefused("too_many_lines", limit=LINES_MAX)
    return lines


def write(terms: Iterable[FilterTerm]) -> bytes:
    """The entries as CSV that `read` takes back; spreadsheet programs read it as UTF-8."""
    page = io.StringIO(newline="")
    writer = csv.writer(page)
    writer.writerow(COLUMNS)
    for term in terms:
        allowed = term.kind is TermKind.ALLOW
        writer.writerow(
            (
                _guarded(term.shown),
                term.kind,
                "" if allowed else _guarded(term.category),
                "" if allowed else term.action,
            )
        )
    return codecs.BOM_UTF8 + page.getvalue().encode("utf-8")


def _decoded(data: bytes) -> str:
    if len(data) > FILE_MAX_BYTES:
        raise TermRefused("too_large", limit=FILE_MAX_BYTES)
    try:
        text = data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise TermRefused("not_text") from error
    if "\0" in text:
        raise TermRefused("not_text")
    return text


def _plain_lines(rows: Iterable[str]) -> list[FileLine]:
    return [FileLine(number=number, text=row.strip()) for number, row in enumerate(rows, start=1) if row.strip()]


def _columns(heading: str) -> tuple[str, list[str]] | None:
    """The sign between the cells and the columns' names, if the first line names a column `term`."""
    for delimiter in _DELIMITERS:
        names = [name.strip().casefold() for name in next(csv.reader([heading], delimiter=delimiter), [])]
        if "term" in names:
            return delimiter, names
    return None


def _csv_lines(text: str, delimiter: str, names: list[str]) -> list[FileLine]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lines = []
    number = 1
    try:
        for row in reader:
            first, number = number, reader.line_num + 1
            cells = {name: _unguarded(cell.strip()) for name, cell in zip(names, row, strict=False)}
            if first > 1 and cells.get("term"):
                lines.append(_line(first, cells))
    except csv.Error as error:
        raise TermRefused("bad_csv", detail=f"{number}") from error
    return lines


def _json_lines(text: str) -> Iterator[FileLine]:
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TermRefused("bad_json") from error
    entries = content.get("terms") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise TermRefused("bad_json")
    for number, entry in enumerate(entries, start=1):
        cells = {"term": entry} if isinstance(entry, str) else entry
        if not isinstance(cells, dict) or not isinstance(cells.get("term"), str):
            raise TermRefused("bad_json")
        if cells["term"].strip():
            yield _line(number, {name: cell for name, cell in cells.items() if isinstance(cell, str)})


def _line(number: int, cells: dict[str, str]) -> FileLine:
    return FileLine(
        number=number,
        text=cells["term"].strip(),
        kind=cells.get("kind") or None,
        category=cells.get("category") or None,
        action=cells.get("action") or None,
    )


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell
