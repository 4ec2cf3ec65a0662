"""`/quota`: what a member can still make, what says so, and from where each cap comes."""

import pytest

from limits import LimitKind, LimitName
from sandbox.discord import Member
from tests.builders import PRICE_MICROS
from tests.cogs.gallery import words_of
from tests.ui.scene import Scene

IMAGES, MONEY = LimitName.MEMBER_DAILY_IMAGES, LimitName.MEMBER_MONTHLY_MICROS


async def quota(scene: Scene, by: Member | None = None) -> str:
    return await words_of(await scene.discord.slash(by or scene.ada, scene.channel, "quota"))


async def put(scene: Scene, kind: LimitKind, subject_id: int, name: LimitName, value: int) -> None:
    await scene.parts.office.limits.set(scene.guild.id, kind, subject_id, name, value, by_id=1)


async def test_every_account_is_shown_in_private_with_what_is_held(scene: Scene) -> None:
    await scene.carded({"count": 4})
    answer = await (await scene.discord.slash(scene.ada, scene.channel, "quota")).answered()
    assert answer.ephemeral
    assert answer.message is not None
    lines = answer.message.text().splitlines()
    assert [line for line in lines if line.startswith("**")] == [
        "**Your pictures** · 100 pictures a day",
        "**Your spending** · $100.00 a month",
        "**This server's budget** · $100.00 a day",
        "**This server's budget** · $100.00 a month",
        "**The budget of the whole bot** · $100.00 a month",
    ]
    assert "▰▱▱▱▱▱▱▱▱▱  **96 pictures left**  ◀ runs out first" in lines
    assert lines.count("▰▱▱▱▱▱▱▱▱▱  **$99.64 left**") == 4
    assert sum("$0.36 held" in line for line in lines) == 4
    assert lines[-2].startswith("-# What is held is for requests under way")
    assert sum("set by the operator of this bot" in line for line in lines) == 1


async def test_another_members_account_is_their_own(scene: Scene) -> None:
    await scene.carded()
    assert "**100 pictures left**" in await quota(scene, scene.bob)


async def test_it_begins_with_how_many_pictures_there_can_still_be(scene: Scene) -> None:
    assert (await quota(scene)).startswith("### 📊 You can make 100 more pictures now\n-# $0.09 each")
    await put(scene, LimitKind.GUILD, 0, LimitName.GUILD_DAILY_MICROS, 2 * PRICE_MICROS - 1)
    assert (await quota(scene)).startswith("### 📊 You can make 1 more picture now\n")
    await scene.carded()
    page = await quota(scene)
    assert page.startswith("### 📊 No more pictures for now\n-# More <t:1795392000:R> (<t:1795392000:f>).")
    assert "▰▰▰▰▰▱▱▱▱▱  **$0.089999 left**  ◀ runs out first" in page


async def test_more_is_promised_for_when_the_last_of_the_exhausted_renews(scene: Scene) -> None:
    await put(scene, LimitKind.MEMBER, scene.ada.id, IMAGES, 0)
    await put(scene, LimitKind.MEMBER, scene.ada.id, MONEY, 0)
    page = await quota(scene)
    assert page.startswith("### 📊 No more pictures for now\n-# More <t:1796083200:R>")
    assert page.count("◀ runs out first") == 2


@pytest.mark.parametrize("in_thread", [False, True])
async def test_what_holds_in_this_channel_is_shown_with_where_it_comes_from(scene: Scene, *, in_thread: bool) -> None:
    generous, stingy = scene.guild.add_role("Generous"), scene.guild.add_role("Stingy")
    scene.ada.roles += [stingy, generous]
    place = scene.channel.add_thread("a thread") if in_thread else scene.channel
    await put(scene, LimitKind.ROLE, generous.id, IMAGES, 50)
    await put(scene, LimitKind.ROLE, stingy.id, IMAGES, 5)
    await put(scene, LimitKind.CHANNEL, scene.channel.id, MONEY, 10 * PRICE_MICROS)
    await put(scene, LimitKind.GUILD, 0, LimitName.GUILD_MONTHLY_MICROS, 20 * PRICE_MICROS)
    page = await words_of(await scene.discord.slash(scene.ada, place, "quota"))
    assert page.startswith("### 📊 You can make 10 more pictures now")
    assert (
        f"**50 pictures left**\n-# 0 pictures used · renews <t:1795392000:R> · from your role <@&{generous.id}>" in page
    )
    assert "**$0.90 left**  ◀ runs out first" in page
    assert f"set for <#{scene.channel.id}>" in page
    assert "set by those who run this server" in page
    assert "set for" not in await words_of(await scene.discord.slash(scene.ada, scene.guild.add_channel("b"), "quota"))


async def test_a_cap_of_the_members_own_goes_before_their_roles(scene: Scene) -> None:
    role = scene.guild.add_role("Generous")
    scene.ada.roles.append(role)
    await put(scene, LimitKind.ROLE, role.id, IMAGES, 50)
    await put(scene, LimitKind.MEMBER, scene.ada.id, IMAGES, 2)
    page = await quota(scene)
    assert "**2 pictures left**  ◀ runs out first" in page
    assert "· set for you" in page
