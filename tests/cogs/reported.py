"""Reported pictures in the scene: a channel for moderators, and the parts that work by themselves at work."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from models import Job
from sandbox.discord import Channel, Member, Message, Permissions, Run
from storage import jobs
from storage.guilds import EVERYWHERE
from tests.builders import choose
from tests.cogs.gallery import gallery
from tests.generation.assembly import end_tasks_of_the_runner
from tests.ui.scene import Scene

PROMPT = "a fox in an awful hat"


@dataclass(frozen=True)
class Town:
    """The scene, with two moderators, some members who report, and the moderators' channel."""

    scene: Scene
    mods: Channel
    mia: Member
    max: Member
    members: Sequence[Member]

    async def report(self, card: Message, *, by: Sequence[Member], reason: str = "it is rude") -> list[Run]:
        """Each of them presses *Report* and says why."""
        return [await report(self.scene, card, member, reason) for member in by]

    async def case_card(self, number: int = 1) -> Message:
        """The card of a case in the moderators' channel, once it is there."""
        return await self.mods.arrived(lambda message: f"case {number}" in message.text().splitlines()[-1])

    async def now(self, job: Job) -> Job:
        return await jobs.find(self.scene.database, job.job_id)

    def files_anywhere(self, job: Job) -> list[str]:
        """The names of the job's files on any message in the guild that is not deleted."""
        found = [
            attachment.filename
            for channel in (self.scene.channel, self.mods)
            for message in channel.messages
            for attachment in message.attachments
        ]
        return [name for name in found if job.job_id[-6:] in name or name == "input.png"]


@asynccontextmanager
async def town_of(scene: Scene, *, mods: bool = True) -> AsyncIterator[Town]:
    """Everything at work: the runner changes cards, and the keeper of cases shows them."""
    channel = scene.guild.add_channel("mods")
    powers = Permissions.MANAGE_MESSAGES
    town = Town(
        scene=scene,
        mods=channel,
        mia=scene.guild.add_member("mia", permissions=powers),
        max=scene.guild.add_member("max", permissions=powers),
        members=[scene.guild.add_member(f"member{number}") for number in range(5)],
    )
    if mods:
        await scene.database.write(lambda c: choose(c, scene.guild.id, moderators_channel_id=channel.id))
    scene.queue.hold(EVERYWHERE)  # tests bring their jobs to their ends themselves
    await scene.runner.start()
    keeping = asyncio.create_task(scene.keeper.run(), name="keeper of cases")
    try:
        yield town
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await end_tasks_of_the_runner()


async def report(scene: Scene, card: Message, by: Member, reason: str = "it is rude") -> Run:
    """Press *Report* and say why."""
    run = await scene.discord.click(by, card, "Report")
    await run.answered()
    sent = await scene.discord.submit_modal(run, {"reason": reason})
    await sent.answered()
    return sent


async def picture(scene: Scene, folder: Path, **options: Any) -> tuple[Job, Message]:
    """A delivered job of Ada's, and its card."""
    return await gallery(scene, folder, {"prompt": PROMPT, **options})


def pixels(message: Message) -> list[bytes]:
    """What the pictures of a gallery show, in their order: metadata aside."""
    found = []
    for attachment in message.gallery():
        with Image.open(io.BytesIO(attachment.read())) as opened:
            found.append(opened.convert("RGB").tobytes())
    return found
