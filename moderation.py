"""The values of moderation: what waits for a moderator, and what was decided about it. No I/O."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from errors import PictureHidden, PictureRemoved
from models import Job


class ReviewMark(StrEnum):
    """Why a picture may have to be looked at by a moderator before it goes up."""

    NEW_MEMBER = "new_member"
    PROMPT = "prompt"


class Review(StrEnum):
    """Whose pictures wait for a moderator in a guild: nobody's, new members' and marked prompts', everybody's."""

    NEVER = "never"
    NEW = "new"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """A member may not start jobs in a guild: until a moment, or until a moderator lifts it (None).

    Since `at`, by the moderator `by_id`: 0 where strikes led to it, None where that is no longer known.
    """

    until: datetime | None
    reason: str = ""
    by_id: int | None = field(default=None, compare=False)
    at: datetime | None = field(default=None, compare=False)

    @property
    def by_strikes(self) -> bool:
        return self.by_id == 0


class CaseKind(StrEnum):
    """What moderators have to decide: a picture that waits, one that was reported, a refusal that a member
    appeals, or what becomes of a member at the end of the ladder."""

    REVIEW = "review"
    REPORT = "report"
    APPEAL = "appeal"
    STRIKES = "strikes"


class CaseOutcome(StrEnum):
    """How a case ended. Which goes with which kind is in OUTCOMES; any may run out (`expired`) or end by itself."""

    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REMOVED = "removed"
    DISMISSED = "dismissed"
    GRANTED = "granted"
    DENIED = "denied"
    LIFTED = "lifted"
    KEPT = "kept"


OUTCOMES: Final[dict[CaseKind, frozenset[CaseOutcome]]] = {
    CaseKind.REVIEW: frozenset({CaseOutcome.APPROVED, CaseOutcome.REJECTED, CaseOutcome.EXPIRED}),
    CaseKind.REPORT: frozenset({CaseOutcome.REMOVED, CaseOutcome.DISMISSED, CaseOutcome.EXPIRED}),
    CaseKind.APPEAL: frozenset({CaseOutcome.GRANTED, CaseOutcome.DENIED, CaseOutcome.EXPIRED}),
    CaseKind.STRIKES: frozenset({CaseOutcome.LIFTED, CaseOutcome.KEPT, CaseOutcome.EXPIRED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Something that moderators have to decide. It is open while `outcome` is None.

    `user_id` is the member whom it is about. `revision` goes up with everything that its card shows, and
    `card_revision` is what the card shows for certain. `sending_at` is set, with `channel_id`, before the card is
    sent; `message_id` once it is known to be there; `gone_at` when it was found deleted, and then it gets no other.
    `expires_at` is when a review that nobody has answered runs out. `decided_by` 0 is the bot itself, and None in a
    decided case is a person who was erased.
    """

    case_id: int
    guild_id: int
    kind: CaseKind
    user_id: int
    opened_at: datetime
    job_id: str | None = None
    strike_id: int | None = None
    words: str = ""
    expires_at: datetime | None = None
    revision: int = 1
    card_revision: int = 0
    sending_at: datetime | None = None
    channel_id: int | None = None
    message_id: int | None = None
    gone_at: datetime | None = None
    outcome: CaseOutcome | None = None
    decided_by: int | None = None
    decided_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.outcome is None


def check_shown(job: Job) -> None:
    """Raise PictureRemoved or PictureHidden for a job whose pictures and words nobody may use at present."""
    if job.removed_at is not None:
        raise PictureRemoved
    if job.hidden_at is not None:
        raise PictureHidden
