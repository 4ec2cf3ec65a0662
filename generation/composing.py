"""What members choose, worked into the request that is sent and the recipe that is kept with it. No I/O.

An explicit option goes before the preset's value, and that before the provider's default. What a preset holds and
a command has no use for is left out; an *option* that the mode can't use is refused. The same knowledge, read the
other way, makes another request from a job, and the texts that say how to.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, TypeVar

from errors import InvalidOption, WordsForgotten
from generation import inputs
from models import GenerationRequest, Job
from parameters import IMAGES_BESIDE_INPUT_MAX, PROMPT_MAX_CHARACTERS, ImageSize, Lora, OutputFormat, is_blank
from provider.catalogue import REFERENCE_KINDS, control_fields, reference_fields
from recipes import LORAS_MAX, PLACEHOLDER, LoraEntry, LoraPick, Preset, PresetValues, Recipe, folded
from storage.jobs import FORGOTTEN

MODEL: Final = "FLUX.1-dev"

# An image's shape is matched with these, so that the larger of two sizes of one shape is taken.
_SHAPES: Final = tuple(size for size in ImageSize if size is not ImageSize.SQUARE)
_ENDS_A_PHRASE: Final = tuple(".,;:!?")

# By the names under which image tools show them.
_FINER_SETTINGS: Final = (
    ("Base shift", "base_shift"),
    ("Max shift", "max_shift"),
    ("NAG scale", "nag_scale"),
    ("NAG tau", "nag_tau"),
    ("NAG alpha", "nag_alpha"),
    ("NAG end", "nag_end"),
)
_DEFAULTS: Final = {entry.name: entry.default for entry in fields(GenerationRequest)}

_Choice = TypeVar("_Choice")


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChoice:
    """A control mode by its key in the catalogue, its options, and the card's file that it looks at."""

    mode: str
    image_filename: str
    image_width_px: int
    image_height_px: int
    strength: float | None = None
    start: float | None = None
    end: float | None = None
    preprocess: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceChoice:
    """A reference kind by its key in the catalogue, its options, and the card's file that it looks at."""

    kind: str
    image_filename: str
    image_width_px: int
    image_height_px: int
    strength: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a member chose; None where nothing was chosen. `negative` may be chosen empty, against a preset's."""

    prompt: str
    command: str = "imagine"
    size: ImageSize | None = None
    count: int | None = None
    negative: str | None = None
    seed: int | None = None
    lora: LoraPick | None = None
    steps: int | None = None
    guidance: float | None = None
    file_format: OutputFormat | None = None
    control: ControlChoice | None = None
    reference: ReferenceChoice | None = None
    parent_job_id: str | None = None


def picks_of(choices: Choices, preset: Preset | None) -> tuple[LoraPick, ...]:
    """The LoRAs that the choices and the preset name, so that the caller can look them up for `compose`.

    A LoRA in both keeps the preset's place, and its strength too where the member chose none. Raises InvalidOption
    (`too_many`).
    """
    picks = {folded(pick.name): pick for pick in (preset.values.loras if preset is not None else ())}
    if choices.lora is not None:
        key = folded(choices.lora.name)
        if choices.lora.scale is not None or key not in picks:
            picks[key] = choices.lora
    if len(picks) > LORAS_MAX:
        raise InvalidOption("lora", "too_many", high=LORAS_MAX)
    return tuple(picks.values())


