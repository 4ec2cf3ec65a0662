"""What Discord's command picker shows: constants in English, for Discord is given every language at once.

Descriptions have 100 characters at most, in every language. Names of commands and options are the same in all of
them, so that members can help each other.
"""

from typing import Final

from parameters import ImageSize, OutputFormat
from recipes import LoraEntry, Preset, PresetScope
from ui import text
from ui.language import N_, _, ngettext

IMAGINE: Final = N_("Make a picture from a description")
QUEUE: Final = N_("Your pictures under way: place in line, usual time, Cancel")
QUOTA: Final = N_("What you and this server have left, and when it renews")
HELP: Final = N_("What I can do and how to use it")
ABOUT: Final = N_("Who I am, what a picture costs, what I store and how safety works")

OPTION_PROMPT: Final = N_("What the picture should show")
OPTION_SIZE: Final = N_("Shape of the picture (default: landscape 4:3)")
OPTION_COUNT: Final = N_("How many pictures (default: 1); each one is charged")
OPTION_NEGATIVE: Final = N_("What to steer away from; never shown in the channel")
OPTION_SEED: Final = N_("Same seed and settings, same picture (default: random)")
OPTION_STEPS: Final = N_("More steps, finer and slower (default: 28)")
OPTION_GUIDANCE: Final = N_("How closely to follow the prompt (default: 3.5)")
OPTION_FORMAT: Final = N_("File type (default: PNG)")
OPTION_PRESET: Final = N_("A look of this server, of yours or built in; other options go before it")
OPTION_LORA: Final = N_("One of this server's LoRAs: an extra style or subject")
OPTION_LORA_STRENGTH: Final = N_("How strongly the LoRA acts (default: what this server's admins chose)")

SIZES: Final = {
    ImageSize.LANDSCAPE_4_3: N_("Landscape 4:3"),
    ImageSize.LANDSCAPE_16_9: N_("Landscape 16:9"),
    ImageSize.SQUARE_HD: N_("Square, large"),
    ImageSize.SQUARE: N_("Square, small"),
    ImageSize.PORTRAIT_4_3: N_("Portrait 3:4"),
    ImageSize.PORTRAIT_16_9: N_("Portrait 9:16"),
}
# File types have one name everywhere.
FORMATS: Final = {OutputFormat.PNG: "PNG", OutputFormat.JPEG: "JPEG"}


# Whose a preset is.
PRESET_SCOPES: Final = {
    PresetScope.GUILD: N_("server"),
    PresetScope.PERSONAL: N_("yours"),
    PresetScope.BUILT_IN: N_("built in"),
}


def preset_choice(preset: Preset) -> str:
    """A preset in the list that appears while its name is typed."""
    return f"{preset.name} · {_(PRESET_SCOPES[preset.scope])}"


def count_choice(count: int, cost_micros: int, left: int) -> str:
    """A number of pictures in the list that appears while it is typed: what they cost, and how many are left."""
    few = ngettext("{count} left", "{count} left", left).format(count=left)
    return f"{count} · {text.money(cost_micros)} · {few}"


def lora_choice(entry: LoraEntry) -> str:
    """A LoRA in the list that appears while its name is typed."""
    return f"{entry.name} · {entry.trigger_words}" if entry.trigger_words else entry.name


def size_choice(size: ImageSize) -> str:
    """A size in the command's list."""
    return f"{_(SIZES[size])} ({text.pixels(size.width_px, size.height_px)})"
