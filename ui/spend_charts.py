"""What the charts of `/admin spend` show, and say to those who don't see them; draws nothing."""

from collections.abc import Mapping
from typing import Final

from charting.specs import ChartSpec, Column, Mark, Outlook, Ranking, Role, Row, Series, Timeline
from generation.spending import HELD, By, DaySpend, Outcome, Part, Report
from ui import language, text
from ui.cards import ALT_TEXT_CHARACTERS
from ui.wording import spend as words

_ROLES: Final = {
    Outcome.DELIVERED: Role.DELIVERED,
    Outcome.WITHHELD: Role.WITHHELD,
    Outcome.NOT_SHOWN: Role.NOT_SHOWN,
}

Names = Mapping[int, str]


def spec(report: Report, names: Names) -> ChartSpec:
    """The report's chart in the reader's language; `names` are those of members, as far as they are known."""
    return _timeline(report) if report.by is By.DAY else _ranking(report, names)


def alternative(report: Report, names: Names) -> str:
    """What screen readers say about the chart."""
    if report.by is By.DAY:
        found = [(_place(report, one), one.totals.spent_micros) for one in _places(report) if len(report.days) > 1]
        found.sort(key=lambda place: -place[1])
    else:
        found = [(name_of(part, names), part.spent_micros) for part in report.parts]
    dearest = [(text.one_line(name), micros) for name, micros in found if micros]
    return text.shortened(words.alternative(report, dearest, report.budgets.monthly_micros), ALT_TEXT_CHARACTERS)


def name_of(part: Part, names: Names) -> str:
    """What a part of the report is called where nothing is rendered."""
    if isinstance(part.key, int):
        return names.get(part.key) or words.member_name(part.key)
    return words.preset_name(part.key)


def _timeline(report: Report) -> Timeline:
    places, by_month = _places(report), words.is_by_month(report)
    budgets, expected = report.budgets, report.forecast
    per_column = budgets.monthly_micros if by_month else budgets.daily_micros
    # One day has no running total, and over several months the month's budget is one of each column.
    has_total = len(places) > 1 and not by_month
    return Timeline(
        title=words.chart_title(report),
        subtitle=words.chart_subtitle(report),
        locale=language.current(),
        series=(
            *(Series(role=role, label=words.series(outcome)) for outcome, role in _ROLES.items()),
            Series(role=Role.HELD, label=words.held()),
        ),
        columns=tuple(_column(report, one) for one in places),
        over=sum(one.day <= report.today for one in places),
        empty=words.nothing_spent(),
        total_label=words.running_total() if has_total else None,
        total_mark=_mark(budgets.monthly_micros, daily=False) if has_total else None,
        column_mark=_mark(per_column, daily=not by_month),
        outlook=None
        if expected is None
        else Outlook(
            label=words.expected(),
            low_micros=expected.low_micros,
            expected_micros=expected.expected_micros,
            high_micros=expected.high_micros,
        ),
    )


def _ranking(report: Report, names: Names) -> Ranking:
    rows = tuple(
        Row(
            name=name_of(part, names),
            stand_in=words.member_name(part.key) if isinstance(part.key, int) else words.preset_name(part.key),
            micros=(part.spent_micros, part.held_micros),
            remark=words.remark(part),
        )
        for part in report.parts
    )
    # The others are many, so one bar for all of them would press the rest flat: the line below the title has them.
    return Ranking(
        title=words.chart_title(report),
        subtitle=words.chart_subtitle(report),
        locale=language.current(),
        series=(
            Series(role=Role.DELIVERED, label=words.spent()),
            Series(role=Role.HELD, label=words.held()),
        ),
        rows=rows,
        empty=words.nothing_spent(),
    )


def _places(report: Report) -> tuple[DaySpend, ...]:
    return report.months if words.is_by_month(report) else report.days


def _place(report: Report, one: DaySpend) -> str:
    return text.month(one.day) if words.is_by_month(report) else text.short_day(one.day)


def _column(report: Report, one: DaySpend) -> Column:
    if words.is_by_month(report):
        label = text.short_month(one.day)
    else:
        label = text.short_day(one.day) if len(report.days) == 1 else str(one.day.day)
    held = sum(one.totals[outcome].micros for outcome in HELD)
    return Column(label=label, micros=(*(one.totals[outcome].micros for outcome in _ROLES), held))


def _mark(micros: int | None, *, daily: bool) -> Mark | None:
    return None if micros is None else Mark(label=words.budget_mark(daily=daily), micros=micros)
