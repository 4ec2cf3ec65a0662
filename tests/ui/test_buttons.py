"""Custom ids, and what is read from a press; how presses reach their handlers is in the tests of the client."""

import discord
import pytest

from ui.buttons import ActionButton, ActionSelect, custom_id_of, pressed


@pytest.mark.parametrize("argument", ["x", "1a2b-3c_d", "01J9.4.next", "A" * 64])
def test_custom_id_is_recognised_again(argument: str) -> None:
    assert pressed(custom_id_of("page", argument)) == ("page", argument)


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        "easel:page",
        "easel:page:",
        "easel:Page:x",
        "easel:page:a:b",
        "easel:page:ä",
        "easel:page:x ",
        "other:page:x",
    ],
)
def test_foreign_custom_id_is_none_of_ours(custom_id: str) -> None:
    assert pressed(custom_id) is None


@pytest.mark.parametrize(("action", "argument"), [("Page", "x"), ("page", ""), ("page", "a b"), ("page", "x" * 65)])
async def test_custom_id_that_would_not_be_recognised_is_not_made(action: str, argument: str) -> None:
    with pytest.raises(ValueError, match="no custom id of ours"):
        ActionButton(action, argument, label="Press")
    with pytest.raises(ValueError, match="no custom id of ours"):
        ActionSelect(action, argument, options=[discord.SelectOption(label="One")])
