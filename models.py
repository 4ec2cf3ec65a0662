"""The domain's values: requests, jobs with their transition table, results, verdicts, accounts. No I/O.

Money is whole micros: 1 USD = 1 000 000. What a request may hold is in `parameters.py`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from errors import InvalidOption
from limits import HoldingCap
from parameters import (
    NEGATIVE_PROMPT_MAX_CHARACTERS,
    PARAMETER_BOUNDS,
    PROMPT_MAX_CHARACTERS,
    ControlLora,
    ControlNet,
    ControlNetUnion,
    EasyControl,
    ImageSize,
    IpAdapter,
    Lora,
    OutputFormat,
    Scheduler,
    check_number,
    check_text,
    is_blank,
)
from recipes import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """The validated, frozen wish of a member, in the provider's parameter names and with its defaults.

    There is no field for the safety checker: every body sent asks for it, and nothing can say otherwise.
    `use_real_cfg` and `reference_image_url` are fal's, without which `real_cfg_scale` and
    `reference_strength` have nothing to act on. Making one with a value out of range raises InvalidOption.
    """

    prompt: str
    negative_prompt: str = ""
    image_size: ImageSize = ImageSize.LANDSCAPE_4_3
    num_inference_steps: int = 28
    seed: int | None = None
    guidance_scale: float = 3.5
    real_cfg_scale: float = 3.5
    use_real_cfg: bool = False
    num_images: int = 1
    reference_image_url: str | None = None
    reference_strength: float = 0.65
    reference_end: float = 1.0
    base_shift: float = 0.5
    max_shift: float = 1.15
    output_format: OutputFormat = OutputFormat.PNG
    scheduler: Scheduler = Scheduler.EULER
    nag_scale: float = 3.0
    nag_tau: float = 2.5
    nag_alpha: float = 0.25
    nag_end: float = 0.25
    loras: tuple[Lora, ...] = ()
    control_loras: tuple[ControlLora, ...] = ()
    controlnets: tuple[ControlNet, ...] = ()
    controlnet_unions: tuple[ControlNetUnion, ...] = ()
    ip_adapters: tuple[IpAdapter, ...] = ()
    easycontrols: tuple[EasyControl, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", self.prompt.strip())
        object.__setattr__(self, "negative_prompt", self.negative_prompt.strip())
        if is_blank(self.prompt):
            raise InvalidOption("prompt", "empty")
        check_text("prompt", self.prompt, longest=PROMPT_MAX_CHARACTERS)
        check_text("negative_prompt", self.negative_prompt, longest=NEGATIVE_PROMPT_MAX_CHARACTERS)
        for name, bounds in PARAMETER_BOUNDS.items():
            value = getattr(self, name)
            if value is not None:
                check_number(name, value, bounds)
        if len(self.controlnets) + len(self.controlnet_unions) > 1:
            raise InvalidOption("controlnets", "conflict", other="controlnet_unions")


class JobStatus(StrEnum):
    """Where a job is. The transitions are in TRANSITIONS, and the store refuses every other."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    GENERATED = "generated"
    IN_REVIEW = "in_review"
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    WITHHELD = "withheld"
    UNDELIVERABLE = "undeliverable"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"
    CANCELLED = "cancelled"
    WRITTEN_OFF = "written_off"

    @property
    def is_terminal(self) -> bool:
        return not TRANSITIONS[self]


TRANSITIONS: Final[dict[JobStatus, frozenset[JobStatus]]] = {
    JobStatus.QUEUED: frozenset({JobStatus.SUBMITTING, JobStatus.CANCELLED}),
    JobStatus.SUBMITTING: frozenset({JobStatus.QUEUED, JobStatus.SUBMITTED, JobStatus.FAILED, JobStatus.IN_DOUBT}),
    JobStatus.SUBMITTED: frozenset({JobStatus.GENERATED, JobStatus.FAILED, JobStatus.IN_DOUBT}),
    JobStatus.IN_DOUBT: frozenset({JobStatus.GENERATED, JobStatus.FAILED, JobStatus.WRITTEN_OFF}),
    JobStatus.GENERATED: frozenset(
        {JobStatus.DELIVERED, JobStatus.WITHHELD, JobStatus.UNDELIVERABLE, JobStatus.IN_REVIEW}
    ),
    JobStatus.IN_REVIEW: frozenset(
        {JobStatus.DELIVERED, JobStatus.UNDELIVERABLE, JobStatus.REJECTED, JobStatus.EXPIRED}
    ),
    JobStatus.DELIVERED: frozenset(),
    JobStatus.WITHHELD: frozenset(),
    JobStatus.UNDELIVERABLE: frozenset(),
    JobStatus.REJECTED: frozenset(),
    JobStatus.EXPIRED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
    JobStatus.WRITTEN_OFF: frozenset(),
}

# What counts towards a member's jobs under way: a job in doubt or in review waits for others, not for us.
UNDER_WAY: Final = (JobStatus.QUEUED, JobStatus.SUBMITTING, JobStatus.SUBMITTED, JobStatus.GENERATED)


