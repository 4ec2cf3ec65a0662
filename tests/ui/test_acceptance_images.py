"""From an interaction with an image to a job whose card has it, and what becomes of the file where that fails."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import discord
import pytest

from errors import EaselError
from generation import inputs
from generation.cards import REPEAT_AFTER_SECONDS
from generation.timing import CARD_WAIT_WITH_IMAGE
from models import FailureReason, GenerationRequest, JobStatus
from sandbox.discord import Permissions, Run, routes
from tests.builders import make_request
from tests.cogs.gallery import suspend
from tests.imaging.files import drawing, encoded
from tests.support import wait_until
from tests.ui.scene import Scene
from tests.ui.test_client import with_button
from ui import acceptance, answers
from ui.acceptance import IMAGE_SECONDS, GivenImage

PNG = encoded(drawing(size=(128, 96)))


@dataclass
class Giving:
    """A button that starts a job from an image, and what is seen of it."""

    scene: Scene
    request: GenerationRequest = field(
        default_factory=lambda: make_request(reference_image_url=inputs.placeholder("input.png"))
    )
    deferred: bool = False
    draft_id: str | None = None
    files: list[BinaryIO] = field(default_factory=list)
    finished: int = 0

    async def press(self) -> Run:
        self.scene.client.add_action("give", self.handle)
        return await self.scene.discord.click(self.scene.ada, await with_button(self.scene, "give"), "Press")

    async def handle(self, interaction: discord.Interaction[Any], _: str) -> None:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever accepts it closes it, which is what is tested
        file.write(PNG)
        file.seek(0)
        self.files.append(cast("BinaryIO", file))
        if self.deferred:
            await answers.defer_publicly(interaction)
        await self.scene.parts.acceptor.accept(
            interaction,
            self.request,
            image=GivenImage(filename="input.png", file=self.files[-1]),
            draft_id=self.draft_id,
            afterwards=self.finish,
        )

    async def finish(self) -> None:
        self.finished += 1

    async def over(self) -> None:
        """Everything is done, and the file is closed."""
        await self.scene.client.tasks.close(within_seconds=10)
        await wait_until(lambda: bool(self.files) and self.files[-1].closed, what="the file's end")


@pytest.fixture
def giving(scene: Scene) -> Giving:
    return Giving(scene)


@pytest.mark.parametrize("deferred", [False, True], ids=["at once", "deferred before"])
async def test_the_public_deferral_becomes_the_card_with_the_image(
    scene: Scene, giving: Giving, deferred: bool
) -> None:
    giving.deferred = deferred
    run = await giving.press()
    answer = await run.answered()
    assert (answer.kind, answer.ephemeral) == ("deferred", False)
    card = answer.message
    assert card is not None
    await card.changed(lambda message: message.attachments)
    await giving.over()
    [file] = card.attachments
    assert (file.filename, file.read(), file.description) == ("input.png", PNG, "The picture that this is made from")
    [shown] = [part for part in card.walk() if part["type"] == 11]
    assert shown["media"]["attachment_id"] == str(file.id)
    assert card.text().startswith("### ⏳ Waiting in line\n> a red fox in the snow")
    assert [button.label for button in card.buttons()] == ["Cancel"]
    [job] = await scene.jobs()
    assert (job.status, job.message_id) == (JobStatus.QUEUED, card.id)
    assert await scene.delivery.image_addresses(job) == {"input.png": scene.discord.url_of(file)}
    assert giving.finished == 1
    assert run.followups == []


class TestRefused:
    """Nothing is said in public, nothing is kept, and the file is closed."""

    async def words(self, giving: Giving) -> str:
        answer = await (await giving.press()).answered()
        assert (answer.kind, answer.ephemeral) == ("message", True)
        assert answer.message is not None
        await giving.over()
        assert await giving.scene.jobs() == []
        assert giving.finished == 0
        return answer.message.text()

    async def test_a_suspended_member(self, scene: Scene, giving: Giving) -> None:
        await suspend(scene, scene.ada)
        assert "suspended you" in await self.words(giving)

    async def test_too_many_pictures_beside_it(self, giving: Giving) -> None:
        giving.request = make_request(reference_image_url=inputs.placeholder("input.png"), num_images=5)
        assert "`count` can be 4 at most" in await self.words(giving)

    async def test_a_channel_without_files(self, scene: Scene, giving: Giving) -> None:
        scene.channel.overwrite(scene.guild.bot, deny=Permissions.ATTACH_FILES)
        assert "**Attach Files**" in await self.words(giving)

    async def test_a_channel_whose_history_the_bot_may_not_read(self, scene: Scene, giving: Giving) -> None:
        scene.channel.overwrite(scene.guild.bot, deny=Permissions.READ_MESSAGE_HISTORY)
        assert "**Read Message History**" in await self.words(giving)

    async def test_a_panel_that_was_used_up(self, giving: Giving) -> None:
        giving.draft_id = "nothing"
        assert "This panel doesn't work any more" in await self.words(giving)

    @pytest.mark.parametrize("how", ["deferred before", "deferred since the disk hangs"])
    async def test_after_a_public_deferral_that_is_taken_back(
        self, scene: Scene, giving: Giving, impatient: None, how: str
    ) -> None:
        await suspend(scene, scene.ada)
        giving.deferred = how == "deferred before"
        if giving.deferred:
            run = await giving.press()
            answer = await run.answered()
        else:
            async with scene.stalled_disk():
                run = await giving.press()
                answer = await run.answered()
        assert (answer.kind, answer.ephemeral) == ("deferred", False)
        await giving.over()
        assert answer.message is not None
        await answer.message.changed(lambda message: message.deleted)
        await wait_until(lambda: bool(run.followups))
        [followup] = run.followups
        assert followup.visible_to is scene.ada
        assert "suspended you" in followup.text()
        assert giving.finished == 0


async def ended_by_the_runner(scene: Scene) -> None:
    """Some time later the runner looks for the card, and the provider hears of nothing."""
    scene.clock.advance(CARD_WAIT_WITH_IMAGE.total_seconds())
    await scene.runner.start()
    job = await scene.until(lambda job: job.status.is_terminal)
    await wait_until(lambda: scene.runner.at_work == 0)
    scene.clock.advance(REPEAT_AFTER_SECONDS)  # an edit of the process before might have come after the runner's
    await wait_until(lambda: scene.runner.waiting == 0 and scene.runner.at_work == 0)
    await scene.runner.stop(within_seconds=0)
    assert (job.status, job.settled_micros, job.submit_attempts) == (JobStatus.CANCELLED, 0, 0)
    quota = await scene.service.quota(guild_id=scene.guild.id, user_id=scene.ada.id)
    assert all(line.balance.pending == line.balance.posted == 0 for line in quota)


@pytest.mark.parametrize(("status", "code"), [(413, 40005), (400, 50035), (403, 50013)])
async def test_an_image_that_discord_refuses_leaves_no_job_that_is_paid_for(
    scene: Scene, giving: Giving, status: int, code: int
) -> None:
    refused = scene.discord.faults.add("PATCH", routes.ORIGINAL, status=status, code=code, times=1)
    answer = await (await giving.press()).answered()
    await refused.happened()
    await giving.over()
    [job] = await scene.jobs()
    assert (job.status, job.message_id) == (JobStatus.QUEUED, None)
    await ended_by_the_runner(scene)
    [job] = await scene.jobs()
    assert job.reason == FailureReason.IMAGE_GONE
    assert answer.message is not None
    assert "The picture to work from is not on this message" in answer.message.text()
    assert "Nothing was charged" in answer.message.text()


async def test_an_upload_that_hangs_is_given_up_before_the_runner_looks(
    scene: Scene, giving: Giving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert CARD_WAIT_WITH_IMAGE.total_seconds() > IMAGE_SECONDS + answers.SEND_SECONDS + answers.FIRST_ANSWER_SECONDS
    monkeypatch.setattr(acceptance, "IMAGE_SECONDS", 0.1)
    held = scene.discord.faults.hold("PATCH", routes.ORIGINAL)
    await giving.press()
    await held.happened()
    await giving.over()
    assert "the late card met TimeoutError" in caplog.text
    assert giving.finished == 1
    await ended_by_the_runner(scene)


async def test_the_wait_for_a_turn_to_upload_counts(
    scene: Scene, giving: Giving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever gets a turn only after the runner has ended the job would draw "waiting in line" over that."""
    monkeypatch.setattr(acceptance, "IMAGE_SECONDS", 0.1)
    monkeypatch.setattr(scene.parts.acceptor, "_uploading", asyncio.Semaphore(0))
    await giving.press()
    await giving.over()
    assert "the late card met TimeoutError" in caplog.text
    assert scene.discord.exchanges.matching("PATCH", routes.ORIGINAL) == []
    await ended_by_the_runner(scene)


