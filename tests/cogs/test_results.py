"""The buttons below a picture and the message menus: who may do what, before and after a restart."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from generation import inputs
from models import Job, JobStatus, VerdictReason
from recipes import LoraEntry
from sandbox.discord import Member, Message, Permissions, Run, Value, routes
from storage import jobs
from tests.builders import PRICE_MICROS
from tests.cogs.gallery import finished, gallery, newest, restarted, suspend, words_of
from tests.support import wait_until
from tests.ui.scene import Scene
from ui import delivery

SECRET = "no secret hats"

Form = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Deed:
    """What a member does with a picture: a button or a menu, and what goes into its form if it opens one."""

    name: str
    form: Form | None = None
    menu: bool = False

    async def begin(self, scene: Scene, member: Member, card: Message) -> Run:
        if self.menu:
            return await scene.discord.context_menu(member, scene.channel, self.name, card)
        return await scene.discord.click(member, card, self.name)


REROLL = Deed("Reroll")
EDIT = Deed("Edit…", {"prompt": "a blue fox", "count": "2"})
USE = Deed("Use as reference", {"prompt": "the fox at sea"})
FAVOURITE = Deed("Favourite")
DETAILS = Deed("Details")
REPORT = Deed("Report", {"reason": "not *nice*"})
DELETE = Deed("Delete")
REMIX = Deed("Remix image", {"prompt": "the fox at sea"}, menu=True)
RECIPE = Deed("Show recipe", menu=True)
REPORT_IMAGE = Deed("Report image", {"reason": "not *nice*"}, menu=True)

STARTING = (REROLL, EDIT, USE, REMIX)
SHOWING = (DETAILS, RECIPE)
REPORTING = (REPORT, REPORT_IMAGE)
ALL = (*STARTING, *SHOWING, *REPORTING, FAVOURITE, DELETE)
WHO = ("author", "another member", "a moderator", "a suspended member", "author after a restart")


async def member(scene: Scene, who: str) -> Member:
    if who.startswith("author"):
        return scene.ada
    if who == "a moderator":
        return scene.guild.add_member("mia", permissions=Permissions.MANAGE_MESSAGES)
    if who == "a suspended member":
        await suspend(scene, scene.bob)
    return scene.bob


async def do(scene: Scene, deed: Deed, by: Member, card: Message, *, again: AsyncExitStack | None = None) -> Run:
    """The whole deed; the bot restarts before it, and again while the form is open, where `again` is given."""
    if again is not None:
        await again.enter_async_context(restarted(scene))
    run = await deed.begin(scene, by, card)
    await run.answered()
    if deed.form is None:
        return run
    assert run.answer is not None
    assert run.answer.kind == "modal", run
    return await scene.discord.submit_modal(run, deed.form)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("deed", ALL, ids=lambda deed: deed.name)
async def test_every_button_and_menu_does_what_it_is_for_and_no_more(
    scene: Scene, tmp_path: Path, deed: Deed, who: str
) -> None:
    job, card = await gallery(scene, tmp_path, {"prompt": "a red fox", "negative": SECRET})
    before, by = await scene.jobs(), await member(scene, who)
    async with AsyncExitStack() as again:
        run = await do(scene, deed, by, card, again=again if "restart" in who else None)
        if deed in STARTING:
            await started_or_suspended(scene, deed, run, by, before, suspended="suspended" in who)
        elif deed in SHOWING:
            words = await words_of(run)
            assert f"prompt:a red fox size:landscape_4_3 seed:{job.request.seed}" in words
            assert (SECRET in words) == (by is scene.ada)
        elif deed in REPORTING:
            assert "Thank you" in await words_of(run)
            await wait_until(lambda: bool(owner_reads(scene)), what="the operator's message")
            assert "not \\*nice\\*" in owner_reads(scene)[0]
            assert f"/{scene.guild.id}/{scene.channel.id}/{card.id}" in owner_reads(scene)[0]
        elif deed is FAVOURITE:
            assert "Added to your favourites" in await words_of(run)
            assert await scene.parts.library.history.is_favourite(job.job_id, user_id=by.id)
        else:
            await deleted_or_refused(scene, run, by, job, card)
    assert (len(await scene.jobs()) > len(before)) == (deed in STARTING and "suspended" not in who)
    assert card.deleted == (deed is DELETE and by is not scene.bob)


async def started_or_suspended(
    scene: Scene, deed: Deed, run: Run, by: Member, before: list[Job], *, suspended: bool
) -> None:
    if suspended:
        assert "A moderator has suspended you" in await words_of(run)
        return
    made = await newest(scene, before)
    assert made.origin.user_id == by.id  # who presses pays
    assert made.recipe.parent_job_id == before[0].job_id
    assert made.request.prompt == (deed.form or {"prompt": "a red fox"})["prompt"]
    assert bool(inputs.names(made.request)) == (deed in {USE, REMIX})


async def deleted_or_refused(scene: Scene, run: Run, by: Member, job: Job, card: Message) -> None:
    if by is scene.bob:
        assert "Only the member who asked for this can do that, or a moderator" in await words_of(run)
        stored = await jobs.find(scene.database, job.job_id)
        assert stored.removed_at is None
        return
    assert "Deleted." in await words_of(run)
    stored = await jobs.find(scene.database, job.job_id)
    assert stored.removed_at is not None
    assert job.job_id not in {unfinished.job_id for unfinished in await jobs.unfinished(scene.database)}


def owner_reads(scene: Scene) -> list[str]:
    return [message.text() for message in scene.discord.dms(scene.discord.world.owner).messages]


FORMS = [deed for deed in ALL if deed.form is not None]


@pytest.mark.parametrize("deed", FORMS, ids=lambda deed: deed.name)
async def test_a_form_that_was_open_during_a_restart_is_answered(scene: Scene, tmp_path: Path, deed: Deed) -> None:
    _, card = await gallery(scene, tmp_path)
    before = await scene.jobs()
    opened = await deed.begin(scene, scene.bob, card)
    await opened.answered()
    async with restarted(scene):
        run = await scene.discord.submit_modal(opened, deed.form)
        if deed in REPORTING:
            assert "Thank you" in await words_of(run)
        else:
            assert (await newest(scene, before)).origin.user_id == scene.bob.id


async def test_a_reroll_is_the_same_request_with_another_seed(scene: Scene, tmp_path: Path) -> None:
    options: dict[str, Value] = {
        "prompt": "a red fox",
        "negative": SECRET,
        "steps": 12,
        "seed": 7,
        "size": "square_hd",
        "count": 2,
    }
    job, card = await gallery(scene, tmp_path, options)
    await (await scene.discord.click(scene.ada, card, "Reroll")).answered()
    again = await newest(scene, [job])
    assert again.request.seed != 7
    assert again.request.num_inference_steps == 12
    assert again.request.num_images == 2
    assert again.request.negative_prompt == SECRET
    assert again.cost_micros == 2 * PRICE_MICROS


async def test_a_negative_prompt_acts_in_anothers_reroll_but_is_not_shown_to_them(scene: Scene, tmp_path: Path) -> None:
    job, card = await gallery(scene, tmp_path, {"negative": SECRET})
    await (await scene.discord.click(scene.bob, card, "Reroll")).answered()
    again = await newest(scene, [job])
    assert again.request.negative_prompt == SECRET
    again = await finished(scene, tmp_path, again)
    own_card = scene.discord.message(again.message_id or 0)
    assert SECRET not in await words_of(await scene.discord.click(scene.bob, own_card, "Details"))
    opened = await (await scene.discord.click(scene.bob, own_card, "Edit…")).answered()
    assert SECRET not in str(opened.modal)
    # Not even through a reroll of the reroll.
    await (await scene.discord.click(scene.bob, own_card, "Reroll")).answered()
    third = await finished(scene, tmp_path, await newest(scene, [job, again]))
    last_card = scene.discord.message(third.message_id or 0)
    assert third.request.negative_prompt == SECRET
    assert SECRET not in await words_of(await scene.discord.click(scene.bob, last_card, "Details"))


async def test_the_form_shows_the_author_what_it_was(scene: Scene, tmp_path: Path) -> None:
    _, card = await gallery(scene, tmp_path, {"prompt": "a red fox", "negative": SECRET, "seed": 7, "count": 2})
    mine = (await (await scene.discord.click(scene.ada, card, "Edit…")).answered()).inputs
    shown = {name: field["value"] for name, field in mine.items()}
    assert shown == {"prompt": "a red fox", "negative": SECRET, "seed": "7", "count": "2"}
    theirs = (await (await scene.discord.click(scene.bob, card, "Edit…")).answered()).inputs
    assert not theirs["negative"]["value"]


@pytest.mark.parametrize(
    ("who", "typed", "negative"),
    [("ada", "", ""), ("ada", "no cars", "no cars"), ("bob", "", SECRET), ("bob", "no cars", "no cars")],
)
async def test_an_empty_negative_prompt_means_none_to_its_author_and_no_change_to_others(
    scene: Scene, tmp_path: Path, who: str, typed: str, negative: str
) -> None:
    job, card = await gallery(scene, tmp_path, {"negative": SECRET})
    run = await scene.discord.click(getattr(scene, who), card, "Edit…")
    await run.answered()
    await (await scene.discord.submit_modal(run, {"negative": typed})).answered()
    assert (await newest(scene, [job])).request.negative_prompt == negative


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seed": "abc"}, "`seed` must be from 0 to 2,147,483,647"),
        ({"seed": "-1"}, "`seed` must be from 0"),
        ({"seed": "9" * 20}, "`seed` must be from 0"),
        ({"count": "99"}, "`count` must be from 1 to 10"),
        ({"count": "two"}, "`count` must be from 1 to 10"),
        ({"count": "0"}, "`count` must be from 1 to 10"),
        ({"count": "٣"}, "`count` must be from 1 to 10"),
        ({"count": "5"}, "In this server, `count` can be 4 at most"),
        ({"prompt": " \u200b "}, "`prompt` is empty"),
    ],
)
async def test_a_wrong_value_in_the_form_is_refused_with_what_is_allowed(
    scene: Scene, tmp_path: Path, values: Form, words: str
) -> None:
    _, card = await gallery(scene, tmp_path)
    run = await scene.discord.click(scene.ada, card, "Edit…")
    await run.answered()
    assert words in await words_of(await scene.discord.submit_modal(run, values))
    assert len(await scene.jobs()) == 1


@pytest.mark.parametrize("seed", ["9" * 5000, "0" * 5000])
async def test_a_number_longer_than_the_field_is_refused_too(scene: Scene, tmp_path: Path, seed: str) -> None:
    _, card = await gallery(scene, tmp_path)
    run = await scene.discord.click(scene.ada, card, "Edit…")
    await run.answered()
    raw = [
        {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a fox"}},
        {"type": 18, "component": {"type": 4, "custom_id": "seed", "value": seed}},
    ]
    assert "`seed` must be from 0" in await words_of(await scene.discord.submit_modal(run, raw=raw))


async def forget(scene: Scene) -> None:
    """The housekeeping, a long time later."""
    later = scene.clock.now() + timedelta(days=31)
    assert await scene.database.write(lambda connection: jobs.forget_texts(connection, before=later))


async def test_a_forgotten_prompt_can_not_be_made_again_but_typed_anew(scene: Scene, tmp_path: Path) -> None:
    _, card = await gallery(scene, tmp_path)
    await forget(scene)
    assert "this picture's is forgotten" in await words_of(await scene.discord.click(scene.ada, card, "Reroll"))
    assert "forgotten" in await words_of(await scene.discord.click(scene.ada, card, "Details"))
    for label in ("Edit…", "Use as reference"):
        run = await scene.discord.click(scene.ada, card, label)
        assert not (await run.answered()).inputs["prompt"]["value"]
        before = await scene.jobs()
        await scene.discord.submit_modal(run, {"prompt": "a new fox"})
        assert (await newest(scene, before)).request.prompt == "a new fox"


async def used(scene: Scene, folder: Path, card: Message, by: Member, **values: Any) -> Job:
    before = await scene.jobs()
    run = await scene.discord.click(by, card, "Use as reference")
    await run.answered()
    await scene.discord.submit_modal(run, {"prompt": "the fox at sea", **values})
    return await newest(scene, before)


async def test_the_picture_that_was_chosen_is_what_the_new_one_is_made_from(scene: Scene, tmp_path: Path) -> None:
    _, card = await gallery(scene, tmp_path, {"count": 2}, reasons=[VerdictReason.FLAGGED, VerdictReason.RELEASED])
    inputs_of_one = (await (await scene.discord.click(scene.bob, card, "Use as reference")).answered()).inputs
    assert "picture" not in inputs_of_one  # there is nothing to choose
    _, three = await gallery(scene, tmp_path, {"count": 3})
    opened = await (await scene.discord.click(scene.bob, three, "Use as reference")).answered()
    labels = [option["label"] for option in opened.inputs["picture"]["options"]]
    assert labels == ["Picture 1", "Picture 2", "Picture 3"]
    made = await used(scene, tmp_path, three, scene.bob, picture="2", kind="subject", strength="0,8")
    [easy] = made.request.easycontrols
    assert (easy.image_url, easy.scale) == ("attachment://input.png", 0.8)
    assert made.recipe.mode == "subject"
    last = await scene.parts.delivery.image_addresses(await jobs.find(scene.database, made.job_id))
    assert list(last) == ["input.png"]
    fetched = scene.discord.exchanges.matching("GET", routes.ATTACHMENT)
    assert three.gallery()[2].path in fetched[-1].path


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"strength": "lots"}, "`strength` must be from -3 to 3"),
        ({"kind": "subject", "strength": "9"}, "`strength` must be from 0 to 4"),
        ({"strength": "inf"}, "`strength` must be from"),
    ],
)
async def test_a_wrong_strength_is_refused_before_anything_is_fetched(
    scene: Scene, tmp_path: Path, values: Form, words: str
) -> None:
    _, card = await gallery(scene, tmp_path)
    run = await scene.discord.click(scene.ada, card, "Use as reference")
    await run.answered()
    answer = await scene.discord.submit_modal(run, values)
    assert words in await words_of(answer)
    assert answer.answer is not None
    assert answer.answer.kind == "message"


@pytest.mark.parametrize("picture", ["1", "-1", "x", ""])
async def test_a_picture_that_is_not_there_can_not_be_chosen(scene: Scene, tmp_path: Path, picture: str) -> None:
    _, card = await gallery(scene, tmp_path)
    run = await scene.discord.click(scene.ada, card, "Use as reference")
    await run.answered()
    raw = [
        {"type": 18, "component": {"type": 3, "custom_id": "picture", "values": [picture]}},
        {"type": 18, "component": {"type": 3, "custom_id": "kind", "values": ["style"]}},
        {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a fox"}},
    ]
    assert "`picture` can't be used like this" in await words_of(await scene.discord.submit_modal(run, raw=raw))


async def test_a_reroll_takes_the_members_image_along(scene: Scene, tmp_path: Path) -> None:
    _, card = await gallery(scene, tmp_path)
    first = await finished(scene, tmp_path, await used(scene, tmp_path, card, scene.ada))
    first_card = scene.discord.message(first.message_id or 0)
    before = await scene.jobs()
    await scene.discord.click(scene.bob, first_card, "Reroll")
    again = await newest(scene, before)
    copied = scene.discord.message(again.message_id or 0).attachment("input.png")
    assert copied is not first_card.attachment("input.png")
    assert copied.read() == first_card.attachment("input.png").read()
    assert inputs.names(again.request) == {"input.png"}


@pytest.mark.parametrize("label", ["Reroll", "Edit…", "Use as reference"])
async def test_an_image_whose_card_was_deleted_meanwhile_is_refused_without_a_trace(
    scene: Scene, tmp_path: Path, label: str
) -> None:
    _, card = await gallery(scene, tmp_path)
    first = await finished(scene, tmp_path, await used(scene, tmp_path, card, scene.ada))
    first_card, before = scene.discord.message(first.message_id or 0), len(await scene.jobs())
    if label == "Reroll":
        gone = scene.discord.faults.add("GET", routes.WEBHOOK_MESSAGE, status=404, code=10008)
        run = await scene.discord.click(scene.bob, first_card, label)
        words = await words_of(run)
        assert gone.hits
    else:
        opened = await scene.discord.click(scene.bob, first_card, label)
        await opened.answered()
        scene.discord.delete_message(first_card)
        words = await words_of(await scene.discord.submit_modal(opened))
    assert "These pictures are no longer there" in words
    assert len(await scene.jobs()) == before


async def test_a_reroll_asks_for_the_guilds_loras_again(scene: Scene, tmp_path: Path) -> None:
    loras = scene.parts.library.loras
    entry = LoraEntry(guild_id=scene.guild.id, name="Ink", path="owner/ink")
    await loras.add(entry, may_manage_guild=True)
    job, card = await gallery(scene, tmp_path, {"lora": "Ink"})
    assert job.recipe.loras == ("Ink",)
    await loras.remove(scene.guild.id, "Ink", by_id=scene.ada.id, may_manage_guild=True)
    assert "**Ink**" in await words_of(await scene.discord.click(scene.bob, card, "Reroll"))
    assert len(await scene.jobs()) == 1


async def test_a_picture_is_taken_out_of_the_favourites_by_the_second_press(scene: Scene, tmp_path: Path) -> None:
    job, card = await gallery(scene, tmp_path)
    for words in ("Added to your favourites", "Taken out of your favourites"):
        assert words in await words_of(await scene.discord.click(scene.bob, card, "Favourite"))
    assert not await scene.parts.library.history.is_favourite(job.job_id, user_id=scene.bob.id)


async def test_a_second_report_by_the_same_member_is_told_apart(scene: Scene, tmp_path: Path) -> None:
    _, card = await gallery(scene, tmp_path)
    for words in ("Thank you", "reported this one before"):
        assert words in await words_of(await do(scene, REPORT, scene.bob, card))
    await wait_until(lambda: bool(owner_reads(scene)), what="the operator's message")
    assert len(owner_reads(scene)) == 1
    assert scene.guild.name in owner_reads(scene)[0]


async def test_a_report_is_kept_where_the_operator_can_not_be_told(scene: Scene, tmp_path: Path) -> None:
    job, card = await gallery(scene, tmp_path)
    scene.discord.world.owner.takes_direct_messages = False
    assert "Thank you" in await words_of(await do(scene, REPORT, scene.bob, card))
    assert await scene.parts.library.reports.count(job.job_id) == 1


@pytest.mark.parametrize(
    ("fault", "words", "removed"),
    [
        ({"status": 404, "code": 10008}, "Deleted.", True),
        ({"status": 403, "code": 50001}, "Discord doesn't let me delete this message", False),
        ({"status": 400, "code": 0}, "Discord doesn't let me delete this message", False),
    ],
)
async def test_what_discord_says_to_a_deletion_is_passed_on(
    scene: Scene, tmp_path: Path, fault: Form, words: str, removed: bool
) -> None:
    job, card = await gallery(scene, tmp_path)
    scene.discord.faults.add("DELETE", routes.MESSAGE, **fault)
    assert words in await words_of(await scene.discord.click(scene.ada, card, "Delete"))
    assert ((await jobs.find(scene.database, job.job_id)).removed_at is not None) == removed


async def test_a_deletion_that_discord_does_not_take_now_can_be_tried_again(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "EDIT_SECONDS", 0.3)
    job, card = await gallery(scene, tmp_path)
    scene.discord.faults.add("DELETE", routes.MESSAGE, status=500, times=1)
    for words in ("Discord didn't take that just now", "Deleted."):
        assert words in await words_of(await scene.discord.click(scene.ada, card, "Delete"))
    assert (await jobs.find(scene.database, job.job_id)).removed_at is not None


@pytest.mark.parametrize("label", ["Favourite", "Delete"])
async def test_a_slow_database_does_not_let_the_button_fail(
    scene: Scene, tmp_path: Path, impatient: None, label: str
) -> None:
    _, card = await gallery(scene, tmp_path)
    shown = card.text()
    async with scene.stalled_disk():
        run = await scene.discord.click(scene.ada, card, label)
        answer = await run.answered()
        assert (answer.kind, answer.ephemeral) == ("deferred", True)
    assert await words_of(run) in {
        "Deleted. I won't post it again.",
        "⭐ Added to your favourites: `/favourites` shows them. Press again to take it out.",
    }
    assert card.text() == shown


@pytest.mark.parametrize("action", ["reroll", "edit", "use", "favourite", "details", "report", "delete"])
async def test_another_guilds_picture_is_unknown(scene: Scene, tmp_path: Path, action: str) -> None:
    job, card = await gallery(scene, tmp_path)
    await scene.database.write(
        lambda connection: connection.execute("UPDATE jobs SET guild_id = guild_id + 1 WHERE job_id = ?", (job.job_id,))
    )
    words = await words_of(await scene.discord.click(scene.ada, card, f"easel:{action}:{job.job_id}"))
    assert "There is no such request" in words
    assert not card.deleted


async def test_a_withheld_pictures_words_are_for_its_author_only(scene: Scene, tmp_path: Path) -> None:
    job, card = await scene.carded({"prompt": "the words nobody sees"})
    await finished(scene, tmp_path, job, reasons=[VerdictReason.FLAGGED])
    assert (await jobs.find(scene.database, job.job_id)).status is JobStatus.WITHHELD
    mine = await words_of(await scene.discord.context_menu(scene.ada, scene.channel, "Show recipe", card))
    theirs = await words_of(await scene.discord.context_menu(scene.bob, scene.channel, "Show recipe", card))
    assert "the words nobody sees" in mine
    assert "the words nobody sees" not in theirs
    assert "flagged" not in theirs


@pytest.mark.parametrize("label", ["Reroll", "Edit…", "Use as reference"])
async def test_words_that_others_may_not_read_are_not_made_again_by_them(
    scene: Scene, tmp_path: Path, label: str
) -> None:
    job, card = await gallery(scene, tmp_path)
    await scene.database.write(
        lambda connection: connection.execute(
            "UPDATE jobs SET reason = 'content_policy_violation' WHERE job_id = ?", (job.job_id,)
        )
    )
    assert "There is no such request" in await words_of(await scene.discord.click(scene.bob, card, label))
    run = await scene.discord.click(scene.ada, card, label)
    assert (await run.answered()).kind in {"modal", "message"}
    assert len(await scene.jobs()) == (2 if label == "Reroll" else 1)
