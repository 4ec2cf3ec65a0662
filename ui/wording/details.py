"""Words of the private page that shows everything about a picture."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from models import Job, JobStatus, Verdict, VerdictReason
from parameters import ControlLora, ControlNet, EasyControl, IpAdapter, Scheduler, UnionControl
from recipes import PresetScope
from ui import text
from ui.language import N_, _, ngettext
from ui.wording.accounts import pictures
from ui.wording.commands import FORMATS, SIZES

# Of a preset's, a LoRA's or a model's name: enough to know it by.
_NAME_CHARACTERS: Final = 40

_SCHEDULERS: Final = {Scheduler.EULER: "Euler", Scheduler.DPMPP_2M: "DPM++ 2M"}
_SCOPES: Final = {
    PresetScope.GUILD: N_("of this server"),
    PresetScope.PERSONAL: N_("personal"),
    PresetScope.BUILT_IN: N_("built in"),
}
_VERDICTS: Final = {
    VerdictReason.RELEASED: N_("shown"),
    VerdictReason.FLAGGED: N_("flagged by the picture service"),
    VerdictReason.BLANK: N_("plain-coloured"),
}
_OTHER_VERDICT: Final = N_("could not be checked")
_STATUSES: Final = {
    JobStatus.QUEUED: N_("waiting in line"),
    JobStatus.IN_REVIEW: N_("waiting for a moderator"),
    JobStatus.IN_DOUBT: N_("not sure yet"),
    JobStatus.WITHHELD: N_("held back"),
    JobStatus.UNDELIVERABLE: N_("could not be posted"),
    JobStatus.REJECTED: N_("not approved"),
    JobStatus.EXPIRED: N_("not approved in time"),
    JobStatus.FAILED: N_("didn't work"),
    JobStatus.CANCELLED: N_("cancelled"),
    JobStatus.WRITTEN_OFF: N_("never came"),
}


def title() -> str:
    """The headline of the page."""
    return _("### 🔎 How this was made")


def prompt(quoted: str) -> str:
    """The words as typed, a quotation already."""
    return _("**Prompt**") + f"\n{quoted}"


def prompt_hidden() -> str:
    """Said in place of the words where the picture is not shown either."""
    return _("**Prompt** · not shown, since the picture isn't either")


def prompt_forgotten() -> str:
    """Said in place of words that are no longer kept."""
    return _("**Prompt** · forgotten: I keep prompts for a while only")


def sent_prompt(quoted: str) -> str:
    """The words as they were sent, with what a preset or a LoRA added; a quotation already."""
    return _("**As sent**, with the words of the preset and the LoRAs") + f"\n{quoted}"


def negative(quoted: str) -> str:
    """What to steer away from, a quotation already."""
    return _("**Negative prompt** (only you can see it)") + f"\n{quoted}"


def picture(job: Job) -> str:
    """Size, number, file type and seed."""
    request = job.request
    size = request.image_size
    parts = [
        f"{_(SIZES[size])} ({text.pixels(size.width_px, size.height_px)})",
        pictures(request.num_images),
        FORMATS[request.output_format],
        _("seed {seed}").format(seed=_seed(job)),
    ]
    return _line(_("Picture"), parts)


def sampler(job: Job) -> str:
    """How the picture is worked out."""
    request = job.request
    cfg = _("real CFG {value}") if request.use_real_cfg else _("real CFG {value} (off)")
    parts = [
        ngettext("{count} step", "{count} steps", request.num_inference_steps).format(
            count=request.num_inference_steps
        ),
        _("guidance {value}").format(value=text.number(request.guidance_scale)),
        _SCHEDULERS[request.scheduler],
    ]
    finer = [
        cfg.format(value=text.number(request.real_cfg_scale)),
        _("base shift {value}").format(value=text.number(request.base_shift)),
        _("max shift {value}").format(value=text.number(request.max_shift)),
    ]
    return _line(_("Sampler"), parts) + f"\n{_small(finer)}"


def nag(job: Job) -> str:
    """How the negative prompt acts."""
    request = job.request
    parts = [
        _("scale {value}").format(value=text.number(request.nag_scale)),
        f"tau {text.number(request.nag_tau)}",
        f"alpha {text.number(request.nag_alpha)}",
        _("end {value}").format(value=text.number(request.nag_end)),
    ]
    return _line("NAG", parts)


def steering(job: Job) -> str:
    """The image that it is made after, and how: the mode by its key, then every number of it."""
    request = job.request
    parts = [f"`{job.recipe.mode}`"] if job.recipe.mode else []
    for union in request.controlnet_unions:
        parts += [_model(union.path), *(part for control in union.controls for part in _control(control))]
    for net in request.controlnets:
        parts += [_model(net.path), *_control(net)]
    for control_lora in request.control_loras:
        parts += _control_lora(control_lora)
    for adapter in request.ip_adapters:
        parts += _adapter(adapter)
    for easy in request.easycontrols:
        parts += _easy(easy)
    numbers = {"strength": text.number(request.reference_strength), "end": text.number(request.reference_end)}
    if request.reference_image_url is not None:
        parts.append(_("reference-only: strength {strength}, end {end}").format(**numbers))
    if parts:
        return _line(_("Image to follow"), parts)
    unused = _("without one, these do nothing: reference strength {strength}, end {end}").format(**numbers)
    return _line(_("Image to follow"), [_("none")]) + f"\n{_small([unused])}"


def given(filename: str) -> str:
    """The member's own image on the card."""
    return _line(_("Given image"), [f"`{filename}`"])


