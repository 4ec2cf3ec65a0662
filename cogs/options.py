"""Option types that tell Discord the ranges and choices of `parameters.py` but don't rely on it to keep them.

A modified client can send anything, so a value passes through here as it came, and GenerationRequest judges it:
one check, with one wording, wherever a value comes from. Values of a wrong type are refused here.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, TypeVar

import discord
from discord import AppCommandOptionType
from discord.app_commands import Choice, Transformer, locale_str

from errors import InvalidOption
from parameters import PARAMETER_BOUNDS, Bounds
from ui.command_translator import localised
from ui.wording import commands as words

_Member = TypeVar("_Member", bound=str)

SIZE_LABELS: Final = {size: localised(partial(words.size_choice, size)) for size in words.SIZES}


class WholeNumber(Transformer[discord.Client]):
    """A whole number within the bounds of the parameter of that name, or within those given."""

    def __init__(self, parameter: str, bounds: Bounds | None = None) -> None:
        self._parameter = parameter
        self._bounds = bounds or PARAMETER_BOUNDS[parameter]

    @property
    def type(self) -> AppCommandOptionType:
        return AppCommandOptionType.integer

    @property
    def min_value(self) -> int:
        return int(self._bounds.low)

    @property
    def max_value(self) -> int:
        return int(self._bounds.high)

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> int:
        """The value as it came. Raises InvalidOption for what is no whole number."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidOption(self._parameter, "not_a_choice")
        return value


class Number(Transformer[discord.Client]):
    """A number within the bounds of the parameter of that name, or within those given."""

    def __init__(self, parameter: str, bounds: Bounds | None = None) -> None:
        self._parameter = parameter
        self._bounds = bounds or PARAMETER_BOUNDS[parameter]

    @property
    def type(self) -> AppCommandOptionType:
        return AppCommandOptionType.number

    @property
    def min_value(self) -> float:
        return self._bounds.low

    @property
    def max_value(self) -> float:
        return self._bounds.high

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> float:
        """The value as it came. Raises InvalidOption for what is no number."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise InvalidOption(self._parameter, "not_a_choice")
        return float(value)


class OneOf(Transformer[discord.Client]):
    """A choice of words, such as an enumeration's members, under their labels, in the labels' order."""

    def __init__(self, parameter: str, labels: Mapping[_Member, str | locale_str]) -> None:
        self._parameter = parameter
        self._members: dict[str, str] = {str(member): member for member in labels}
        self._choices: list[Choice[int | float | str]] = [
            Choice(name=label, value=str(member)) for member, label in labels.items()
        ]

    @property
    def type(self) -> AppCommandOptionType:
        return AppCommandOptionType.string

    @property
    def choices(self) -> list[Choice[int | float | str]]:
        return self._choices

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> str:
        """The member that the value names. Raises InvalidOption for any other value."""
        member = self._members.get(value)
        if member is None:
            raise InvalidOption(self._parameter, "not_a_choice")
        return member


class Text(Transformer[discord.Client]):
    """A text of at least one and at most `longest` characters."""

    def __init__(self, parameter: str, *, longest: int) -> None:
        self._parameter = parameter
        self._longest = longest

    @property
    def type(self) -> AppCommandOptionType:
        return AppCommandOptionType.string

    @property
    def min_value(self) -> int:
        return 1

    @property
    def max_value(self) -> int:
        return self._longest

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> str:
        """The value as it came. Raises InvalidOption for what is no text."""
        if not isinstance(value, str):
            raise InvalidOption(self._parameter, "not_a_choice")
        return value


class GivenFile(Transformer[discord.Client]):
    """A file that the member uploads with the command; what is in it is for whoever fetches it to judge."""

    def __init__(self, parameter: str) -> None:
        self._parameter = parameter

    @property
    def type(self) -> AppCommandOptionType:
        return AppCommandOptionType.attachment

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> discord.Attachment:
        """The file as Discord describes it. Raises InvalidOption for an id that stands for none."""
        if not isinstance(value, discord.Attachment):
            raise InvalidOption(self._parameter, "not_a_choice")
        return value
