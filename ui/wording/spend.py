"""Words of `/admin spend`: where the money went, in which time, what is left of the budgets, and what is to come."""

from collections.abc import Sequence
from typing import Final

from generation.forecast import Forecast
from generation.service import QuotaLine
from generation.spans import Span, SpanName
from generation.spending import By, Others, Outcome, Part, Report, Tally, Unnamed
from models import Balance
from ui import text
from ui.language import N_, _, ngettext
from ui.wording import accounts

SPEND: Final = N_("Where this server's money went: by day, member or preset, with a chart and a spreadsheet")
OPTION_PERIOD: Final = N_("Which time: this month (default), last month, 2026-10, 2026-10-31, 2026 …")
OPTION_BY: Final = N_("What to break it down by: days (default), members or presets")

BY_CHOICES: Final = {By.DAY: N_("by day"), By.MEMBER: N_("by member"), By.PRESET: N_("by preset")}
PERIODS: Final = {
    SpanName.THIS_MONTH: N_("this month"),
    SpanName.LAST_MONTH: N_("last month"),
    SpanName.TODAY: N_("today"),
    SpanName.LAST_12_MONTHS: N_("last 12 months"),
}
_OUTCOMES: Final = {
    Outcome.DELIVERED: N_("✅ Delivered"),
    Outcome.WITHHELD: N_("🚫 Withheld"),
    Outcome.NOT_SHOWN: N_("📭 Paid for, not shown"),
    Outcome.FAILED: N_("❌ Failed or cancelled"),
    Outcome.IN_DOUBT: N_("❔ In doubt"),
    Outcome.UNDER_WAY: N_("⏳ Under way"),
}
# The same in a chart, which has signs of its own.
_SERIES: Final = {
    Outcome.DELIVERED: N_("delivered"),
    Outcome.WITHHELD: N_("withheld"),
    Outcome.NOT_SHOWN: N_("not shown"),
}
_UNNAMED: Final = {Unnamed.NO_PRESET: N_("without a preset"), Unnamed.FORGOTTEN: N_("no longer known")}
# Spans of more days are shown by the month.
_DAYS_MAX: Final = 31
_PRESET_CHARACTERS: Final = 60
# As many digits of an id tell the members of a server apart.
_ID_DIGITS: Final = 4
_DEAREST: Final = 3
_MICROS_PER_USD: Final = 1_000_000
# A forecast is no more precise than this: dimes, and dollars from ten of them on.
_FINE_UNIT: Final = _MICROS_PER_USD // 10
_ROUGH_FROM: Final = 10 * _MICROS_PER_USD


def pictures(count: int) -> str:
    """So many pictures, of which there may be very many."""
    return ngettext("{count} picture", "{count} pictures", count).format(count=text.bound(count))


def span_name(span: Span) -> str:
    """What a span of days is called."""
    if span.is_day:
        return text.day(span.first)
    if span.is_month:
        return text.month(span.first)
    if span.is_year:
        return f"{span.first:%Y}"
    return f"{text.month(span.first)} – {text.month(span.last)}"


def period_choice(name: SpanName, span: Span) -> str:
    """A named span in the command picker, with what it comes to."""
    return f"{_(PERIODS[name])} · {span_name(span)}"


def is_by_month(report: Report) -> bool:
    """Whether its days are too many to be looked at, so that months are."""
    return len(report.days) > _DAYS_MAX


def breakdown(report: Report) -> str:
    """What the report is broken down by."""
    return _("by month") if report.by is By.DAY and is_by_month(report) else _(BY_CHOICES[report.by])


def title(report: Report) -> str:
    """The headline: which time, and how it is broken down."""
    count = report.totals.jobs
    requests = ngettext("{count} request", "{count} requests", count).format(count=text.bound(count))
    return f"{_headline(report.span)}\n-# {breakdown(report)} · {requests}"


def nothing(span: Span) -> str:
    """The page of a time in which nobody asked for anything."""
    return f"{_headline(span)}\n" + _("Nothing was spent: nobody asked for a picture in this time.")


