"""Cards changed on the Discord stand-in by the real client: both ways, every answer Discord may give."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from errors import CardGone, DeliveryUnavailable
from generation.composing import recipe_text
from generation.delivery import ReleasedImage, UsualTime
from models import FailureReason, GuildSettings, Job, JobStatus, Verdict, VerdictReason
from sandbox.discord import Message, Permissions, routes
from tests.builders import choose, make_verdict
from tests.support import wait_until
from tests.ui.scene import Scene
from tests.ui.test_uploads import Marks, marks_of, pixels_of, stored
from ui import delivery
from ui.delivery import TOKEN_LASTS


async def deliver(scene: Scene, job: Job, images: Sequence[ReleasedImage], verdicts: Sequence[Verdict]) -> None:
    """As a guild has it that has chosen nothing."""
    await scene.delivery.deliver(job, images, verdicts, guild=GuildSettings(guild_id=job.origin.guild_id))


PAST_THE_TOKEN = TOKEN_LASTS.total_seconds() + 1


def submitted(job: Job) -> Job:
    return replace(job, status=JobStatus.SUBMITTED)


def calls(scene: Scene, method: str, route: str) -> int:
    return len(scene.discord.exchanges.matching(method, route))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are given up before discord.py's own second try, which waits a second."""
    monkeypatch.setattr(delivery, "EDIT_SECONDS", 0.3)
    monkeypatch.setattr(delivery, "UPLOAD_SECONDS", 0.3)


async def test_a_card_is_changed_by_the_token_while_that_lives(scene: Scene) -> None:
    job, card = await scene.carded()
    await scene.delivery.show(submitted(job), usual=UsualTime(low_seconds=6, high_seconds=11))
    assert "Being made" in card.text()
    assert "usually 6\u201311 s" in card.text()
    assert not card.buttons()
    assert calls(scene, "PATCH", routes.WEBHOOK_MESSAGE) == 1
    assert calls(scene, "PATCH", routes.MESSAGE) == 0


async def test_after_fourteen_minutes_the_bot_edits_its_own_message(scene: Scene) -> None:
    job, card = await scene.carded()
    scene.clock.advance(PAST_THE_TOKEN)
    await scene.delivery.show(submitted(job))
    assert "Being made" in card.text()
    assert calls(scene, "PATCH", routes.WEBHOOK_MESSAGE) == 0
    assert calls(scene, "PATCH", routes.MESSAGE) == 1


async def test_a_token_that_was_purged_is_not_used(scene: Scene) -> None:
    job, card = await scene.carded()
    await scene.delivery.show(submitted(replace(job, origin=replace(job.origin, interaction_token=""))))
    assert "Being made" in card.text()


async def test_a_token_that_discord_refuses_gives_way_to_the_message(scene: Scene) -> None:
    job, card = await scene.carded()
    refusal = scene.discord.faults.add("PATCH", routes.WEBHOOK_MESSAGE, status=401, code=50027)
    await scene.delivery.show(submitted(job))
    assert refusal.hits == 1
    assert "Being made" in card.text()


async def test_showing_twice_changes_nothing_more(scene: Scene) -> None:
    job, card = await scene.carded()
    await scene.delivery.show(submitted(job))
    once = card.text()
    await scene.delivery.show(submitted(job))
    assert card.text() == once


@pytest.mark.parametrize("late", [False, True], ids=["by token", "by message"])
async def test_the_gallery_replaces_the_card(scene: Scene, tmp_path: Path, late: bool) -> None:
    job, card = await scene.carded({"count": 2})
    if late:
        scene.clock.advance(PAST_THE_TOKEN)
    images = [stored(tmp_path, 0), stored(tmp_path, 1, kind="JPEG")]
    job = replace(job, status=JobStatus.GENERATED, images_produced=2)
    await deliver(scene, job, images, [make_verdict(0), make_verdict(1)])
    names = [f"a-red-fox-in-the-snow-{job.job_id[-6:]}-{end}" for end in ("1.png", "2.jpg")]
    assert [file.filename for file in card.attachments] == names
    assert [pixels_of(file.read()) for file in card.attachments] == [pixels_of(image.path) for image in images]
    assert {file.description for file in card.attachments} == {"Generated picture: a red fox in the snow"}
    [gallery] = [part for part in card.walk() if part["type"] == 12]
    assert [item["description"] for item in gallery["items"]] == ["Generated picture: a red fox in the snow"] * 2
    assert "$0.18" in card.text()


