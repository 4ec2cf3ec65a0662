"""The confirming press that a guild may want: when it is asked for, what it makes, and every way in which it fails."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from errors import ConfirmationNeeded
from generation.confirming import DRAFT_KIND
from generation.drafts import LIFETIME
from limits import LimitKind, LimitName
from models import Job
from sandbox.discord import Message, Run, Value
from storage import limits
from tests.builders import PRICE_MICROS, choose
from tests.cogs.gallery import finished, gallery, newest, restarted, words_of
from tests.cogs.image_steps import PHOTO, previewed, thumbnails, use
from tests.cogs.image_steps import words_of as image_words_of
from tests.cogs.preset_steps import keep, with_loras
from tests.support import wait_until
from tests.ui.scene import Scene
from ui.language import speaking
from ui.wording import confirmation as words

CONFIRM, DECLINE = "Make it for $0.27", "No, thanks"
GONE = "This panel doesn't work any more"
THREE: dict[str, Value] = {"count": 3}


async def wants(scene: Scene, **settings: int | None) -> None:
    """The guild wants a press from so many images, or from such a share on."""
    await scene.database.write(lambda connection: choose(connection, scene.guild.id, **settings))


async def cap(scene: Scene, name: LimitName, value: int | None) -> None:
    """The guild's admins set a cap of all members."""

    def put(connection: sqlite3.Connection) -> None:
        limits.put(
            connection,
            guild_id=scene.guild.id,
            kind=LimitKind.GUILD,
            subject_id=0,
            name=name,
            value=value,
            by_id=1,
            at=scene.clock.now(),
        )

    await scene.database.write(put)


async def asked(run: Run) -> Message:
    """The private question that answers a wish, also where a public deferral had to be taken back for it."""
    answer = await run.answered()
    assert answer.message is not None
    question = answer.message
    if not answer.ephemeral:
        await wait_until(lambda: bool(run.followups), what="the question")
        [question] = run.followups
        assert answer.message.deleted
    assert question.ephemeral
    assert "This server wants you to confirm" in question.text()
    return question


async def question_of(scene: Scene, options: dict[str, Value] | None = None, **how: Any) -> Message:
    """The question to a wish of Ada's for three pictures, or other ones."""
    return await asked(await scene.imagine({**THREE, **(options or {})}, **how))


async def pressed(scene: Scene, question: Message, label: str = CONFIRM) -> Run:
    run = await scene.discord.click(scene.ada, question, label)
    await run.answered()
    return run


async def carded(scene: Scene, question: Message, label: str = CONFIRM) -> tuple[Job, Message]:
    """The job that a press makes, and its card."""
    before = await scene.jobs()
    run = await pressed(scene, question, label)
    job = await newest(scene, before)
    answer = await run.answered()
    assert not answer.ephemeral
    card = scene.discord.message(job.message_id or 0)
    assert card is answer.message
    return job, card


async def kept(scene: Scene) -> list[int]:
    """How much there is in the tables that a job or a question leaves something in."""
    tables = ("jobs", "accounts", "entries", "drafts")
    return [(await scene.database.fetch_all(f"SELECT count(*) FROM {table}"))[0][0] for table in tables]


async def held_images(scene: Scene) -> int:
    lines = await scene.service.quota(guild_id=scene.guild.id, user_id=scene.ada.id)
    return lines[0].balance.pending