class FailureReason(StrEnum):
    """Why a job ended without pictures, or is in doubt; stored, reported and worded for the member."""

    CONTENT_POLICY = "content_policy_violation"
    IMAGE_LOAD = "image_load_error"
    FILE_DOWNLOAD = "file_download_error"
    IMAGE_TOO_LARGE = "image_too_large"
    IMAGE_TOO_SMALL = "image_too_small"
    IMAGE_FORMAT = "unsupported_image_format"
    INVALID_PARAMETER = "invalid_parameter"
    GENERATION_TIMEOUT = "generation_timeout"
    PROVIDER_CANCELLED = "provider_cancelled"
    PROVIDER_FAILED = "provider_failed"
    REQUEST_REFUSED = "request_refused"
    ACCEPTANCE_UNKNOWN = "acceptance_unknown"
    INTERRUPTED_SUBMISSION = "interrupted_submission"
    DEADLINE = "deadline"
    RESULT_UNKNOWN = "result_unknown"
    OPERATOR_SETTLED = "operator_settled"
    OPERATOR_RELEASED = "operator_released"
    CANCELLED_BY_AUTHOR = "cancelled_by_author"
    CANCELLED_BY_MODERATOR = "cancelled_by_moderator"
    NO_CARD = "no_card"
    NOT_SUBMITTED_IN_TIME = "not_submitted_in_time"
    CARD_GONE = "card_gone"
    IMAGE_GONE = "image_gone"
    SUSPENDED = "suspended"
    REJECTED_BY_MODERATOR = "rejected_by_moderator"
    REVIEW_EXPIRED = "review_expired"
    PICTURES_LOST = "pictures_lost"
    ALL_WITHHELD = "all_withheld"
    SOME_WITHHELD = "some_withheld"