def totals(report: Report) -> str:
    """What was spent and is held, and what became of the pictures that were asked for."""
    sums = report.totals
    head = _("**{amount} spent**").format(amount=text.money(sums.spent_micros))
    if sums.held_micros:
        head += " · " + _("{amount} held").format(amount=text.money(sums.held_micros))
    return "\n".join((head, *(_outcome(outcome, sums[outcome]) for outcome in _OUTCOMES if sums[outcome].images)))


def parts(report: Report) -> str:
    """Who, or what, it was spent on, the dearest first, as in the chart."""
    lines = [f"{number}. {_part(part)} · {_sums(part)}" for number, part in enumerate(report.parts, start=1)]
    if report.others is not None:
        lines.append(f"-# {others_name(report.others)} · {_sums(report.others)}")
    return "\n".join(lines)


def budget(line: QuotaLine) -> str:
    """One of the server's budgets with its bar: what is used, held and left."""
    name = _("**Budget of the day**") if accounts.is_daily(line.balance.account) else _("**Budget of the month**")
    return accounts.quota_line(line, name=name, own=False)


def budget_then(balance: Balance) -> str:
    """The budget of a day or month that is over."""
    if accounts.is_daily(balance.account):
        words = _("**Budget of that day** · {cap}")
    else:
        words = _("**Budget of that month** · {cap}")
    left = _("**{amount} left over**").format(amount=text.money(balance.left))
    used = text.bar(balance.posted + balance.pending, balance.cap)
    return f"{words.format(cap=text.money(balance.cap))}\n{used}  {left}"


def forecast(forecast: Forecast, cap_micros: int | None) -> str:
    """What the month will have cost at its end, and when its budget will be used up, if it goes on like this."""
    low, high = rough_range(forecast)
    if low == high:
        amount = _("about {amount}").format(amount=text.rough_money(low))
    else:
        amount = _("about {low} to {high}").format(low=text.rough_money(low), high=text.rough_money(high))
    line = _("🔮 By the end of {month}: **{amount}**, if it goes on like this").format(
        month=text.month(forecast.today), amount=amount
    )
    reached = None if cap_micros is None else forecast.reaches(cap_micros)
    if reached is None:
        return line
    return f"{line}\n" + _("⚠️ The month's budget would be used up around {day}.").format(day=text.short_day(reached))