class TestWhenItIsAsked:
    async def test_not_at_all_unless_the_guild_wants_it(self, scene: Scene) -> None:
        await cap(scene, LimitName.MEMBER_DAILY_IMAGES, 4)
        _, card = await scene.carded({"count": 4})  # all that there is
        assert "4 pictures" in card.text()

    async def test_from_a_number_of_images_on(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        await scene.carded({"count": 2})
        question = await question_of(scene)
        assert question.text().startswith("### 💵 3 pictures for $0.27?\nYou have 98 pictures left.")
        assert "Nothing was charged yet." in question.text()
        assert [button.label for button in question.buttons()] == [CONFIRM, DECLINE]
        await question_of(scene, {"count": 4})
        assert len(await scene.jobs()) == 1

    @pytest.mark.parametrize(
        ("images", "micros", "passing"),
        [
            (10, None, 2),  # three of ten images are 30 %, two are 20 %
            (None, 10 * PRICE_MICROS, 2),  # the same of the month's money
            (100, 10 * PRICE_MICROS, 2),  # whichever they take most of
            (10, 100 * PRICE_MICROS, 2),
            (13, None, 3),
        ],
    )
    async def test_from_a_share_of_what_the_member_has_left(
        self, scene: Scene, images: int | None, micros: int | None, passing: int
    ) -> None:
        await wants(scene, confirm_percent=30)
        await cap(scene, LimitName.MEMBER_DAILY_IMAGES, images)
        await cap(scene, LimitName.MEMBER_MONTHLY_MICROS, micros)
        await scene.carded({"count": passing}, by=scene.bob)
        await asked(await scene.imagine({"count": passing + 1}))
        assert len(await scene.jobs()) == 1

    async def test_the_share_is_of_what_is_left_not_of_the_cap(self, scene: Scene) -> None:
        await wants(scene, confirm_percent=50)
        await cap(scene, LimitName.MEMBER_DAILY_IMAGES, 9)
        await scene.carded({"count": 4})
        question = await question_of(scene)  # three of five
        assert "You have 5 pictures left." in question.text()

    async def test_the_guilds_own_budget_counts_for_nobodys_share(self, scene: Scene) -> None:
        await wants(scene, confirm_percent=50)
        await cap(scene, LimitName.GUILD_DAILY_MICROS, 4 * PRICE_MICROS)
        await scene.carded({"count": 4})

    async def test_a_wish_that_would_be_refused_is_refused_at_once(self, scene: Scene) -> None:
        await wants(scene, confirm_images=1)
        await cap(scene, LimitName.MEMBER_DAILY_IMAGES, 2)
        answer = await (await scene.imagine(THREE)).answered()
        assert answer.message is not None
        assert not answer.message.buttons()
        assert await kept(scene) == [0, 0, 0, 0]

    async def test_not_after_generate_below_a_preview_that_showed_the_price(self, scene: Scene) -> None:
        await wants(scene, confirm_images=1)
        message = await previewed(scene, count=3)
        assert "$0.27" in message.text()
        job, _ = await carded(scene, message, "Generate")
        assert job.images_requested == 3

    async def test_a_slow_database_delays_it_behind_a_deferral_that_is_taken_back(
        self, scene: Scene, impatient: None
    ) -> None:
        await wants(scene, confirm_images=1)
        async with scene.stalled_disk():
            run = await scene.imagine(THREE)
            assert (await run.answered()).kind == "deferred"
        question = await asked(run)
        await carded(scene, question)


class TestThePress:
    async def test_nothing_is_held_before_and_the_same_wish_after(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        await with_loras(scene)
        await keep(scene)
        question = await question_of(scene, {"seed": 7, "negative": "snow", "lora": "Ink", "preset": "Look"})
        assert await kept(scene) == [0, 0, 0, 1]
        job, card = await carded(scene, question)
        await wants(scene, confirm_images=None)
        directly, _ = await scene.carded({"count": 3, "seed": 7, "negative": "snow", "lora": "Ink", "preset": "Look"})
        assert job.request == directly.request
        assert job.recipe == directly.recipe
        assert "$0.27" in card.text()
        await question.changed(lambda message: not message.buttons())
        assert question.text() == "✅ Confirmed."
        await wait_until_forgotten(scene)

    async def test_the_card_is_as_public_and_as_much_the_members_as_any(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        job, card = await carded(scene, await question_of(scene))
        assert not card.ephemeral
        assert (job.origin.user_id, job.origin.channel_id) == (scene.ada.id, scene.channel.id)
        assert "97 pictures left" in card.text()
        run = await scene.discord.click(scene.ada, card, "Cancel")
        await run.answered()
        assert await held_images(scene) == 0

    async def test_two_at_once_make_one_job(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        question = await question_of(scene)
        runs = [await scene.discord.click(scene.ada, question, CONFIRM) for _ in range(2)]
        answers = [await run.answered() for run in runs]
        assert sorted(answer.ephemeral for answer in answers) == [False, True]
        [told] = [answer.message for answer in answers if answer.ephemeral]
        assert told is not None
        assert GONE in told.text()
        await question.changed(lambda message: not message.buttons())
        assert len(await scene.jobs()) == 1
        assert await held_images(scene) == 3

    async def test_it_outlives_a_restart(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        question = await question_of(scene)
        async with restarted(scene):
            job, _ = await carded(scene, question)
            assert job.images_requested == 3
            await question.changed(lambda message: not message.buttons())

    async def test_it_counts_although_the_guild_wants_even_more_of_them_by_now(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        question = await question_of(scene)
        await wants(scene, confirm_images=1)
        await carded(scene, question)

    async def test_a_quota_that_went_meanwhile_refuses_it_and_the_question_stays(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        question = await question_of(scene)
        await cap(scene, LimitName.MEMBER_DAILY_IMAGES, 2)
        assert "2" in await words_of(await pressed(scene, question))
        assert await scene.jobs() == []
        assert question.buttons()
        await cap(scene, LimitName.MEMBER_DAILY_IMAGES, 3)
        await carded(scene, question)

    async def test_a_pause_in_the_meantime_refuses_it(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        question = await question_of(scene)
        await scene.database.write(lambda connection: choose(connection, scene.guild.id, paused=True))
        assert "paused in this server" in await words_of(await pressed(scene, question))
        assert await scene.jobs() == []

    async def test_another_member_can_not_press_it_with_a_forged_button(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        adas = await question_of(scene)
        bobs = await asked(await scene.imagine({"count": 4}, by=scene.bob))
        for label, theirs in ((CONFIRM, "Make it for $0.36"), (DECLINE, DECLINE)):
            [stolen] = [button.custom_id for button in adas.buttons() if button.label == label]
            for part in bobs.walk():
                if part.get("label") == theirs:
                    part["custom_id"] = stolen
            run = await scene.discord.click(scene.bob, bobs, theirs)
            assert GONE in await words_of(run)
        assert await scene.jobs() == []
        await carded(scene, adas)

    async def test_another_panels_draft_is_none_that_it_confirms(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        question = await question_of(scene)
        draft = await scene.parts.library.drafts.create(
            guild_id=scene.guild.id, user_id=scene.ada.id, kind="control", content={"prompt": "a fox"}
        )
        [part] = [part for part in question.walk() if part.get("label") == CONFIRM]
        part["custom_id"] = f"{part['custom_id'].rpartition(':')[0]}:{draft.draft_id}"
        assert GONE in await words_of(await pressed(scene, question))
        assert await scene.jobs() == []

    @pytest.mark.parametrize("label", [CONFIRM, DECLINE])
    async def test_after_an_hour_it_stands_no_longer(self, scene: Scene, label: str) -> None:
        await wants(scene, confirm_images=3)
        question = await question_of(scene)
        scene.clock.advance(LIFETIME.total_seconds() + 1)
        assert GONE in await words_of(await pressed(scene, question, label))
        assert await scene.jobs() == []

    async def test_declined_it_is_forgotten_and_says_so_in_place(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        question = await question_of(scene)
        confirm = next(button.custom_id for button in question.buttons() if button.label == CONFIRM)
        await pressed(scene, question, DECLINE)
        assert question.text() == "Nothing was made and nothing was charged."
        assert not question.buttons()
        assert await kept(scene) == [0, 0, 0, 0]
        other = await question_of(scene)
        for part in other.walk():
            if part.get("label") == CONFIRM:
                part["custom_id"] = confirm  # as a client would send that has not redrawn the message yet
        assert GONE in await words_of(await pressed(scene, other))
        assert await scene.jobs() == []

    async def test_a_slow_database_does_not_let_it_fail(self, scene: Scene, impatient: None) -> None:
        await wants(scene, confirm_images=3)
        first, second = await question_of(scene), await question_of(scene)
        async with scene.stalled_disk():
            run = await scene.discord.click(scene.ada, first, CONFIRM)
            assert (await run.answered()).kind == "deferred"
            declining = await scene.discord.click(scene.ada, second, DECLINE)
            assert (await declining.answered()).kind == "deferred_update"
        await newest(scene, [])
        await first.changed(lambda message: not message.buttons())
        await second.changed(lambda message: not message.buttons())
        assert len(await scene.jobs()) == 1


async def wait_until_forgotten(scene: Scene) -> None:
    """Until no draft is left, neither its row nor its files."""
    for _ in range(500):
        if (await kept(scene))[3] == 0:
            break
        await asyncio.sleep(0.005)
    assert (await kept(scene))[3] == 0


class TestWithAnImage:
    async def test_the_question_keeps_the_image_and_the_card_has_it(self, scene: Scene, tmp_path: Path) -> None:
        await wants(scene, confirm_images=3)
        question = await asked(await use(scene, "reference", kind="style", count=3, seed=9, strength=0.8))
        [row] = await scene.database.fetch_all("SELECT draft_id, kind FROM drafts")
        assert row["kind"] == DRAFT_KIND
        [image] = (tmp_path / "drafts" / row["draft_id"]).iterdir()
        sent = image.read_bytes()
        assert list((tmp_path / "spool").glob("*.upload")) == []
        job, card = await image_carded(scene, question)
        assert job.request.reference_image_url == "attachment://input.png"
        assert (job.request.num_images, job.request.seed, job.request.reference_strength) == (3, 9, 0.8)
        assert (job.recipe.command, job.recipe.mode) == ("reference", "style")
        assert card.attachment("input.png").read() == sent
        assert len(thumbnails(card)) == 1
        await question.changed(lambda message: not message.buttons())
        await wait_until_forgotten(scene)
        await wait_until(lambda: not any((tmp_path / "drafts").iterdir()), what="the image's end")

    async def test_two_presses_at_once_make_one_job(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        question = await asked(await use(scene, "reference", kind="style", count=3))
        runs = [await scene.discord.click(scene.ada, question, CONFIRM) for _ in range(2)]
        job = await newest(scene, [])
        card = scene.discord.message(job.message_id or 0)
        assert card.attachments
        [loser] = [run for run in runs if (await run.answered()).message is not card]
        assert GONE in await image_words_of(loser)
        assert len(await scene.jobs()) == 1
        assert await held_images(scene) == 3

    async def test_declined_the_image_is_gone_as_well(self, scene: Scene, tmp_path: Path) -> None:
        await wants(scene, confirm_images=3)
        question = await asked(await use(scene, "reference", kind="style", count=3))
        await pressed(scene, question, DECLINE)
        assert await kept(scene) == [0, 0, 0, 0]
        assert list((tmp_path / "drafts").iterdir()) == []

    async def test_a_reroll_asks_with_the_image_of_the_earlier_card(self, scene: Scene, tmp_path: Path) -> None:
        run = await use(scene, "reference", kind="style", count=3)
        await run.answered()
        first = await newest(scene, [])
        card = scene.discord.message(first.message_id or 0)
        await card.changed(lambda message: message.attachments)
        sent = card.attachment("input.png").read()
        await finished(scene, tmp_path, first)
        await wants(scene, confirm_images=3)
        question = await asked(await scene.discord.click(scene.ada, card, "Reroll"))
        job, second = await image_carded(scene, question)
        assert second.attachment("input.png").read() == sent
        assert job.request.reference_image_url == "attachment://input.png"
        assert job.request.seed != first.request.seed
        assert job.recipe.parent_job_id == first.job_id

    async def test_an_image_that_is_gone_is_said_to_be(self, scene: Scene, tmp_path: Path) -> None:
        await wants(scene, confirm_images=3)
        question = await asked(await use(scene, "reference", kind="style", count=3))
        for file in (tmp_path / "drafts").glob("*/*"):
            file.unlink()
        assert GONE in await image_words_of(await pressed(scene, question))
        assert await scene.jobs() == []

    @pytest.mark.parametrize("slow", [False, True], ids=["at once", "late"])
    async def test_an_image_that_can_not_be_kept_is_said_to_the_member(
        self, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: bool
    ) -> None:
        (tmp_path / "drafts").touch()  # no folder can be made there
        await wants(scene, confirm_images=3)
        if slow:
            monkeypatch.setattr("ui.answers.FIRST_ANSWER_SECONDS", 0.001)
        run = await use(scene, "reference", kind="style", count=3)
        assert "reference" in (await image_words_of(run)).lower()
        assert await kept(scene) == [0, 0, 0, 0]


async def image_carded(scene: Scene, question: Message) -> tuple[Job, Message]:
    """The job that a press makes with its image, and its card once the image lies on it."""
    before = await scene.jobs()
    answer = await (await pressed(scene, question)).answered()
    assert not answer.ephemeral
    assert answer.message is not None
    await answer.message.changed(lambda message: message.attachments)
    return await newest(scene, before), answer.message


class TestOtherWaysToAWish:
    async def test_the_reroll_of_a_picture_from_words_asks_too(self, scene: Scene, tmp_path: Path) -> None:
        first, card = await gallery(scene, tmp_path, THREE)
        await wants(scene, confirm_images=3)
        question = await asked(await scene.discord.click(scene.ada, card, "Reroll"))
        job, _ = await carded(scene, question)
        assert job.request.prompt == first.request.prompt
        assert job.recipe.parent_job_id == first.job_id

    async def test_the_form_of_edit_asks_too(self, scene: Scene, tmp_path: Path) -> None:
        _, card = await gallery(scene, tmp_path)
        await wants(scene, confirm_images=3)
        opened = await scene.discord.click(scene.ada, card, "Edit…")
        await opened.answered()
        question = await asked(await scene.discord.submit_modal(opened, {"prompt": "a blue fox", "count": "3"}))
        job, _ = await carded(scene, question)
        assert (job.request.prompt, job.images_requested) == ("a blue fox", 3)


def in_german(wording: Callable[[], str]) -> str:
    with speaking("de"):
        return wording()


class TestLanguage:
    async def test_the_question_and_its_answers_are_in_the_members_own(self, scene: Scene) -> None:
        await wants(scene, confirm_images=3)
        run = await scene.imagine(THREE, locale="de")
        question = (await run.answered()).message
        assert question is not None
        needed = ConfirmationNeeded(images=3, cost_micros=3 * PRICE_MICROS, left=100)
        assert question.text() == in_german(lambda: words.question(needed)) != words.question(needed)
        assert [button.label for button in question.buttons()] == [
            in_german(lambda: words.confirm(needed)),
            in_german(words.decline),
        ]
        declined = question.buttons()[1].label or ""
        await (await scene.discord.click(scene.ada, question, declined, locale="de")).answered()
        assert question.text() == in_german(words.declined)


class TestSuggestedCounts:
    async def suggested(
        self, scene: Scene, command: str = "imagine", value: str = "", options: Any = None, locale: str = "en-US"
    ) -> list[tuple[str, int]]:
        run = await scene.discord.autocomplete(
            scene.ada, scene.channel, command, focused="count", value=value, options=options, locale=locale
        )
        return [(choice["name"], choice["value"]) for choice in (await run.answered()).choices]

    async def test_each_says_what_it_costs_and_what_is_left(self, scene: Scene) -> None:
        assert await self.suggested(scene) == [
            ("1 · $0.09 · 100 left", 1),
            ("2 · $0.18 · 100 left", 2),
            ("3 · $0.27 · 100 left", 3),
            ("4 · $0.36 · 100 left", 4),
        ]
        await scene.carded(THREE)
        assert (await self.suggested(scene))[0] == ("1 · $0.09 · 97 left", 1)

    async def test_the_least_of_all_caps_is_what_is_left(self, scene: Scene) -> None:
        await cap(scene, LimitName.GUILD_DAILY_MICROS, 2 * PRICE_MICROS + 1)
        assert (await self.suggested(scene))[3] == ("4 · $0.36 · 2 left", 4)

    async def test_only_what_begins_as_it_was_typed(self, scene: Scene) -> None:
        await wants(scene, images_per_job=10)
        assert [value for _, value in await self.suggested(scene, value="1")] == [1, 10]
        assert await self.suggested(scene, value="7x") == []

    @pytest.mark.parametrize(("command", "mode"), [("control", {"mode": "canny"}), ("reference", {"kind": "style"})])
    async def test_no_tenth_beside_an_image(self, scene: Scene, command: str, mode: dict[str, str]) -> None:
        await wants(scene, images_per_job=10)
        counts = await self.suggested(scene, command, options={"prompt": "a fox", "image": PHOTO, **mode})
        assert [value for _, value in counts] == list(range(1, 10))

    async def test_in_german(self, scene: Scene) -> None:
        [name, *_] = [name for name, _ in await self.suggested(scene, locale="de")]
        assert name.startswith("1 · 0,09\xa0$ · ")

    async def test_a_database_that_can_not_be_read_suggests_nothing(self, scene: Scene) -> None:
        await scene.database.write(lambda connection: connection.execute("ALTER TABLE limits RENAME TO elsewhere"))
        assert await self.suggested(scene) == []
