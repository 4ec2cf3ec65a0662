"""Words of `/control` and `/reference`: modes and kinds, the private preview and its form."""

from typing import Final

from generation.modes import ControlMode
from ui import text
from ui.language import N_, _
from ui.wording.accounts import pictures

CONTROL: Final = N_("Make a picture that follows an image of yours; you see a preview before anything is spent")
REFERENCE: Final = N_("Make a picture that takes after an image of yours")

OPTION_IMAGE: Final = N_("A still PNG, JPEG or WebP; everybody will see it on the card, beside the result")
OPTION_MODE: Final = N_("What the picture takes over from the image")
OPTION_KIND: Final = N_("What the picture takes over from the image")
OPTION_CONTROL_STRENGTH: Final = N_("How closely to follow the image (default: what suits the mode)")
OPTION_REFERENCE_STRENGTH: Final = N_("How much to take over (default: what suits the kind)")
OPTION_START: Final = N_("From which part of the making on to follow the image: 0 is the beginning (default: 0)")
OPTION_END: Final = N_("Up to which part of the making to follow the image: 1 is the end (default: 1)")
OPTION_PREPROCESS: Final = N_("LoRA modes only: whether the picture service draws the map, or the image is one already")
OPTION_SIZE: Final = N_("Shape of the picture (default: the shape nearest to the image's)")

# In brackets stands what the mode is called where models are talked about, for those who know it by that.
_MODES: Final = {
    "canny": N_("Edges (Union canny)"),
    "tile": N_("Everything in its place, new detail (Union tile)"),
    "depth": N_("Depth, from a depth map (Union depth)"),
    "blur": N_("Shapes and colours, blurred (Union blur)"),
    "pose": N_("Pose, from a pose map (Union pose)"),
    "gray": N_("Light and shade, new colours (Union gray)"),
    "low-quality": N_("A poor picture, made anew (Union low quality)"),
    "net-canny": N_("Edges (ControlNet canny)"),
    "net-depth": N_("Depth, from a depth map (ControlNet depth)"),
    "net-normals": N_("Surfaces, from a normal map (ControlNet normals)"),
    "net-lineart": N_("Line drawing, from line art (ControlNet line art)"),
    "net-upscaler": N_("The same picture, sharper (ControlNet upscaler)"),
    "lora-canny": N_("Edges, found by the service (LoRA canny)"),
    "lora-depth": N_("Depth, found by the service (LoRA depth)"),
    "easy-canny": N_("Edges (EasyControl canny)"),
    "easy-depth": N_("Depth, from a depth map (EasyControl depth)"),
    "easy-hedsketch": N_("Sketch, from soft lines (EasyControl HED sketch)"),
    "easy-inpainting": N_("What is blacked out, filled in (EasyControl inpainting)"),
    "easy-pose": N_("Pose, from a pose map (EasyControl pose)"),
    "easy-seg": N_("Areas, from a segment map (EasyControl segments)"),
    "easy-ghibli": N_("The same scene as an animated film (EasyControl Ghibli)"),
}
_KINDS: Final = {
    "style": N_("Its look: colours, light, way of painting (reference only)"),
    "ip-adapter": N_("What it shows and its look (IP-Adapter)"),
    "subject": N_("Its subject, in a new scene (EasyControl subject)"),
}
_PREPROCESSORS: Final = {
    "canny": N_("Find the edges in the image"),
    "depth": N_("Estimate the depth in the image"),
    "None": N_("Nothing: the image is a map already"),
}

# What a ready map looks like, by the end of the mode's key.
_READY_MAPS: Final = {
    "depth": N_("a **depth map**: light is near, dark is far"),
    "pose": N_("a **pose map**: a coloured stick figure on black"),
    "normals": N_("a **normal map**: surfaces coloured by where they face"),
    "lineart": N_("**line art**: white lines on black"),
    "hedsketch": N_("a **soft sketch**: white lines on black"),
    "inpainting": N_("a picture with the part to be filled in **blacked out**"),
    "seg": N_("a **segment map**: one flat colour for each area"),
    "canny": N_("an **edge map**: white lines on black"),
}
_MADE: Final = {
    "canny": N_("These are the edges that I found. The picture will have lines where these are."),
    "blur": N_("I blurred your image. The picture will have its shapes and colours, with detail of its own."),
    "gray": N_("I took the colours out. The picture will have this light and shade, in colours of its own."),
    "tile": N_("I softened your image. The picture will have everything in its place, with detail of its own."),
    "low-quality": N_("I made a poor copy of your image. The picture will be what it might have been at its best."),
}
_AS_IT_IS: Final = {
    "net-upscaler": N_("Your image is used as it is. The picture will be the same one, sharper."),
    "easy-ghibli": N_("Your image is used as it is. The picture will be the same scene as an animated film."),
}


