"""`/privacy`: the page, the file, and the button that forgets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.discord import Member
from storage import jobs
from storage.jobs import FORGOTTEN
from tests.cogs.gallery import gallery, restarted, suspend, words_of
from tests.ui.scene import Scene


@asynccontextmanager
async def time_passes(scene: Scene) -> AsyncIterator[None]:
    """Forgetting pauses between its steps."""

    async def pass_by() -> None:
        while True:
            scene.clock.advance(0.1)
            await asyncio.sleep(0.002)

    passing = asyncio.create_task(pass_by(), name="time")
    try:
        yield
    finally:
        passing.cancel()
        await asyncio.wait({passing})


async def page_of(scene: Scene, by: Member, name: str) -> str:
    return await words_of(await scene.discord.slash(by, scene.channel, f"privacy {name}", {}))


async def test_the_page_says_what_is_kept_and_for_how_long(scene: Scene, tmp_path: Path) -> None:
    await gallery(scene, tmp_path)
    words = await page_of(scene, scene.ada, "show")
    assert "**1 request**" in words
    assert f"{scene.parts.facts.retention_days} days after" in words
    assert "`/privacy export`" in words


async def test_the_file_has_the_members_jobs(scene: Scene, tmp_path: Path) -> None:
    job, _ = await gallery(scene, tmp_path)
    run = await scene.discord.slash(scene.ada, scene.channel, "privacy export", {})
    answer = await run.answered()
    assert answer.message is not None
    message = await answer.message.changed(lambda message: not message.loading)
    assert message.ephemeral
    [attachment] = message.attachments
    found = json.loads(attachment.read())
    assert [one["job_id"] for one in found["jobs"]] == [job.job_id]


async def test_the_button_forgets_after_a_restart_too_and_only_by_its_member(scene: Scene, tmp_path: Path) -> None:
    job, _ = await gallery(scene, tmp_path)
    run = await scene.discord.slash(scene.ada, scene.channel, "privacy delete", {})
    answer = await run.answered()
    assert answer.message is not None
    assert "stay on Discord" in answer.message.text()
    assert (await jobs.find(scene.database, job.job_id)).request.prompt != FORGOTTEN
    async with restarted(scene):
        pressed = await scene.discord.click(scene.ada, answer.message, "Delete my data")
        async with time_passes(scene):
            await pressed.answered()
            message = await answer.message.changed(lambda message: "Deleted" in message.text())
    assert "The words and links of 1 request are gone" in message.text()
    assert "the caps of the running day and month" in message.text()
    assert (await jobs.find(scene.database, job.job_id)).request.prompt == FORGOTTEN


async def test_a_suspended_member_may_ask_and_forget(scene: Scene) -> None:
    await suspend(scene, scene.ada)
    assert "What I keep about you" in await page_of(scene, scene.ada, "show")
