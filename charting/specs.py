"""What a chart shows: plain values, finished texts, and JSON of both for the worker. No drawing here.

Texts come in the reader's language; names may be in any script, and are shown as letters only, whatever they hold.
Money is whole micros (1 USD = 1 000 000).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

# More than a year of days can't be told apart, nor more rows than these be read.
COLUMNS_MAX: Final = 400
ROWS_MAX: Final = 14


class Role(StrEnum):
    """What a series of bars stands for; each role has a colour and a hatching of its own on every chart."""

    DELIVERED = "delivered"
    WITHHELD = "withheld"
    NOT_SHOWN = "not_shown"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One kind of bars, in the order in which they are stacked, and what it is called."""

    role: Role
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What is stacked at one place of the time axis: an amount for each series."""

    label: str
    micros: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An amount that a line is drawn at, such as a budget, and what it is called."""

    label: str
    micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Where the running total is expected to end, at the last column, and the range that should hold it."""

    label: str
    low_micros: int
    expected_micros: int
    high_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Columns over time and, with `total_label`, above them the running total of everything but what is held.

    The first `over` columns are over or under way, the others still to come. `column_mark` is a cap on each column,
    `total_mark` one on the running total.
    """

    title: str
    subtitle: str
    locale: str
    series: tuple[Series, ...]
    columns: tuple[Column, ...]
    over: int
    empty: str
    total_label: str | None = None
    total_mark: Mark | None = None
    column_mark: Mark | None = None
    outlook: Outlook | None = None

    def __post_init__(self) -> None:
        assert 1 <= len(self.columns) <= COLUMNS_MAX
        assert 0 <= self.over <= len(self.columns)
        assert all(len(column.micros) == len(self.series) for column in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One bar of a ranking: a name, an amount for each series, and a short remark beside their sum.

    `stand_in` is shown where the chart's font has no letters for the name.
    """

    name: str
    stand_in: str
    micros: tuple[int, ...]
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Rows from the top down, in the order given."""

    title: str
    subtitle: str
    locale: str
    series: tuple[Series, ...]
    rows: tuple[Row, ...]
    empty: str

    def __post_init__(self) -> None:
        assert len(self.rows) <= ROWS_MAX
        assert all(len(row.micros) == len(self.series) for row in self.rows)


ChartSpec = Timeline | Ranking


def to_json(spec: ChartSpec) -> str:
    """The chart for the worker."""
    return json.dumps({"kind": type(spec).__name__, **asdict(spec)})


def from_json(text: str) -> ChartSpec:
    """The chart that `to_json` wrote."""
    values = json.loads(text)
    kind = values.pop("kind")
    values["series"] = tuple(Series(role=Role(series["role"]), label=series["label"]) for series in values["series"])
    if kind == Ranking.__name__:
        values["rows"] = tuple(Row(**_with_amounts(row)) for row in values["rows"])
        return Ranking(**values)
    values["columns"] = tuple(Column(**_with_amounts(column)) for column in values["columns"])
    for name, part in (("total_mark", Mark), ("column_mark", Mark), ("outlook", Outlook)):
        values[name] = None if values[name] is None else part(**values[name])
    return Timeline(**values)


def _with_amounts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "micros": tuple(values["micros"])}
