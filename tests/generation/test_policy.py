"""The rules as tables: who is refused, what a wish costs on which account, what a generated job settles."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from errors import (
    ChannelNotAllowed,
    FilterUnreadable,
    GenerationPaused,
    InvalidOption,
    MissingBotPermissions,
    PromptBlocked,
    Refusal,
    RoleNeeded,
    Suspended,
)
from generation import inputs, policy
from generation.screening import PromptVerdict, Screening
from limits import Caps, holding
from models import (
    Access,
    AccountKey,
    GenerationRequest,
    GuildSettings,
    Scope,
    Settlement,
    Unit,
    VerdictReason,
)
from moderation import Suspension
from tests.builders import (
    GUILD_ID,
    NOW,
    PRICE_MICROS,
    USER_ID,
    later,
    make_job,
    make_origin,
    make_request,
    make_screening,
    make_verdict,
)

V = VerdictReason
CAPS = Caps(
    user_daily_images=1,
    user_monthly_micros=2,
    guild_daily_micros=3,
    guild_monthly_micros=4,
    global_monthly_micros=5,
)


def rules(screening: Screening | FilterUnreadable | None = None, **settings: Any) -> policy.Rules:
    guild = GuildSettings(guild_id=GUILD_ID, **settings)
    return policy.Rules(guild=guild, screening=screening or make_screening())


HOLDING = holding(CAPS, {}, user_id=USER_ID)


def test_a_guild_that_has_not_chosen_lets_a_wish_pass() -> None:
    policy.check(rules(), make_origin(), make_request())


def test_a_paused_guild_is_refused_first() -> None:
    with pytest.raises(GenerationPaused, match="guild"):
        policy.check(
            rules(paused=True),
            make_origin(missing_permissions=("SEND_MESSAGES",)),
            make_request(),
        )


def test_a_channel_where_the_bot_may_not_post_is_refused() -> None:
    with pytest.raises(MissingBotPermissions) as caught:
        policy.check(
            rules(),
            make_origin(missing_permissions=("ATTACH_FILES", "EMBED_LINKS")),
            make_request(),
        )
    assert caught.value.permissions == ("ATTACH_FILES", "EMBED_LINKS")


def with_image(count: int) -> GenerationRequest:
    return make_request(num_images=count, reference_image_url=inputs.placeholder("input.png"))


@pytest.mark.parametrize("until", [None, later(60)])
def test_a_suspended_member_is_refused_until_then(until: datetime | None) -> None:
    with pytest.raises(Suspended) as caught:
        policy.check(replace(rules(), suspension=Suspension(until=until)), make_origin(), make_request())
    assert caught.value.until == until


@pytest.mark.parametrize(
    ("limit", "request_", "most"),
    [
        (4, make_request(num_images=5), 4),
        (1, make_request(num_images=2), 1),
        (1, with_image(2), 1),
        (10, with_image(10), 9),  # a message holds ten files, and the member's own is one of them
    ],
)
def test_more_pictures_than_the_guild_or_a_message_holds_are_refused(
    limit: int, request_: GenerationRequest, most: int
) -> None:
    with pytest.raises(InvalidOption) as caught:
        policy.check(rules(images_per_job=limit), make_origin(), request_)
    assert (caught.value.option, caught.value.problem, caught.value.high) == ("num_images", "guild_limit", most)


@pytest.mark.parametrize(
    ("limit", "request_"), [(4, make_request(num_images=4)), (10, make_request(num_images=10)), (10, with_image(9))]
)
def test_as_many_as_the_guild_allows_pass(limit: int, request_: GenerationRequest) -> None:
    policy.check(rules(images_per_job=limit), make_origin(), request_)


def test_a_wish_is_charged_on_five_accounts_the_members_own_first() -> None:
    reservations = policy.reservations(
        GuildSettings(guild_id=7, time_zone="Pacific/Kiritimati"),
        user_id=9,
        images=3,
        price_micros=90_000,
        caps=HOLDING,
        now=datetime(2026, 11, 30, 20, tzinfo=UTC),  # December already, 14 hours ahead
    )
    micros = Unit.MICROS
    assert [(held.account, held.amount, held.cap) for held in reservations] == [
        (AccountKey(scope=Scope.MEMBER, unit=Unit.IMAGE, period="2026-12-01", guild_id=7, user_id=9), 3, 1),
        (AccountKey(scope=Scope.MEMBER, unit=micros, period="2026-12", guild_id=7, user_id=9), 270_000, 2),
        (AccountKey(scope=Scope.GUILD, unit=micros, period="2026-12-01", guild_id=7), 270_000, 3),
        (AccountKey(scope=Scope.GUILD, unit=micros, period="2026-12", guild_id=7), 270_000, 4),
        (AccountKey(scope=Scope.GLOBAL, unit=micros, period="2026-11"), 270_000, 5),
    ]
    assert [held.renews_at.isoformat() for held in reservations] == [
        "2026-12-01T10:00:00+00:00",
        "2026-12-31T10:00:00+00:00",
        "2026-12-01T10:00:00+00:00",
        "2026-12-31T10:00:00+00:00",
        "2026-12-01T00:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("reasons", "images"),
    [
        ((V.RELEASED, V.RELEASED), 2),
        ((V.RELEASED, V.FLAGGED), 2),  # made, and paid for
        ((V.BLANK, V.BLANK), 2),  # what a flagged picture is replaced by
        ((V.RELEASED, V.DOWNLOAD_FAILED), 1),
        ((V.UNCHECKED, V.FLAGS_MISSING), 0),
        ((V.FLAGS_MISMATCH, V.FLAGS_MISMATCH), 0),
        ((V.FORBIDDEN_URL, V.RESULT_UNAVAILABLE), 0),
        ((V.TOO_LARGE, V.NOT_AN_IMAGE), 0),
        ((V.UNDECODABLE, V.TOO_MANY_PIXELS), 0),
        ((V.ANIMATED, V.RELEASED), 1),
    ],
)
def test_money_follows_what_was_made_and_the_quota_what_could_be_used(
    reasons: tuple[VerdictReason, ...], images: int
) -> None:
    job = make_job(request=make_request(num_images=3), images_produced=2)
    verdicts = [make_verdict(index, reason) for index, reason in enumerate(reasons)]
    assert policy.settlement(job, verdicts) == Settlement(images=images, micros=2 * PRICE_MICROS)


def test_every_verdict_has_its_place_in_the_table() -> None:
    made = {V.RELEASED, V.FLAGGED, V.BLANK}
    job = make_job(images_produced=1)
    for reason in VerdictReason:
        assert policy.settlement(job, [make_verdict(0, reason)]).images == (reason in made)


def test_the_member_and_the_guild_are_those_of_the_wish() -> None:
    reservations = policy.reservations(
        GuildSettings(guild_id=GUILD_ID),
        user_id=USER_ID,
        images=1,
        price_micros=1,
        caps=HOLDING,
        now=datetime(2026, 11, 22, tzinfo=UTC),
    )
    assert {held.account.user_id for held in reservations} == {USER_ID, 0}
    assert {held.account.guild_id for held in reservations} == {GUILD_ID, 0}


BLOCKED = make_screening(PromptVerdict(blocked=True, term="word", category="hate"))
UNREADABLE = FilterUnreadable("guild")


@pytest.mark.parametrize(("screening", "kind"), [(BLOCKED, PromptBlocked), (UNREADABLE, FilterUnreadable)])
def test_a_blocked_prompt_is_refused_after_who_and_where_and_before_all_else(
    screening: Screening | FilterUnreadable, kind: type[Refusal]
) -> None:
    found = rules(screening, images_per_job=1)
    origin = make_origin(missing_permissions=("ATTACH_FILES",))
    everything_wrong = replace(
        found,
        operator_paused=True,
        guild=replace(found.guild, paused=True),
        suspension=Suspension(until=None),
        access=Access(channel_ids=frozenset({1}), role_ids=frozenset({2})),
    )
    orders: list[tuple[type[Refusal], dict[str, Any]]] = [
        (GenerationPaused, {"operator_paused": False}),
        (GenerationPaused, {"guild": found.guild}),
        (Suspended, {"suspension": None}),
        (ChannelNotAllowed, {"access": Access(role_ids=frozenset({2}))}),
        (RoleNeeded, {"access": Access()}),
        (kind, {"screening": make_screening()}),
        (MissingBotPermissions, {}),
    ]
    for refusal, mended in orders:
        with pytest.raises(refusal):
            policy.check(everything_wrong, origin, make_request(num_images=2))
        everything_wrong = replace(everything_wrong, **mended)


def test_a_blocked_prompt_names_its_category_alone() -> None:
    with pytest.raises(PromptBlocked) as caught:
        policy.check(rules(BLOCKED), make_origin(), make_request())
    assert caught.value.category == "hate"
    assert "word" not in str(caught.value)


def test_a_prompt_that_is_only_marked_passes() -> None:
    policy.check(rules(make_screening(PromptVerdict(review=True))), make_origin(), make_request())


@pytest.mark.parametrize(
    ("guild", "operator", "current"), [(3, 5, True), (4, 5, False), (2, 5, False), (3, 6, False), (5, 3, False)]
)
def test_a_screening_holds_for_both_versions_that_it_was_made_by(guild: int, operator: int, current: bool) -> None:
    settings = [
        GuildSettings(guild_id=number, filter_version=version) for number, version in ((9, guild), (0, operator))
    ]
    screening = make_screening(guild_version=3, operator_version=5)
    assert policy.is_current(screening, *settings) is current
    assert policy.is_current(UNREADABLE, *settings)


@pytest.mark.parametrize(
    ("days", "marked", "mark"),
    [
        (None, False, "new_member"),
        (0, False, "new_member"),
        (6.999, False, "new_member"),
        (7, False, None),
        (7, True, "prompt"),
        (0, True, "prompt"),
        (None, True, "prompt"),
    ],
)
def test_pictures_of_new_members_and_marked_prompts_carry_a_mark(
    days: float | None, marked: bool, mark: str | None
) -> None:
    joined_at = None if days is None else NOW - timedelta(days=days)
    found = rules(make_screening(PromptVerdict(review=marked)), new_member_days=7)
    assert policy.review_mark(found, make_origin(joined_at=joined_at), NOW) == mark