@pytest.mark.parametrize("recipe_in_files", [True, False])
async def test_what_lies_on_the_cdn_says_what_it_is(scene: Scene, tmp_path: Path, recipe_in_files: bool) -> None:
    job, card = await scene.carded({"count": 3})
    images = [stored(tmp_path, n, kind=kind) for n, kind in enumerate(("PNG", "JPEG", "WEBP"))]
    guild = await scene.database.write(
        lambda connection: choose(connection, scene.guild.id, recipe_in_files=recipe_in_files)
    )
    verdicts = [make_verdict(n) for n in range(3)]
    await scene.delivery.deliver(replace(job, images_produced=3), images, verdicts, guild=guild)
    recipe = recipe_text(job) if recipe_in_files else None
    for image, file in zip(images, card.attachments, strict=True):
        assert pixels_of(file.read()) == pixels_of(image.path)
        assert marks_of(file.read()) == Marks(by_a_model=True, recipe=recipe)


@pytest.mark.parametrize("spoilers", [True, False])
async def test_pictures_are_spoilers_where_the_guild_wants_it(scene: Scene, tmp_path: Path, spoilers: bool) -> None:
    job, card = await scene.carded({"count": 2})
    guild = await scene.database.write(lambda connection: choose(connection, scene.guild.id, spoilers=spoilers))
    images = [stored(tmp_path, n) for n in range(2)]
    await scene.delivery.deliver(
        replace(job, images_produced=2), images, [make_verdict(0), make_verdict(1)], guild=guild
    )
    [gallery] = [part for part in card.walk() if part["type"] == 12]
    assert [item["spoiler"] for item in gallery["items"]] == [spoilers] * 2


async def test_delivering_again_leaves_one_set_of_pictures(scene: Scene, tmp_path: Path) -> None:
    job, card = await scene.carded()
    for _ in range(2):
        await deliver(scene, replace(job, images_produced=1), [stored(tmp_path)], [make_verdict()])
    assert len(card.attachments) == 1


async def test_a_withheld_picture_is_only_counted(scene: Scene, tmp_path: Path) -> None:
    job, card = await scene.carded({"count": 2})
    verdicts = [make_verdict(0), make_verdict(1, VerdictReason.FLAGGED)]
    await deliver(scene, replace(job, images_produced=2), [stored(tmp_path)], verdicts)
    assert len(card.attachments) == 1
    assert "1 of 2 pictures was held back" in card.text()


async def test_a_picture_over_ten_mebibytes_is_made_smaller(scene: Scene, tmp_path: Path) -> None:
    job, card = await scene.carded()
    large = stored(tmp_path, size=(2048, 1800))
    assert large.size_bytes > 10 * 1024**2
    await deliver(scene, replace(job, images_produced=1), [large], [make_verdict()])
    [file] = card.attachments
    assert file.filename.endswith("-1.jpg")
    assert file.size_bytes <= 10 * 1024**2


async def test_a_boosted_guild_gets_the_larger_original(scene: Scene, tmp_path: Path) -> None:
    scene.guild.attachment_size_limit = 50 * 1024**2
    guild = scene.client.get_guild(scene.guild.id)
    assert guild is not None
    guild.premium_tier = 2
    job, card = await scene.carded()
    large = stored(tmp_path, size=(2048, 1800))
    await deliver(scene, replace(job, images_produced=1), [large], [make_verdict()])
    [file] = card.attachments
    assert pixels_of(file.read()) == pixels_of(large.path)


async def test_what_discord_still_finds_too_large_is_made_smaller_until_it_is_not(scene: Scene, tmp_path: Path) -> None:
    job, card = await scene.carded()
    fault = scene.discord.faults.add(
        "PATCH",
        routes.WEBHOOK_MESSAGE,
        where=lambda call: bool(call.files),
        status=413,
        code=40005,
        times=3,
    )
    image = stored(tmp_path, size=(1024, 768))
    await deliver(scene, replace(job, images_produced=1), [image], [make_verdict()])
    assert fault.hits == 3
    assert card.attachments[0].size_bytes <= 10 * 1024**2 // 8 < image.size_bytes


async def test_a_discord_that_finds_everything_too_large_is_asked_again_later(scene: Scene, tmp_path: Path) -> None:
    job, _ = await scene.carded()
    scene.discord.faults.add("PATCH", routes.WEBHOOK_MESSAGE, status=413, code=40005, times=None)
    with pytest.raises(DeliveryUnavailable):
        await deliver(scene, replace(job, images_produced=1), [stored(tmp_path)], [make_verdict()])