def compose(choices: Choices, *, preset: Preset | None, loras: Sequence[LoraEntry]) -> tuple[GenerationRequest, Recipe]:
    """The request and the recipe of these choices; `loras` are the guild's entries for `picks_of`.

    Images stand in the request as placeholders (`generation/inputs.py`), and a seed that nobody chose is None.
    Raises InvalidOption for whatever can't be sent.
    """
    if choices.control is not None and choices.reference is not None:
        raise InvalidOption("mode", "conflict", other="kind")
    image = choices.control or choices.reference
    _check_count(choices.count, has_image=image is not None)
    values = preset.values if preset is not None else PresetValues()
    chosen = [_listed(pick, loras) for pick in picks_of(choices, preset)]
    triggers = tuple(entry.trigger_words for entry, _ in chosen if entry.trigger_words)
    typed = choices.prompt.strip()
    shape = size_like(image.image_width_px, image.image_height_px) if image is not None else None
    settings = _settings(choices, values, shape) | _conditioning(choices, values)
    request = GenerationRequest(
        prompt=_worded(typed, template=values.template, triggers=triggers),
        loras=tuple(lora for _, lora in chosen),
        **settings,
    )
    steered = choices.control.mode if choices.control is not None else None
    recipe = Recipe(
        command=choices.command,
        prompt=typed if typed != request.prompt else None,
        preset=preset.name if preset is not None else None,
        preset_scope=preset.scope if preset is not None else None,
        preset_values=preset.values if preset is not None else None,
        template=values.template,
        trigger_words=triggers,
        loras=tuple(entry.name for entry, _ in chosen),
        mode=choices.reference.kind if choices.reference is not None else steered,
        parent_job_id=choices.parent_job_id,
    )
    return request, recipe


def varied(
    job: Job,
    *,
    prompt: str | None = None,
    negative: str | None = None,
    seed: int | None = None,
    count: int | None = None,
    size: ImageSize | None = None,
) -> tuple[GenerationRequest, Recipe]:
    """Another request from a job's: what is None stays as it was, but for the seed, which is drawn anew.

    A new `prompt` is what the member types: the template and the trigger words of the job's recipe are worked into
    it again. Raises InvalidOption for what can't be sent, and WordsForgotten without a new prompt for a job whose
    words are forgotten. Whether the guild still has the job's LoRAs is `check_still_listed`.
    """
    _check_count(count, has_image=bool(inputs.names(job.request)))
    recipe = replace(job.recipe, parent_job_id=job.job_id)
    if negative is not None:
        recipe = replace(recipe, negative_borrowed=False)
    words = job.request.prompt
    if prompt is not None:
        typed = prompt.strip()
        words = _worded(typed, template=recipe.template, triggers=recipe.trigger_words)
        recipe = replace(recipe, prompt=typed if typed != words else None)
    elif words == FORGOTTEN:
        raise WordsForgotten(job.job_id)
    request = replace(
        job.request,
        prompt=words,
        negative_prompt=_first(negative, job.request.negative_prompt),
        seed=seed,
        num_images=_first(count, job.request.num_images),
        image_size=_first(size, job.request.image_size),
    )
    return request, recipe


def words_of(job: Job) -> str:
    """What the member typed for a job; nothing where that is forgotten."""
    return "" if job.request.prompt == FORGOTTEN else job.typed_prompt


def check_still_listed(job: Job, loras: Sequence[LoraEntry]) -> None:
    """Raise InvalidOption if a LoRA of the job is no longer the guild's as it was: gone, replaced or limited.

    `loras` are the guild's entries of today for the names in `job.recipe.loras`. Models come from the catalogue
    only, so a request made from an old one has to ask again.
    """
    if len(job.recipe.loras) != len(job.request.loras):
        raise InvalidOption("lora", "changed")  # the names were forgotten, so nobody can say what the paths are
    for name, lora in zip(job.recipe.loras, job.request.loras, strict=True):
        entry, _ = _listed(LoraPick(name=name, scale=lora.scale), loras)
        if entry.path != lora.path:
            raise InvalidOption("lora", "changed", other=entry.name)


def recipe_options(job: Job, *, with_negative: bool = False) -> str:
    """The command that makes this picture again, with its options by name, as one line to copy.

    What the job's preset or the defaults say anyway is left out. Negative prompts are for their author's eyes, so
    they are in it only on demand. Raises WordsForgotten for a job whose words are forgotten.
    """
    if job.request.prompt == FORGOTTEN:
        raise WordsForgotten(job.job_id)
    request, recipe = job.request, job.recipe
    values = recipe.preset_values or PresetValues()
    options: dict[str, object] = {"prompt": " ".join(job.typed_prompt.split())}
    if recipe.mode is not None:
        options["kind" if recipe.mode in REFERENCE_KINDS else "mode"] = recipe.mode
        options |= _steering(request)
    options["size"] = request.image_size
    options["count"] = request.num_images if request.num_images > 1 else None
    options["seed"] = _seed(job)
    options["preset"] = recipe.preset
    if recipe.command == "imagine":
        negative = request.negative_prompt if with_negative and not recipe.negative_borrowed else None
        options["negative"] = negative if negative != (values.negative_prompt or "") else None
        options |= _own_lora(request, recipe, values)
        for option, name in (
            ("steps", "num_inference_steps"),
            ("guidance", "guidance_scale"),
            ("format", "output_format"),
        ):
            value = getattr(request, name)
            options[option] = value if value != _first(getattr(values, name), _DEFAULTS[name]) else None
    given = [f"{option}:{_shown(value)}" for option, value in options.items() if value is not None]
    return f"/{recipe.command} {' '.join(given)}"


