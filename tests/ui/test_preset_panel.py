"""The preset panel's own part: what its forms show, what is read from them, and that no page outgrows Discord."""

import gettext
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from errors import InvalidOption
from generation.builtin_presets import BUILT_IN
from generation.presets import Sketch
from parameters import ImageSize, OutputFormat, Scheduler
from recipes import LoraPick, Preset, PresetScope, PresetValues
from sandbox.discord.components import TEXT_BYTES_LIMIT
from ui import cards, preset_panel
from ui.forms import Form, FormValues
from ui.language import speaking

NAMES = ("Ink", "style", "style 2", "Ink, dark", "Gold Leaf", "8")
# Nothing of it is a default, and the numbers have more digits than a page shows.
EVERYTHING = PresetValues(
    template="ink drawing of {prompt},\nhatching",
    negative_prompt="photo, 3d",
    image_size=ImageSize.SQUARE_HD,
    num_inference_steps=31,
    guidance_scale=12.34567,
    real_cfg_scale=4.5,
    scheduler=Scheduler.DPMPP_2M,
    base_shift=0.012345,
    max_shift=2.5,
    nag_scale=4.0,
    nag_tau=99.123456,
    nag_alpha=0.5,
    nag_end=1.0,
    reference_strength=-1.5,
    reference_end=0.75,
    output_format=OutputFormat.JPEG,
    loras=(
        LoraPick(name="style 2", scale=0.123456),
        LoraPick(name="Ink, dark"),
        LoraPick(name="style"),
        LoraPick(name="Gold Leaf", scale=0.0),
        LoraPick(name="8", scale=3.0),
    ),
)


