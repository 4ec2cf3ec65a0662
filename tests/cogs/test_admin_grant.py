"""`/admin grant`: some more for a day or a month, and all that is refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from limits import LimitKind, LimitName
from sandbox.discord import ClientRefused, Member, Permissions
from tests.builders import PRICE_MICROS
from tests.cogs.administration import use
from tests.cogs.gallery import words_of
from tests.ui.scene import Scene

DOLLAR = 1_000_000
IMAGES = LimitName.MEMBER_DAILY_IMAGES


@pytest.fixture
async def mia(scene: Scene) -> Member:
    """A member who may manage the server."""
    return scene.guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)


async def grant(scene: Scene, by: Member, options: Mapping[str, Any], *, raw: bool = False) -> str:
    """What the command answers; it is Ada's unless told."""
    return await words_of(await use(scene, by, "grant", {"user": scene.ada, **options}, raw=raw))


async def granted(scene: Scene) -> list[str]:
    """What was granted, as it is written down, newest first."""
    return [line.what for line in await scene.parts.office.limits.history(scene.guild.id)]


async def quota(scene: Scene, by: Member) -> str:
    return await words_of(await scene.discord.slash(by, scene.channel, "quota"))


async def test_pictures_for_today_let_a_member_make_more_than_their_cap(scene: Scene, mia: Member) -> None:
    await scene.parts.office.limits.set(scene.guild.id, LimitKind.GUILD, 0, IMAGES, 1, by_id=mia.id)
    text = await grant(scene, mia, {"images": 3, "reason": "won the contest"})
    assert f"✅ **3 pictures** more for <@{scene.ada.id}>" in text
    assert "for `2026-11-22` · 3 pictures granted in all · 0 pictures used or held · **4 pictures left**" in text
    job, _ = await scene.carded({"count": 4})
    assert job.images_requested == 4
    page = await quota(scene, scene.ada)
    assert "No more pictures for now" in page
    assert "**Your pictures** · 1 picture a day, and 3 pictures granted" in page
    assert "**Your pictures** · 1 picture a day\n" in await quota(scene, scene.bob)
    [change, _] = await scene.parts.office.limits.history(scene.guild.id)
    assert (change.by_id, change.subject_id, change.reason) == (mia.id, scene.ada.id, "won the contest")


@pytest.mark.parametrize("typed", ["5", "$5", "5 USD", "5,00"])
async def test_money_for_the_month_is_read_as_it_is_written(scene: Scene, mia: Member, typed: str) -> None:
    text = await grant(scene, mia, {"usd": typed})
    assert f"✅ **$5.00** more for <@{scene.ada.id}>" in text
    assert "for `2026-11`" in text
    assert "**$105.00 left**" in text
    assert await granted(scene) == ["grant.micros.2026-11"]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"images": 5, "period": "next"}, "grant.image.2026-11-23"),
        ({"usd": "5", "period": "next"}, "grant.micros.2026-12"),
    ],
)
async def test_the_next_period_can_be_meant(scene: Scene, mia: Member, options: dict[str, Any], what: str) -> None:
    text = await grant(scene, mia, options)
    assert f"for `{what.rpartition('.')[2]}`" in text
    assert await granted(scene) == [what]
    assert "granted" not in await quota(scene, scene.ada)  # not yet


async def test_a_grant_for_tomorrow_is_there_tomorrow(scene: Scene, mia: Member) -> None:
    await grant(scene, mia, {"images": 5, "period": "next"})
    scene.clock.advance(24 * 3600)
    assert "100 pictures a day, and 5 pictures granted" in await quota(scene, scene.ada)


async def test_what_was_granted_can_be_taken_back_and_no_more(scene: Scene, mia: Member) -> None:
    await grant(scene, mia, {"images": 5})
    assert f"**2 pictures** taken back from <@{scene.ada.id}>" in await grant(scene, mia, {"images": -2})
    refusal = await grant(scene, mia, {"images": -4})
    assert "would take back more than was granted for that time: 3" in refusal
    assert len(await granted(scene)) == 2
    await grant(scene, mia, {"usd": "$2"})
    assert "$1.50" in await grant(scene, mia, {"usd": "-$1.50"})
    assert "more than was granted for that time: $0.50" in await grant(scene, mia, {"usd": "-1"})


async def test_it_says_where_more_does_not_help(scene: Scene, mia: Member) -> None:
    budget = LimitName.GUILD_DAILY_MICROS
    await scene.parts.office.limits.set(scene.guild.id, LimitKind.GUILD, 0, budget, PRICE_MICROS, by_id=mia.id)
    assert "of a budget that is not theirs alone" in await grant(scene, mia, {"images": 5})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "Say either `images` or `usd`"),
        ({"images": 5, "usd": "5"}, "`images` and `usd` can't be used together"),
        ({"images": 0}, "`images` can't be 0"),
        ({"usd": "0"}, "`usd` can't be 0"),
        ({"usd": "$0.00"}, "`usd` can't be 0"),
        ({"usd": "5€"}, "`usd` must be an amount in US dollars"),
        ({"usd": "1,000"}, "`usd` can be read in two ways"),
        ({"usd": "100000.01"}, "`usd` can be $100,000.00 at most"),
        ({"usd": "-1"}, "more than was granted for that time: $0.00"),
    ],
)
async def test_what_can_not_be_granted_is_refused_and_changes_nothing(
    scene: Scene, mia: Member, options: dict[str, Any], said: str
) -> None:
    assert said in await grant(scene, mia, options)
    assert await granted(scene) == []
    assert await scene.database.fetch_all("SELECT * FROM entries") == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"images": 10_001}, "`images` must be from 0 to 10,000"),
        ({"images": 2**70}, "`images` must be from 0 to 10,000"),
        ({"images": 2.5}, "`images` can't be used like this"),
        ({"images": "5"}, "`images` can't be used like this"),
        ({"images": True}, "`images` can't be used like this"),
        ({"usd": 5}, "`usd` can't be used like this"),
        ({"images": 5, "period": "forever"}, "`period` can't be used like this"),
        ({"images": 5, "user": "123"}, "`user` can't be used like this"),
        ({"images": 5, "reason": "x" * 201}, "`reason` can have 200 characters at most"),
    ],
)
async def test_what_a_modified_client_makes_up_is_refused(
    scene: Scene, mia: Member, options: dict[str, Any], said: str
) -> None:
    assert said in await grant(scene, mia, options, raw=True)
    assert await granted(scene) == []


async def test_nobody_who_left_is_granted_anything(scene: Scene, mia: Member) -> None:
    scene.guild.remove_member(scene.bob)
    assert "`user` is not in this server (any more)" in await grant(scene, mia, {"user": scene.bob, "images": 5})
    assert await granted(scene) == []


async def test_only_who_manages_the_server_may_grant(scene: Scene) -> None:
    with pytest.raises(ClientRefused, match="not shown"):
        await grant(scene, scene.ada, {"images": 5})
    moderator = scene.guild.add_member("moe", permissions=Permissions.MANAGE_MESSAGES)
    for member in (scene.ada, moderator):
        assert "**Manage Server**" in await grant(scene, member, {"images": 5}, raw=True)
    assert await granted(scene) == []
