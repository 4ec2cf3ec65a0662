"""Words of `/preset`: its commands, the panel, its forms, and the pages."""

from collections.abc import Sequence
from typing import Final

from parameters import Scheduler
from recipes import Preset, PresetScope, PresetValues
from ui import text
from ui.language import N_, _, ngettext
from ui.wording.commands import FORMATS, SIZES

GROUP: Final = N_("Looks to use again: words around your prompt, and settings")
SAVE: Final = N_("Make a new preset, from scratch or from your last picture")
SHOW: Final = N_("What a preset sets")
LIST: Final = N_("This server's presets, yours, and the built-in ones")
EDIT: Final = N_("Change one of your presets (or this server's, with Manage Server)")
DELETE: Final = N_("Delete one of your presets (or this server's, with Manage Server)")
OPTION_NAME: Final = N_("Its name: up to 32 letters, digits and spaces")
OPTION_SCOPE: Final = N_("For you in every server (default), or for everybody in this one (Manage Server)")
OPTION_SOURCE: Final = N_("Begin with nothing (default), or with what your last picture had")
OPTION_PRESET: Final = N_("Which preset")

SCOPE_CHOICES: Final = {
    PresetScope.PERSONAL: N_("just for me"),
    PresetScope.GUILD: N_("for this server"),
}
SOURCE_EMPTY: Final = "empty"
SOURCE_LAST: Final = "last"
SOURCE_CHOICES: Final = {SOURCE_EMPTY: N_("nothing"), SOURCE_LAST: N_("my last picture")}

SCHEDULERS: Final = {Scheduler.EULER: "Euler", Scheduler.DPMPP_2M: "DPM++ 2M"}

# The parameters as a page lists them, in its order.
LABELS: Final = {
    "template": N_("Prompt template"),
    "negative_prompt": N_("Negative prompt"),
    "image_size": N_("Size"),
    "output_format": N_("File type"),
    "num_inference_steps": N_("Steps"),
    "guidance_scale": N_("Guidance"),
    "real_cfg_scale": N_("Real CFG"),
    "scheduler": N_("Scheduler"),
    "base_shift": N_("Base shift"),
    "max_shift": N_("Max shift"),
    "nag_scale": N_("NAG scale"),
    "nag_tau": N_("NAG tau"),
    "nag_alpha": N_("NAG alpha"),
    "nag_end": N_("NAG end"),
    "reference_strength": N_("Reference strength"),
    "reference_end": N_("Reference end"),
    "loras": N_("LoRAs"),
}
_TEXT_CHARACTERS: Final = 600


def label(parameter: str) -> str:
    """A parameter's name."""
    return _(LABELS[parameter])


def whose(scope: PresetScope) -> str:
    """Whose a preset is."""
    return {
        PresetScope.GUILD: _("this server's"),
        PresetScope.PERSONAL: _("yours"),
        PresetScope.BUILT_IN: _("built in"),
    }[scope]


def title(preset: Preset) -> str:
    """The headline of a preset's page."""
    return f"### 🎛️ {text.escaped(preset.name)} · {whose(preset.scope)}"


def panel_title(name: str, scope: PresetScope) -> str:
    """The headline of the panel where a preset is put together."""
    return _("### 🎛️ Preset {name} · {whose}").format(name=text.escaped(name), whose=whose(scope))


def values(chosen: PresetValues) -> str:
    """What a preset sets, a line each; the rest stays as the command or the defaults have it."""
    lines = [
        f"**{label(parameter)}** · {shown}" for parameter in LABELS if (shown := _shown(chosen, parameter)) is not None
    ]
    return "\n".join(lines) or _("Nothing yet. Pick a group below and fill in what you want; leave the rest empty.")


def _shown(chosen: PresetValues, parameter: str) -> str | None:
    value = getattr(chosen, parameter)
    match parameter:
        case _ if value is None or value == ():
            return None
        case "template" | "negative_prompt":
            return text.escaped(text.shortened(text.one_line(value), _TEXT_CHARACTERS)) or _("nothing")
        case "image_size":
            return f"{_(SIZES[value])} ({text.pixels(value.width_px, value.height_px)})"
        case "output_format":
            return FORMATS[value]
        case "scheduler":
            return SCHEDULERS[value]
        case "loras":
            return text.escaped(loras_lines(chosen).replace("\n", " · "))
        case _:
            return text.number(value)


