"""The form behind *Reject and suspend*: for how long, and why."""

from typing import Final

from generation.strikes import REASON_MAX_CHARACTERS
from ui import durations
from ui.case_cards import SUSPEND_ACTION
from ui.forms import Form, FormValues, TextField
from ui.wording import cases as words

_DURATION: Final = "duration"
_REASON: Final = "reason"


def suspend_form(case_id: int) -> Form:
    """Ask for how long its author is suspended, and why."""
    return Form(SUSPEND_ACTION, str(case_id), title=words.suspend_title(), fields=suspend_fields())


def suspend_fields() -> tuple[TextField, ...]:
    """For how long somebody is suspended, and why: what `seconds` and `reason` read."""
    return (
        TextField(
            name=_DURATION,
            label=words.for_how_long(),
            description=words.for_how_long_hint(),
            longest=durations.LONGEST,
        ),
        TextField(
            name=_REASON,
            label=words.why(),
            description=words.why_hint(),
            longest=REASON_MAX_CHARACTERS,
            paragraph=True,
        ),
    )


def seconds(values: FormValues) -> int | None:
    """For how long, None for until it is lifted. Raises InvalidOption for what is no length of time."""
    typed = values.text(_DURATION)
    return durations.read_duration("duration", typed) if typed else None


def reason(values: FormValues) -> str:
    """Why; line breaks are no part of it."""
    return " ".join(values.text(_REASON).split())
