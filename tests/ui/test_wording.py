"""What members read: every error has words that say what to do, and no amount is a guess."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

import errors
from errors import (
    AlreadyDecided,
    BooksDisagree,
    CancelRefused,
    CapChanged,
    CapReached,
    CaseGone,
    ChannelNotAllowed,
    ConfirmationNeeded,
    DraftGone,
    EaselError,
    Failure,
    FilterUnreadable,
    GenerationPaused,
    InvalidOption,
    JobNotFound,
    MissingBotPermissions,
    NameTaken,
    NoPictureYet,
    NotAllowed,
    NothingToAppeal,
    PictureGone,
    PictureHidden,
    PictureRemoved,
    PromptBlocked,
    ProviderClosed,
    Refusal,
    RoleNeeded,
    StorageUnavailable,
    Suspended,
    TermRefused,
    TooManyActiveJobs,
    TooManyAppeals,
    TooManyReports,
    UnusableImage,
    WordsForgotten,
)
from generation.delivery import UsualTime
from generation.service import QuotaLine
from limits import HoldingCap, LimitKind
from models import AccountKey, Balance, FailureReason, JobStatus, Scope, Unit
from parameters import ImageSize, OutputFormat
from tests.builders import DAY, PRICE_MICROS, make_account, make_job, make_request
from ui import wording
from ui.wording import sources

RENEWS = datetime(2026, 11, 23, tzinfo=UTC)
IMAGES_A_DAY = make_account(Scope.MEMBER, unit=Unit.IMAGE, period=DAY)


def _codes_of(kind: type[Refusal]) -> list[str]:
    """The codes that an error's own documentation lists."""
    _, _, listed = (kind.__doc__ or "").partition("odes")
    return [code for code in re.findall(r"`([a-z_]+)`", listed) if code not in {"high", "low", "low_excluded", "other"}]