def rough_range(forecast: Forecast) -> tuple[int, int]:
    """The range that should hold the month's sum, as precise as a forecast can be, and never below what is spent."""
    unit = _MICROS_PER_USD if forecast.high_micros >= _ROUGH_FROM else _FINE_UNIT
    low = max((forecast.low_micros + unit // 2) // unit, -(-forecast.spent_micros // unit))
    return low * unit, max(low, -(-forecast.high_micros // unit)) * unit


def no_chart() -> str:
    """Said where the chart could not be drawn."""
    return "-# " + _("The chart could not be drawn just now; the numbers are complete.")


def to_period(span: Span) -> str:
    """Leads to the span before or after."""
    return span_name(span)


def to_sheet() -> str:
    """Sends the spreadsheet."""
    return _("Spreadsheet (CSV)")


def sheet(span_words: str, jobs: int) -> str:
    """Said above the spreadsheet."""
    count = ngettext("{count} request, one a line", "{count} requests, one a line", jobs).format(count=text.bound(jobs))
    note = _("Times are in this server's time zone, amounts in US dollars. Only you can see this.")
    return f"### 🧾 {span_words}\n{count}\n-# {note}"


def member_name(user_id: int) -> str:
    """A member whose name nobody has told."""
    return _("member …{digits}").format(digits=str(user_id)[-_ID_DIGITS:])


def preset_name(key: int | str | Unnamed) -> str:
    """A preset where nothing is rendered, or what stands in for one."""
    return _(_UNNAMED[key]) if isinstance(key, Unnamed) else str(key)


def others_name(others: Others) -> str:
    """The parts that are not listed by themselves."""
    return ngettext("{count} other", "{count} others", others.count).format(count=text.bound(others.count))


def remark(part: Part) -> str:
    """How many pictures one of the rows of a chart paid for."""
    return pictures(part.images)


def chart_title(report: Report) -> str:
    """The chart's headline."""
    return span_name(report.span) if _is_of_one(report) else f"{span_name(report.span)} · {breakdown(report)}"


def chart_subtitle(report: Report) -> str:
    """The chart's second line: the sum, and what it was spent on."""
    sums = report.totals
    facts = [
        _("{amount} spent").format(amount=text.money(sums.spent_micros)),
        pictures(paid_images(report)),
    ]
    if sums.held_micros:
        facts.append(_("{amount} held").format(amount=text.money(sums.held_micros)))
    if report.others is not None:
        facts.append(f"{others_name(report.others)}: {text.money(report.others.spent_micros)}")
    return " · ".join(facts)


def series(outcome: Outcome) -> str:
    """What a kind of bars stands for."""
    return _(_SERIES[outcome])


def held() -> str:
    """What the bars of requests under way and in doubt are called."""
    return _("held")


def spent() -> str:
    """What the bars of money that is spent are called, where it is not said on what."""
    return _("spent")


def nothing_spent() -> str:
    """Said in a chart without any bar."""
    return _("Nothing was spent.")


def running_total() -> str:
    """The line that sums the days up."""
    return _("in all")


def budget_mark(*, daily: bool) -> str:
    """The line at a budget."""
    return _("a day's budget") if daily else _("a month's budget")


def expected() -> str:
    """Where the running total is expected to end."""
    return _("expected")


def alternative(report: Report, dearest: Sequence[tuple[str, int]], cap_micros: int | None) -> str:
    """What the chart shows, in words: the sum, what became of it, where the most went, and the month's budget."""
    facts = [
        _("Chart of what was spent: {what}.").format(what=chart_title(report)),
        chart_subtitle(report) + ".",
        " · ".join(
            f"{_(_SERIES[outcome])}: {text.money(report.totals[outcome].micros)}"
            for outcome in _SERIES
            if report.totals[outcome].micros
        ),
        _("The most: {list}").format(
            list=", ".join(f"{name} {text.money(micros)}" for name, micros in dearest[:_DEAREST])
        )
        if dearest
        else "",
        "" if cap_micros is None else _("Budget of the month: {amount}").format(amount=text.money(cap_micros)),
    ]
    return "\n".join(fact for fact in facts if fact)


def paid_images(report: Report) -> int:
    """How many pictures were paid for."""
    return sum(report.totals[outcome].images for outcome in _SERIES)


def _headline(span: Span) -> str:
    return _("### 💰 Spending: {period}").format(period=span_name(span))


def _is_of_one(report: Report) -> bool:
    """Whether there is one column only, so that nothing is broken down."""
    return report.by is By.DAY and report.span.is_day


def _outcome(outcome: Outcome, tally: Tally) -> str:
    if outcome is Outcome.FAILED:
        money = _("nothing spent")
    elif outcome in _SERIES:
        money = text.money(tally.micros)
    else:
        money = _("{amount} held").format(amount=text.money(tally.micros))
    return f"{_(_OUTCOMES[outcome])} · {pictures(tally.images)} · {money}"


def _part(part: Part) -> str:
    if isinstance(part.key, int):
        return f"<@{part.key}>"
    if isinstance(part.key, Unnamed):
        return f"*{_(_UNNAMED[part.key])}*"
    return f"**{text.escaped(text.shortened(text.one_line(part.key), _PRESET_CHARACTERS))}**"


def _sums(part: Part | Others) -> str:
    facts = [text.money(part.spent_micros), pictures(part.images)]
    if part.held_micros:
        facts.append(_("{amount} held").format(amount=text.money(part.held_micros)))
    return " · ".join(facts)
