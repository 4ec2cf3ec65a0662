"""A server's own AutoMod rules as lines of a list, as far as Discord says what is in them."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from errors import TermRefused
from generation.filter_files import FileLine
from generation.filter_terms import BLOCK, REVIEW
from generation.filters import TermKind
from ui import answers

_FETCH_SECONDS: Final = 10.0
_WORDS: Final = discord.AutoModRuleTriggerType.keyword
_PRESET: Final = discord.AutoModRuleTriggerType.keyword_preset


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRules:
    """What can be taken of a server's rules, and how many can't: off, with Discord's own words, about other things.

    A rule that keeps messages back blocks here; one that only tells moderators marks for review.
    """

    lines: tuple[FileLine, ...]
    disabled: int
    presets: int
    others: int


async def own_rules(interaction: discord.Interaction[Any]) -> OwnRules:
    """The rules of the server that the interaction is from.

    Raises TermRefused: `automod_forbidden`, `automod_unavailable`, `no_automod_rules`.
    """
    guild = interaction.guild
    if guild is None or not interaction.app_permissions.manage_guild:
        raise TermRefused("automod_forbidden")
    try:
        async with asyncio.timeout(_FETCH_SECONDS):
            rules = await guild.fetch_automod_rules()
    except discord.Forbidden as error:
        raise TermRefused("automod_forbidden") from error
    except answers.CALL_FAILURES as error:
        raise TermRefused("automod_unavailable") from error
    return _read(rules)


def _read(rules: Sequence[discord.AutoModRule]) -> OwnRules:
    on = [rule for rule in rules if rule.enabled]
    found = OwnRules(
        lines=tuple(_numbered(on)),
        disabled=len(rules) - len(on),
        presets=sum(rule.trigger.type is _PRESET for rule in on),
        others=sum(rule.trigger.type not in {_WORDS, _PRESET} for rule in on),
    )
    if not found.lines:
        raise TermRefused("no_automod_rules")
    return found


def _numbered(rules: Sequence[discord.AutoModRule]) -> Iterator[FileLine]:
    entries = [(kind, words, action) for rule in rules for kind, words, action in _entries(rule)]
    for number, (kind, words, action) in enumerate(dict.fromkeys(entries), start=1):
        yield FileLine(number=number, text=words, kind=kind, action=action)


def _entries(rule: discord.AutoModRule) -> Iterator[tuple[TermKind, str, str]]:
    if rule.trigger.type is not _WORDS:
        return
    keeps_back = any(action.type is discord.AutoModRuleActionType.block_message for action in rule.actions)
    action = BLOCK if keeps_back else REVIEW
    yield from ((TermKind.BLOCK, words, action) for words in rule.trigger.keyword_filter)
    yield from ((TermKind.PATTERN, words, action) for words in rule.trigger.regex_patterns)
    yield from ((TermKind.ALLOW, words, BLOCK) for words in rule.trigger.allow_list)