def cap(account: AccountKey = IMAGES_A_DAY, *, cap: int = 20, left: int = 0, amount: int = 1) -> CapReached:
    each = 1 if account.unit is Unit.IMAGE else PRICE_MICROS
    return CapReached(account, cap=cap, left=left, amount=amount, each=each, renews_at=RENEWS)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InvalidOption("prompt", "empty"), "`prompt` is empty. Say in a few words"),
        (InvalidOption("negative_prompt", "too_long", high=1000), "`negative` can have 1,000 characters at most"),
        (InvalidOption("prompt", "control_characters"), "`prompt` contains invisible control characters"),
        (InvalidOption("num_inference_steps", "out_of_range", low=1, high=50), "`steps` must be from 1 to 50"),
        (
            InvalidOption("nag_scale", "out_of_range", low=1, high=10, low_excluded=True),
            "**NAG scale** must be above 1 and at most 10",
        ),
        (InvalidOption("base_shift", "out_of_range", low=0.01, high=5), "from 0.01 to 5"),
        (InvalidOption("seed", "out_of_range", low=0, high=2**31 - 1), "`seed` must be from 0 to 2,147,483,647"),
        (InvalidOption("image_size", "not_a_choice"), "`size` can't be used like this. Pick one"),
        (InvalidOption("controlnets", "conflict", other="num_images"), "`controlnets` and `count` can't be used"),
        (GenerationPaused("guild"), "paused in this server"),
        (FilterUnreadable("guild"), "can't read this server's prompt filter right now"),
        (TermRefused("wildcard_inside"), "only at the beginning or the end"),
        (GenerationPaused("operator"), "paused everywhere by the operator"),
        (MissingBotPermissions(("ATTACH_FILES",)), "I lack **Attach Files**. Ask an admin"),
        (
            MissingBotPermissions(("VIEW_CHANNEL", "SEND_MESSAGES", "ATTACH_FILES")),
            "**View Channel**, **Send Messages** and **Attach Files**",
        ),
        (TooManyActiveJobs(active=3, limit=3), "3 requests under way, and 3 is the most at once"),
        (ProviderClosed(), "doesn't serve this bot at the moment"),
        (ProviderClosed(stopping=True), "about to restart"),
        (BooksDisagree(2), "books don't add up, so I take nothing new on"),
        (JobNotFound("job1"), "no such request of yours"),
        (CancelRefused("not_yours", status=JobStatus.QUEUED), "**Manage Messages**"),
        (CancelRefused("too_late", status=JobStatus.SUBMITTED), "being made already"),
        (CancelRefused("too_late", status=JobStatus.DELIVERED), "has ended already"),
        (CancelRefused("too_late", status=JobStatus.CANCELLED), "was cancelled before"),
        (InvalidOption("strength", "no_number"), "`strength` must be a number"),
        (InvalidOption("name", "empty"), "`name` is empty. Fill it in"),
        (InvalidOption("reference_end", "not_used", other="canny"), "**Reference end** has no effect with **"),
        (
            InvalidOption("image", "needed", other="depth"),
            "**Depth, from a depth map (Union depth)** can't do without `image`. Add it",
        ),
        (InvalidOption("name", "bad_name"), "`name` must begin with a letter or a digit"),
        (InvalidOption("template", "unknown_placeholder", other="{style}"), "has **{style}** in it, which I can't"),
        (InvalidOption("template", "unknown_placeholder", other="{}"), "Only `{prompt}` has a meaning"),
        (InvalidOption("template", "no_placeholder"), "must have `{prompt}` in it, exactly once"),
        (InvalidOption("loras", "too_many", high=5), "`lora` can hold 5 at most"),
        (InvalidOption("loras", "twice"), "`lora` has the same one twice"),
        (InvalidOption("num_images", "guild_limit", high=4), "In this server, `count` can be 4 at most"),
        (InvalidOption("preset", "unknown", other="no_such"), "nothing called **no\\_such** for `preset`"),
        (InvalidOption("preset", "unknown", other=" "), "`preset` is empty. Fill it in"),
        (InvalidOption("loras", "unknown", other="ink_"), "This server has no LoRA called **ink\\_**"),
        (InvalidOption("path", "bad_path"), "neither a Hugging Face repository"),
        (InvalidOption("path", "host_not_listed", other="evil.example"), "`path` is on **evil.example**"),
        (InvalidOption("preset", "changed"), "`preset` isn't there any more"),
        (ChannelNotAllowed((7, 8)), "in certain channels only: <#7>, <#8>. Use me there"),
        (ChannelNotAllowed(tuple(range(1, 12))), "<#9>, <#10> and 1 more. Use me there"),
        (RoleNeeded((7,)), "who have the role <@&7>, and you don't have it"),
        (RoleNeeded((7, 8)), "one of these roles, and you have none of them: <@&7>, <@&8>."),
        (InvalidOption("time_zone", "unknown_zone"), "such as `Europe/Berlin`"),
        (InvalidOption("time_zone", "unknown_zone", other="US/Eastern, US/Central"), "`US/Eastern`, `US/Central`"),
        (InvalidOption("duration", "no_duration"), "`duration` is a length of time, such as `2h`, `3d` or `1w`"),
        (InvalidOption("duration", "duration_range"), "`duration` can be a minute at least and a year at most"),
        (InvalidOption("user", "a_bot"), "`user` is a bot"),
        (InvalidOption("user", "yourself"), "`user` is yourself"),
        (PromptBlocked("hate", strike_id=1), "That prompt isn't allowed here: **hate**."),
        (NothingToAppeal("lifted"), "was lifted already"),
        (TooManyAppeals(2, renews_at=RENEWS), "2 appeals within a day, which is the most. You can make another <t:"),
        (Suspended(None), "suspended you from making pictures in this server.\n-# Do you think"),
        (Suspended(None, appealable=False), "Ask the moderators if you think that this is a mistake"),
        (Suspended(RENEWS), "You can make some again <t:1795392000:R> (<t:1795392000:f>)"),
        (UnusableImage("animated"), "moves, and I can only work from a still one. I take still pictures as PNG"),
        (
            UnusableImage("too_large"),
            "up to 25 MB, up to as many pixels as 4096\u00d74096 has, and at least 64\u00d764.",
        ),
        (UnusableImage("gone"), "Upload it anew"),
        (UnusableImage("none"), "That message has no picture in it"),
        (UnusableImage("a code of a later version"), "I can't use that picture. I take still pictures"),
        (DraftGone(), "Start again with the command"),
        (NotAllowed("author"), "Only the member who asked for this can do that, or a moderator"),
        (NotAllowed("manage_messages"), "the permission **Manage Messages**"),
        (NotAllowed("manage_guild"), "the permission **Manage Server**"),
        (NotAllowed("operator"), "Only the operator of this bot"),
        (PictureGone(), "The same prompt, settings and `seed` make them again"),
        (WordsForgotten("job1"), "I forget prompts after a while"),
        (PictureHidden(), "hidden until a moderator has looked"),
        (PictureRemoved(), "a moderator has taken them off, for good"),
        (TooManyReports(10), "You have made 10 reports today"),
        (AlreadyDecided("approved", by_id=7, at=RENEWS), "<@7> has approved it already, <t:1795392000:R>."),
        (CaseGone("no case 1"), "There is nothing to decide here any more."),
        (NoPictureYet(), "You have no picture in this server yet"),
        (
            CapChanged(is_money=True, now=5_500_000, by_id=7, at=RENEWS),
            "I changed nothing. <@7> set it to **$5.50** <t:1795392000:R>. Look again",
        ),
        (CapChanged(is_money=False, now=None, by_id=None, at=None), "It is **the default** by now"),
        (InvalidOption("value", "negative"), "`value` can't be less than zero"),
        (InvalidOption("usd", "zero"), "`usd` can't be 0"),
        (InvalidOption("value", "not_whole"), "must be a whole number, such as 20"),
        (InvalidOption("value", "no_amount"), "an amount in US dollars: 5, $5, 5 USD or 5.50"),
        (InvalidOption("value", "ambiguous"), "can be read in two ways"),
        (InvalidOption("value", "amount_too_high", high=100_000_000_000), "can be $100,000.00 at most"),
        (InvalidOption("value", "above_ceiling", high=10_000_000), "can be $10.00 at most: that is the ceiling"),
        (InvalidOption("usd", "more_than_granted", high=500_000), "for that time: $0.50"),
        (InvalidOption("images", "more_than_granted", high=3), "for that time: 3"),
        (InvalidOption("images", "one_of", other="usd"), "Say either `images` or `usd`"),
        (InvalidOption("user", "not_here"), "`user` is not in this server (any more)"),
        (NameTaken("preset", "neon*"), "a preset called **neon\\*** already"),
        (NameTaken("lora", "ink"), "a LoRA called **ink** already"),
        (NameTaken("preset", "neon", limit=50), "There are 50 presets already"),
        (NameTaken("lora", "ink", limit=1), "There is 1 LoRA already"),
    ],
)
def test_a_refusal_says_what_is_wrong(error: Refusal, words: str) -> None:
    assert words in wording.refusal(error)


