"""Words of `/admin` as a whole, and of the pages of a server's LoRAs."""

from collections.abc import Sequence
from typing import Final

from recipes import LoraEntry, Preset
from ui import text
from ui.language import N_, _, ngettext

GROUP: Final = N_("For those who run this server: setup, caps, spending, LoRAs")
LORAS: Final = N_("This server's LoRAs: extra styles and subjects for everybody")
ADD: Final = N_("Let this server's members use a LoRA")
REMOVE: Final = N_("Take a LoRA away from this server's members")
LIST: Final = N_("This server's LoRAs: where from, trigger words, strengths, who added them")
TEST: Final = N_("Make one small picture with a LoRA, in this channel; it is charged like any other")

OPTION_NAME: Final = N_("What members will pick it by: up to 32 letters, digits and spaces")
OPTION_PATH: Final = N_("A Hugging Face repository (owner/name), or the https address of the model's file")
OPTION_TRIGGER: Final = N_("The words that set it off; I add them to every prompt that uses it")
OPTION_DEFAULT: Final = N_("How strongly it acts where a member doesn't say (default: 1)")
OPTION_MOST: Final = N_("How strongly members may make it act (default: 2)")
OPTION_LORA: Final = N_("Which LoRA")
OPTION_PROMPT: Final = N_("What the picture should show (default: a fox in a forest); one picture is charged")

_PATH_CHARACTERS: Final = 60
_TRIGGER_CHARACTERS: Final = 100
_PRESETS: Final = 5


def added(entry: LoraEntry) -> str:
    """After adding: how members use it."""
    # No name has a backtick in it, so the command needs no escaping.
    lines = [
        _("### ✅ {name} is in this server's list").format(name=text.escaped(entry.name)),
        _("• Members use it as `/imagine lora:{name}`, or in a preset together with others.").format(name=entry.name),
        _("• It acts with a strength of {default}; `lora_strength` changes that, up to {most}.").format(
            default=text.number(entry.default_scale), most=text.number(entry.max_scale)
        ),
    ]
    if entry.trigger_words:
        lines.append(_("• I add its trigger words to the prompt: {words}").format(words=_trigger(entry)))
    lines.append(_("-# Try it before you tell the others. The picture appears in this channel."))
    return "\n".join(lines)


def removed(entry: LoraEntry, presets: Sequence[Preset]) -> str:
    """After removing: what becomes of the presets that name it; `presets` are those known to."""
    lines = [
        _("🗑️ **{name}** is gone from this server's list. Pictures made with it stay.").format(
            name=text.escaped(entry.name)
        )
    ]
    if presets:
        names = ", ".join(f"**{text.escaped(preset.name)}**" for preset in presets[:_PRESETS])
        if len(presets) > _PRESETS:
            names = ngettext("{names} and {count} more", "{names} and {count} more", len(presets) - _PRESETS).format(
                names=names, count=len(presets) - _PRESETS
            )
        lines.append(
            ngettext(
                "⚠️ {count} preset names it: {names}. It is refused until somebody changes it with `/preset edit`.",
                "⚠️ {count} presets name it: {names}. They are refused until somebody changes them with `/preset edit`.",
                len(presets),
            ).format(count=len(presets), names=names)
        )
    lines.append(
        _("-# Members' own presets that name it are refused until they are changed, or until it is added again.")
    )
    return "\n".join(lines)


def list_title(total: int) -> str:
    """The headline of the list."""
    words = ngettext("### 🧩 {count} LoRA", "### 🧩 {count} LoRAs", total)
    return words.format(count=total)


def list_empty() -> str:
    """The list of a server that has none."""
    return (
        _("### 🧩 No LoRAs yet")
        + "\n"
        + _("A LoRA teaches the model a style or a subject. `/admin loras add` lets members use one.")
    )


def entry(lora: LoraEntry) -> str:
    """One LoRA in the list; below 600 characters, whatever it holds."""
    strengths = _("strength {default}, up to {most}").format(
        default=text.number(lora.default_scale), most=text.number(lora.max_scale)
    )
    lines = [f"**{text.escaped(lora.name)}** · {strengths}", f"`{path(lora.path)}`"]
    lines.append(_trigger(lora) if lora.trigger_words else _("-# no trigger words"))
    if lora.added_at is not None:
        added_by = _("-# added by {member} {when}").format(
            member=f"<@{lora.added_by}>", when=text.relative_time(lora.added_at)
        )
        lines.append(added_by)
    return "\n".join(lines)


def path(whole: str) -> str:
    """Where a LoRA is, short enough for a line: its beginning and its end, which say most.

    What follows a question mark is left out, since some hosts want a key there.
    """
    # A checked path has no backtick in it, so it can stand in code.
    plain = whole.removeprefix("https://").partition("?")[0]
    if len(plain) <= _PATH_CHARACTERS:
        return plain
    half = (_PATH_CHARACTERS - 1) // 2
    return f"{plain[:half]}…{plain[-half:]}"


def test_button(price_micros: int) -> str:
    """Makes one picture with a LoRA."""
    return _("Test ({price})").format(price=text.money(price_micros))


def list_page(number: int, pages: int) -> str:
    """Which page this is, and what the buttons do."""
    words = [_("page {number} of {pages}").format(number=number, pages=pages)] if pages > 1 else []
    return "-# " + " · ".join([*words, _("*Test* makes one small picture in this channel.")])


def previous_page() -> str:
    """Leads to the page before."""
    return _("Previous")


def next_page() -> str:
    """Leads to the page after."""
    return _("Next")


def _trigger(lora: LoraEntry) -> str:
    return "*" + text.escaped(text.shortened(text.one_line(lora.trigger_words), _TRIGGER_CHARACTERS)) + "*"