@pytest.fixture(params=["en-US", "de"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Everything that a test does is said in this language."""
    with speaking(request.param):
        yield request.param


def inputs_of(form: Form) -> list[dict[str, Any]]:
    """The fields of a form as Discord is sent them."""
    return [part["component"] for part in form.to_dict()["components"]]


def unchanged(form: Form) -> FormValues:
    """The form as it is sent off by somebody who changes nothing."""
    sent = [
        {"custom_id": field["custom_id"], "value": field.get("value", "")}
        if field["type"] == 4
        else {
            "custom_id": field["custom_id"],
            "values": [option["value"] for option in field["options"] if option["default"]],
        }
        for field in inputs_of(form)
    ]
    return FormValues({"components": sent})


def written(**texts: str) -> FormValues:
    return FormValues({"components": [{"custom_id": name, "value": text} for name, text in texts.items()]})


async def test_every_parameter_has_one_field_in_one_form() -> None:
    names = [
        field["custom_id"]
        for group in preset_panel.GROUPS
        for field in inputs_of(preset_panel.form("x", group, PresetValues()))
    ]
    assert sorted(names) == sorted(field.name for field in fields(PresetValues))


async def test_a_form_that_is_sent_off_unchanged_changes_nothing(language: str) -> None:
    for values in (EVERYTHING, PresetValues(), *(preset.values for preset in BUILT_IN)):
        read: dict[str, Any] = {}
        for group in preset_panel.GROUPS:
            form = preset_panel.form("x", group, values)
            read |= preset_panel.filled_in(group, unchanged(form), loras=NAMES)
        assert PresetValues(**read) == values


async def test_the_forms_fit_into_discord(language: str) -> None:
    for group in preset_panel.GROUPS:
        body = preset_panel.form("a_draft-id_of_16", group, EVERYTHING).to_dict()
        assert "…" not in body["title"], "cut off, or a button's words"
        assert 1 <= len(body["components"]) <= 5
        for part in body["components"]:
            assert not part["label"].endswith("…")
            assert not part.get("description", "").endswith("…")


@pytest.mark.parametrize(
    ("text", "picks"),
    [
        ("", []),
        (" \n ; ", []),
        ("ink", [("Ink", None)]),
        ("  INK   0.8 ", [("Ink", 0.8)]),
        ("Ink:0,8", [("Ink", 0.8)]),
        ("Ink : 0.8", [("Ink", 0.8)]),
        ("Ink=.5", [("Ink", 0.5)]),
        ("Ink × 2", [("Ink", 2.0)]),
        ("style 2", [("style 2", None)]),
        ("style 3", [("style", 3.0)]),
        ("style 2 0.5", [("style 2", 0.5)]),
        ("style 2:0,5\nstyle", [("style 2", 0.5), ("style", None)]),
        ("8 0.5", [("8", 0.5)]),
        ("Ink 0.8, gold leaf", [("Ink", 0.8), ("Gold Leaf", None)]),
        ("Ink 0,8, Gold Leaf 1,5", [("Ink", 0.8), ("Gold Leaf", 1.5)]),
        ("Ink,style", [("Ink", None), ("style", None)]),
        ("Ink, dark", [("Ink, dark", None)]),
        ("Ink, dark 0.4; Ink", [("Ink, dark", 0.4), ("Ink", None)]),
        ("gold leaf\r\nink 1", [("Gold Leaf", None), ("Ink", 1.0)]),
    ],
)
def test_loras_are_read_as_people_write_them(text: str, picks: list[tuple[str, float | None]]) -> None:
    assert preset_panel.picks_in(text, NAMES) == tuple(LoraPick(name=name, scale=scale) for name, scale in picks)


@pytest.mark.parametrize(
    ("text", "option", "problem", "other"),
    [
        ("Inc", "loras", "unknown", "Inc"),
        ("Ink 0.8, nobody 2", "loras", "unknown", "nobody 2"),
        ("0.8", "loras", "unknown", "0.8"),
        ("Ink strong", "loras", "unknown", "Ink strong"),
        ("Ink 1e9", "loras", "unknown", "Ink 1e9"),
        ("Ink nan", "loras", "unknown", "Ink nan"),
        ("Ink 4.1", "lora_strength", "out_of_range", None),
        ("Ink -1", "lora_strength", "out_of_range", None),
        (f"Ink {'9' * 400}", "lora_strength", "out_of_range", None),
    ],
)
def test_what_is_no_lora_here_is_said_at_once(text: str, option: str, problem: str, other: str | None) -> None:
    with pytest.raises(InvalidOption) as caught:
        preset_panel.picks_in(text, NAMES)
    assert (caught.value.option, caught.value.problem, caught.value.other) == (option, problem, other)


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), ("   ", None), ("3", 3.0), (" 3.5 ", 3.5), ("3,5", 3.5), ("1e1", 10.0), ("+2", 2.0)],
)
def test_a_number_may_have_a_comma(text: str, value: float | None) -> None:
    assert preset_panel.filled_in("picture", written(guidance_scale=text))["guidance_scale"] == value


@pytest.mark.parametrize(
    "text", ["much", "3..5", "1.000,5", "--1", "nan", "inf", "-inf", "1e9", "1e999", "-0.1", "20.01"]
)
def test_what_is_no_number_in_the_range_is_refused_with_the_range(text: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        PresetValues(**preset_panel.filled_in("picture", written(guidance_scale=text)))
    assert (caught.value.option, caught.value.problem) == ("guidance_scale", "out_of_range")
    assert (caught.value.low, caught.value.high) == (0, 20)


@pytest.mark.parametrize("text", ["2.5", "nan", "inf", "1e999", "a few", "0", "51", "1e300"])
def test_steps_are_whole(text: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        PresetValues(**preset_panel.filled_in("picture", written(num_inference_steps=text)))
    assert (caught.value.option, caught.value.problem) == ("num_inference_steps", "out_of_range")


def test_whole_numbers_come_as_such() -> None:
    steps = preset_panel.filled_in("picture", written(num_inference_steps="20.0"))["num_inference_steps"]
    assert (steps, type(steps)) == (20, int)


@pytest.mark.parametrize("name", ["image_size", "output_format"])
def test_a_choice_that_is_none_is_refused(name: str) -> None:
    chosen = FormValues({"components": [{"custom_id": name, "values": ["gigantic"]}]})
    with pytest.raises(InvalidOption) as caught:
        preset_panel.filled_in("picture", chosen)
    assert (caught.value.option, caught.value.problem) == (name, "not_a_choice")


def fits(card: cards.Card) -> None:
    """Fail for a message that Discord would refuse."""
    assert card.total_children_count <= 40
    assert card.content_length() <= 4000
    texts = [text.content for text in card.walk_children() if hasattr(text, "content")]
    assert sum(len(text.encode()) + 12 for text in texts) <= TEXT_BYTES_LIMIT


HARDEST = PresetValues(
    template="{prompt}" + "*" * 1992,
    negative_prompt="\U0001f98a@" * 500,
    loras=tuple(LoraPick(name=str(number) + "_" * 30 + "x", scale=0.123456) for number in range(5)),
    **{
        field.name: getattr(EVERYTHING, field.name)
        for field in fields(PresetValues)
        if field.name not in {"template", "negative_prompt", "loras"}
    },
)


async def test_the_fullest_panel_and_page_fit_into_a_message(language: str) -> None:
    name = "a" + "_" * 30 + "b"
    fits(preset_panel.panel("a_draft-id_of_16", Sketch(name=name, scope=PresetScope.GUILD, values=HARDEST)))
    fits(preset_panel.page(Preset(scope=PresetScope.GUILD, name=name, values=HARDEST)))


@pytest.mark.parametrize("letter", ["_", "\U0001d49c", "x"])
async def test_the_longest_list_fits_into_a_message(language: str, letter: str) -> None:
    presets = [
        Preset(scope=scope, name=f"{number:03}" + letter * 28 + "b", values=EVERYTHING)
        for scope in (PresetScope.GUILD, PresetScope.PERSONAL)
        for number in range(100)
    ]
    card = preset_panel.overview([*presets, *BUILT_IN])
    fits(card)
    shown = "".join(text.content for text in card.walk_children() if hasattr(text, "content"))
    hidden = 100 - shown.count(letter * 28 if letter != "_" else "\\_" * 28) // 2
    assert str(hidden) in shown, "nobody learns that there are more"


class Shouting(gettext.NullTranslations):
    """A language in which everything is the same, but louder: what does not shout was not translated."""

    def gettext(self, message: str) -> str:
        return re.sub(r"\{\w*\}|[^{]+", lambda found: found[0] if found[0][0] == "{" else found[0].upper(), message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.gettext(one if count == 1 else many)


async def test_every_word_of_it_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.language._translations", lambda _: Shouting())
    values = replace(EVERYTHING, template="{prompt} OIL", negative_prompt="PHOTO", loras=(LoraPick(name="INK"),))
    sketch = Sketch(name="LOOK", scope=PresetScope.GUILD, values=values)
    presets = [Preset(scope=scope, name="LOOK", values=values) for scope in PresetScope]
    pages: list[Any] = [
        preset_panel.panel("X", sketch),
        preset_panel.panel("X", replace(sketch, values=PresetValues())),
        preset_panel.page(presets[0]),
        preset_panel.overview(presets),
        preset_panel.overview([]),
        preset_panel.deleted("X", presets[0]),
    ]
    bodies = [page.to_components() for page in pages]
    bodies += [preset_panel.form("X", group, values).to_dict() for group in preset_panel.GROUPS]
    said = [text for body in bodies for text in texts_in(body)]
    assert len(said) > 60
    for text in said:
        # Names that are the same in every language.
        plain = text.replace("{prompt}", "").replace("Euler", "")
        assert plain == plain.upper()


def texts_in(body: Any) -> Iterator[str]:
    """What somebody reads of a payload of Discord's."""
    if isinstance(body, list):
        for part in body:
            yield from texts_in(part)
    elif isinstance(body, dict):
        for key, value in body.items():
            if isinstance(value, str) and key in {"content", "label", "description", "title", "placeholder"}:
                yield value
            else:
                yield from texts_in(value)
