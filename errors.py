"""Every exception that Easel raises, in two families.

EaselError
├── Refusal                     the member's side: the wording of each is safe to show
│   ├── InvalidOption           a value the provider would not take; says what it may be
│   ├── GenerationPaused        the guild or the operator has stopped new jobs
│   ├── MissingBotPermissions   the bot may not post here
│   ├── TooManyActiveJobs       the member's jobs under way are at their limit
│   ├── CapReached              an account would go over its cap
│   ├── ConfirmationNeeded      the guild wants a confirming press before so much is spent
│   ├── ProviderClosed          the provider refuses the operator's account, or the bot is stopping
│   ├── BooksDisagree           the audit has found balances that are not the sums of their entries
│   ├── Suspended               a moderator has suspended the member here
│   ├── PromptBlocked           the prompt filter refuses the words
│   ├── FilterUnreadable        the prompt filter can't be read, so nothing is let through
│   ├── TermRefused             what a moderator wants on the prompt filter's list can't be on it
│   ├── NothingToAppeal         the refusal is gone, lifted, or was appealed already
│   ├── TooManyAppeals          the member's appeals of the day are used up
│   ├── AlreadyDecided          another moderator was faster
│   ├── CaseGone                no such case in this guild
│   ├── TooManyReports          the member's reports of the day are used up
│   ├── ChannelNotAllowed       the guild lets the bot be used in other channels only
│   ├── RoleNeeded              the guild lets members with certain roles use the bot only
│   ├── CapChanged              somebody else changed the cap first
│   ├── JobNotFound             no such job, or not one that this member may see
│   ├── CancelRefused           not this member's job, or too late
│   ├── UnusableImage           an image that a member gave can't be used; says which would do
│   ├── DraftGone               the panel belongs to something finished, discarded or too old
│   ├── NotAllowed              only the author or a moderator may do that
│   ├── PictureGone             the pictures are no longer there
│   │   ├── WordsForgotten      the prompt is no longer kept
│   │   ├── PictureHidden       members have reported them, and no moderator has looked yet
│   │   └── PictureRemoved      their author or a moderator has taken them off
│   ├── NoPictureYet            the member has made none here to take settings from
│   └── NameTaken               a preset or LoRA of that name exists, or there are too many of them
└── Failure                     ours: logged, shown as a reference
    ├── ConfigurationError      a setting is missing or bad; names it
    ├── StorageError
    │   ├── StorageUnavailable  locked by another program, disk full, unwritable, corrupt
    │   ├── DuplicateInteraction this interaction has its job already: Discord sent it again
    │   ├── DatabaseInUse       another Easel process holds this database
    │   └── TransitionRefused   the job was not in the status that the change expects
    ├── ProviderError
    │   ├── NotAccepted         proven: the provider took nothing, so nothing is owed
    │   │   ├── Unreachable     DNS, connect or TLS fault: try again later
    │   │   └── RequestRejected a final 3xx or 4xx: trying again changes nothing
    │   ├── RateLimited         429, submit (nothing accepted) or poll (says nothing)
    │   ├── AccountRefused      401, 402, 403: opens the circuit
    │   ├── AcceptanceUnknown   the submission may have been accepted: in doubt
    │   ├── PollInconclusive    a poll that says nothing about the submission
    │   ├── RequestUnknown      a poll's 404
    │   └── DownloadFailed      a result that could not be fetched within its limits
    └── DeliveryError
        ├── CardGone            the card was deleted or can no longer be reached
        ├── DeliveryUnavailable Discord did not take the edit this time
        └── AlertRefused        Discord takes no message there: nothing was sent
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # models.py raises InvalidOption, so only the annotations may look back at it
    from datetime import datetime

    from limits import HoldingCap
    from models import AccountKey, FailureReason, JobStatus, VerdictReason


class EaselError(Exception):
    """The root of the tree."""


class Refusal(EaselError):
    """A member's wish that is not carried out; nothing was recorded and nothing was spent."""


