"""Discord as far as delivery can tell: cards that outlive the bot's processes, and an unreliable way to them."""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, TypeVar

from clock import Clock
from errors import CardGone, DeliveryUnavailable
from generation import inputs
from generation.delivery import GivenFile, ReleasedImage, UsualTime
from models import GuildSettings, Job, JobStatus, Verdict
from tests.simulation.network import Gone, Line, Lost
from tests.simulation.trace import Trace
from tests.simulation.weather import Weather

T = TypeVar("T")

TOKEN_LASTS: Final = timedelta(minutes=14)
_EDIT_SECONDS, _UPLOAD_SECONDS = 10.0, 120.0
# Of an edit that was given up: `generation.cards.REPEAT_AFTER_SECONDS` is said to be longer.
_LINGER_SECONDS: Final = 19.0
_FIRST_MESSAGE: Final = 1_300_000_000_000_000_000

# What a card says before it says anything: Discord's own "thinking …".
THINKING: Final = "thinking"


@dataclass(slots=True, kw_only=True)
class Card:
    """One message, the answer to one interaction."""

    message_id: int
    interaction_id: int
    says: str
    gallery: tuple[str, ...] | None = None
    deleted: bool = False
    notices: int = 0


class Witness(Protocol):
    """Whoever looks on at what becomes of cards."""

    def shown(self, job: Job, card: Card, digests: tuple[str, ...]) -> None:
        """The card is about to become a gallery of these pictures."""


class Channel:
    """Every card that was ever made, by interaction."""

    def __init__(self, trace: Trace, witness: Witness) -> None:
        self.weather = Weather()
        self.cards: dict[int, Card] = {}
        # Interactions whose answer Discord has refused: it refuses every other as well.
        self.refused: set[int] = set()
        self._trace = trace
        self._witness = witness

    def answer(self, interaction_id: int, says: str) -> int:
        """An interaction is answered: the message. A second answer is no second message. Raises Gone."""
        card = self.cards.get(interaction_id)
        if card is not None:
            return card.message_id
        if interaction_id in self.refused:
            raise Gone
        card = Card(message_id=_FIRST_MESSAGE + len(self.cards), interaction_id=interaction_id, says=says)
        self.cards[interaction_id] = card
        self._trace.note("discord", f"card of wish {interaction_id} made: {says}")
        return card.message_id

    def find(self, interaction_id: int) -> int | None:
        """The message that answers the interaction."""
        card = self.cards.get(interaction_id)
        return None if card is None or card.deleted else card.message_id

    def edit(self, interaction_id: int, says: str) -> int:
        """Change what a card says. Raises Gone."""
        card = self._there(interaction_id)
        card.says = says
        self._trace.note("discord", f"card of wish {interaction_id} says {says}")
        return card.message_id

    def make_gallery(self, job: Job, digests: tuple[str, ...]) -> None:
        """Put pictures on a card. Raises Gone."""
        card = self._there(job.origin.interaction_id)
        self._witness.shown(job, card, digests)
        card.gallery, card.says = digests, JobStatus.DELIVERED
        self._trace.note("discord", f"card of wish {card.interaction_id} shows {len(digests)} pictures")

    def notify(self, interaction_id: int) -> None:
        """A reply to the card. Raises Gone."""
        self._there(interaction_id).notices += 1

    def delete(self, interaction_id: int) -> None:
        """Somebody takes the card away."""
        self.cards[interaction_id].deleted = True
        self._trace.note("discord", f"card of wish {interaction_id} deleted")

    def take_back(self, interaction_id: int) -> None:
        """An answer that was kept free is not needed after all."""
        if interaction_id in self.cards:
            self.delete(interaction_id)

    def _there(self, interaction_id: int) -> Card:
        card = self.cards.get(interaction_id)
        if card is None or card.deleted:
            raise Gone
        return card


class ScriptedDelivery:
    """`generation.delivery.Delivery` on a channel: one process's way to it."""

    def __init__(self, channel: Channel, line: Line, clock: Clock, dice: random.Random) -> None:
        self._channel = channel
        self._line = line
        self._clock = clock
        self._dice = dice

    async def find_card(self, job: Job) -> int | None:
        if not self._token_is_valid(job):
            return None
        return await self._call(_EDIT_SECONDS, lambda: self._channel.find(job.origin.interaction_id))

    async def image_addresses(self, job: Job) -> Mapping[str, str]:
        names = inputs.names(job.request)
        return {name: f"https://cdn.discordapp.com/{name}" for name in names}

    async def show(self, job: Job, *, usual: UsualTime | None = None) -> None:
        self._has_card(job)
        await self._call(_EDIT_SECONDS, lambda: self._channel.edit(job.origin.interaction_id, job.status))

    async def deliver(
        self,
        job: Job,
        images: Sequence[ReleasedImage],
        verdicts: Sequence[Verdict],
        *,
        guild: GuildSettings,
        given: GivenFile | None = None,
    ) -> None:
        self._has_card(job)
        digests = tuple(hashlib.sha256(image.path.read_bytes()).hexdigest() for image in images)
        await self._call(_UPLOAD_SECONDS, lambda: self._channel.make_gallery(job, digests))

    async def notify(self, job: Job) -> None:
        self._has_card(job)
        await self._call(_EDIT_SECONDS, lambda: self._channel.notify(job.origin.interaction_id))

    async def _call(self, patience: float, serve: Callable[[], T]) -> T:
        weather = self._channel.weather
        refused = self._dice.random() < weather.discord / 2
        retry_after = self._dice.choice((None, 0.5, 20.0))
        trip = self._line.trip(
            patience=patience,
            slow=2 * weather.slow,
            lost=weather.discord / 2,
            late=weather.late,
            linger=_LINGER_SECONDS,
        )

        def refuse() -> T:
            raise DeliveryUnavailable("Discord answered 503", retry_after=retry_after)

        try:
            return await self._line.call(trip, refuse if refused else serve)
        except Lost:
            raise DeliveryUnavailable("no edit came about: TimeoutError") from None
        except Gone:
            raise CardGone("Discord answered 404, code 10008") from None

    def _has_card(self, job: Job) -> None:
        if job.message_id is None:
            raise CardGone("the card is not known")

    def _token_is_valid(self, job: Job) -> bool:
        return bool(job.origin.interaction_token) and self._clock.now() - job.created_at < TOKEN_LASTS
