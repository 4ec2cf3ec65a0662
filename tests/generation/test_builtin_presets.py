"""The built-in presets: whole, distinct, and of use."""

import pytest

from generation.builtin_presets import BUILT_IN
from generation.presets import CHOICES_MAX
from parameters import PROMPT_MAX_CHARACTERS
from recipes import PLACEHOLDER, Preset, PresetScope, check_name, folded


def test_their_names_are_distinct_and_they_fit_one_autocompletion() -> None:
    assert len({folded(preset.name) for preset in BUILT_IN}) == len(BUILT_IN)
    assert 8 <= len(BUILT_IN) <= CHOICES_MAX


@pytest.mark.parametrize("preset", BUILT_IN, ids=lambda preset: preset.name)
def test_each_is_a_style_that_leaves_room_for_the_wish(preset: Preset) -> None:
    assert preset.scope is PresetScope.BUILT_IN
    assert (preset.guild_id, preset.owner_id) == (0, 0)
    assert check_name("name", preset.name) == preset.name
    template = preset.values.template or ""
    assert PLACEHOLDER in template
    assert len(template) < PROMPT_MAX_CHARACTERS / 5
    assert preset.values.loras == ()  # a guild may have none