class InvalidOption(Refusal):
    """`option` has a value that can't be used; `problem` is one of the fixed codes below.

    Codes: `empty`, `too_long` (`high` is the longest), `control_characters`, `out_of_range` (`low` to `high`,
    `low` itself excluded where `low_excluded`), `not_a_choice`, `conflict` (with the option in `other`),
    `not_used` (the mode in `other` has no use for it), `needed` (the mode in `other` can't do without), `bad_name`,
    `unknown_placeholder` (it is in `other`), `no_placeholder`, `too_many` (`high` is the most), `twice`, `unknown`
    (no such preset or LoRA: its name is in `other`), `guild_limit` (the guild allows `high` at most), `bad_path`,
    `host_not_listed` (the host is in `other`), `changed` (the choice exists no more), `built_in` (it can't be deleted),
    `unknown_zone` (no time zone of that name; those like it are in `other`), `no_period` (not a span of days, or one
    to come), `too_much` (too large to be sent; the period in `other` may not be).

    Of caps and grants; amounts of money are in micros: `negative`, `zero`, `not_whole` and `no_count` (of pictures),
    `no_amount` and `ambiguous` (of money), `amount_too_high` (`high` is the most), `above_ceiling` (the operator's is
    `high`), `only_for_server` (no member, role or channel has such a cap), `more_than_granted` (`high` is what was),
    `not_here` (it is not in this guild), `one_of` (it or the option in `other` is needed).

    Of moderation: `bad_ladder` (`high` steps are the most), `needs_moderators` (reviews, without a channel to show them
    in), `wanted_for_reviews` (the channel can't go while they are on).

    Of suspensions: `no_duration`, `duration_range` (a minute to a year), and, who can't be suspended, `a_bot` and
    `yourself`.
    """

    def __init__(
        self,
        option: str,
        problem: str,
        *,
        low: float | None = None,
        high: float | None = None,
        low_excluded: bool = False,
        other: str | None = None,
    ) -> None:
        super().__init__(f"{option}: {problem}")
        self.option = option
        self.problem = problem
        self.low = low
        self.high = high
        self.low_excluded = low_excluded
        self.other = other


class GenerationPaused(Refusal):
    """New jobs are stopped: `by` says whose switch it is, `guild` or `operator`."""

    def __init__(self, by: str) -> None:
        super().__init__(f"paused by the {by}")
        self.by = by


class MissingBotPermissions(Refusal):
    """The bot lacks these permissions in the channel; `permissions` are Discord's API names."""

    def __init__(self, permissions: tuple[str, ...]) -> None:
        super().__init__("missing " + ", ".join(permissions))
        self.permissions = permissions


class TooManyActiveJobs(Refusal):
    """The member has `active` jobs under way, and `limit` is the most at once."""

    def __init__(self, *, active: int, limit: int) -> None:
        super().__init__(f"{active} of {limit} jobs are under way")
        self.active = active
        self.limit = limit


class CapReached(Refusal):
    """`account` has room for `left` of its `cap`, less than the `amount` asked for; renews at `renews_at`.

    A single image takes `each` of it, so `fitting` images would still be taken; `holding` says where the cap comes
    from.
    """

    def __init__(
        self,
        account: AccountKey,
        *,
        cap: int,
        left: int,
        amount: int,
        each: int,
        renews_at: datetime,
        holding: HoldingCap | None = None,
    ) -> None:
        super().__init__(f"{account.scope} {account.unit} {account.period}: {left} of {cap} left, {amount} asked")
        self.account = account
        self.cap = cap
        self.left = left
        self.amount = amount
        self.each = each
        self.fitting = left // each
        self.renews_at = renews_at
        self.holding = holding


class ChannelNotAllowed(Refusal):
    """The guild lets the bot be used in other channels only: `channel_ids`."""

    def __init__(self, channel_ids: tuple[int, ...]) -> None:
        super().__init__(f"allowed in {len(channel_ids)} other channels")
        self.channel_ids = channel_ids


class RoleNeeded(Refusal):
    """The guild lets members with one of these roles use the bot, and this member has none of them."""

    def __init__(self, role_ids: tuple[int, ...]) -> None:
        super().__init__(f"needs one of {len(role_ids)} roles")
        self.role_ids = role_ids


class CapChanged(Refusal):
    """The cap is not what the admin was shown: `now` it is this (None: the default), since `by_id` set it `at` then.

    Both are None where nobody is known to have changed it. Nothing was changed.
    """

    def __init__(self, *, is_money: bool, now: int | None, by_id: int | None, at: datetime | None) -> None:
        super().__init__(f"it is {now} by now")
        self.is_money = is_money
        self.now = now
        self.by_id = by_id
        self.at = at


class ConfirmationNeeded(Refusal):
    """The guild wants a confirming press first: so many `images` would cost `cost_micros`.

    `left` is how many images the member has room for. Nothing was recorded.
    """

    def __init__(self, *, images: int, cost_micros: int, left: int) -> None:
        super().__init__(f"{images} images for {cost_micros} micros need a confirming press")
        self.images = images
        self.cost_micros = cost_micros
        self.left = left