def mode_choice(key: str) -> str:
    """A control mode in the command's list and in the preview."""
    return _(_MODES[key])


def kind_choice(key: str) -> str:
    """A reference kind in the command's list."""
    return _(_KINDS[key])


def preprocess_choice(key: str) -> str:
    """What the provider may do with the image, in the command's list."""
    return _(_PREPROCESSORS[key])


def name_of(key: str) -> str:
    """What members know a mode or kind as; the key itself where it is neither."""
    label = _MODES.get(key) or _KINDS.get(key)
    return key if label is None else _(label)


def called(key: str) -> str:
    """What stands in the brackets of a mode's or kind's name: short enough for a card."""
    return name_of(key).rpartition("(")[2].removesuffix(")")


def preview_title(mode: ControlMode) -> str:
    """The headline of the private preview."""
    return "### 🧭 " + _("Preview · {mode}").format(mode=mode_choice(mode.key))


def preview_image(mode: ControlMode) -> str:
    """What a screen reader says about the image in the preview."""
    return _("The map made of your image") if mode.makes else _("Your image as it will be used")


def what_happens(mode: ControlMode, preprocess: str | None) -> str:
    """What was done to the image, and what the picture service will do with it."""
    if mode.makes is not None:
        return _(_MADE[mode.makes])
    if mode.needs_ready_map(preprocess):
        return _("Your image is used as it is: I make no map of it. For this mode it must be {map}.").format(
            map=_(_READY_MAPS[mode.key.rpartition("-")[2]])
        )
    if mode.preprocess == "canny":
        return _("The picture service finds the edges in your image by itself and follows them.")
    if mode.preprocess == "depth":
        return _("The picture service estimates the depth in your image by itself and follows it.")
    return _(_AS_IT_IS[mode.key])


def map_warning(mode: ControlMode, preprocess: str | None) -> str | None:
    """What may go wrong with an image that nobody makes a map of here; None where nothing can."""
    if mode.needs_ready_map(preprocess):
        return "⚠️ " + _("With an ordinary photo the result has little to do with it, and is charged all the same.")
    if preprocess is not None:
        return "⚠️ " + _("You chose `preprocess`: the map is made by the service, so I can't show it to you before.")
    return None


def steering(mode: ControlMode, *, strength: float, start: float, end: float) -> str:
    """How closely, and during which part of the making, the image is followed."""
    words = _("**Strength** {strength}").format(strength=text.number(strength))
    if not mode.has_span:
        return words
    if start <= 0 and end >= 1:
        return _("{strength}, from beginning to end").format(strength=words)
    return _("{strength}, from {start} to {end}").format(strength=words, start=text.number(start), end=text.number(end))


def thresholds(low: int, high: int) -> str:
    """Which edges count."""
    return _("**Edges** faint from {low}, clear from {high}").format(low=low, high=high)


def order(size: str, count: int, micros: int) -> str:
    """What is ordered: how many, the size in pixels, and what it will cost."""
    return _("**You get** {pictures}, {size} · **{cost}**").format(
        pictures=pictures(count), size=size, cost=text.money(micros)
    )


def preview_note() -> str:
    """Below the buttons: what has not happened yet, who sees what, and for how long."""
    lines = (
        _("Nothing is spent before you press Generate. Only you see this, for an hour at most."),
        _("On the card, everybody sees this image beside the result."),
    )
    return "\n".join(f"-# {line}" for line in lines)


def generate() -> str:
    """The button that starts it."""
    return _("Generate")


def adjust() -> str:
    """The button that opens the form."""
    return _("Adjust…")


def cancel() -> str:
    """The button that drops it."""
    return _("Cancel")


def started() -> str:
    """What is left of the preview once the card is there."""
    return _("✅ Started: the card in the channel shows how it goes.")


def discarded() -> str:
    """What is left of the preview after Cancel."""
    return _("🗑️ Discarded. Nothing was spent, and your image is deleted here.")


def form_title() -> str:
    """The title of the form."""
    return _("Adjust the preview")


def strength_field() -> str:
    """The label of the strength's field."""
    return _("Strength")


def start_field() -> str:
    """The label of the start's field."""
    return _("Follow the image from")


def end_field() -> str:
    """The label of the end's field."""
    return _("Follow the image up to")


def count_field() -> str:
    """The label of the count's field."""
    return _("How many pictures")


def thresholds_field() -> str:
    """The label of the field of both thresholds."""
    return _("Edges: weak and sure threshold")


def thresholds_hint(high: int) -> str:
    """Below the thresholds' field."""
    return _("Two whole numbers from 0 to {high}, lower for more lines; empty: chosen to suit").format(high=high)
