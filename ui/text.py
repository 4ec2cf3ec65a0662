"""Turns values into the text that Discord shows: money, times, spans, and what members wrote, made harmless.

Numbers are written as the current language (`ui.language`) writes them.
"""

import copy
import functools
import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import NumberPattern

from ui.language import _, current

_MICROS: Final = -6  # a micro's power of ten

# What Discord's markdown, masked links, mentions, custom emoji and timestamps begin with; a backslash before
# a character that is neither letter nor digit shows the character itself. `://` would become a link without
# any brackets, and headings, lists and quotes begin a line.
_MARKUP: Final = re.compile(r"[\\*_~`|\[\]<]|:(?=//)")
_LINE_START: Final = re.compile(r"^(\s*)([#>+-]|\d+(?=\.))", re.MULTILINE)
_SPACES: Final = re.compile(r"\s+")
_INVISIBLE: Final = "\u200b"
_BAR_CELLS: Final = 10
_EN_DASH: Final = "\N{EN DASH}"


def money(micros: int) -> str:
    """An amount in US dollars, exact: `$0.09`, `$1,250.00`, and `$0.0825` where cents are not enough."""
    pattern, locale = _pattern(current(), currency=True), _locale(current())
    return str(pattern.apply(Decimal(micros).scaleb(_MICROS), locale, currency="USD", currency_digits=False))


def rough_money(micros: int) -> str:
    """An amount in US dollars, without cents where there are none: `$12`, `$12.50`."""
    dollars, rest = divmod(micros, 10**-_MICROS)
    if rest:
        return money(micros)
    pattern, locale = _pattern(current(), currency=True, least=0), _locale(current())
    return str(pattern.apply(Decimal(dollars), locale, currency="USD", currency_digits=False))


def one_line(text: str) -> str:
    """The text with every run of spaces and line breaks as one space, so that it can't start a new line."""
    return _SPACES.sub(" ", text).strip()


def shortened(text: str, limit: int) -> str:
    """The text if it has at most `limit` characters, otherwise its beginning and an ellipsis, `limit` in all."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escaped(text: str) -> str:
    """What a member wrote so that Discord shows it letter by letter: no markup, link, mention or emoji code.

    Backslashes keep `<@1>` from rendering; the invisible space keeps `@everyone` from being found at all.
    """
    plain = _MARKUP.sub(r"\\\g<0>", text).replace("@", "@" + _INVISIBLE)
    return _LINE_START.sub(_unlisted, plain)


def quoted(text: str, limit: int) -> str:
    """A member's text as one escaped line of a block quote, its first `limit` characters."""
    return "> " + escaped(shortened(one_line(text), limit))


def person(user_id: int | None) -> str:
    """A member as a mention; one whose data was deleted on request, and the bot itself (0), in words."""
    if user_id is None:
        return _("somebody whose data was deleted")
    return f"<@{user_id}>" if user_id else _("Easel itself")


def relative_time(moment: datetime) -> str:
    """A moment that every reader sees as a distance in their own language, such as "in 3 hours".

    Rounded down, so that a moment just past never reads as one to come.
    """
    return f"<t:{math.floor(moment.timestamp())}:R>"


def full_time(moment: datetime) -> str:
    """A moment that every reader sees as date and time in their own time zone."""
    return f"<t:{math.floor(moment.timestamp())}:f>"


def day(moment: date) -> str:
    """A day on a calendar, which is the same for every reader: `November 22, 2026`."""
    return str(format_date(moment, "long", _locale(current())))


def short_day(moment: date) -> str:
    """A day where its year is clear: `November 22`."""
    return str(format_skeleton("MMMMd", moment, locale=_locale(current())))


def month(moment: date) -> str:
    """The month that the day is in: `November 2026`."""
    return str(format_skeleton("yMMMM", moment, locale=_locale(current())))


def short_month(moment: date) -> str:
    """The same where its year is clear and room is scarce: `Nov`."""
    return str(format_date(moment, "LLL", _locale(current())))


def time_span(low_seconds: float, high_seconds: float) -> str:
    """A range of durations in whole seconds or, from a minute and a half on, minutes: "6 to 11 s"."""
    low, high, unit = math.floor(low_seconds), math.ceil(high_seconds), "s"
    if high > 90:
        low, high, unit = math.floor(low_seconds / 60), math.ceil(high_seconds / 60), "min"
    low = max(1, low)
    return f"{low} {unit}" if low >= high else f"{low}{_EN_DASH}{high} {unit}"


def pixels(width_px: int, height_px: int) -> str:
    """The dimensions of a picture."""
    return f"{width_px}\N{MULTIPLICATION SIGN}{height_px}"


def number(value: float) -> str:
    """A setting as a person would write it, to four digits: 3.5, 28, 0."""
    rounded = Decimal(f"{value:.4g}")
    return str(_pattern(current(), currency=False).apply(rounded, _locale(current()), group_separator=False))


def bound(value: float) -> str:
    """A limit as a person would write it: 0.01, 5, 2,147,483,647."""
    return str(_pattern(current(), currency=False).apply(Decimal(str(value)), _locale(current())))


def bar(used: int, cap: int) -> str:
    """How much of the cap is used, in ten cells; never empty once anything is used, nor full while any is left."""
    if cap <= 0 or used >= cap:
        filled = _BAR_CELLS
    elif used <= 0:
        filled = 0
    else:
        filled = min(max(1, used * _BAR_CELLS // cap), _BAR_CELLS - 1)
    return "▰" * filled + "▱" * (_BAR_CELLS - filled)


def job_reference(job_id: str) -> str:
    """The job's id as members see and type it."""
    return _("job `{job_id}`").format(job_id=job_id)


def _unlisted(found: re.Match[str]) -> str:
    """The beginning of a line that would make it a heading, quote or list, so that it doesn't."""
    space, mark = found.groups()
    return f"{space}{mark}\\" if mark.isdigit() else f"{space}\\{mark}"


@functools.cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


@functools.cache
def _pattern(language: str, *, currency: bool, least: int = 2) -> NumberPattern:
    """How the language writes numbers or amounts, with as many decimals as it takes to say them exactly.

    Amounts have `least` decimals or more.
    """
    locale = _locale(language)
    pattern: NumberPattern = copy.copy(
        locale.currency_formats["standard"] if currency else locale.decimal_formats[None]
    )
    pattern.frac_prec = (least, 6) if currency else (0, 6)
    return pattern