class ProviderClosed(Refusal):
    """Nothing can be submitted at present; `stopping` where the bot itself is going down."""

    def __init__(self, *, stopping: bool = False) -> None:
        super().__init__("stopping" if stopping else "the provider refuses the account")
        self.stopping = stopping


class BooksDisagree(Refusal):
    """The balances of so many `accounts` are not the sums of their entries: nothing new is taken on until they are."""

    def __init__(self, accounts: int) -> None:
        super().__init__(f"balances that are not the sums of their entries: {accounts}")
        self.accounts = accounts


class JobNotFound(Refusal):
    """There is no such job for this member."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"no job {job_id}")
        self.job_id = job_id


class CancelRefused(Refusal):
    """The job is not cancelled: `why` is `not_yours` or `too_late` (then `status` says where it is)."""

    def __init__(self, why: str, *, status: JobStatus) -> None:
        super().__init__(f"{why}: the job is {status}")
        self.why = why
        self.status = status


class Suspended(Refusal):
    """The member may not make pictures in this guild: until a moment, or until a moderator lifts it (None).

    `by_strikes` where no moderator decided that, and `appealable` where the guild takes appeals.
    """

    def __init__(
        self, until: datetime | None, *, reason: str = "", by_strikes: bool = False, appealable: bool = True
    ) -> None:
        super().__init__(f"suspended until {until or 'further notice'}")
        self.until = until
        self.reason = reason
        self.by_strikes = by_strikes
        self.appealable = appealable


class PromptBlocked(Refusal):
    """The prompt filter refuses the words, as `category` says; the member is never told which term it was.

    `strike_id` is what an appeal names (None where it could not be kept, or the guild takes no appeals), `weight` what
    it counts as a strike, `total` the member's strikes with it, and `suspended` whether it suspended the member: until
    `until` or, with None, until moderators have decided.
    """

    def __init__(
        self,
        category: str,
        *,
        strike_id: int | None = None,
        weight: int = 0,
        total: int = 0,
        suspended: bool = False,
        until: datetime | None = None,
    ) -> None:
        super().__init__(f"blocked: {category}")
        self.category = category
        self.strike_id = strike_id
        self.weight = weight
        self.total = total
        self.suspended = suspended
        self.until = until


class FilterUnreadable(Refusal):
    """The prompt filter of the guild, or the operator's (`whose` is `guild` or `operator`), can't be read."""

    def __init__(self, whose: str) -> None:
        super().__init__(f"the {whose}'s prompt filter can't be read")
        self.whose = whose


class TermRefused(Refusal):
    """A prompt filter's list does not take that: `problem` is a code, worded in `ui/wording/filters.py`.

    `limit` is the most characters or entries, where there is such a limit; `detail` what is wrong in a pattern.
    """

    def __init__(self, problem: str, *, limit: int | None = None, detail: str = "") -> None:
        super().__init__(f"term: {problem}")
        self.problem = problem
        self.limit = limit
        self.detail = detail


class NothingToAppeal(Refusal):
    """There is nothing to appeal: `why` is `gone` (no such strike of this member's, or what it was for is forgotten),
    `lifted`, `over` (the suspension) or `appealed` (before: each can be appealed once)."""

    def __init__(self, why: str) -> None:
        super().__init__(f"nothing to appeal: {why}")
        self.why = why


class TooManyAppeals(Refusal):
    """The member has used up the `limit` appeals of a day, until `renews_at`; 0 where the guild takes none."""

    def __init__(self, limit: int, *, renews_at: datetime | None = None) -> None:
        super().__init__(f"{limit} appeals a day")
        self.limit = limit
        self.renews_at = renews_at


class AlreadyDecided(Refusal):
    """The case was decided before: `outcome`, by `by_id` (0: by itself, None: no longer known), `at` then."""

    def __init__(self, outcome: str, *, by_id: int | None, at: datetime) -> None:
        super().__init__(f"already {outcome}")
        self.outcome = outcome
        self.by_id = by_id
        self.at = at


class CaseGone(Refusal):
    """There is no such case in this guild."""


class TooManyReports(Refusal):
    """The member has made the `limit` reports of a day; moderators can still be told in person."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} reports a day")
        self.limit = limit


class UnusableImage(Refusal):
    """An image that a member gave can't be used.

    `why` is one of the codes: `not_an_image` (by its content, whatever its name says), `animated`, `empty`,
    `too_large` (bytes), `too_many_pixels`, `too_small`, `undecodable`, `gone` (deleted, or its address ran out),
    `not_fetched` (Discord did not hand it over), `too_hard` (its map took too long to make), `none` (the message
    has no image).
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"the image can't be used: {why}")
        self.why = why


class DraftGone(Refusal):
    """What the member was putting together was finished or discarded, is somebody else's, or is too old."""


