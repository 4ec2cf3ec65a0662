"""Options that name a member, a role or a channel; an id that a modified client makes up is refused."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import AppCommandOptionType
from discord.app_commands import AppCommandChannel, Transformer

from errors import InvalidOption


class Person(Transformer[discord.Client]):
    """A member of the guild, or somebody who was one: Discord offers both."""

    def __init__(self, parameter: str) -> None:
        self._parameter = parameter

    @property
    def type(self) -> AppCommandOptionType:
        return AppCommandOptionType.user

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> discord.Member | discord.User:
        """The person as Discord describes them. Raises InvalidOption for an id that stands for nobody."""
        if not isinstance(value, discord.Member | discord.User):
            raise InvalidOption(self._parameter, "not_a_choice")
        return value


class OneRole(Transformer[discord.Client]):
    """A role of the guild."""

    def __init__(self, parameter: str) -> None:
        self._parameter = parameter

    @property
    def type(self) -> AppCommandOptionType:
        return AppCommandOptionType.role

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> discord.Role:
        """The role as Discord describes it. Raises InvalidOption for an id that stands for none."""
        if not isinstance(value, discord.Role):
            raise InvalidOption(self._parameter, "not_a_choice")
        return value


class OneChannel(Transformer[discord.Client]):
    """A channel of the guild of one of these types."""

    def __init__(self, parameter: str, types: Sequence[discord.ChannelType]) -> None:
        self._parameter = parameter
        self._types = list(types)

    @property
    def type(self) -> AppCommandOptionType:
        return AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        return self._types

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> AppCommandChannel:
        """The channel as Discord describes it. Raises InvalidOption for an id that stands for none of the types."""
        if not isinstance(value, AppCommandChannel) or value.type not in self._types:
            raise InvalidOption(self._parameter, "not_a_choice")
        return value