async def test_pictures_that_are_gone_from_the_disk_are_not_a_gone_card(scene: Scene, tmp_path: Path) -> None:
    job, _ = await scene.carded()
    image = stored(tmp_path)
    image.path.unlink()
    with pytest.raises(DeliveryUnavailable):
        await deliver(scene, replace(job, images_produced=1), [image], [make_verdict()])


def _delete_card(scene: Scene, card: Message) -> None:
    scene.discord.delete_message(card)


def _delete_channel(scene: Scene, _: Message) -> None:
    scene.guild.remove_channel(scene.channel)


def _hide_channel(scene: Scene, _: Message) -> None:
    scene.channel.set_bot_permissions(Permissions.NONE)


def _leave_guild(scene: Scene, _: Message) -> None:
    scene.discord.remove_guild(scene.guild)


@pytest.mark.parametrize("harm", [_delete_card, _delete_channel, _hide_channel, _leave_guild])
async def test_a_card_that_can_not_be_reached_any_more_is_gone(
    scene: Scene, harm: Callable[[Scene, Message], None]
) -> None:
    job, card = await scene.carded()
    scene.clock.advance(PAST_THE_TOKEN)
    harm(scene, card)
    with pytest.raises(CardGone):
        await scene.delivery.show(submitted(job))


async def test_a_deleted_card_is_gone_by_the_token_as_well(scene: Scene) -> None:
    job, card = await scene.carded()
    scene.discord.delete_message(card)
    with pytest.raises(CardGone):
        await scene.delivery.show(submitted(job))
    assert calls(scene, "PATCH", routes.MESSAGE) == 0


async def test_a_job_whose_card_is_not_known_has_none_to_change(scene: Scene) -> None:
    job, _ = await scene.carded()
    with pytest.raises(CardGone):
        await scene.delivery.show(replace(job, message_id=None))
    with pytest.raises(CardGone):
        await scene.delivery.notify(replace(job, message_id=None))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_fault_of_discord_passes(scene: Scene, hasty: None, status: int) -> None:
    job, card = await scene.carded()
    scene.discord.faults.add("PATCH", routes.WEBHOOK_MESSAGE, status=status, times=None)
    with pytest.raises(DeliveryUnavailable):
        await scene.delivery.show(submitted(job))
    scene.discord.faults.clear()
    await scene.delivery.show(submitted(job))
    assert "Being made" in card.text()


async def test_a_lost_connection_passes(scene: Scene) -> None:
    job, _ = await scene.carded()
    scene.discord.faults.drop("PATCH", routes.WEBHOOK_MESSAGE)
    with pytest.raises(DeliveryUnavailable):
        await scene.delivery.show(submitted(job))


async def test_a_call_that_hangs_is_given_up(scene: Scene, hasty: None) -> None:
    job, _ = await scene.carded()
    scene.discord.faults.hold("PATCH", routes.WEBHOOK_MESSAGE)
    with pytest.raises(DeliveryUnavailable):
        await scene.delivery.show(submitted(job))


async def test_cloudflares_429_names_the_wait(scene: Scene) -> None:
    job, _ = await scene.carded()
    scene.discord.faults.rate_limit("PATCH", routes.WEBHOOK_MESSAGE, retry_after=37, cloudflare=True)
    with pytest.raises(DeliveryUnavailable) as caught:
        await scene.delivery.show(submitted(job))
    assert caught.value.retry_after == 37


async def test_a_long_rate_limit_of_the_channel_names_the_wait(scene: Scene) -> None:
    job, _ = await scene.carded()
    scene.clock.advance(PAST_THE_TOKEN)
    scene.discord.faults.rate_limit("PATCH", routes.MESSAGE, retry_after=500)
    with pytest.raises(DeliveryUnavailable) as caught:
        await scene.delivery.show(submitted(job))
    assert caught.value.retry_after == 500


