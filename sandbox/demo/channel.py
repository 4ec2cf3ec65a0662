"""A channel as the transcripts take it: the stand-in's entries, who is who, and what became of each message."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sandbox.demo.client_language import ENGLISH, ClientLanguage
from sandbox.discord import Attachment, Channel, DiscordStandIn, Json, Message, Revision, TranscriptEntry
from sandbox.discord.messages import walk_components

TEXT_DISPLAY: Final = 10
GALLERY: Final = 12
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
class OpenForm:
    """A form that a member had before them; `filled_in` is what they wrote or chose, by the field's custom id."""

    at: datetime
    member: str
    modal: Json
    filled_in: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """Everything that a transcript shows. `files` are the names of saved pictures by attachment id.

    `moments` are messages as they were before they became something else, and forms, which are no messages.
    `hosted` are all files of the CDN by their path: a message may show another one's. What only `reader` sees is
    shown as Discord shows it to them; for everybody else's private messages it is said whose they are.
    """

    guild: str
    channel: str
    names: Mapping[int, str]
    entries: tuple[TranscriptEntry, ...]
    states: Mapping[int, tuple[State, ...]]
    files: Mapping[int, str] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    moments: tuple[TranscriptEntry | OpenForm, ...] = ()
    hosted: Mapping[str, Attachment] = field(default_factory=dict)
    language: ClientLanguage = ENGLISH
    reader: str | None = None

    def in_order(self) -> list[TranscriptEntry | OpenForm | Mark]:
        """Messages, forms and marks, oldest first."""
        return sorted((*self.moments, *self.entries, *self.marks), key=lambda item: item.at)


def view(
    discord: DiscordStandIn,
    channel: Channel,
    *,
    files: Mapping[int, str],
    marks: Iterable[Mark] = (),
    moments: Iterable[TranscriptEntry | OpenForm] = (),
) -> ChannelView:
    """The channel as it is now. A message that has a moment stands after it, where it became what it is."""
    moments = tuple(moments)
    changed = {moment.message_id for moment in moments if isinstance(moment, TranscriptEntry)}
    entries = tuple(discord.transcript(channel))
    told = {entry.message_id: states(discord.message(entry.message_id)) for entry in entries}
    members = {member.id: shown_name(member.name) for member in channel.guild.members.values()}
    return ChannelView(
        guild=channel.guild.name,
        channel=channel.name,
        names={**members, channel.id: channel.name},
        entries=tuple(
            replace(entry, at=told[entry.message_id][-1].at) if entry.message_id in changed else entry
            for entry in entries
        ),
        states=told,
        files=files,
        marks=tuple(marks),
        moments=moments,
        hosted={attachment.path: attachment for attachment in discord.world.attachments.values()},
    )


def states(message: Message) -> tuple[State, ...]:
    """What the message said, one after the other; an edit that says the same again is no new state."""
    found: list[State] = []
    for revision in message.history:
        pictures = 0 if message.ephemeral else pictures_in(revision)
        words = headline(revision, pictures)
        if words and (not found or found[-1].headline != words):
            found.append(State(at=revision.at, headline=words, pictures=pictures))
    return tuple(found)


def shown_name(name: str) -> str:
    """A user name as the channel shows it."""
    return name.title()


def pictures_in(state: Message | Revision) -> int:
    """How many pictures a message shows in its galleries: what lies beside its text is not among them."""
    return sum(len(part["items"]) for part in walk_components(list(state.components)) if part.get("type") == GALLERY)


def headline(revision: Revision, pictures: int) -> str:
    """A state of a message in a few words: how many pictures it shows, else its heading, else its first line."""
    if pictures:
        return f"{pictures} {'picture' if pictures == 1 else 'pictures'}"
    text = "\n".join(_texts(list(revision.components))) or revision.content
    heading = _HEADING.search(text)
    return heading[1] if heading else text.partition("\n")[0]


def _texts(components: list[Json]) -> list[str]:
    return [part["content"] for part in walk_components(components) if part.get("type") == TEXT_DISPLAY]
