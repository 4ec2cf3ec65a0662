"""A channel as the transcripts take it: the stand-in's entries, who is who, and what became of each message."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sandbox.discord import Channel, DiscordStandIn, Json, Message, Revision, TranscriptEntry
from sandbox.discord.messages import walk_components

TEXT_DISPLAY: Final = 10
_HEADING: Final = re.compile(r"^#{1,3}\s+(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a message said from `at` on, in a few words."""

    at: datetime
    headline: str
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened outside of the channel and explains what is in it."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """Everything that a transcript shows. `files` are the names of saved pictures by attachment id."""

    guild: str
    channel: str
    names: Mapping[int, str]
    entries: tuple[TranscriptEntry, ...]
    states: Mapping[int, tuple[State, ...]]
    files: Mapping[int, str] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()

    def in_order(self) -> list[TranscriptEntry | Mark]:
        """Messages and marks, oldest first."""
        return sorted((*self.entries, *self.marks), key=lambda item: item.at)


def view(
    discord: DiscordStandIn, channel: Channel, *, files: Mapping[int, str], marks: Iterable[Mark] = ()
) -> ChannelView:
    """The channel as it is now."""
    entries = tuple(discord.transcript(channel))
    members = {member.id: shown_name(member.name) for member in channel.guild.members.values()}
    return ChannelView(
        guild=channel.guild.name,
        channel=channel.name,
        names={**members, channel.id: channel.name},
        entries=entries,
        states={entry.message_id: states(discord.message(entry.message_id)) for entry in entries},
        files=files,
        marks=tuple(marks),
    )


def states(message: Message) -> tuple[State, ...]:
    """What the message said, one after the other; an edit that says the same again is no new state."""
    found: list[State] = []
    for revision in message.history:
        words = headline(revision)
        if not found or found[-1].headline != words:
            found.append(State(at=revision.at, headline=words, pictures=len(revision.attachments)))
    return tuple(found)


def shown_name(name: str) -> str:
    """A user name as the channel shows it."""
    return name.title()


def headline(revision: Revision) -> str:
    """A state of a message in a few words: how many pictures it shows, else its heading, else its first line."""
    if revision.attachments:
        count = len(revision.attachments)
        return f"{count} {'picture' if count == 1 else 'pictures'}"
    text = "\n".join(_texts(list(revision.components))) or revision.content
    heading = _HEADING.search(text)
    return heading[1] if heading else text.partition("\n")[0]


def _texts(components: list[Json]) -> list[str]:
    return [part["content"] for part in walk_components(components) if part.get("type") == TEXT_DISPLAY]