def test_every_kind_of_refusal_has_words_of_its_own() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Refusal)}
    worded = {
        InvalidOption,
        AlreadyDecided,
        CaseGone,
        FilterUnreadable,
        TermRefused,
        GenerationPaused,
        MissingBotPermissions,
        TooManyActiveJobs,
        CapChanged,
        CapReached,
        ConfirmationNeeded,
        ChannelNotAllowed,
        RoleNeeded,
        ProviderClosed,
        BooksDisagree,
        JobNotFound,
        CancelRefused,
        Suspended,
        PromptBlocked,
        NothingToAppeal,
        TooManyAppeals,
        UnusableImage,
        DraftGone,
        NotAllowed,
        PictureGone,
        PictureHidden,
        PictureRemoved,
        TooManyReports,
        WordsForgotten,
        NoPictureYet,
        NameTaken,
    }
    assert kinds - {Refusal} == worded
    assert wording.refusal(Refusal("something new"))  # a kind without words yet still gets an answer


@pytest.mark.parametrize("problem", _codes_of(InvalidOption))
def test_every_problem_of_an_option_has_words_of_its_own(problem: str) -> None:
    unknown = wording.refusal(InvalidOption("name", "a code of a later version"))
    words = wording.refusal(InvalidOption("name", problem, high=3, other="other"))
    assert (words == unknown) == (problem == "not_a_choice")


@pytest.mark.parametrize("why", _codes_of(UnusableImage))
def test_every_fault_of_an_image_has_words_of_its_own(why: str) -> None:
    unknown = wording.refusal(UnusableImage("a code of a later version"))
    assert not wording.refusal(UnusableImage(why)).startswith(unknown[:20])


