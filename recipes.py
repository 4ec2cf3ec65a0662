"""What requests are made from: presets, a guild's LoRAs, a member's choices, and the recipe kept with a job. No I/O."""

import re
import unicodedata
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Final

from errors import InvalidOption
from parameters import (
    LORA_SCALE_BOUNDS,
    NEGATIVE_PROMPT_MAX_CHARACTERS,
    PARAMETER_BOUNDS,
    PROMPT_MAX_CHARACTERS,
    ImageSize,
    OutputFormat,
    Scheduler,
    check_number,
    check_text,
)

NAME_MAX_CHARACTERS: Final = 32
TRIGGER_WORDS_MAX_CHARACTERS: Final = 200
LORAS_MAX: Final = 5
PLACEHOLDER: Final = "{prompt}"

# Letters, digits, spaces and what names are joined with; nothing that is markup, a mention or a command elsewhere.
_NAME: Final = re.compile(r"[^\W_](?:[\w .,'&+()!-]*[\w.')!+])?")
_BRACED: Final = re.compile(r"\{[^{}]*\}|[{}]")


class PresetScope(StrEnum):
    """Whose a preset is. The order is the order of the search for a name."""

    GUILD = "guild"
    PERSONAL = "personal"
    BUILT_IN = "built_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraPick:
    """A LoRA of the guild's catalogue by its name; `scale` None means the catalogue's default."""

    name: str
    scale: float | None = None

    def __post_init__(self) -> None:
        if self.scale is not None:
            check_number("lora_strength", self.scale, LORA_SCALE_BOUNDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetValues:
    """What a preset sets, in the provider's parameter names; None leaves a parameter alone.

    `template` holds `{prompt}` once, and nothing else in braces. Making one with a value out of range raises
    InvalidOption, so what is stored is always fit to be sent.
    """

    template: str | None = None
    negative_prompt: str | None = None
    image_size: ImageSize | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    real_cfg_scale: float | None = None
    scheduler: Scheduler | None = None
    base_shift: float | None = None
    max_shift: float | None = None
    nag_scale: float | None = None
    nag_tau: float | None = None
    nag_alpha: float | None = None
    nag_end: float | None = None
    reference_strength: float | None = None
    reference_end: float | None = None
    output_format: OutputFormat | None = None
    loras: tuple[LoraPick, ...] = ()

    def __post_init__(self) -> None:
        if self.template is not None:
            check_template(self.template)
        if self.negative_prompt is not None:
            check_text("negative_prompt", self.negative_prompt, longest=NEGATIVE_PROMPT_MAX_CHARACTERS)
        for name, bounds in PARAMETER_BOUNDS.items():
            value = getattr(self, name, None)
            if value is not None:
                check_number(name, value, bounds)
        if len(self.loras) > LORAS_MAX:
            raise InvalidOption("loras", "too_many", high=LORAS_MAX)
        names = [folded(pick.name) for pick in self.loras]
        if len(names) != len(set(names)):
            raise InvalidOption("loras", "twice")

    @property
    def is_empty(self) -> bool:
        """Whether it sets nothing at all."""
        return all(getattr(self, entry.name) in (None, ()) for entry in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named bundle of settings. `guild_id` is 0 for a personal one, `owner_id` 0 for a guild's; both for built-in."""

    scope: PresetScope
    name: str
    values: PresetValues
    guild_id: int = 0
    owner_id: int = 0
    changed_by: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraEntry:
    """A LoRA that a guild's members may use: where the provider finds it, and the words that set it off."""

    guild_id: int
    name: str
    path: str
    trigger_words: str = ""
    default_scale: float = 1.0
    max_scale: float = 2.0
    added_by: int = 0
    added_at: datetime | None = None

    def __post_init__(self) -> None:
        check_text("trigger", self.trigger_words, longest=TRIGGER_WORDS_MAX_CHARACTERS)
        check_number("max_strength", self.max_scale, LORA_SCALE_BOUNDS)
        check_number("default_strength", self.default_scale, LORA_SCALE_BOUNDS)
        if self.default_scale > self.max_scale:
            raise InvalidOption("default_strength", "out_of_range", low=LORA_SCALE_BOUNDS.low, high=self.max_scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a job's request came about: enough to show it, and to make another from it without retyping.

    `prompt` is what the member typed, where it differs from the request's: before `template` and `trigger_words`
    were worked in. `preset` is the name of the preset at that time, `loras` the names of the request's LoRAs in
    order, `mode` the catalogue's key of the control mode or reference kind, `command` the one it began with.
    `parent_job_id` is the job whose picture or settings it was made from; `negative_borrowed` says that the negative
    prompt was taken over from another member's, who alone may read it.
    """

    command: str = "imagine"
    prompt: str | None = None
    preset: str | None = None
    preset_scope: PresetScope | None = None
    preset_values: PresetValues | None = field(default=None, repr=False)
    template: str | None = field(default=None, repr=False)
    trigger_words: tuple[str, ...] = ()
    loras: tuple[str, ...] = ()
    mode: str | None = None
    parent_job_id: str | None = None
    negative_borrowed: bool = False


def folded(name: str) -> str:
    """The form in which two names are the same: case, width and spaces don't matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_name(option: str, name: str) -> str:
    """The name as it is kept, spaces tidied. Raises InvalidOption (`empty`, `too_long`, `bad_name`)."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not tidy:
        raise InvalidOption(option, "empty")
    check_text(option, tidy, longest=NAME_MAX_CHARACTERS)
    if not _NAME.fullmatch(tidy):
        raise InvalidOption(option, "bad_name")
    return tidy


def check_template(template: str) -> None:
    """Raise InvalidOption for a prompt template without `{prompt}`, with it twice, or with anything else in braces."""
    check_text("template", template, longest=PROMPT_MAX_CHARACTERS)
    found = _BRACED.findall(template)
    unknown = [braced for braced in found if braced != PLACEHOLDER]
    if unknown:
        raise InvalidOption("template", "unknown_placeholder", other=unknown[0])
    if len(found) != 1:
        raise InvalidOption("template", "no_placeholder")
