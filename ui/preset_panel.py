"""The private panel in which a preset is put together: what it sets, five forms, Save."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import discord

from errors import InvalidOption
from generation.presets import Sketch
from parameters import (
    NEGATIVE_PROMPT_MAX_CHARACTERS,
    PARAMETER_BOUNDS,
    PROMPT_MAX_CHARACTERS,
    ImageSize,
    OutputFormat,
    Scheduler,
)
from recipes import LoraPick, Preset, PresetScope, PresetValues, folded
from ui import cards
from ui.buttons import ActionButton
from ui.form_numbers import number_field, read_number, read_whole
from ui.forms import Form, FormValues, SelectField, TextField
from ui.language import _
from ui.wording import presets as words
from ui.wording.commands import FORMATS, SIZES

FORM_ACTION: Final = "presetform"
SAVE_ACTION: Final = "presetsave"
LAST_ACTION: Final = "presetlast"
DISCARD_ACTION: Final = "presetdiscard"
UNDO_ACTION: Final = "presetundo"
# The forms, by the part of the custom id that names them.
GROUPS: Final = ("words", "picture", "sampler", "nag", "reference")

# Of each kind, so many fit on a page.
_LISTED: Final = 15
# Five names with their strengths.
_LORAS_CHARACTERS: Final = 300
_NOTHING: Final = "-"
_LORAS: Final = "loras"
# A name, and after a space, a colon or a times sign its strength.
_LORA: Final = re.compile(r"(?P<name>.+?)(?:\s*[:×=]\s*|\s+)(?P<scale>[+-]?\d*[.,]?\d+)")
_LINE_ENDS: Final = re.compile(r"[\n;]")
# Where it does not stand within a number.
_COMMA: Final = re.compile(r"(?<!\d),|,(?!\d)")
_NUMBERS: Final = {
    "picture": ("num_inference_steps", "guidance_scale"),
    "sampler": ("real_cfg_scale", "base_shift", "max_shift"),
    "nag": ("nag_scale", "nag_tau", "nag_alpha", "nag_end"),
    "reference": ("reference_strength", "reference_end"),
}
_WHOLE: Final = frozenset({"num_inference_steps"})


def panel(draft_id: str, sketch: Sketch) -> cards.Card:
    """What the preset has by now, and the buttons to go on."""
    groups = [
        ActionButton(FORM_ACTION, f"{draft_id}.{group}", label=label) for group, label in _group_buttons().items()
    ]
    return cards.Card(
        discord.ui.TextDisplay(words.panel_title(sketch.name, sketch.scope)),
        discord.ui.TextDisplay(words.values(sketch.values)),
        discord.ui.Separator(),
        discord.ui.ActionRow(*groups),
        discord.ui.ActionRow(
            ActionButton(SAVE_ACTION, draft_id, label=words.save_button(), style=discord.ButtonStyle.success),
            ActionButton(LAST_ACTION, draft_id, label=words.last_button()),
            ActionButton(DISCARD_ACTION, draft_id, label=words.discard_button()),
        ),
        discord.ui.TextDisplay(words.panel_hint()),
        colour=cards.BLURPLE,
    )


def page(preset: Preset) -> cards.Card:
    """Everything that a preset sets."""
    return cards.Card(
        discord.ui.TextDisplay(words.title(preset)),
        discord.ui.TextDisplay(words.values(preset.values)),
        discord.ui.TextDisplay(words.applied_hint(preset)),
        colour=cards.BLURPLE,
    )


def overview(presets: Sequence[Preset]) -> cards.Card:
    """The list of all that are within reach, by whose they are."""
    items: list[discord.ui.Item[Any]] = [discord.ui.TextDisplay(words.list_title())]
    for scope in PresetScope:
        found = [preset for preset in presets if preset.scope is scope]
        summaries = [words.summary(preset) for preset in found[:_LISTED]] or [words.none_yet()]
        items.append(discord.ui.TextDisplay(words.list_section(scope, summaries, max(0, len(found) - _LISTED))))
        items.append(discord.ui.Separator())
    items.append(discord.ui.TextDisplay(words.list_hint()))
    return cards.Card(*items, colour=cards.BLURPLE)


def deleted(draft_id: str, preset: Preset) -> cards.Card:
    """Says so, and offers to bring it back."""
    return cards.Card(
        discord.ui.TextDisplay(words.deleted(preset)),
        discord.ui.ActionRow(ActionButton(UNDO_ACTION, draft_id, label=words.undo_button())),
        colour=cards.BLURPLE,
    )


def form(draft_id: str, group: str, values: PresetValues) -> Form:
    """The form of a group, filled in with what the preset has. Raises KeyError for a group that there isn't."""
    title = _group_buttons()[group].removesuffix("…")
    fields: list[TextField | SelectField] = []
    if group == "words":
        fields += _text_fields(values)
    if group == "picture":
        fields.append(_menu("image_size", {size: _(label) for size, label in SIZES.items()}, values.image_size))
        fields.append(_menu("output_format", FORMATS, values.output_format))
    if group == "sampler":
        fields.append(_menu("scheduler", words.SCHEDULERS, values.scheduler))
    for name in _NUMBERS.get(group, ()):
        fields.append(number_field(name, words.label(name), getattr(values, name), PARAMETER_BOUNDS[name]))
    if group == "reference":
        fields.append(
            TextField(
                name=_LORAS,
                label=words.label(_LORAS),
                value=words.loras_lines(values),
                description=words.loras_hint(),
                longest=_LORAS_CHARACTERS,
                paragraph=True,
            )
        )
    return Form(FORM_ACTION, f"{draft_id}.{group}", title=title, fields=fields)