def test_what_a_member_wrote_is_repeated_harmlessly_and_not_at_length() -> None:
    words = wording.refusal(InvalidOption("template", "unknown_placeholder", other="{@everyone " + "x" * 2000 + "}"))
    assert "@everyone" not in words
    assert len(words) < 300


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (cap(), ("**Your pictures**: none of 20 pictures a day left", "needs 1.", "<t:1795392000:R>")),
        (
            cap(left=2, amount=4),
            ("2 of 20 pictures a day left", "needs 4.", "Ask for a `count` of 2 or less, or wait."),
        ),
        (
            cap(make_account(Scope.MEMBER), cap=5_000_000, left=90_000, amount=180_000),
            ("**Your spending**: $0.09 of $5.00 a month left", "needs $0.18", "Ask for a `count` of 1 or less"),
        ),
        (
            cap(make_account(Scope.GUILD, period=DAY), cap=10_000_000, amount=90_000),
            ("**This server's budget**: nothing of $10.00 a day left", "<t:1795392000:f>"),
        ),
        (
            cap(make_account(Scope.GUILD), cap=50_000_000, amount=90_000),
            ("**This server's budget**: nothing of $50.00 a month left",),
        ),
        (
            cap(make_account(Scope.GLOBAL), cap=200_000_000, amount=90_000),
            ("**The budget of the whole bot**: nothing of $200.00 a month left",),
        ),
    ],
)
def test_a_full_account_is_named_with_its_cap_what_is_left_and_when_it_renews(
    error: CapReached, parts: tuple[str, ...]
) -> None:
    words = wording.refusal(error)
    for part in parts:
        assert part in words


def test_a_smaller_count_is_suggested_only_where_one_fits() -> None:
    assert "count" not in wording.refusal(cap())
    rest_of_five_dollars = cap(make_account(Scope.MEMBER), cap=5_000_000, left=50_000, amount=90_000)
    assert "count" not in wording.refusal(rest_of_five_dollars)


@pytest.mark.parametrize("error", [Failure("x"), StorageUnavailable("x"), EaselError("x"), ValueError("secret")])
def test_a_fault_shows_its_reference_and_nothing_of_its_inside(error: Exception) -> None:
    words = wording.failure(error, "0a1b2c3d")
    assert "`0a1b2c3d`" in words
    assert "secret" not in words


def test_every_reason_that_a_job_can_end_with_has_words() -> None:
    shown_by_status_alone = {
        FailureReason.ALL_WITHHELD,
        FailureReason.SOME_WITHHELD,
        FailureReason.CARD_GONE,
        FailureReason.REJECTED_BY_MODERATOR,
        FailureReason.REVIEW_EXPIRED,
    }
    for reason in FailureReason:
        body = wording.card_body(make_job(status=JobStatus.CANCELLED, reason=reason))
        assert (body is None) == (reason in shown_by_status_alone), reason


def test_a_failure_of_unknown_cause_still_says_what_to_do() -> None:
    body = wording.card_body(make_job(status=JobStatus.FAILED, reason="a code of a later version"))
    assert body == "The picture service failed on it. Try again in a moment."


def test_a_job_in_doubt_promises_a_picture_only_where_one_may_still_come() -> None:
    doubtful = make_job(status=JobStatus.IN_DOUBT, reason=FailureReason.ACCEPTANCE_UNKNOWN)
    assert "start it anew" in (wording.card_body(doubtful) or "")
    late = make_job(status=JobStatus.IN_DOUBT, reason=FailureReason.DEADLINE, request_id="req_1")
    assert "appears here if it comes" in (wording.card_body(late) or "")


def test_a_withheld_result_is_explained_without_accusing() -> None:
    body = wording.card_body(make_job(status=JobStatus.WITHHELD, reason=FailureReason.ALL_WITHHELD)) or ""
    assert "says nothing about you" in body
    assert "plain" in body


@pytest.mark.parametrize(
    ("status", "changes", "words"),
    [
        (JobStatus.QUEUED, {}, "$0.18"),
        (JobStatus.FAILED, {}, "Nothing was charged"),
        (JobStatus.CANCELLED, {}, "Nothing was charged"),
        (JobStatus.IN_DOUBT, {}, "$0.18 stays reserved until that is known"),
        (JobStatus.WITHHELD, {"settled_micros": 180_000}, "$0.18 was charged"),
        (JobStatus.WITHHELD, {"images_produced": 1}, "$0.09 was charged"),
        (JobStatus.WRITTEN_OFF, {"settled_micros": 180_000}, "$0.18 was charged"),
    ],
)
def test_a_card_says_what_was_charged(status: JobStatus, changes: dict[str, Any], words: str) -> None:
    job = make_job(request=make_request(num_images=2), status=status, **changes)
    assert wording.cost(job).startswith(words)


