"""Makes discord.py survive interactions that lack what it takes for granted, or that it can't read at all.

One INTERACTION_CREATE that it can't parse ends its connection for good. Fields that Discord's reference calls
optional, or that appeared only lately, are therefore filled in; what still can't be read is logged and dropped.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from permissions import INVITE_PERMISSIONS

log = logging.getLogger(__name__)

Parse = Callable[[Any], None]

# Discord's default for a file, in bytes.
_FILE_BYTES: Final = 10 * 1024 * 1024
_TEXT_CHANNEL: Final = 0


def tolerant(parse: Parse) -> Parse:
    """`parse` for INTERACTION_CREATE such that no payload makes it raise."""

    def parse_interaction(data: dict[str, Any]) -> None:
        # It fails while it reads, before it has handed anything on, so a second reading handles nothing twice.
        for payload in (_completed(data), {**_completed(data), "channel": _plain_channel(data)}):
            try:
                parse(payload)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                unreadable = error
            else:
                return
        log.error("an interaction could not be read and goes unanswered", exc_info=unreadable)

    return parse_interaction


def _completed(data: dict[str, Any]) -> dict[str, Any]:
    completed = {
        "version": 1,
        "attachment_size_limit": _FILE_BYTES,
        # Where Discord does not say what the bot may do there, it is left to find out.
        "app_permissions": str(INVITE_PERMISSIONS),
        **data,
    }
    if "channel" not in data and "channel_id" in data:
        completed["channel"] = _plain_channel(data)
    if isinstance(member := data.get("member"), dict):
        user = {"username": "", "discriminator": "0", "avatar": None, **member.get("user", {})}
        completed["member"] = {"flags": 0, "joined_at": None, "roles": [], **member, "user": user}
    return completed


def _plain_channel(data: dict[str, Any]) -> dict[str, Any]:
    given = data.get("channel") or {}
    return {"id": data.get("channel_id") or given.get("id"), "type": _TEXT_CHANNEL, "name": "", "position": 0}
