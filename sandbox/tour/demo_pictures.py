"""The pictures that are cut from the demo's transcript, by the messages that they show."""

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sandbox.demo import channel, play, wishes
from sandbox.demo.channel import ChannelView
from sandbox.demo.console import Console
from sandbox.demo.record import Record
from sandbox.pixazo import PixazoStandIn

_QUEUE: Final = "/queue"


class DemoFailed(Exception):
    """The demo did not come to its end."""


async def views() -> Mapping[str, ChannelView]:
    """Parts of the demo's channel, by the name of the picture. Raises DemoFailed."""
    record = await play(PixazoStandIn, Console(io.StringIO()))
    if record.fault is not None:
        raise DemoFailed(record.fault)
    cards = {one.wish: one.message.id for one in (*record.played, *record.refused)}
    limits = {cards[wishes.CANCELLED], cards[wishes.TOO_MANY], *_asked(record)}
    return {
        "demo": _part(record, {cards[wishes.FIRST], cards[wishes.FOUR]}),
        "demo-safety": _part(record, {cards[wishes.FLAGGED], cards[wishes.MIXED]}),
        "demo-limits": replace(_part(record, limits), marks=tuple(record.marks)),
    }


def _asked(record: Record) -> set[int]:
    """The answers to `/queue` and `/quota`."""
    entries = record.discord.transcript(record.channel)
    queues = {entry.message_id for entry in entries if entry.command and entry.command.endswith(f" used {_QUEUE}")}
    return queues | ({record.quota.id} if record.quota else set())


def _part(record: Record, message_ids: set[int]) -> ChannelView:
    whole = channel.view(record.discord, record.channel, files={})
    return replace(whole, entries=tuple(entry for entry in whole.entries if entry.message_id in message_ids))
