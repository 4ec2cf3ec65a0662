"""`/admin pause` and `/admin resume`: who may, what is said, and what members are told meanwhile."""

from typing import Any

import pytest

from generation.pauses import EVERYWHERE
from sandbox.discord import ClientRefused, Member, Permissions
from storage import audit
from tests.cogs.administration import forged, page, use
from tests.cogs.gallery import restarted, words_of
from tests.ui.scene import Scene
from ui.pause_pages import RESUME_ACTION


@pytest.fixture
async def mia(scene: Scene) -> Member:
    """A member who may manage the server."""
    return scene.guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)


async def is_paused(scene: Scene) -> bool:
    return await scene.parts.office.pauses.of(scene.guild.id)


async def test_a_pause_says_what_it_means_and_members_are_told(scene: Scene, mia: Member) -> None:
    job, _ = await scene.carded()
    message = await page(await use(scene, mia, "pause", {"reason": "a *raid*"}))
    text = message.text()
    assert "New pictures are paused in this server" in text
    assert f"By <@{mia.id}>, <t:{int(scene.clock.now().timestamp())}:R>" in text
    assert "> a \\*raid\\*" in text
    assert "What the picture service has already is finished" in text
    assert "New pictures are paused in this server" in await words_of(await scene.imagine(by=scene.bob))
    assert [one.job_id for one in await scene.jobs()] == [job.job_id]


async def test_another_server_is_not_paused(scene: Scene, mia: Member) -> None:
    await page(await use(scene, mia, "pause"))
    elsewhere = scene.discord.add_guild("Elsewhere")
    channel, zoe = elsewhere.add_channel("art"), elsewhere.add_member("zoe")
    run = await scene.discord.slash(zoe, channel, "imagine", {"prompt": "a fox"})
    assert not (await run.answered()).ephemeral


async def test_a_second_pause_shows_the_first_and_changes_nothing(scene: Scene, mia: Member) -> None:
    await page(await use(scene, mia, "pause", {"reason": "mine"}))
    noa = scene.guild.add_member("noa", permissions=Permissions.MANAGE_GUILD)
    text = (await page(await use(scene, noa, "pause", {"reason": "hers"}))).text()
    assert "It was paused before" in text
    assert f"By <@{mia.id}>" in text
    assert "> mine" in text
    assert len(await audit.latest(scene.database, scene.guild.id, limit=5)) == 1


@pytest.mark.parametrize("by_button", [True, False])
async def test_it_is_resumed_by_the_button_and_by_the_command(scene: Scene, mia: Member, by_button: bool) -> None:
    message = await page(await use(scene, mia, "pause", {"reason": "a raid"}))
    if by_button:
        async with restarted(scene):
            await (await scene.discord.click(mia, message, "Resume")).answered()
    else:
        message = await page(await use(scene, mia, "resume"))
    assert "New pictures are taken again in this server" in message.text()
    assert f"By <@{mia.id}>" in message.text()
    assert "> a raid" in message.text()
    assert not await is_paused(scene)
    if not by_button:
        assert not (await (await scene.imagine()).answered()).ephemeral


async def test_without_a_pause_there_is_nothing_to_resume(scene: Scene, mia: Member) -> None:
    text = (await page(await use(scene, mia, "resume"))).text()
    assert "not paused in this server, so there is nothing to resume" in text
    assert await audit.latest(scene.database, scene.guild.id, limit=5) == []


async def test_the_operators_pause_is_named_where_the_servers_own_ends(scene: Scene, mia: Member) -> None:
    await scene.parts.office.pauses.pause(EVERYWHERE, by_id=1)
    await page(await use(scene, mia, "pause"))
    text = (await page(await use(scene, mia, "resume"))).text()
    assert "The operator of this bot has paused all servers" in text
    assert "paused everywhere by the operator" in await words_of(await scene.imagine())


@pytest.mark.parametrize("name", ["pause", "resume"])
async def test_the_commands_take_manage_server(scene: Scene, name: str) -> None:
    with pytest.raises(ClientRefused, match="not shown"):
        await use(scene, scene.ada, name)
    assert "**Manage Server**" in await words_of(await use(scene, scene.ada, name, raw=True))
    assert not await is_paused(scene)


async def test_a_forged_press_resumes_nothing(scene: Scene, mia: Member) -> None:
    await page(await use(scene, mia, "pause"))
    message = await forged(scene, RESUME_ACTION, "all")
    assert "**Manage Server**" in await words_of(await scene.discord.click(scene.ada, message, "Press"))
    assert await is_paused(scene)


@pytest.mark.parametrize("reason", ["x" * 201, "a\x00b", 7])
async def test_a_reason_that_can_not_be_kept_is_refused(scene: Scene, mia: Member, reason: Any) -> None:
    refusal = await words_of(await use(scene, mia, "pause", {"reason": reason}, raw=True))
    assert "`reason`" in refusal
    assert not await is_paused(scene)
