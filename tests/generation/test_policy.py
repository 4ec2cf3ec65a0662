"""The rules as tables: who is refused, what a wish costs on which account, what a generated job settles."""

from datetime import UTC, datetime

import pytest

from errors import GenerationPaused, MissingBotPermissions
from generation import policy
from generation.policy import Caps
from models import AccountKey, GuildSettings, Scope, Settlement, Unit, VerdictReason
from tests.builders import GUILD_ID, PRICE_MICROS, USER_ID, make_job, make_origin, make_request, make_verdict

V = VerdictReason
CAPS = Caps(
    user_daily_images=1,
    user_monthly_micros=2,
    guild_daily_micros=3,
    guild_monthly_micros=4,
    global_monthly_micros=5,
)


def test_a_guild_that_has_not_chosen_lets_a_wish_pass() -> None:
    policy.check(GuildSettings(guild_id=GUILD_ID), make_origin(), make_request())


def test_a_paused_guild_is_refused_first() -> None:
    with pytest.raises(GenerationPaused, match="guild"):
        policy.check(
            GuildSettings(guild_id=GUILD_ID, paused=True),
            make_origin(missing_permissions=("SEND_MESSAGES",)),
            make_request(),
        )


def test_a_channel_where_the_bot_may_not_post_is_refused() -> None:
    with pytest.raises(MissingBotPermissions) as caught:
        policy.check(
            GuildSettings(guild_id=GUILD_ID),
            make_origin(missing_permissions=("ATTACH_FILES", "EMBED_LINKS")),
            make_request(),
        )
    assert caught.value.permissions == ("ATTACH_FILES", "EMBED_LINKS")


def test_a_wish_is_charged_on_five_accounts_the_members_own_first() -> None:
    charges = policy.charges(
        GuildSettings(guild_id=7, time_zone="Pacific/Kiritimati"),
        user_id=9,
        images=3,
        price_micros=90_000,
        caps=CAPS,
        now=datetime(2026, 11, 30, 20, tzinfo=UTC),  # December already, 14 hours ahead
    )
    micros = Unit.MICROS
    assert [(charge.account, charge.amount, charge.cap) for charge in charges] == [
        (AccountKey(scope=Scope.MEMBER, unit=Unit.IMAGE, period="2026-12-01", guild_id=7, user_id=9), 3, 1),
        (AccountKey(scope=Scope.MEMBER, unit=micros, period="2026-12", guild_id=7, user_id=9), 270_000, 2),
        (AccountKey(scope=Scope.GUILD, unit=micros, period="2026-12-01", guild_id=7), 270_000, 3),
        (AccountKey(scope=Scope.GUILD, unit=micros, period="2026-12", guild_id=7), 270_000, 4),
        (AccountKey(scope=Scope.GLOBAL, unit=micros, period="2026-11"), 270_000, 5),
    ]
    assert [charge.renews_at.isoformat() for charge in charges] == [
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
    charges = policy.charges(
        GuildSettings(guild_id=GUILD_ID),
        user_id=USER_ID,
        images=1,
        price_micros=1,
        caps=CAPS,
        now=datetime(2026, 11, 22, tzinfo=UTC),
    )
    assert {charge.account.user_id for charge in charges} == {USER_ID, 0}
    assert {charge.account.guild_id for charge in charges} == {GUILD_ID, 0}
