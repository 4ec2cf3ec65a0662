"""The forms behind a finished picture's buttons and the message menus."""

import math
from collections.abc import Sequence
from typing import Final

import discord

from errors import InvalidOption
from generation.composing import Choices, ReferenceChoice
from generation.modes import REFERENCE_KINDS
from generation.reports import REASON_MAX_CHARACTERS
from models import Job
from parameters import NEGATIVE_PROMPT_MAX_CHARACTERS, PARAMETER_BOUNDS, PROMPT_MAX_CHARACTERS
from ui import text
from ui.forms import Form, FormValues, SelectField, TextField
from ui.result_buttons import EDIT_ACTION, REPORT_ACTION, USE_ACTION
from ui.wording import images, results

REMIX_ACTION: Final = "remix"

PROMPT: Final = "prompt"
NEGATIVE: Final = "negative"
SEED: Final = "seed"
COUNT: Final = "count"
PICTURE: Final = "picture"
KIND: Final = "kind"
STRENGTH: Final = "strength"
REASON: Final = "reason"

# Room for a wrong number too: it is then refused in words, not cut.
_NUMBER_CHARACTERS: Final = 20
_OPTION_CHARACTERS: Final = 100


def edit_form(job: Job, *, prompt: str, reader_id: int) -> Form:
    """The words, the seed and the count of a job for changing, as far as this reader may see them."""
    own = job.shows_negative_to(reader_id)
    seed = job.result_seed if job.result_seed is not None else job.request.seed
    return Form(
        EDIT_ACTION,
        job.job_id,
        title=results.edit_title(),
        fields=(
            _prompt_field(results.edit_prompt(), prompt),
            TextField(
                name=NEGATIVE,
                label=results.edit_negative(),
                description=results.edit_own_negative() if own else results.edit_others_negative(),
                value=job.request.negative_prompt if own else "",
                longest=NEGATIVE_PROMPT_MAX_CHARACTERS,
                paragraph=True,
            ),
            TextField(
                name=SEED,
                label=results.edit_seed(),
                description=results.edit_seed_hint(),
                value="" if seed is None else str(seed),
                longest=_NUMBER_CHARACTERS,
            ),
            TextField(
                name=COUNT,
                label=results.edit_count(),
                description=results.edit_count_hint(job.price_micros),
                value=str(job.request.num_images),
                required=True,
                longest=_NUMBER_CHARACTERS,
            ),
        ),
    )


def use_form(job: Job, *, prompt: str) -> Form:
    """Makes a picture from one of a job's; which one is asked only where there are several."""
    labels = [results.picture_number(number) for number in range(1, job.images_released + 1)]
    return _reference_form(USE_ACTION, job.job_id, title=results.use_title(), labels=labels, prompt=prompt)


def remix_form(draft_id: str, *, names: Sequence[str], prompt: str) -> Form:
    """Makes a picture from one in a message, by the names of its files."""
    labels = [
        text.shortened(f"{results.picture_number(number)} · {name}", _OPTION_CHARACTERS)
        for number, name in enumerate(names, start=1)
    ]
    return _reference_form(REMIX_ACTION, draft_id, title=results.remix_title(), labels=labels, prompt=prompt)


def report_form(job_id: str) -> Form:
    """Asks why a picture is reported."""
    return Form(
        REPORT_ACTION,
        job_id,
        title=results.report_title(),
        fields=(
            TextField(
                name=REASON,
                label=results.report_reason(),
                description=results.report_hint(),
                required=True,
                longest=REASON_MAX_CHARACTERS,
                paragraph=True,
            ),
        ),
    )


def whole_number(values: FormValues, name: str, *, parameter: str) -> int | None:
    """The number in a field, None where it was left empty. Raises InvalidOption with the parameter's bounds."""
    written = values.text(name)
    if not written:
        return None
    bounds = PARAMETER_BOUNDS[parameter]
    is_number = written.isascii() and written.isdecimal() and len(written) <= _NUMBER_CHARACTERS
    if not (is_number and bounds.admits(int(written))):
        raise InvalidOption(parameter, "out_of_range", low=bounds.low, high=bounds.high)
    return int(written)


def reference_choices(values: FormValues, *, parent_job_id: str | None) -> Choices:
    """What the form of a reference says; name and size of the image stand in until that is fetched.

    Nothing is refused here: `compose` does that.
    """
    chosen = ReferenceChoice(
        kind=values.choice(KIND) or "",
        strength=_strength(values),
        image_filename="input.png",
        image_width_px=1,
        image_height_px=1,
    )
    return Choices(command="reference", prompt=values.text(PROMPT), reference=chosen, parent_job_id=parent_job_id)


def _strength(values: FormValues) -> float | None:
    """None where it was left empty; what is no number is NaN, which no range admits."""
    written = values.text(STRENGTH)
    if not written:
        return None
    try:
        return float(written.replace(",", "."))  # which of the two is the decimal sign depends on the language
    except ValueError:
        return math.nan


def position(values: FormValues, count: int) -> int:
    """Which of `count` pictures was chosen, from 0 on; the first where that was not asked.

    Raises InvalidOption for one that is not there, as a modified client may send.
    """
    chosen = values.choice(PICTURE)
    if chosen is None:
        return 0
    if chosen not in {str(index) for index in range(count)}:
        raise InvalidOption(PICTURE, "not_a_choice")
    return int(chosen)


def _reference_form(action: str, argument: str, *, title: str, labels: Sequence[str], prompt: str) -> Form:
    which = SelectField(
        name=PICTURE,
        label=results.use_picture(),
        options=[
            discord.SelectOption(label=label, value=str(index), default=index == 0)
            for index, label in enumerate(labels)
        ],
        required=True,
    )
    kind = SelectField(
        name=KIND,
        label=results.use_kind(),
        options=[
            discord.SelectOption(
                label=text.shortened(images.kind_choice(key), _OPTION_CHARACTERS),
                value=key,
                default=index == 0,
            )
            for index, key in enumerate(REFERENCE_KINDS)
        ],
        required=True,
    )
    how_strong = TextField(
        name=STRENGTH,
        label=results.use_strength(),
        description=results.use_strength_hint(),
        longest=_NUMBER_CHARACTERS,
    )
    asked = [which] if len(labels) > 1 else []
    return Form(
        action, argument, title=title, fields=(*asked, kind, _prompt_field(results.use_prompt(), prompt), how_strong)
    )


def _prompt_field(label: str, prompt: str) -> TextField:
    return TextField(
        name=PROMPT, label=label, value=prompt, required=True, longest=PROMPT_MAX_CHARACTERS, paragraph=True
    )