def filled_in(group: str, values: FormValues, *, loras: Collection[str] = ()) -> dict[str, Any]:
    """What a group's form sets, by parameter; an empty field takes the parameter out of the preset.

    `loras` are the names that may be picked. Raises InvalidOption for what can't be read. Whether a value is within
    its range is for PresetValues to say.
    """
    changes: dict[str, Any] = {}
    if group == "words":
        changes["template"] = values.text("template") or None
        changes["negative_prompt"] = values.text("negative_prompt") or None
    if group == "picture":
        changes["image_size"] = _chosen(values, "image_size", ImageSize)
        changes["output_format"] = _chosen(values, "output_format", OutputFormat)
    if group == "sampler":
        changes["scheduler"] = _chosen(values, "scheduler", Scheduler)
    for name in _NUMBERS.get(group, ()):
        read = read_whole if name in _WHOLE else read_number
        changes[name] = read(values, name, PARAMETER_BOUNDS[name])
    if group == "reference":
        changes["loras"] = picks_in(values.text("loras"), loras)
    return changes


def picks_in(written: str, names: Collection[str]) -> tuple[LoraPick, ...]:
    """The LoRAs that a member wrote, one a line (or between semicolons or commas): `name`, `name 0.8`, `name:0,8`.

    A name may end in a number or have a comma in it, so `names`, those there are, have the last word: what is one of
    them as a whole means that one. Raises InvalidOption (`unknown`, or `out_of_range` for a strength).
    """
    known = {folded(name): name for name in names}
    picks = []
    for line in _LINE_ENDS.split(written):
        parts = [line] if _pick(line, known) else _COMMA.split(line)
        for part in filter(str.strip, parts):
            pick = _pick(part, known)
            if pick is None:
                raise InvalidOption("loras", "unknown", other=part.strip())
            picks.append(pick)
    return tuple(picks)


def _group_buttons() -> dict[str, str]:
    """What the buttons that open the forms say, by group."""
    labels = (
        words.words_button(),
        words.picture_button(),
        words.sampler_button(),
        words.nag_button(),
        words.reference_button(),
    )
    return dict(zip(GROUPS, labels, strict=True))


def _text_fields(values: PresetValues) -> list[TextField | SelectField]:
    return [
        _paragraph("template", values.template, words.template_hint(), longest=PROMPT_MAX_CHARACTERS),
        _paragraph(
            "negative_prompt", values.negative_prompt, words.negative_hint(), longest=NEGATIVE_PROMPT_MAX_CHARACTERS
        ),
    ]


def _paragraph(name: str, value: str | None, hint: str, *, longest: int) -> TextField:
    return TextField(
        name=name, label=words.label(name), value=value or "", description=hint, longest=longest, paragraph=True
    )


def _menu(name: str, labels: Any, value: Any) -> SelectField:
    options = [discord.SelectOption(label=words.leave_alone(), value=_NOTHING, default=value is None)]
    options += [
        discord.SelectOption(label=label, value=str(member), default=member is value)
        for member, label in labels.items()
    ]
    return SelectField(name=name, label=words.label(name), options=options)


def _chosen(values: FormValues, name: str, kind: Any) -> Any:
    chosen = values.choice(name)
    if chosen in (None, _NOTHING):
        return None
    try:
        return kind(chosen)
    except ValueError:
        raise InvalidOption(name, "not_a_choice") from None


def _pick(written: str, known: Mapping[str, str]) -> LoraPick | None:
    """A single LoRA with or without its strength; None where that is none of those there are."""
    if folded(written) in known:
        return LoraPick(name=known[folded(written)])
    match = _LORA.fullmatch(written.strip())
    if match is None or folded(match["name"]) not in known:
        return None
    return LoraPick(name=known[folded(match["name"])], scale=float(match["scale"].replace(",", ".")))