def recipe_text(job: Job) -> str:
    """The recipe as it is put into the file, in the form that image tools know as `parameters`.

    The prompt as it was sent, then one line of settings. The negative prompt is not in it: files are public. Nor is
    a prompt that is forgotten.
    """
    request, recipe = job.request, job.recipe
    pairs: dict[str, object] = {
        "Steps": request.num_inference_steps,
        "Sampler": request.scheduler,
        "CFG scale": request.guidance_scale,
        "Seed": _seed(job),
        "Size": f"{request.image_size.width_px}x{request.image_size.height_px}",
        "Model": MODEL,
        "Real CFG scale": request.real_cfg_scale if request.use_real_cfg else None,
    }
    for label, name in _FINER_SETTINGS:
        value = getattr(request, name)
        pairs[label] = value if value != _DEFAULTS[name] else None
    if recipe.loras:
        named = zip(recipe.loras, request.loras, strict=False)
        pairs["LoRAs"] = ", ".join(f"{name} {_shown(lora.scale)}" for name, lora in named)
    if recipe.mode is not None:
        label = "Reference" if recipe.mode in REFERENCE_KINDS else "Control"
        pairs[label] = recipe.mode
        pairs |= {f"{label} {option}": value for option, value in _steering(request).items()}
    pairs["Preset"] = recipe.preset
    settings = ", ".join(f"{name}: {_quoted(_shown(value))}" for name, value in pairs.items() if value is not None)
    return settings if request.prompt == FORGOTTEN else f"{request.prompt}\n{settings}"


def size_like(width_px: int, height_px: int) -> ImageSize:
    """The named size whose shape is nearest to an image's, the larger one where there are two of a shape."""
    shape = math.log(width_px / height_px)
    return min(_SHAPES, key=lambda size: abs(math.log(size.width_px / size.height_px) - shape))


