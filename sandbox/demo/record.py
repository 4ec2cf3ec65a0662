"""What the demo has seen; the checks are made on it."""

from dataclasses import dataclass, field

from sandbox.demo.books import Books
from sandbox.demo.channel import Mark, OpenForm
from sandbox.demo.wishes import Played
from sandbox.discord import Channel, DiscordStandIn, Guild, Message, TranscriptEntry
from sandbox.pixazo import PixazoStandIn


@dataclass(slots=True, kw_only=True)
class Pages:
    """Private pages as they were when they were shown."""

    preview: TranscriptEntry
    panel: TranscriptEntry
    details: TranscriptEntry
    history: TranscriptEntry
    history_in_german: TranscriptEntry


@dataclass(slots=True, kw_only=True)
class Record:
    """What has been seen so far."""

    discord: DiscordStandIn
    pixazo: PixazoStandIn
    guild: Guild
    channel: Channel
    played: list[Played] = field(default_factory=list)
    refused: list[Played] = field(default_factory=list)
    quota: Message | None = None
    marks: list[Mark] = field(default_factory=list)
    """What the transcripts tell besides the messages."""
    moments: list[TranscriptEntry | OpenForm] = field(default_factory=list)
    """Messages as they were before they became something else, and forms."""
    pages: Pages | None = None
    books_in_the_dark: Books | None = None
    books: Books | None = None
    balanced: bool = False
    """Whether the report found every balance to be the sum of its entries."""
    report: str = ""
    starts: int = 0
    exit_code: int | None = None
    stop_seconds: float = 0.0
    fault: str | None = None
    """What kept the programme from running to its end."""
    bot_log: tuple[str, ...] = ()
