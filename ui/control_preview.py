"""The private preview of `/control`: what the picture will follow, what it will cost, and the form to adjust that."""

import re
from typing import Any, Final

import discord

from errors import InvalidOption
from generation.control_plans import ControlPlan
from generation.input_images import THRESHOLD_MAX
from models import GenerationRequest
from parameters import FRACTION_BOUNDS, IMAGES_BESIDE_INPUT_MAX, Bounds
from ui import cards, text
from ui.buttons import ActionButton
from ui.cards import Card
from ui.form_numbers import number_field, read_number, read_whole
from ui.forms import Form, FormValues, TextField
from ui.wording import images

GENERATE_ACTION: Final = "controlgenerate"
ADJUST_ACTION: Final = "controladjust"
CANCEL_ACTION: Final = "controlcancel"

_COUNT_BOUNDS: Final = Bounds(low=1, high=IMAGES_BESIDE_INPUT_MAX)
_THRESHOLD_BOUNDS: Final = Bounds(low=0, high=THRESHOLD_MAX)
# Two of three digits, and what people write between them.
_THRESHOLDS_CHARACTERS: Final = 12


def preview(draft_id: str, plan: ControlPlan, request: GenerationRequest, *, price_micros: int) -> Card:
    """The map or image, what is done with it, what it will cost (`price_micros` is for one picture), and the buttons.

    The image is the message's file `plan.image_filename`; `request` is what the plan is composed to.
    """
    mode = plan.control
    shown = discord.MediaGalleryItem(f"attachment://{plan.image_filename}", description=images.preview_image(mode))
    explained = [images.what_happens(mode, plan.preprocess), images.map_warning(mode, plan.preprocess)]
    steered = [
        images.steering(
            mode,
            strength=mode.strength if plan.strength is None else plan.strength,
            start=0.0 if plan.start is None else plan.start,
            end=1.0 if plan.end is None else plan.end,
        )
    ]
    if plan.low is not None and plan.high is not None:
        steered.append(images.thresholds(plan.low, plan.high))
    size = text.pixels(request.image_size.width_px, request.image_size.height_px)
    facts = [
        " · ".join(steered),
        images.order(size, request.num_images, price_micros * request.num_images),
    ]
    return Card(
        discord.ui.TextDisplay(f"{images.preview_title(mode)}\n{text.quoted(plan.prompt, cards.PROMPT_CHARACTERS)}"),
        discord.ui.MediaGallery(shown),
        discord.ui.TextDisplay("\n".join(line for line in explained if line)),
        discord.ui.Separator(),
        discord.ui.TextDisplay("\n".join(facts)),
        _buttons(draft_id),
        discord.ui.TextDisplay(images.preview_note()),
        colour=cards.BLURPLE,
    )


def started() -> Card:
    """What the preview becomes once there is a job."""
    return cards.notice(images.started(), problem=False)


def discarded() -> Card:
    """What the preview becomes where the member doesn't want it."""
    return cards.notice(images.discarded(), problem=False)


def adjust_form(draft_id: str, plan: ControlPlan) -> Form:
    """The form with what the plan has now; what the mode has no use for is not in it."""
    mode = plan.control
    fields = [
        number_field("strength", images.strength_field(), plan.strength, mode.strength_bounds, otherwise=mode.strength)
    ]
    if mode.has_span:
        fields.append(number_field("start", images.start_field(), plan.start, FRACTION_BOUNDS, otherwise=0))
        fields.append(number_field("end", images.end_field(), plan.end, FRACTION_BOUNDS, otherwise=1))
    if plan.has_thresholds:
        known = plan.low is not None and plan.high is not None
        fields.append(
            TextField(
                name="thresholds",
                label=images.thresholds_field(),
                value=f"{plan.low} {plan.high}" if known else "",
                description=images.thresholds_hint(THRESHOLD_MAX),
                longest=_THRESHOLDS_CHARACTERS,
            )
        )
    fields.append(number_field("count", images.count_field(), plan.count, _COUNT_BOUNDS, otherwise=1))
    return Form(ADJUST_ACTION, draft_id, title=images.form_title(), fields=fields)


def adjusted(plan: ControlPlan, values: FormValues) -> dict[str, Any]:
    """The plan's fields as the form has them; an empty one is left to the mode.

    Raises InvalidOption for what is no number. Whether a number is within its range is `compose`'s to say, but for
    the thresholds, which are not in the request.
    """
    mode = plan.control
    changes: dict[str, Any] = {
        "strength": read_number(values, "strength", mode.strength_bounds),
        "count": read_whole(values, "count", _COUNT_BOUNDS),
    }
    if mode.has_span:
        changes |= {option: read_number(values, option, FRACTION_BOUNDS) for option in ("start", "end")}
    if plan.has_thresholds:
        changes["low"], changes["high"] = _read_thresholds(values)
    return changes


def _buttons(draft_id: str) -> discord.ui.ActionRow[Any]:
    return discord.ui.ActionRow(
        ActionButton(GENERATE_ACTION, draft_id, label=images.generate(), style=discord.ButtonStyle.success),
        ActionButton(ADJUST_ACTION, draft_id, label=images.adjust()),
        ActionButton(CANCEL_ACTION, draft_id, label=images.cancel()),
    )


def _read_thresholds(values: FormValues) -> tuple[int | None, int | None]:
    """Both thresholds, the lower one first, whatever stands between them; None for an empty field."""
    written = values.text("thresholds")
    if not written:
        return None, None
    found = re.fullmatch(r"(\d{1,4})\D+(\d{1,4})", written, re.ASCII)
    both = sorted(int(number) for number in found.groups()) if found else []
    if not both or not all(_THRESHOLD_BOUNDS.admits(number) for number in both):
        raise InvalidOption("thresholds", "out_of_range", low=_THRESHOLD_BOUNDS.low, high=_THRESHOLD_BOUNDS.high)
    return both[0], both[1]