def _settings(choices: Choices, values: PresetValues, shape: ImageSize | None) -> dict[str, Any]:
    """What the options and the preset set; a parameter that neither sets is absent and keeps its default.

    `shape` is the member's image's, for want of a size.
    """
    settings = {
        "negative_prompt": _first(choices.negative, values.negative_prompt),
        "image_size": _first(choices.size, _first(values.image_size, shape)),
        "num_inference_steps": _first(choices.steps, values.num_inference_steps),
        "seed": choices.seed,
        "guidance_scale": _first(choices.guidance, values.guidance_scale),
        "real_cfg_scale": values.real_cfg_scale,
        # Choosing a scale means wanting real CFG, also where it is the scale that is used by default.
        "use_real_cfg": None if values.real_cfg_scale is None else True,
        "num_images": choices.count,
        "output_format": _first(choices.file_format, values.output_format),
        "scheduler": values.scheduler,
        "base_shift": values.base_shift,
        "max_shift": values.max_shift,
        "nag_scale": values.nag_scale,
        "nag_tau": values.nag_tau,
        "nag_alpha": values.nag_alpha,
        "nag_end": values.nag_end,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _conditioning(choices: Choices, values: PresetValues) -> dict[str, Any]:
    """What the member's image sets."""
    if choices.control is not None:
        control = choices.control
        return control_fields(
            control.mode,
            image_url=inputs.placeholder(control.image_filename),
            strength=control.strength,
            start=control.start,
            end=control.end,
            preprocess=control.preprocess,
        )
    if choices.reference is not None:
        reference = choices.reference
        # The preset's strength is the parameter of that name, which only this kind has.
        style = reference.kind == "style"
        return reference_fields(
            reference.kind,
            image_url=inputs.placeholder(reference.image_filename),
            strength=_first(reference.strength, values.reference_strength if style else None),
            end=_first(reference.end, values.reference_end if style else None),
        )
    return {}


def _listed(pick: LoraPick, loras: Sequence[LoraEntry]) -> tuple[LoraEntry, Lora]:
    """The entry that the pick names, and what is sent for it."""
    entry = next((entry for entry in loras if folded(entry.name) == folded(pick.name)), None)
    if entry is None:
        raise InvalidOption("lora", "unknown", other=pick.name)
    scale = entry.default_scale if pick.scale is None else pick.scale
    if scale > entry.max_scale:
        raise InvalidOption("lora_strength", "out_of_range", low=0, high=entry.max_scale, other=entry.name)
    return entry, Lora(path=entry.path, scale=scale)


def _worded(typed: str, *, template: str | None, triggers: Sequence[str]) -> str:
    """The words that are sent: what was typed, in the template, with the trigger words that are not in it yet."""
    if is_blank(typed):
        raise InvalidOption("prompt", "empty")
    words = typed if template is None else template.replace(PLACEHOLDER, typed).strip()
    for phrase in (phrase.strip() for trigger in triggers for phrase in trigger.split(",")):
        if phrase and not _says(words, phrase):
            words += f" {phrase}" if words.endswith(_ENDS_A_PHRASE) else f", {phrase}"
    if len(words) > PROMPT_MAX_CHARACTERS:
        left = PROMPT_MAX_CHARACTERS - (len(words) - len(typed))
        raise InvalidOption("prompt", "too_long", high=max(0, left))
    return words


def _says(words: str, phrase: str) -> bool:
    """Whether the phrase stands in the words, as words of their own and in whatever case."""
    return re.search(rf"(?<!\w){re.escape(folded(phrase))}(?!\w)", folded(words)) is not None


def _check_count(count: int | None, *, has_image: bool) -> None:
    if has_image and count is not None and not 1 <= count <= IMAGES_BESIDE_INPUT_MAX:
        raise InvalidOption("count", "out_of_range", low=1, high=IMAGES_BESIDE_INPUT_MAX)


def _first(chosen: _Choice | None, otherwise: _Choice) -> _Choice:
    return otherwise if chosen is None else chosen


def _seed(job: Job) -> int | None:
    """The seed that really made the picture, where the provider said which."""
    return job.request.seed if job.result_seed is None else job.result_seed


def _steering(request: GenerationRequest) -> dict[str, object]:
    """The options of the request's control mode or reference kind, by their names in the commands."""
    if request.controlnet_unions:
        control = request.controlnet_unions[0].controls[0]
        return _span(control.conditioning_scale, control.start_percentage, control.end_percentage)
    if request.controlnets:
        net = request.controlnets[0]
        return _span(net.conditioning_scale, net.start_percentage, net.end_percentage)
    if request.control_loras:
        return {"strength": request.control_loras[0].scale, "preprocess": request.control_loras[0].preprocess}
    if request.reference_image_url is not None:
        return _span(request.reference_strength, 0.0, request.reference_end)
    scales = [adapter.scale for adapter in request.ip_adapters] + [easy.scale for easy in request.easycontrols]
    return {"strength": scales[0]} if scales else {}


def _span(strength: float, start: float, end: float) -> dict[str, object]:
    return {"strength": strength, "start": start or None, "end": end if end < 1 else None}


def _own_lora(request: GenerationRequest, recipe: Recipe, values: PresetValues) -> dict[str, object]:
    """The LoRA that the member chose beside the preset's, or with another strength."""
    of_preset = {folded(pick.name): pick.scale for pick in values.loras}
    for name, lora in zip(recipe.loras, request.loras, strict=False):
        if folded(name) not in of_preset or of_preset[folded(name)] not in {None, lora.scale}:
            return {"lora": name, "lora_strength": lora.scale}
    return {}


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _quoted(text: str) -> str:
    """As the readers of that form expect it of a value with one of their separators in it."""
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ',:\n"') else text
