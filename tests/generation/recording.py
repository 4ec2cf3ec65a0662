"""The far side of delivery: a channel that remembers its cards, and an operator who remembers what was said.

`Channel` is Discord's side and outlives the bot's processes; `RecordingDelivery` is one process's way to it. It
behaves as the real delivery is promised to: idempotent edits, CardGone for good, DeliveryUnavailable for now.
"""

import copy
import hashlib
import itertools
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from clock import Clock
from errors import CardGone
from generation import inputs
from generation.delivery import GivenFile, ReleasedImage, UsualTime
from models import GuildSettings, Job, JobStatus, Verdict, VerdictReason

TOKEN_LASTS = timedelta(minutes=14)


@dataclass(slots=True)
class ChannelCard:
    """One message in the channel: every status it has shown, the member's image and the pictures in it.

    `files` are the pictures' bytes by name; `withdrawn` what it says in their place: `hidden`, `removed` or `lost`.
    """

    message_id: int
    shown: list[JobStatus] = field(default_factory=lambda: [JobStatus.QUEUED])
    gallery: tuple[str, ...] | None = None
    notices: int = 0
    deleted: bool = False
    has_image: bool = True
    files: dict[str, bytes] = field(default_factory=dict)
    withdrawn: str | None = None

    @property
    def says(self) -> JobStatus:
        return self.shown[-1]


class Channel:
    """Every card that was ever made, by job. `origin` is where their files can be fetched; None: nowhere."""

    def __init__(self) -> None:
        self.cards: dict[str, ChannelCard] = {}
        self.origin: str | None = None
        self._message_ids = itertools.count(1_300_000_000_000_000_000)

    def answer(self, job_id: str) -> int:
        """Discord takes the interaction's answer: the card is in the channel. A second answer is no second card."""
        card = self.cards.setdefault(job_id, ChannelCard(next(self._message_ids)))
        return card.message_id


class RecordingDelivery:
    """`generation.delivery.Delivery` on a `Channel`. `fail` scripts what the next calls of a method raise."""

    def __init__(self, channel: Channel, clock: Clock) -> None:
        self.channel = channel
        self.calls: Counter[str] = Counter()
        self.usual: list[UsualTime | None] = []
        self._clock = clock
        self._failures: defaultdict[str, deque[Exception]] = defaultdict(deque)

    def fail(self, method: str, error: Exception, *, times: int = 1) -> None:
        self._failures[method].extend([error] * times)

    async def find_card(self, job: Job) -> int | None:
        self._called("find_card")
        card = self.channel.cards.get(job.job_id)
        return card.message_id if card and not card.deleted and self._token_is_valid(job) else None

    async def show(self, job: Job, *, usual: UsualTime | None = None) -> None:
        self._called("show")
        card = self._card(job)
        self.usual.append(usual)
        card.shown.append(job.status)
        card.withdrawn = _withdrawn(job)
        assert job.status is not JobStatus.DELIVERED or card.withdrawn, "a gallery is not made by show()"
        if not job.is_shown and job.status.is_terminal:
            card.gallery, card.files, card.has_image = None, {}, False

    async def image_addresses(self, job: Job) -> Mapping[str, str]:
        self._called("image_addresses")
        card = self._card(job)
        origin, asked = self.channel.origin or "https://cdn.discordapp.com", self.calls["image_addresses"]
        given = inputs.names(job.request) if card.has_image else ()
        pictures = {name: f"{origin}/attachments/1/{job.job_id}/{name}?asked={asked}" for name in card.files}
        return pictures | {name: f"{origin}/attachments/1/2/{name}?asked={asked}" for name in given}

    async def deliver(
        self,
        job: Job,
        images: Sequence[ReleasedImage],
        verdicts: Sequence[Verdict],
        *,
        guild: GuildSettings,
        given: GivenFile | None = None,
    ) -> None:
        self._called("deliver")
        assert guild.guild_id == job.origin.guild_id, "another guild's settings"
        card = self._card(job)
        shown = tuple(hashlib.sha256(image.path.read_bytes()).hexdigest() for image in images)
        released = tuple(verdict.sha256 for verdict in verdicts if verdict.reason is VerdictReason.RELEASED)
        assert shown, "a gallery without pictures"
        assert shown == released, "a picture without a release verdict would be shown"
        assert card.gallery in (None, shown), "the card turns into another gallery"
        assert job.is_shown, "what is hidden or removed would be shown"
        card.gallery, card.withdrawn = shown, None
        card.files = {f"picture-{image.index + 1}{image.path.suffix}": image.path.read_bytes() for image in images}
        card.has_image = card.has_image or given is not None
        card.shown.append(JobStatus.DELIVERED)

    async def notify(self, job: Job) -> None:
        self._called("notify")
        assert job.message_id is not None
        self._card(job).notices += 1

    def _called(self, method: str) -> None:
        self.calls[method] += 1
        if self._failures[method]:
            raise copy.copy(self._failures[method].popleft())  # a raised one collects tracebacks

    def _card(self, job: Job) -> ChannelCard:
        card = self.channel.cards.get(job.job_id)
        if card is None or card.deleted or (job.message_id is None and not self._token_is_valid(job)):
            raise CardGone("no such card")
        assert job.message_id in (None, card.message_id), "another message would be edited"
        return card

    def _token_is_valid(self, job: Job) -> bool:
        return bool(job.origin.interaction_token) and self._clock.now() - job.created_at < TOKEN_LASTS


def _withdrawn(job: Job) -> str | None:
    if not job.is_shown:
        return "removed" if job.removed_at else "hidden"
    return "lost" if job.status is JobStatus.DELIVERED else None


class RecordingNotices:
    """`generation.delivery.OperatorNotices` that keeps what it was told."""

    def __init__(self) -> None:
        self.said: list[int | str] = []

    async def provider_refuses(self, status: int) -> None:
        self.said.append(status)

    async def provider_is_back(self) -> None:
        self.said.append("back")

    async def books_disagree(self, accounts: int) -> None:
        self.said.append(f"{accounts} wrong")

    async def books_agree(self) -> None:
        self.said.append("sound")


class RecordingObserver:
    """`generation.observer.Observer` that counts by kind and word."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.settled_micros = 0

    def submission(self, outcome: str) -> None:
        self.counts["submission", outcome] += 1

    def poll(self, outcome: str) -> None:
        self.counts["poll", outcome] += 1

    def download(self, outcome: str) -> None:
        self.counts["download", outcome] += 1

    def verdict(self, reason: VerdictReason) -> None:
        self.counts["verdict", reason] += 1

    def delivery(self, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.counts["delivery", outcome] += 1

    def transition(self, before: JobStatus | None, after: JobStatus) -> None:
        self.counts["transition", f"{before}>{after}"] += 1

    def latency(self, kind: str, seconds: float) -> None:
        assert seconds >= 0
        self.counts["latency", kind] += 1

    def settled(self, micros: int) -> None:
        self.settled_micros += micros

    def refusal(self, kind: str) -> None:
        self.counts["refusal", kind] += 1

    def blocked(self, category: str) -> None:
        self.counts["blocked", category] += 1