def test_the_settings_line_names_what_makes_the_picture_again() -> None:
    request = make_request(
        seed=7,
        num_images=4,
        image_size=ImageSize.PORTRAIT_16_9,
        num_inference_steps=1,
        guidance_scale=2.25,
        output_format=OutputFormat.JPEG,
    )
    line = wording.settings(make_job(request=request))
    assert line == "576\u00d71024 · 4 pictures · 1 step · guidance 2.25 · seed 7 · JPEG"
    assert "seed 99" in wording.settings(make_job(request=request, result_seed=99))


def quota_line(cap: HoldingCap, balance: Balance, *, binds: bool = False) -> QuotaLine:
    each = 1 if balance.account.unit is Unit.IMAGE else PRICE_MICROS
    return QuotaLine(balance=balance, renews_at=RENEWS, holding=cap, each=each, binds=binds)


def test_an_account_shows_what_is_used_held_and_left_and_where_its_cap_comes_from() -> None:
    line = quota_line(
        HoldingCap(value=20, kind=LimitKind.ROLE, subject_id=7),
        Balance(account=IMAGES_A_DAY, pending=2, posted=8, cap=20),
    )
    assert wording.quota_line(line) == (
        "**Your pictures** · 20 pictures a day\n"
        "▰▰▰▰▰▱▱▱▱▱  **10 pictures left**\n"
        "-# 8 pictures used · 2 pictures held · renews <t:1795392000:R> · from your role <@&7>"
    )


def test_an_account_with_a_grant_says_so_and_the_one_that_binds_is_marked() -> None:
    line = quota_line(
        HoldingCap(value=1_000_000, kind=LimitKind.MEMBER, subject_id=7),
        Balance(account=make_account(Scope.MEMBER), pending=0, posted=0, cap=1_500_000),
        binds=True,
    )
    words = wording.quota_line(line)
    assert "**Your spending** · $1.00 a month, and $0.50 granted\n" in words
    assert "**$1.50 left**  ◀ runs out first" in words


@pytest.mark.parametrize(
    ("kind", "own", "words"),
    [
        (LimitKind.MEMBER, True, "set for you"),
        (LimitKind.MEMBER, False, "set for this member"),
        (LimitKind.ROLE, True, "from your role <@&7>"),
        (LimitKind.ROLE, False, "from the role <@&7>"),
        (LimitKind.CHANNEL, True, "set for <#7>"),
        (LimitKind.GUILD, True, "set by those who run this server"),
        (LimitKind.CEILING, True, "set for this server by the operator of this bot"),
        (LimitKind.OPERATOR, True, "set by the operator of this bot"),
    ],
)
def test_a_cap_says_where_it_comes_from(kind: LimitKind, own: bool, words: str) -> None:
    holding = HoldingCap(value=20, kind=kind, subject_id=7)
    assert sources.source(holding, own=own) == words
    if own:
        refusal = CapReached(IMAGES_A_DAY, cap=20, left=0, amount=1, each=1, renews_at=RENEWS, holding=holding)
        assert f"\n-# The cap: {words}\n" in wording.refusal(refusal)


def test_a_member_is_told_of_the_end_that_there_was() -> None:
    delivered = make_job(status=JobStatus.DELIVERED, images_released=1)
    assert wording.late_notice(delivered) == f"<@{delivered.origin.user_id}> your picture is ready."
    assert "without a picture" in wording.late_notice(make_job(status=JobStatus.FAILED))


def test_no_text_of_a_command_is_longer_than_discord_allows() -> None:
    names = [name for name in vars(wording) if name.startswith("OPTION_")]
    names += ["IMAGINE", "QUEUE", "QUOTA", "HELP", "ABOUT"]
    for name in names:
        assert 1 <= len(getattr(wording, name)) <= 100, name


@pytest.mark.parametrize("status", [401, 402, 403, 418])
def test_the_operator_is_told_what_the_provider_answered(status: int) -> None:
    assert str(status) in wording.provider_refuses(status)


def test_the_pages_name_this_installation() -> None:
    page = wording.about_page("1.2.3", 82_500, 30)
    for fact in ("Easel 1.2.3", "$0.0825 a picture", "I forget your prompts 30 days after"):
        assert fact in page


def test_a_time_that_was_not_measured_here_is_not_called_usual() -> None:
    assert wording.usual_time(UsualTime(low_seconds=6, high_seconds=11)) == "usually 6\u201311 s"
    assert wording.usual_time(UsualTime(low_seconds=2, high_seconds=40, measured=False)) == "roughly 2\u201340 s"
