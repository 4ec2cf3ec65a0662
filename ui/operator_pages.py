"""What the pages of `/operator` look like; sends nothing."""

import math
from collections.abc import Mapping
from typing import Any, Final

import discord

from generation.limit_book import GuildLimits
from generation.overview import Budget, Status
from limits import LimitKind, LimitName
from ui import cards
from ui.buttons import ActionButton
from ui.cards import Card
from ui.wording import operator_pages as words
from ui.wording import pauses as pause_words

STATUS_ACTION: Final = "opstatus"
AUDIT_ACTION: Final = "opaudit"
# Nothing is told apart by this argument: a custom id must have one.
_WHOLE: Final = "all"
_AMBER: Final = 0xF0B232
_RED: Final = 0xDA373C

_Item = discord.ui.Item[Any]
_Change = tuple[LimitName, int | None, int | None]


def status(state: Status, *, version: str, latency_seconds: float, guilds: Mapping[int, str]) -> Card:
    """The whole bot at a glance; `guilds` are the names of those that it is in."""
    # discord.py says "not a number", or infinity, where no heartbeat was answered yet.
    latency_ms = round(latency_seconds * 1000) if math.isfinite(latency_seconds) else None
    items: list[_Item] = [
        discord.ui.TextDisplay(words.title(version, state, guilds=len(guilds), latency_ms=latency_ms)),
        *_pauses(state),
        discord.ui.Separator(),
        discord.ui.TextDisplay(words.jobs(state.jobs, waiting=state.waiting, in_flight=state.in_flight)),
        discord.ui.TextDisplay(words.provider(state.provider)),
        discord.ui.TextDisplay(words.doubts(state.doubts.count, state.doubts.held_micros, state.doubts.oldest_at)),
        discord.ui.Separator(),
        discord.ui.TextDisplay(words.budget(state.budget)),
        discord.ui.TextDisplay(words.guilds(state.budget.spend.guilds, guilds)),
        discord.ui.Separator(),
        discord.ui.TextDisplay(words.database(state.database_bytes, state.audit)),
        discord.ui.ActionRow(
            ActionButton(STATUS_ACTION, _WHOLE, label=words.look_again(), emoji="🔄"),
            ActionButton(AUDIT_ACTION, _WHOLE, label=words.audit_now(), emoji="🧮"),
        ),
    ]
    return Card(*items, colour=_colour(state))


def budget(state: Budget, *, note: str | None = None) -> Card:
    """The budget of the whole bot; `note` says what was just set."""
    items: list[_Item] = [] if note is None else [discord.ui.TextDisplay(note), discord.ui.Separator()]
    items += [
        discord.ui.TextDisplay(words.budget(state)),
        discord.ui.TextDisplay(words.budget_note(state.default_micros)),
    ]
    if state.changes:
        items.append(discord.ui.TextDisplay(words.changes(state.changes, state.default_micros)))
    return Card(*items, colour=cards.BLURPLE)


def ceilings(limits: GuildLimits, *, name: str, set_now: tuple[_Change, ...] = ()) -> Card:
    """How far a server may raise its own budgets; `set_now` are cap, before and after of those just set."""
    defaults = {
        LimitName.GUILD_DAILY_MICROS: limits.defaults.guild_daily_micros,
        LimitName.GUILD_MONTHLY_MICROS: limits.defaults.guild_monthly_micros,
    }
    lines = [
        words.ceiling_set(daily=_is_daily(cap), before=before, after=after, default_micros=defaults[cap])
        for cap, before, after in set_now
    ]
    lines.append(words.ceilings_title(name))
    lines += [
        words.ceiling(
            daily=_is_daily(cap),
            set_micros=limits.own(LimitKind.CEILING, 0, cap),
            default_micros=default,
            holds_micros=limits.holding(cap).value,
        )
        for cap, default in defaults.items()
    ]
    return cards.page("\n".join(lines))


def _is_daily(cap: LimitName) -> bool:
    return cap is LimitName.GUILD_DAILY_MICROS


def _pauses(state: Status) -> list[_Item]:
    lines = []
    if state.paused is not None:
        change = state.paused
        lines += [
            pause_words.paused_title(everywhere=True),
            pause_words.paused_by(change.by_id, change.at, change.reason),
        ]
    if state.paused_guilds:
        lines.append(words.paused_guilds(state.paused_guilds))
    return [discord.ui.TextDisplay("\n".join(lines))] if lines else []


def _colour(state: Status) -> int:
    if state.audit is not None and not state.audit.sound:
        return _RED
    if state.provider.refuses_since is not None:
        return _RED
    return _AMBER if state.paused is not None or state.doubts.count else cards.BLURPLE
