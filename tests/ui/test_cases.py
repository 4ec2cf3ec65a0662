"""Cards of cases as they go over the wire: sent once, found again, edited, whatever Discord answers."""

import hashlib
import io
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from errors import AlertRefused, CardGone, DeliveryUnavailable
from generation.case_sheets import CaseSheets
from models import GuildSettings, JobStatus
from moderation import Case, CaseKind, CaseOutcome
from sandbox.discord import Channel, Message, Permissions, routes
from storage import cases, jobs
from tests.builders import choose, make_job, make_origin, make_reservations, make_verdict
from tests.support import wait_until
from tests.ui.scene import Scene
from tests.ui.test_uploads import noise
from ui import cases as cases_on_discord
from ui.case_cards import views
from ui.cases import DiscordCases

WITHOUT_HISTORY = Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES
# Discord takes a second message with the same nonce for the first one, but only for a few minutes.
PAST_THE_NONCE = 600


@dataclass(frozen=True)
class Desk:
    """The scene with a moderators' channel, a picture that waits, and one process's way to Discord."""

    scene: Scene
    mods: Channel
    delivery: DiscordCases
    case: Case
    settings: GuildSettings

    async def post(self) -> tuple[Case, Message]:
        """The case with its card."""
        message_id = await self.delivery.post(self.case, self.settings)
        return replace(self.case, message_id=message_id), self.scene.discord.message(message_id)

    async def decide(self, case: Case, outcome: CaseOutcome) -> Case:
        """The case as it is once it was decided."""
        decided = await self.scene.database.write(
            lambda c: cases.decide(c, case.case_id, outcome, guild_id=case.guild_id, by_id=9, at=self.scene.clock.now())
        )
        return replace(decided, message_id=case.message_id)

    @property
    def posts(self) -> int:
        return len(self.scene.discord.exchanges.matching("POST", routes.MESSAGES))


async def heard_of(scene: Scene, channel: Channel) -> None:
    """Wait until the bot knows the channel, as it is now."""

    def is_known() -> bool:
        guild = scene.client.get_guild(channel.guild.id)
        there = guild and guild.get_channel(channel.id)
        may = bool(channel.bot_permissions & Permissions.READ_MESSAGE_HISTORY)
        return bool(guild and there and there.permissions_for(guild.me).read_message_history == may)

    await wait_until(is_known, what="the channel in the bot's memory")


def png(side: int) -> bytes:
    buffer = io.BytesIO()
    noise(side, side).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture
async def desk(scene: Scene) -> Desk:
    mods = scene.guild.add_channel("mods")
    settings = await scene.database.write(lambda c: choose(c, scene.guild.id, moderators_channel_id=mods.id))
    pictures = [png(60), png(70)]
    job = make_job(origin=make_origin(guild_id=scene.guild.id, user_id=scene.ada.id), images_requested=2)
    verdicts = [
        make_verdict(index, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        for index, data in enumerate(pictures)
    ]
    for verdict, data in zip(verdicts, pictures, strict=True):
        scene.parts.spool.keep(job.job_id, verdict, io.BytesIO(data))

    def fill(connection: sqlite3.Connection) -> Case:
        jobs.record(connection, job, make_reservations(job), active_limit=9)
        connection.execute(
            "UPDATE jobs SET status = 'generated', request_id = 'r', images_produced = 2 WHERE job_id = ?",
            (job.job_id,),
        )
        jobs.store_verdicts(connection, job.job_id, verdicts, at=scene.clock.now())
        connection.execute("UPDATE jobs SET status = ? WHERE job_id = ?", (JobStatus.IN_REVIEW, job.job_id))
        case, _ = cases.open_case(
            connection,
            guild_id=scene.guild.id,
            kind=CaseKind.REVIEW,
            user_id=scene.ada.id,
            at=scene.clock.now(),
            job_id=job.job_id,
            expires_at=scene.clock.now(),
        )
        claimed = cases.claim(connection, case.case_id, at=scene.clock.now(), channel_id=mods.id)
        assert claimed is not None
        return claimed

    case = await scene.database.write(fill)
    sheets = CaseSheets(
        database=scene.database,
        spool=scene.parts.spool,
        filters=scene.parts.desk.filters,
        strikes=scene.parts.desk.strikes,
    )
    delivery = DiscordCases(scene.client, scene.delivery, views(sheets))
    await heard_of(scene, mods)
    return Desk(scene, mods, delivery, case, settings)


async def test_a_card_carries_its_pictures_and_mentions_nobody(desk: Desk) -> None:
    case, card = await desk.post()
    assert card in desk.mods.messages
    assert len(card.gallery()) == 2
    assert card.text().splitlines()[-1] == f"-# case {case.case_id}"
    [exchange] = desk.scene.discord.exchanges.matching("POST", routes.MESSAGES)
    assert exchange.request["allowed_mentions"]["parse"] == []
    assert exchange.request["nonce"] == f"case {case.case_id}"


async def test_a_card_is_found_again_among_what_came_after_it(desk: Desk) -> None:
    assert await desk.delivery.find(desk.case) is None
    _, card = await desk.post()
    for number in range(210):  # more than are looked at
        desk.scene.discord.post(desk.scene.ada, desk.mods, f"chatter {number}")
    assert await desk.delivery.find(desk.case) == card.id
    assert await desk.delivery.find(replace(desk.case, case_id=2)) is None
    assert await desk.delivery.find(replace(desk.case, case_id=11)) is None


async def test_what_others_write_is_no_card(desk: Desk) -> None:
    desk.scene.discord.world.message_content_allowed = True
    body = {"flags": 1 << 15, "components": [{"type": 10, "content": f"-# case {desk.case.case_id}"}]}
    desk.scene.discord.post_from_app(desk.scene.bob, desk.mods, body)
    assert await desk.delivery.find(desk.case) is None


async def test_without_the_history_nothing_is_claimed_about_it(desk: Desk) -> None:
    desk.mods.set_bot_permissions(WITHOUT_HISTORY)
    await heard_of(desk.scene, desk.mods)
    with pytest.raises(DeliveryUnavailable, match="may not read"):
        await desk.delivery.find(desk.case)


async def test_what_was_sent_to_a_deleted_channel_is_gone(desk: Desk) -> None:
    await desk.post()
    desk.scene.guild.remove_channel(desk.mods)
    assert await desk.delivery.find(desk.case) is None


async def test_a_channel_that_is_gone_or_closed_refuses_for_certain(desk: Desk) -> None:
    desk.mods.set_bot_permissions(Permissions.VIEW_CHANNEL)
    with pytest.raises(AlertRefused, match="403"):
        await desk.delivery.post(desk.case, desk.settings)
    desk.scene.guild.remove_channel(desk.mods)
    with pytest.raises(AlertRefused, match="404"):
        await desk.delivery.post(desk.case, desk.settings)


@pytest.mark.parametrize("status", [408, 429, 503])
async def test_after_any_other_answer_the_card_may_be_there(desk: Desk, status: int) -> None:
    desk.scene.discord.faults.add("POST", routes.MESSAGES, status=status, when="after", headers={"Via": ""})
    with pytest.raises(DeliveryUnavailable, match=str(status)):
        await desk.delivery.post(desk.case, desk.settings)
    assert await desk.delivery.find(desk.case) is not None


async def test_a_request_without_an_answer_may_have_got_through(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases_on_discord, "UPLOAD_SECONDS", 0.2)
    fault = desk.scene.discord.faults.hold("POST", routes.MESSAGES)
    with pytest.raises(DeliveryUnavailable, match="TimeoutError"):
        await desk.delivery.post(desk.case, desk.settings)
    fault.release()
    await wait_until(lambda: len(desk.mods.messages) <= 1, what="what becomes of it")


async def test_pictures_that_discord_finds_too_large_are_made_smaller(desk: Desk) -> None:
    desk.scene.discord.faults.add("POST", routes.MESSAGES, status=413, body={"message": "", "code": 40005})
    _, card = await desk.post()
    assert len(card.gallery()) == 2


async def test_a_guild_that_the_bot_has_left_is_not_asked(desk: Desk) -> None:
    case, _ = await desk.post()
    desk.scene.discord.remove_guild(desk.scene.guild)
    await wait_until(lambda: desk.scene.client.get_guild(desk.scene.guild.id) is None, what="the bot's leaving")
    asked = len(desk.scene.discord.exchanges)
    with pytest.raises(AlertRefused, match="not connected"):
        await desk.delivery.post(desk.case, desk.settings)
    for call in (desk.delivery.find(case), desk.delivery.update(case, desk.settings)):
        with pytest.raises(DeliveryUnavailable, match="not connected"):
            await call
    assert len(desk.scene.discord.exchanges) == asked


async def test_an_edit_of_an_open_case_keeps_its_pictures_without_sending_them_again(desk: Desk) -> None:
    case, card = await desk.post()
    before = [file.id for file in card.gallery()]
    await desk.delivery.update(case, desk.settings)
    await desk.delivery.update(case, desk.settings)
    assert [file.id for file in card.gallery()] == before
    uploads = [exchange for exchange in desk.scene.discord.exchanges.matching("PATCH") if exchange.files]
    assert not uploads
    assert card.buttons()


async def test_pictures_that_a_card_lacks_are_put_onto_it(desk: Desk, tmp_path: Path) -> None:
    picture = next((tmp_path / "spool" / (desk.case.job_id or "")).iterdir())
    data = picture.read_bytes()
    picture.unlink()
    case, card = await desk.post()
    assert "The pictures are not there any more." in card.text()
    assert not card.attachments
    picture.write_bytes(data)
    await desk.delivery.update(case, desk.settings)
    assert len(card.gallery()) == 2
    assert "not there any more" not in card.text()


@pytest.mark.parametrize("outcome", [CaseOutcome.APPROVED, CaseOutcome.REJECTED, CaseOutcome.EXPIRED])
async def test_a_decided_case_shows_its_outcome_and_no_pictures(desk: Desk, outcome: CaseOutcome) -> None:
    case, card = await desk.post()
    decided = await desk.decide(case, outcome)
    await desk.delivery.update(decided, desk.settings)
    assert not card.attachments
    assert not card.buttons()
    assert "by <@9>" in card.text()


async def test_a_deleted_card_is_gone(desk: Desk) -> None:
    case, card = await desk.post()
    desk.scene.discord.delete_message(card)
    with pytest.raises(CardGone):
        await desk.delivery.update(case, desk.settings)
    with pytest.raises(CardGone):
        await desk.delivery.update(await desk.decide(case, CaseOutcome.REJECTED), desk.settings)


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
async def test_any_other_answer_to_an_edit_may_pass(desk: Desk, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = await desk.post()
    monkeypatch.setattr(cases_on_discord, "CALL_SECONDS", 0.5)  # discord.py goes on asking after a 500
    case = await desk.decide(case, CaseOutcome.REJECTED)
    desk.scene.discord.faults.add("PATCH", routes.MESSAGE, status=status, headers={"Via": ""}, times=None)
    with pytest.raises(DeliveryUnavailable, match=f"{status}|TimeoutError"):
        await desk.delivery.update(case, desk.settings)


async def test_a_slow_edit_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = await desk.post()
    monkeypatch.setattr(cases_on_discord, "CALL_SECONDS", 0.2)
    fault = desk.scene.discord.faults.hold("PATCH", routes.MESSAGE)
    with pytest.raises(DeliveryUnavailable, match="TimeoutError"):
        await desk.delivery.update(await desk.decide(case, CaseOutcome.REJECTED), desk.settings)
    fault.release()
