"""What the pipeline needs from whoever shows its results; `ui/` implements it on Discord."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models import GuildSettings, Job, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedImage:
    """An image that passed the gate, as it lies in the spool; its file's name ends as its media type demands."""

    index: int
    path: Path
    media_type: str
    width_px: int
    height_px: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """The image that a member gave, as a file to be put onto the card again under that name."""

    filename: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualTime:
    """How long jobs of this kind usually take from submission to result, in seconds.

    `measured` on recent jobs here; otherwise it is what is known of the provider in general.
    """

    low_seconds: float
    high_seconds: float
    measured: bool = True


class Delivery(Protocol):
    """Changes a job's card. Every method is idempotent, bounds its own time and may be called again after a crash.

    All raise CardGone where the card can never be reached again, and DeliveryUnavailable where another try
    may succeed.
    """

    async def find_card(self, job: Job) -> int | None:
        """The message id of the answer to the job's interaction, or None where there is none.

        Asks Discord for `@original` with the stored token; a token too old to ask with means None.
        """

    async def image_addresses(self, job: Job) -> Mapping[str, str]:
        """Fresh addresses of the files on the job's card, by file name, for the provider to read them there."""

    async def show(self, job: Job, *, usual: UsualTime | None = None) -> None:
        """Make the card say what `job.status` and `job.reason` are.

        A hidden or removed job's card says only that, and at its end there is no file left on it. Of a delivered job
        it says that its pictures are lost, so that is not how a gallery is made.
        """

    async def deliver(
        self,
        job: Job,
        images: Sequence[ReleasedImage],
        verdicts: Sequence[Verdict],
        *,
        guild: GuildSettings,
        given: GivenFile | None = None,
    ) -> None:
        """Make the card the gallery of these images, as the guild wants them; `verdicts` covers withheld ones too.

        `given` is put beside them where the card has lost the image that the member gave.
        """

    async def notify(self, job: Job) -> None:
        """Reply to the card with a mention of the author: the job is done. Sent at most once by the caller."""


class OperatorNotices(Protocol):
    """Tells the operator what only the operator can mend. Best effort: never raises, logs instead."""

    async def provider_refuses(self, status: int) -> None:
        """The provider answered 401, 402 or 403: nothing is submitted until it takes the account again."""

    async def provider_is_back(self) -> None:
        """The provider takes submissions again."""