async def test_a_card_that_discord_finds_wrong_is_not_sent_for_ever_but_logged(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    job, _ = await scene.carded()
    scene.discord.faults.add("PATCH", routes.WEBHOOK_MESSAGE, status=400, code=50035)
    with pytest.raises(CardGone):
        await scene.delivery.show(submitted(job))
    assert "Discord refuses the card itself, code 50035" in caplog.text


async def test_eight_uploads_run_at_once_and_no_answer_waits_for_them(scene: Scene, tmp_path: Path) -> None:
    members = [scene.guild.add_member(f"member {n}") for n in range(10)]
    jobs = [(await scene.carded(by=member))[0] for member in members]
    hold = scene.discord.faults.hold("PATCH", routes.WEBHOOK_MESSAGE, where=lambda call: bool(call.files), times=None)
    image = stored(tmp_path)
    uploads = [
        asyncio.create_task(deliver(scene, replace(job, images_produced=1), [image], [make_verdict()])) for job in jobs
    ]
    await wait_until(lambda: hold.hits == 8, what="eight uploads")
    await (await scene.discord.slash(scene.ada, scene.channel, "about")).answered()
    assert hold.hits == 8
    hold.release()
    await asyncio.gather(*uploads)
    assert hold.hits == 10


async def test_the_card_of_an_answered_interaction_is_found(scene: Scene) -> None:
    job, card = await scene.carded()
    assert await scene.delivery.find_card(replace(job, message_id=None)) == card.id


async def test_an_interaction_that_was_never_answered_has_no_card(scene: Scene) -> None:
    refused = scene.discord.faults.add("POST", routes.CALLBACK, status=400, code=50035)
    run = await scene.imagine()
    await refused.happened()
    job, _ = await scene.carded()
    unanswered = replace(
        job, message_id=None, origin=replace(job.origin, interaction_id=run.id, interaction_token=run.token)
    )
    assert await scene.delivery.find_card(unanswered) is None


async def test_a_deleted_card_is_not_found(scene: Scene) -> None:
    job, card = await scene.carded()
    scene.discord.delete_message(card)
    assert await scene.delivery.find_card(job) is None


async def test_a_token_that_is_too_old_is_not_asked_with(scene: Scene) -> None:
    job, _ = await scene.carded()
    scene.clock.advance(PAST_THE_TOKEN)
    assert await scene.delivery.find_card(job) is None
    assert calls(scene, "GET", routes.ORIGINAL) == 0


async def test_a_dead_token_finds_nothing(scene: Scene) -> None:
    job, _ = await scene.carded()
    scene.discord.faults.add("GET", routes.ORIGINAL, status=401, code=50027)
    assert await scene.delivery.find_card(job) is None


async def test_whether_there_is_a_card_stays_open_while_discord_is_down(scene: Scene, hasty: None) -> None:
    job, _ = await scene.carded()
    scene.discord.faults.add("GET", routes.ORIGINAL, status=500, times=None)
    with pytest.raises(DeliveryUnavailable):
        await scene.delivery.find_card(job)


async def test_the_author_alone_is_mentioned_in_a_reply_to_the_card(scene: Scene) -> None:
    job, card = await scene.carded({"prompt": f"a fox {scene.bob.mention} @everyone"})
    await scene.delivery.notify(replace(job, status=JobStatus.DELIVERED, images_released=1))
    reply = scene.channel.messages[-1]
    assert reply.reply_to is card
    assert [user.id for user in reply.notified.users] == [scene.ada.id]
    assert not reply.notified.everyone
    assert card.notified.users == ()
    [sent] = scene.discord.exchanges.matching("POST", routes.MESSAGES)
    assert sent.request["allowed_mentions"] == {"parse": [], "users": [scene.ada.id]}


async def test_a_repeated_notice_is_one_message(scene: Scene) -> None:
    job, _ = await scene.carded()
    before = len(scene.channel.messages)
    scene.discord.faults.add("POST", routes.MESSAGES, status=502, when="after")
    await scene.delivery.notify(replace(job, status=JobStatus.DELIVERED))
    assert len(scene.channel.messages) == before + 1
    # The job's own number, so that the same notice of another process would count as a repetition as well.
    assert scene.channel.messages[-1].nonce == str(job.origin.interaction_id)


async def test_a_channel_whose_history_is_hidden_gets_no_notice(scene: Scene) -> None:
    job, _ = await scene.carded()
    scene.channel.overwrite(scene.guild.bot, deny=Permissions.READ_MESSAGE_HISTORY)
    with pytest.raises(CardGone):
        await scene.delivery.notify(job)


async def test_no_notice_is_sent_to_a_deleted_card(scene: Scene) -> None:
    job, card = await scene.carded()
    scene.discord.delete_message(card)
    with pytest.raises(CardGone):
        await scene.delivery.notify(job)


async def test_every_status_can_be_shown_on_discord(scene: Scene) -> None:
    job, card = await scene.carded({"prompt": "*" * 2000})
    for status in JobStatus:
        await scene.delivery.show(replace(job, status=status, reason=FailureReason.PROVIDER_FAILED))
    assert "It never came" in card.text()


async def test_no_view_stays_in_memory(scene: Scene, tmp_path: Path) -> None:
    job, _ = await scene.carded()
    await scene.delivery.show(submitted(job))
    scene.clock.advance(PAST_THE_TOKEN)
    await scene.delivery.show(submitted(job))
    assert scene.client.persistent_views == []