def loras(job: Job) -> str:
    """The LoRAs by name with their strengths."""
    names: Sequence[str] = job.recipe.loras
    parts = []
    for index, lora in enumerate(job.request.loras):
        name = _name(names[index]) if index < len(names) else _("name forgotten")
        parts.append(f"{name} {text.number(lora.scale)}")
    return _line("LoRAs", parts or [_("none")])


def preset(job: Job) -> str:
    """The preset by the name that it had, and whose it was."""
    recipe = job.recipe
    if recipe.preset is None:
        return _line(_("Preset"), [_("none")])
    scope = [_(_SCOPES[recipe.preset_scope])] if recipe.preset_scope is not None else []
    return _line(_("Preset"), [_name(recipe.preset), *scope])


def parent(job_id: str) -> str:
    """The job that it was made from."""
    return _line(_("Made from"), [text.job_reference(job_id)])


def safety(found: Sequence[Verdict], *, plainly: bool) -> str:
    """The one setting that nobody can change, and what came of it; `plainly` says why pictures were held back."""
    return _line(_("Safety check"), [_("always on"), *_counted(found, plainly=plainly)])


def state(job: Job) -> str | None:
    """Where the job is, if it did not end with a gallery."""
    if job.status is JobStatus.DELIVERED:
        return None
    return _line(_("State"), [_(_STATUSES.get(job.status, N_("being made")))])


def times(job: Job) -> str:
    """When what happened, and how long it took in all."""
    moments = (
        (_("asked {time}"), job.created_at),
        (_("submitted {time}"), job.submitted_at),
        (_("made {time}"), job.generated_at),
        (_("posted {time}") if job.status is JobStatus.DELIVERED else _("ended {time}"), job.finished_at),
    )
    whole = [text.full_time(job.created_at)]
    if job.finished_at is not None:
        whole.append(_("took {span}").format(span=_took(job.created_at, job.finished_at)))
    steps = [words.format(time=_clock(moment)) for words, moment in moments if moment is not None]
    return _line(_("Times"), whole) + f"\n{_small(steps)}"


def cost(job: Job) -> str:
    """What it cost, or what is held for it."""
    if job.finished_at is None and not job.settled_micros:
        return _line(_("Cost"), [_("{amount} reserved").format(amount=text.money(job.cost_micros))])
    parts = [text.money(job.settled_micros)]
    if job.settled_micros != job.price_micros:
        parts.append(_("{price} each").format(price=text.money(job.price_micros)))
    return _line(_("Cost"), parts)


def reference(job: Job, link: str | None) -> str:
    """The job's id, and the way to its card."""
    parts = [text.job_reference(job.job_id)]
    if link is not None:
        words = _("to the picture")
        parts.append(f"[{words}]({link})")
    return "-# " + " · ".join(parts)


def copy(line: str) -> str:
    """The command that makes it again, as a block that Discord lets everybody copy."""
    return _("**Make it again**") + f"\n```\n{line}\n```"


def copy_image() -> str:
    """Said beside a command that needs an image too."""
    return "-# " + _("Add the picture as `image`, or press *Edit…* below the picture: that takes it along.")


def _line(label: str, parts: Sequence[str]) -> str:
    return f"**{label}** · " + " · ".join(parts)


def _small(parts: Sequence[str]) -> str:
    return "-# " + " · ".join(parts)


def _counted(found: Sequence[Verdict], *, plainly: bool) -> list[str]:
    """How many pictures were shown and how many held back; nothing before there are any."""
    if not found:
        return []
    counts = {_(_VERDICTS[VerdictReason.RELEASED]): sum(verdict.released for verdict in found)}
    for verdict in found:
        if not verdict.released:
            words = _(_VERDICTS.get(verdict.reason, _OTHER_VERDICT)) if plainly else _("held back")
            counts[words] = counts.get(words, 0) + 1
    return [f"{count} {words}" for words, count in counts.items()]


def _took(begun: datetime, ended: datetime) -> str:
    """A span that has passed, to the second, or to the minute where it is long."""
    seconds = max(1, round((ended - begun).total_seconds()))
    if seconds > 90:
        seconds = round(seconds / 60) * 60
    return text.time_span(seconds, seconds)


def _seed(job: Job) -> str:
    asked, used = job.request.seed, job.result_seed
    if used is None or asked is None or used == asked:
        return str(used if asked is None else asked)
    return _("{used} (asked for {asked})").format(used=used, asked=asked)


def _control(control: UnionControl | ControlNet) -> list[str]:
    return [
        _strength(control.conditioning_scale),
        _("start {value}").format(value=text.number(control.start_percentage)),
        _("end {value}").format(value=text.number(control.end_percentage)),
    ]


def _control_lora(control: ControlLora) -> list[str]:
    return [_model(control.path), _strength(control.scale), f"preprocess `{control.preprocess}`"]


def _adapter(adapter: IpAdapter) -> list[str]:
    return [_model(adapter.path), _strength(adapter.scale), _model(adapter.image_encoder_path)]


def _easy(easy: EasyControl) -> list[str]:
    return [f"EasyControl `{easy.control_method_url}`", f"`{easy.image_control_type}`", _strength(easy.scale)]


def _strength(value: float) -> str:
    return _("strength {value}").format(value=text.number(value))


def _model(path: str) -> str:
    """A model of the provider's catalogue; of an address the file's name is enough."""
    return f"`{path.rsplit('/', 1)[-1] if '://' in path else path}`"


def _name(name: str) -> str:
    return text.escaped(text.shortened(text.one_line(name), _NAME_CHARACTERS))


def _clock(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:T>"
