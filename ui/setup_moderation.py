"""The page of `/admin setup` about moderation: who looks first, what counts as a strike, and what follows."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from errors import InvalidOption
from generation.guild_settings import LADDER_MOST
from generation.ladder import UNTIL_DECIDED, WARNING
from models import GuildSettings
from moderation import Review
from ui import durations
from ui.forms import Form, FormValues, TextField
from ui.setup_rows import Choice, Menu, Opening, Row, State
from ui.wording import setup_moderation as words

LADDER_ACTION: Final = "setupladder"

# Nothing is told apart by this argument: a custom id must have one.
_WHOLE: Final = "all"
_NEW_MEMBER_DAYS: Final = (1, 3, 7, 14, 30, 90)
_REVIEW_HOURS: Final = (6, 12, 24, 48, 72, 144)
_REPORTS: Final = (1, 2, 3, 4, 5, 7, 10)
_STRIKE_DAYS: Final = (7, 14, 30, 60, 90, 180, 365)
_APPEALS: Final = (0, 1, 2, 3, 5, 10)
# A ladder is a few short words, each with a comma.
_LADDER_CHARACTERS: Final = LADDER_MOST * 16


def _review_choices() -> Iterable[Choice]:
    yield Choice(value=Review.NEVER, label=words.review_never, settings={"review": Review.NEVER})
    for days in _NEW_MEMBER_DAYS:
        yield Choice(
            value=f"{Review.NEW}.{days}",
            label=partial(words.review_new, days),
            settings={"review": Review.NEW, "new_member_days": days},
        )
    yield Choice(value=Review.ALWAYS, label=words.review_always, settings={"review": Review.ALWAYS})


def _strike_choices() -> Iterable[Choice]:
    for value, strikes, flagged in (("off", False, False), ("prompts", True, False), ("flagged", True, True)):
        settings: dict[str, Any] = {"strikes": strikes, "strike_flagged": flagged}
        yield Choice(value=value, label=partial(words.strikes_choice, strikes, flagged), settings=settings)


def _numbers(setting: str, numbers: Iterable[int], label: Callable[[int], str]) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=str(number), label=partial(label, number), settings={setting: number}) for number in numbers
    )


def _ladder_words(state: State) -> str:
    return words.ladder(state.settings.ladder)


ROWS: Final[tuple[Row, ...]] = (
    Menu(setting="review", words=words.review, choices=tuple(_review_choices())),
    Menu(
        setting="review_hours",
        words=lambda settings: words.review_hours(settings.review_hours),
        choices=_numbers("review_hours", _REVIEW_HOURS, words.hours),
    ),
    Menu(
        setting="reports_to_hide",
        words=lambda settings: words.reports_to_hide(settings.reports_to_hide),
        choices=_numbers("reports_to_hide", _REPORTS, words.members),
    ),
    Menu(setting="strikes", words=words.strikes, choices=tuple(_strike_choices())),
    Menu(
        setting="strike_days",
        words=lambda settings: words.strike_days(settings.strike_days),
        choices=_numbers("strike_days", _STRIKE_DAYS, words.days),
    ),
    Opening(setting="ladder", action=LADDER_ACTION, argument=_WHOLE, words=_ladder_words, label=words.change_ladder),
    Menu(
        setting="appeals_per_day",
        words=lambda settings: words.appeals_per_day(settings.appeals_per_day),
        choices=_numbers("appeals_per_day", _APPEALS, words.appeals),
    ),
)


def ladder_form(settings: GuildSettings) -> Form:
    """The form for what follows each strike, with what holds."""
    field = TextField(
        name="ladder",
        label=words.ladder_form(),
        value=_ladder_typed(settings.ladder),
        description=words.ladder_hint(),
        required=True,
        longest=_LADDER_CHARACTERS,
    )
    return Form(LADDER_ACTION, _WHOLE, title=words.ladder_form(), fields=[field])


def ladder_in(values: FormValues) -> tuple[int, ...]:
    """The ladder as it was typed into the form. Raises InvalidOption."""
    typed = [" ".join(part.split()) for part in values.text("ladder").split(",")]
    return tuple(_step(part) for part in typed)


def _ladder_typed(ladder: Sequence[int]) -> str:
    plain = {WARNING: words.warn(), UNTIL_DECIDED: words.moderators()}
    return ", ".join(plain.get(step) or durations.plain(step) for step in ladder)


def _step(typed: str) -> int:
    if typed.casefold() in {words.warn().casefold(), "warn"}:
        return WARNING
    if typed.casefold() in {words.moderators().casefold(), "moderators"}:
        return UNTIL_DECIDED
    try:
        return durations.read_duration("ladder", typed)
    except InvalidOption as error:
        raise InvalidOption("ladder", "bad_ladder", high=LADDER_MOST) from error
