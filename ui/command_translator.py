"""Gives Discord the commands' descriptions, choices and menu entries in every language that there is a catalogue for.

The names of commands and of options are one in all languages: members help each other by them.
"""

from collections.abc import Callable
from typing import Final

import discord
from discord.app_commands import (
    ContextMenu,
    TranslationContextLocation,
    TranslationContextTypes,
    Translator,
    locale_str,
)

from ui import language
from ui.language import TRANSLATED, _, speaking

_NAMES: Final = frozenset(
    {
        TranslationContextLocation.command_name,
        TranslationContextLocation.group_name,
        TranslationContextLocation.parameter_name,
    }
)
_WORDS: Final = "words"


class CommandTranslator(Translator):
    """Takes the words of `ui.wording` to Discord in the languages of `ui.language`."""

    async def load(self) -> None:
        """Read the catalogues: this comes before the first interaction. Raises OSError where one is missing."""
        language.load()

    async def translate(
        self, string: locale_str, locale: discord.Locale, context: TranslationContextTypes
    ) -> str | None:
        """The words in the language of the locale, or None where Discord is to show the English ones."""
        if locale.value not in TRANSLATED or _is_name(context):
            return None
        words: Callable[[], str] | None = string.extras.get(_WORDS)
        with speaking(locale.value):
            translated = words() if words else _(string.message)
        return None if translated == string.message else translated


def localised(words: Callable[[], str]) -> locale_str:
    """What a function of `ui.wording` says in each language: for choices that are no constant."""
    return locale_str(words(), **{_WORDS: words})


def _is_name(context: TranslationContextTypes) -> bool:
    """Whether it is a name that stays; a message menu's entry is a name to Discord, but words to whoever reads it."""
    return context.location in _NAMES and not isinstance(context.data, ContextMenu)