class VerdictReason(StrEnum):
    """Why an image is released or withheld."""

    RELEASED = "released"
    FLAGGED = "flagged"
    UNCHECKED = "unchecked"
    FLAGS_MISSING = "flags_missing"
    FLAGS_MISMATCH = "flags_mismatch"
    FORBIDDEN_URL = "forbidden_url"
    DOWNLOAD_FAILED = "download_failed"
    TOO_LARGE = "too_large"
    NOT_AN_IMAGE = "not_an_image"
    UNDECODABLE = "undecodable"
    TOO_MANY_PIXELS = "too_many_pixels"
    ANIMATED = "animated"
    BLANK = "blank"
    RESULT_UNAVAILABLE = "result_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of the image gate for the image at `index` of its job.

    `raw_flag` is the provider's own answer for the image as JSON text (None where there was none), `sha256`
    and `size_bytes` are of the downloaded bytes (None where there was no download).
    """

    index: int
    reason: VerdictReason
    raw_flag: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    width_px: int | None = None
    height_px: int | None = None
    media_type: str | None = None

    @property
    def released(self) -> bool:
        return self.reason is VerdictReason.RELEASED


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultImage:
    """One image of a finished submission as the provider describes it; None where it gave no usable value."""

    url: str | None = field(repr=False)
    width_px: int | None = None
    height_px: int | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationResult:
    """A finished submission. `has_nsfw_concepts` is the provider's value untouched: the gate judges it.

    `malformed` where the images are no list, so that nobody can say how many there are.
    """

    images: tuple[ResultImage, ...]
    has_nsfw_concepts: object
    malformed: bool = False
    seed: int | None = None
    inference_seconds: float | None = None


class Scope(StrEnum):
    """Whose cap an account holds."""

    MEMBER = "member"
    GUILD = "guild"
    GLOBAL = "global"


class Unit(StrEnum):
    """What an account counts: images, or millionths of a US dollar."""

    IMAGE = "image"
    MICROS = "micros"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKey:
    """One account: its period (`2026-11-22` or `2026-11`) is part of the key, so nothing is ever reset.

    `guild_id` is 0 for the global account, `user_id` 0 for the global one and the guilds'.
    """

    scope: Scope
    unit: Unit
    period: str
    guild_id: int = 0
    user_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What a job holds of one account, the cap that holds there, and when the next period begins.

    `each` is the part of `amount` that a single image takes; `holding` says where the cap comes from.
    """

    account: AccountKey
    amount: int
    each: int
    cap: int
    renews_at: datetime
    holding: HoldingCap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """An account as it stands: `pending` is reserved, `posted` is spent."""

    account: AccountKey
    pending: int
    posted: int
    cap: int

    @property
    def left(self) -> int:
        return max(0, self.cap - self.pending - self.posted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A mark that a guild's or everybody's budget has reached: 50, 80 or 100 percent, to be told once.

    `balance` is the account as it was then. `sending_at` is set once it may have been sent, to the guild's channel
    `channel_id`; the operator's have none.
    """

    alert_id: int
    balance: Balance
    percent: int
    made_at: datetime
    renews_at: datetime
    sending_at: datetime | None = None
    channel_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a wish comes from: the interaction, and what its answer needs.

    `missing_permissions` are those the bot lacks in the channel, by Discord's API names; `role_ids` the member's
    roles; `parent_id` the channel that a thread or forum post is in; `joined_at` when the member came to the guild,
    where Discord says so. These four are not kept with a job.
    """

    interaction_id: int
    interaction_token: str = field(repr=False)
    application_id: int
    guild_id: int
    channel_id: int
    user_id: int
    locale: str = "en-US"
    missing_permissions: tuple[str, ...] = ()
    role_ids: tuple[int, ...] = ()
    parent_id: int | None = None
    joined_at: datetime | None = None

    @property
    def place_ids(self) -> tuple[int, ...]:
        """The channel, and the one that it is in."""
        return (self.channel_id,) if self.parent_id is None else (self.channel_id, self.parent_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The persisted unit of work. Times are aware UTC; `message_id` is the card's, once it is known.

    `card_status` is the status that the card shows for certain; `price_micros` is for one image; `removed_at` is
    when the pictures were taken off Discord, by the Delete button or a moderator; `hidden_at` since when they are not
    shown because enough members have reported them.
    """

    job_id: str
    origin: Origin
    request: GenerationRequest = field(repr=False)
    status: JobStatus
    price_micros: int
    created_at: datetime
    changed_at: datetime
    reason: str | None = None
    message_id: int | None = None
    request_id: str | None = None
    not_before: datetime | None = None
    submitted_at: datetime | None = None
    generated_at: datetime | None = None
    finished_at: datetime | None = None
    images_requested: int = 1
    images_produced: int = 0
    images_released: int = 0
    settled_micros: int = 0
    result_seed: int | None = None
    submit_attempts: int = 0
    card_status: JobStatus | None = None
    notified_at: datetime | None = None
    removed_at: datetime | None = None
    hidden_at: datetime | None = None
    review_mark: str | None = None
    recipe: Recipe = field(default_factory=Recipe, repr=False)

    @property
    def is_shown(self) -> bool:
        """Whether everybody may see what its card is about: it is neither hidden nor removed."""
        return self.hidden_at is None and self.removed_at is None

    @property
    def typed_prompt(self) -> str:
        """The prompt as the member typed it, without what a preset or a LoRA added."""
        return self.request.prompt if self.recipe.prompt is None else self.recipe.prompt

    def shows_negative_to(self, user_id: int) -> bool:
        """Whether the negative prompt may be shown to this member: only to whoever wrote it, and never in public."""
        return self.origin.user_id == user_id and not self.recipe.negative_borrowed

    @property
    def cost_micros(self) -> int:
        """What is reserved for the job: the price of every image asked for."""
        return self.price_micros * self.images_requested


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildSettings:
    """What a guild has chosen; the defaults hold where it never chose.

    `next_time_zone` counts from `next_time_zone_from` on. `review` is one of `Review`; `language` is `auto`
    (cards speak their author's) or a language. A confirming press is asked for from `confirm_images` on, or from
    `confirm_percent` of what the member has left; None means never. A strike counts for `strike_days`; `ladder` is
    what follows the first, the second …: seconds of suspension, 0 a warning, -1 until moderators decide.
    `filter_version` goes up with every change of the guild's prompt filter.
    """

    guild_id: int
    time_zone: str = "UTC"
    next_time_zone: str | None = None
    next_time_zone_from: datetime | None = None
    paused: bool = False
    images_per_job: int = 4
    recipe_in_files: bool = True
    spoilers: bool = False
    moderators_channel_id: int | None = None
    review: str = "never"
    language: str = "auto"
    confirm_images: int | None = None
    confirm_percent: int | None = None
    greeted_at: datetime | None = None
    new_member_days: int = 7
    review_hours: int = 72
    reports_to_hide: int = 3
    strikes: bool = True
    strike_flagged: bool = False
    strike_days: int = 30
    ladder: tuple[int, ...] = (0, 3600, 86400, 604800, -1)
    appeals_per_day: int = 3
    filter_version: int = 0

    def zone_at(self, now: datetime) -> str:
        """The time zone that the guild's days and months follow at that moment."""
        if self.next_time_zone is not None and self.next_time_zone_from is not None and now >= self.next_time_zone_from:
            return self.next_time_zone
        return self.time_zone

    def locale_for(self, own: str) -> str:
        """The locale that a card speaks whose author's is `own`."""
        return own if self.language == "auto" else self.language


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where and by whom the bot may be used in a guild; an empty set limits nothing."""

    channel_ids: frozenset[int] = frozenset()
    role_ids: frozenset[int] = frozenset()


class Notify(StrEnum):
    """When a member is mentioned once a job is done: after a long wait, every time, or not at all."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What of a job's reservation is posted: images count in the member's quota, micros everywhere.

    They differ where the provider may bill for something unusable: the money is settled, the member's
    images are given back.
    """

    images: int
    micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One append-only ledger line: what it added to its account's `pending`, `posted` and `granted`."""

    entry_id: int
    account: AccountKey
    kind: str
    pending: int
    posted: int
    granted: int
    cap: int | None
    job_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """An account whose balance is not the sum of its entries."""

    account: AccountKey
    pending: int
    posted: int
    entries_pending: int
    entries_posted: int
