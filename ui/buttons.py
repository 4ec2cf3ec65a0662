"""What members press and choose on Easel's messages: what it does and to what is in its custom id.

Nothing about a button or a select is kept in memory, so it works after a restart as it did before.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import discord

from ui import wording
from ui.language import _

CANCEL_ACTION: Final = "cancel"


_CUSTOM_ID: Final = re.compile(r"easel:(?P<action>[a-z]{1,20}):(?P<argument>[A-Za-z0-9_.-]{1,64})")


class ActionButton(discord.ui.Button[Any]):
    """A button with the custom id `easel:<action>:<argument>`; the client's handler for the action is called.

    It is recognised by that id alone. discord.py's own dispatch would look for the button on the message that the
    press names, and drop the press without a word where that has changed meanwhile.
    """

    def __init__(
        self,
        action: str,
        argument: str,
        *,
        label: str | None = None,
        emoji: str | discord.PartialEmoji | discord.Emoji | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        super().__init__(custom_id=custom_id_of(action, argument), label=label, emoji=emoji, style=style)


class ActionSelect(discord.ui.Select[Any]):
    """A menu of one to 25 options with the same kind of custom id; `chosen` says what was chosen in it.

    Its values come from the member's client: they need not be among the options, which may have changed meanwhile.
    """

    def __init__(
        self,
        action: str,
        argument: str,
        *,
        options: Sequence[discord.SelectOption],
        placeholder: str | None = None,
        least: int = 1,
        most: int = 1,
    ) -> None:
        super().__init__(
            custom_id=custom_id_of(action, argument),
            options=list(options),
            placeholder=placeholder,
            min_values=least,
            max_values=most,
        )


class ActionChannelSelect(discord.ui.ChannelSelect[Any]):
    """A menu of the server's channels, filled by Discord's client; `chosen` gives ids as texts.

    `selected` are chosen from the start; they must exist, and fit between `least` and `most`.
    """

    def __init__(
        self,
        action: str,
        argument: str,
        *,
        kinds: Sequence[discord.ChannelType],
        selected: Sequence[int] = (),
        placeholder: str | None = None,
        least: int = 0,
        most: int = 1,
    ) -> None:
        super().__init__(
            custom_id=custom_id_of(action, argument),
            channel_types=list(kinds),
            default_values=[discord.Object(channel_id) for channel_id in selected],
            placeholder=placeholder,
            min_values=least,
            max_values=most,
        )


class ActionRoleSelect(discord.ui.RoleSelect[Any]):
    """The same for the server's roles, @everyone among them."""

    def __init__(
        self,
        action: str,
        argument: str,
        *,
        selected: Sequence[int] = (),
        placeholder: str | None = None,
        least: int = 0,
        most: int = 1,
    ) -> None:
        super().__init__(
            custom_id=custom_id_of(action, argument),
            default_values=[discord.Object(role_id) for role_id in selected],
            placeholder=placeholder,
            min_values=least,
            max_values=most,
        )


def custom_id_of(action: str, argument: str) -> str:
    """The custom id of a button, select or form. Raises ValueError where it would not be recognised again."""
    custom_id = f"easel:{action}:{argument}"
    if not _CUSTOM_ID.fullmatch(custom_id):
        raise ValueError(f"{custom_id!r} is no custom id of ours")
    return custom_id


def chosen(interaction: discord.Interaction[Any]) -> tuple[str, ...]:
    """The values chosen in the select that was used; nothing where that was none."""
    data: Any = interaction.data
    values = data.get("values") if isinstance(data, dict) else None
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def pressed(custom_id: str) -> tuple[str, str] | None:
    """The action and the argument of one of our buttons, selects or forms, or None for any other custom id."""
    match = _CUSTOM_ID.fullmatch(custom_id)
    return (match["action"], match["argument"]) if match else None


def cancel_button(job_id: str) -> ActionButton:
    """Cancels the job while it waits in line."""
    return ActionButton(CANCEL_ACTION, job_id, label=_(wording.CANCEL))