class NotAllowed(Refusal):
    """The member may not do this: `needs` says who may: `author`, `manage_messages`, `manage_guild` or `operator`."""

    def __init__(self, needs: str) -> None:
        super().__init__(f"needs {needs}")
        self.needs = needs


class PictureGone(Refusal):
    """The job's pictures are no longer on Discord or in the spool."""


class WordsForgotten(PictureGone):
    """The job's prompt is no longer kept, so the picture can't be made again from it."""


class PictureHidden(PictureGone):
    """Enough members have reported the pictures: they are hidden until a moderator has looked."""


class PictureRemoved(PictureGone):
    """The author or a moderator has taken the pictures off Discord."""


class NoPictureYet(Refusal):
    """The member has made no picture in this guild whose settings could be taken."""


class NameTaken(Refusal):
    """`what` (`preset` or `lora`) of that `name` exists already; or, with `limit`, there are that many of them."""

    def __init__(self, what: str, name: str, *, limit: int | None = None) -> None:
        super().__init__(f"{what} {name}: {'taken' if limit is None else f'{limit} already'}")
        self.what = what
        self.name = name
        self.limit = limit


class Failure(EaselError):
    """Something on our side; the member sees a reference, the log has the rest."""


class ConfigurationError(Failure):
    """A setting is missing or bad. The text names the variable and says what would be right."""


class StorageError(Failure):
    """The root of what the database can refuse."""


class StorageUnavailable(StorageError):
    """The database could not be read or written this time; nothing of the operation was kept."""


class DuplicateInteraction(StorageError):
    """The interaction was delivered again after a resumed connection, and has its job: there is nothing to do."""


class DatabaseInUse(StorageError):
    """Another Easel process has this database open for writing."""


class TransitionRefused(StorageError):
    """The job was no longer in the expected status: somebody else moved it first. Nothing changed."""

    def __init__(self, job_id: str, *, expected: JobStatus, target: JobStatus) -> None:
        super().__init__(f"job {job_id} is not {expected}, so it can't become {target}")
        self.job_id = job_id
        self.expected = expected
        self.target = target


class ProviderError(Failure):
    """The root of what the image API can answer instead of a result. Texts hold no prompt, key or URL."""


class NotAccepted(ProviderError):
    """Proven: the provider took nothing."""


class Unreachable(NotAccepted):
    """No connection came about (DNS, connect, TLS), so no byte of the request was taken."""


class RequestRejected(NotAccepted):
    """The provider's final no: `reason` is what the member is told, `status` the HTTP status."""

    def __init__(self, reason: FailureReason, *, status: int, detail: str = "") -> None:
        super().__init__(f"HTTP {status}: {reason}")
        self.reason = reason
        self.status = status
        self.detail = detail


class RateLimited(ProviderError):
    """429: a submit was not accepted, a poll says nothing. Wait `retry_after` seconds where given."""

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__("HTTP 429")
        self.retry_after = retry_after


class AccountRefused(ProviderError):
    """401, 402 or 403: the provider refuses the operator's account. Nothing was accepted."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.detail = detail


class AcceptanceUnknown(ProviderError):
    """The submission may or may not have been accepted; `why` is a short code for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class PollInconclusive(ProviderError):
    """A poll that says nothing about the submission: poll again later."""

    def __init__(self, why: str, *, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after = retry_after


class RequestUnknown(ProviderError):
    """A poll's 404: not known yet, or not any more."""


class DownloadFailed(ProviderError):
    """A file was not fetched. `reason` is the verdict; `passing` where another try may succeed.

    `status` is the HTTP status where the server's answer is the reason.
    """

    def __init__(self, reason: VerdictReason, *, passing: bool, detail: str = "", status: int | None = None) -> None:
        super().__init__(f"{reason}{': ' if detail else ''}{detail}")
        self.reason = reason
        self.passing = passing
        self.status = status


class DeliveryError(Failure):
    """The root of what Discord can refuse when a card is changed."""


class CardGone(DeliveryError):
    """The card was deleted, or the bot can't reach it any more: never to be tried again."""


class DeliveryUnavailable(DeliveryError):
    """The edit was not taken this time; wait `retry_after` seconds if given."""

    def __init__(self, why: str, *, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class AlertRefused(DeliveryError):
    """Nothing can be sent there now, and for certain nothing was: the channel is gone or closed to the bot."""
