"""What the private pages of `/admin spend` look like, and what their buttons say; sends nothing.

Which span of days is shown, and by what, is in the custom ids: a page works as long as it can be seen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import discord

from errors import InvalidOption
from generation.service import QuotaLine
from generation.spans import Span
from generation.spending import Budgets, By, Report
from models import Balance, Scope
from ui import cards
from ui.buttons import ActionButton
from ui.cards import Card, Picture
from ui.language import _
from ui.wording import spend as words
from ui.wording.accounts import is_daily

SPEND_ACTION: Final = "spend"
SHEET_ACTION: Final = "spendsheet"

_ARGUMENT: Final = re.compile(r"(?P<by>[a-z]{1,10})\.(?P<period>[0-9-]{4,16})")

_Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A span of days, as `generation.spans.parse` takes it, and what it is to be broken down by."""

    period: str
    by: By

    @property
    def argument(self) -> str:
        """What a button says for it."""
        return f"{self.by}.{self.period}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """The server's budgets that a page shows: those of now, or `then` that of the day or month that is over."""

    now: tuple[QuotaLine, ...] = ()
    then: Balance | None = None

    @classmethod
    def of(cls, lines: Sequence[QuotaLine], span: Span) -> "Purse":
        """Of the accounts that a request would touch, those of the server that are of use with the span."""
        found = [replace(line, binds=False) for line in lines if line.balance.account.scope is Scope.GUILD]
        has_days = span.is_day or span.is_month
        return cls(now=tuple(line for line in found if has_days or not is_daily(line.balance.account)))

    @property
    def caps(self) -> Budgets:
        """The same as a report takes them."""
        balances = [line.balance for line in self.now] + ([self.then] if self.then else [])
        found = {is_daily(balance.account): balance.cap for balance in balances}
        return Budgets(daily_micros=found.get(True), monthly_micros=found.get(False))


def read_argument(argument: str) -> Asked:
    """What a button asks for. Raises InvalidOption for what no button of ours says."""
    found = _ARGUMENT.fullmatch(argument)
    if found is None or found["by"] not in words.BY_CHOICES:
        raise InvalidOption("by", "not_a_choice")
    return Asked(period=found["period"], by=By(found["by"]))


def period_of(typed: str) -> str:
    """The period that was typed, whose name may be in the reader's language."""
    wanted = " ".join(typed.split()).casefold()
    for name, label in words.PERIODS.items():
        if wanted == _(label).casefold():
            return name
    return typed


def filename(span: Span) -> str:
    """What the chart's file is called."""
    return f"easel-spend-{span.key}.png"


def page(report: Report, purse: Purse, *, chart: Picture | None = None) -> Card:
    """The report: its chart, sums, parts, budgets, what is to come, and the way to others."""
    span, has_jobs = report.span, report.totals.jobs > 0
    items: list[_Item] = [discord.ui.TextDisplay(words.title(report) if has_jobs else words.nothing(span))]
    if chart is not None:
        media = discord.MediaGalleryItem(f"attachment://{chart.filename}", description=chart.alt_text)
        items.append(discord.ui.MediaGallery(media))
    if has_jobs:
        lines = [words.totals(report)] if chart is not None else [words.no_chart(), words.totals(report)]
        items.append(discord.ui.TextDisplay("\n".join(lines)))
    if report.parts:
        items += [discord.ui.Separator(), discord.ui.TextDisplay(words.parts(report))]
    if purse.now:
        items += [discord.ui.Separator(), *(discord.ui.TextDisplay(words.budget(line)) for line in purse.now)]
    if purse.then is not None:
        items += [discord.ui.Separator(), discord.ui.TextDisplay(words.budget_then(purse.then))]
    if report.forecast is not None and has_jobs:
        items.append(discord.ui.TextDisplay(words.forecast(report.forecast, report.budgets.monthly_micros)))
    return Card(*items, *_ways(report), colour=cards.BLURPLE)


def sheet(name: str, span_words: str, jobs: int) -> Card:
    """The spreadsheet, whose file is called `name`."""
    file: _Item = discord.ui.File(f"attachment://{name}")
    return Card(discord.ui.TextDisplay(words.sheet(span_words, jobs)), file, colour=cards.BLURPLE)


def _ways(report: Report) -> list[_Item]:
    """The rows of buttons: other breakdowns, the spans before and after, and the spreadsheet."""
    span = report.span
    rows: list[_Item] = []
    if report.totals.jobs:
        rows.append(discord.ui.ActionRow(*(_breakdown(report, by) for by in words.BY_CHOICES)))
    turns = [
        ActionButton(
            SPEND_ACTION,
            Asked(period=other.key, by=report.by).argument,
            label=words.to_period(other),
            emoji=emoji,
        )
        for other, emoji in ((span.earlier(), "◀️"), (span.later(report.today), "▶️"))
        if other is not None
    ]
    if report.totals.jobs:
        argument = Asked(period=span.key, by=report.by).argument
        turns.append(ActionButton(SHEET_ACTION, argument, label=words.to_sheet(), emoji="🧾"))
    if turns:
        rows.append(discord.ui.ActionRow(*turns))
    return rows


def _breakdown(report: Report, by: By) -> ActionButton:
    is_shown = by is report.by
    button = ActionButton(
        SPEND_ACTION,
        Asked(period=report.span.key, by=by).argument,
        label=_(words.BY_CHOICES[by]),
        style=discord.ButtonStyle.primary if is_shown else discord.ButtonStyle.secondary,
    )
    button.disabled = is_shown
    return button