async def test_a_deferral_that_discord_refuses_ends_the_job_at_once(scene: Scene, giving: Giving) -> None:
    refused = scene.discord.faults.add("POST", routes.CALLBACK, status=404, code=10062)
    await giving.press()
    await refused.happened()
    await giving.over()
    [job] = await scene.jobs()
    assert (job.status, job.reason) == (JobStatus.CANCELLED, FailureReason.NO_CARD)
    assert scene.discord.exchanges.matching("PATCH", routes.ORIGINAL) == []


async def test_a_press_that_is_cut_short_leaves_a_closed_file_and_a_job_that_ends(scene: Scene, giving: Giving) -> None:
    async with scene.stalled_disk():
        await giving.press()
        await wait_until(lambda: _task("accept ") is not None, what="the acceptance")
        pressed = _task("discord-ui") or _task("discord.py: on_interaction")
        assert pressed is not None, [task.get_name() for task in asyncio.all_tasks()]
        pressed.cancel()
        await wait_until(lambda: giving.files[-1].closed)
    await scene.until(lambda job: True)
    await ended_by_the_runner(scene)


async def test_a_bot_that_goes_down_meanwhile_closes_the_file(scene: Scene, giving: Giving) -> None:
    held = scene.discord.faults.hold("PATCH", routes.ORIGINAL)
    await giving.press()
    await held.happened()
    await scene.client.tasks.close(within_seconds=0)
    await wait_until(lambda: giving.files[-1].closed)
    held.release()


async def test_a_card_that_can_not_be_drawn_closes_the_file_too(
    scene: Scene, giving: Giving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> Callable[[], None]:
        raise EaselError("a fault in the card")

    monkeypatch.setattr("ui.cards.for_job", broken)
    await giving.press()
    await giving.over()
    assert "a fault in the card" in caplog.text


def _task(name: str) -> "asyncio.Task[Any] | None":
    return next((task for task in asyncio.all_tasks() if task.get_name().startswith(name)), None)