def loras_lines(chosen: PresetValues) -> str:
    """LoRAs as the form takes them: a name a line, with its strength where it has one."""
    return "\n".join(
        pick.name if pick.scale is None else f"{pick.name} {text.bound(pick.scale)}" for pick in chosen.loras
    )


def summary(preset: Preset) -> str:
    """A preset in a list."""
    count = sum(getattr(preset.values, name) not in (None, ()) for name in LABELS)
    words = ngettext("{count} setting", "{count} settings", count).format(count=count)
    return f"**{text.escaped(preset.name)}** · {words}"


def list_title() -> str:
    """The headline of the list."""
    return _("### 🎛️ Presets")


def list_section(scope: PresetScope, summaries: Sequence[str], hidden: int) -> str:
    """The presets of one kind, and how many more there are."""
    headline = {
        PresetScope.GUILD: _("**This server's**"),
        PresetScope.PERSONAL: _("**Yours**, in every server"),
        PresetScope.BUILT_IN: _("**Built in**"),
    }[scope]
    more = [ngettext("-# and {count} more", "-# and {count} more", hidden).format(count=hidden)] if hidden else []
    return "\n".join([headline, *summaries, *more])


def list_hint() -> str:
    """What to do with the list."""
    return _("-# Use one with the option `preset`. `/preset show` says what it sets, `/preset save` makes a new one.")


def none_yet() -> str:
    """A list of one kind without presets."""
    return _("-# none yet")


def applied_hint(preset: Preset) -> str:
    """How to use it, and how presets and options work together."""
    lines = [
        # No name has a backtick in it, so there is nothing to escape within code.
        _("Use it as `/imagine preset:{name}`. What you say in the command goes before it.").format(name=preset.name)
    ]
    if preset.values.reference_strength is not None or preset.values.reference_end is not None:
        lines.append(_("Its reference settings act in `/reference`."))
    return "\n".join(f"-# {line}" for line in lines)


def panel_hint() -> str:
    """How the panel works."""
    return _("-# Nothing is kept before you press Save.")


def saved(preset: Preset) -> str:
    """After Save."""
    return _("✅ Saved. Use it as `/imagine preset:{name}`.").format(name=preset.name)  # nothing to escape within code


def discarded() -> str:
    """After Discard."""
    return _("Nothing was saved.")


def deleted(preset: Preset) -> str:
    """After deleting."""
    return _("🗑️ Deleted the preset **{name}**. Pictures made with it keep their recipes.").format(
        name=text.escaped(preset.name)
    )


def restored(preset: Preset) -> str:
    """After Undo."""
    return _("✅ The preset **{name}** is back.").format(name=text.escaped(preset.name))


def words_button() -> str:
    """Opens the form with the texts."""
    return _("Words…")


def picture_button() -> str:
    """Opens the form with size, file type, steps, guidance."""
    return _("Picture…")


def sampler_button() -> str:
    """Opens the form with scheduler, real CFG, shifts."""
    return _("Sampler…")


def nag_button() -> str:
    """Opens the form with what makes negative prompts act."""
    return _("NAG…")


def reference_button() -> str:
    """Opens the form with reference settings and LoRAs."""
    return _("Reference, LoRAs…")


def last_button() -> str:
    """Takes the settings of the member's last picture."""
    return _("From my last picture")


def save_button() -> str:
    """Keeps the preset."""
    return _("Save")


def discard_button() -> str:
    """Throws the panel away."""
    return _("Discard")


def undo_button() -> str:
    """Brings a deleted preset back."""
    return _("Undo")


def leave_alone() -> str:
    """The choice in a menu that sets nothing."""
    return _("leave alone")


def template_hint() -> str:
    """What the template is."""
    return _("{prompt} stands for what is typed later")


def negative_hint() -> str:
    """What the negative prompt does."""
    return _("What to steer away from")


def loras_hint() -> str:
    """How LoRAs are written."""
    return _("One of this server's a line, with its strength if you like: inkstyle 0.8")
