"""`/history`, `/favourites` and `/show`: finding pictures again, and what keeps them from being found."""

import hashlib
import io
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from models import Job, JobStatus, Settlement, VerdictReason
from recipes import Recipe
from sandbox.discord import Member, Message, Permissions, Run, Value, routes
from storage import jobs
from storage.codec import encode_parameters
from tests.builders import choose, make_verdict
from tests.cogs.gallery import gallery, restarted, words_of
from tests.storage.past import Finish, finisher
from tests.ui.scene import Scene
from tests.ui.test_uploads import marks_of, pixels_of, stored
from ui import thumbnails
from ui.history_pages import Asked, read_argument


@dataclass
class Past:
    """Makes jobs of Ada's that are over, without pictures on Discord."""

    scene: Scene
    finish: Finish

    def __call__(self, prompt: str = "a red fox in the snow", *, by: Member | None = None, **changes: object) -> Job:
        member = by or self.scene.ada
        return self.finish(
            prompt, guild_id=self.scene.guild.id, channel_id=self.scene.channel.id, user_id=member.id, **changes
        )


@pytest.fixture
def past(scene: Scene, tmp_path: Path) -> Past:
    return Past(scene, finisher(tmp_path / "easel.db"))


async def answered(run: Run) -> Message:
    """The private message that the command was answered with, at once or after a deferral."""
    answer = await run.answered()
    assert answer.ephemeral
    assert answer.message is not None
    return await answer.message.changed(lambda message: not message.loading)


async def page_of(
    scene: Scene,
    options: Mapping[str, Value] | None = None,
    *,
    command: str = "history",
    by: Member | None = None,
    locale: str = "en-US",
) -> Message:
    return await answered(await scene.discord.slash(by or scene.ada, scene.channel, command, options, locale=locale))


async def turn(scene: Scene, page: Message, button: str) -> None:
    before = len(page.history)
    await (await scene.discord.click(scene.ada, page, button)).answered()
    await page.changed(lambda message: len(message.history) > before)


async def show(scene: Scene, job: str, *, by: Member | None = None) -> Run:
    return await scene.discord.slash(by or scene.ada, scene.channel, "show", {"job": job})


def pictures_on(message: Message) -> list[str]:
    """The addresses of the small pictures."""
    return [part["media"]["url"] for part in message.walk() if part["type"] == 11]


def media_on(message: Message) -> list[str]:
    [shown] = [part for part in message.walk() if part["type"] == 12]
    return [item["media"]["url"] for item in shown["items"]]


def fetches(scene: Scene) -> int:
    """How often a message was asked for."""
    return sum(
        len(scene.discord.exchanges.matching("GET", route)) for route in (routes.MESSAGE, routes.WEBHOOK_MESSAGE)
    )


async def undeliverable(
    scene: Scene, folder: Path, *, status: JobStatus = JobStatus.UNDELIVERABLE, withheld: bool = False
) -> Job:
    """A job of Ada's whose picture lies in the spool, and whose card was deleted meanwhile."""
    job, card = await scene.carded({"count": 2 if withheld else 1})
    data = stored(folder).path.read_bytes()
    verdict = make_verdict(sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    scene.parts.spool.keep(job.job_id, verdict, io.BytesIO(data))
    verdicts = [verdict, make_verdict(1, VerdictReason.FLAGGED)] if withheld else [verdict]
    now, bill = scene.clock.now(), Settlement(images=len(verdicts), micros=job.price_micros * len(verdicts))

    def end(connection: sqlite3.Connection) -> Job:
        id_ = job.job_id
        jobs.move(connection, id_, JobStatus.QUEUED, JobStatus.SUBMITTING, at=now)
        jobs.move(connection, id_, JobStatus.SUBMITTING, JobStatus.SUBMITTED, at=now, request_id=f"r-{id_}")
        jobs.move(connection, id_, JobStatus.SUBMITTED, JobStatus.GENERATED, at=now, images_produced=len(verdicts))
        jobs.store_verdicts(connection, id_, verdicts, at=now)
        if status is JobStatus.UNDELIVERABLE:
            return jobs.move(connection, id_, JobStatus.GENERATED, status, at=now, settlement=bill)
        moved = jobs.move(connection, id_, JobStatus.GENERATED, JobStatus.IN_REVIEW, at=now, settlement=bill)
        return (
            moved if status is JobStatus.IN_REVIEW else jobs.move(connection, id_, JobStatus.IN_REVIEW, status, at=now)
        )

    ended = await scene.database.write(end)
    scene.discord.delete_message(card)
    return ended


class TestPages:
    @pytest.mark.parametrize(
        ("command", "options", "says"),
        [
            ("history", {}, "`/imagine` makes one"),
            ("favourites", {}, "Press ⭐ **Favourite**"),
            ("history", {"favourites": True}, "Press ⭐ **Favourite**"),
            ("history", {"search": "owl"}, "Try fewer words"),
            ("history", {"preset": "Ink"}, "Try fewer words"),
        ],
    )
    async def test_an_empty_page_says_what_to_do(
        self, scene: Scene, command: str, options: dict[str, Value], says: str
    ) -> None:
        assert says in (await page_of(scene, options, command=command)).text()

    async def test_an_entry_holds_the_picture_the_words_and_the_way_there(self, scene: Scene, tmp_path: Path) -> None:
        job, card = await gallery(scene, tmp_path, {"prompt": "a *red* fox", "count": 2})
        page = await page_of(scene)
        words = page.text()
        assert "> a \\*red\\* fox" in words
        assert "2 pictures" in words
        assert "1024×768" in words
        assert "$0.18" in words
        assert f"<t:{int(job.created_at.timestamp())}:R>" in words
        assert f"(https://discord.com/channels/{scene.guild.id}/{scene.channel.id}/{card.id})" in words
        assert job.job_id in words
        assert "⭐" not in words
        [url] = pictures_on(page)
        assert card.gallery()[0].path in url
        assert page.ephemeral
        assert not page.buttons()

    async def test_the_picture_a_member_gave_is_not_the_one_that_is_shown(self, scene: Scene, tmp_path: Path) -> None:
        """The card of a job with an input has that file, too."""
        job, card = await gallery(scene, tmp_path)
        name = card.gallery()[0].filename
        request = replace(job.request, reference_image_url=f"attachment://{name}")
        assert await scene.delivery.thumbnails([replace(job, request=request)]) == {}

    async def test_pages_are_turned_in_place_and_after_a_restart(self, scene: Scene, past: Past) -> None:
        for number in range(1, 12):
            past(f"fox number {number}")
        page = await page_of(scene)
        assert "page 1 of 3 · 11 requests" in page.text()
        assert "fox number 11" in page.text()
        assert [button.disabled for button in page.buttons()] == [True, False]
        await turn(scene, page, "Next")
        assert "fox number 6" in page.text()
        assert "fox number 7" not in page.text()
        assert [button.disabled for button in page.buttons()] == [False, False]
        async with restarted(scene):
            await turn(scene, page, "Next")
            assert "fox number 1\n" in page.text()
            assert [button.disabled for button in page.buttons()] == [False, True]
            await turn(scene, page, "Previous")
            assert "page 2 of 3" in page.text()

    async def test_a_search_is_kept_while_pages_are_turned(self, scene: Scene, past: Past) -> None:
        for number in range(7):
            past(f"fox number {number}", recipe=Recipe(prompt=f"fox number {number}", preset="Ink"))
            past(f"owl number {number}")
        page = await page_of(scene, {"search": "FO num", "preset": "ink"})
        assert "with “FO num” · made with **ink**" in page.text()
        async with restarted(scene):
            await turn(scene, page, "Next")
        assert "page 2 of 2 · 7 requests" in page.text()
        assert "with “FO num” · made with **ink**" in page.text()
        assert "fox number 0" in page.text()
        assert "owl" not in page.text()

    async def test_a_search_that_is_an_hour_old_says_how_to_start_again(self, scene: Scene, past: Past) -> None:
        for number in range(7):
            past(f"fox number {number}")
        page = await page_of(scene, {"search": "fox"})
        scene.clock.advance(timedelta(hours=1, minutes=1).total_seconds())
        run = await scene.discord.click(scene.ada, page, "Next")
        assert "This panel doesn't work any more" in await words_of(run)

    async def test_one_page_of_results_keeps_no_draft(self, scene: Scene, past: Past) -> None:
        past("a fox")
        await page_of(scene, {"search": "fox"})
        rows = await scene.database.fetch_all("SELECT * FROM drafts")
        assert rows == []

    async def test_only_ones_own_pictures_are_listed(self, scene: Scene, past: Past) -> None:
        past("ada's fox")
        past("bob's owl", by=scene.bob)
        assert "owl" not in (await page_of(scene)).text()
        assert "fox" not in (await page_of(scene, by=scene.bob)).text()

    async def test_what_came_to_nothing_says_so(self, scene: Scene, past: Past) -> None:
        past(status=JobStatus.FAILED)
        past(status=JobStatus.WITHHELD)
        words = (await page_of(scene)).text()
        assert "⚠️ That didn't work" in words
        assert "nothing was charged" in words
        assert "🛡️ Nothing to show this time" in words

    async def test_forgotten_words_are_said_to_be_forgotten(self, scene: Scene, past: Past) -> None:
        past("a secret fox")
        await scene.database.write(
            lambda connection: jobs.forget_texts(connection, before=scene.clock.now() + timedelta(days=1))
        )
        words = (await page_of(scene)).text()
        assert "> *The words of this one are forgotten.*" in words
        assert "fox" not in words

    @pytest.mark.parametrize("locale", ["en-US", "de"])
    async def test_the_longest_page_is_taken_by_discord(self, scene: Scene, past: Past, locale: str) -> None:
        recipe = Recipe(preset="a_" * 16)
        for _ in range(12):
            job = past("fox " + "*" * 1900, by=scene.bob, recipe=recipe)
            await scene.parts.library.history.toggle_favourite(
                job.job_id, guild_id=scene.guild.id, user_id=scene.ada.id
            )
        asked: dict[str, Value] = {"favourites": True, "search": "fox " + "*" * 190, "preset": "a_" * 16}
        page = await page_of(scene, asked, locale=locale)
        assert page.text().count("⭐ · ") == 5
        await turn(scene, page, page.buttons()[1].custom_id or "")
        assert page.text().count("⭐ · ") == 5
        assert len(page.text()) < 3900

    async def test_the_presets_of_the_past_are_suggested(self, scene: Scene, past: Past) -> None:
        for name in ("Ink", "Pink", "Photo"):
            past(recipe=Recipe(preset=name))
        past(by=scene.bob, recipe=Recipe(preset="Inkling"))
        run = await scene.discord.autocomplete(scene.ada, scene.channel, "history", focused="preset", value="IN")
        assert [choice["value"] for choice in (await run.answered()).choices] == ["Ink", "Pink"]

    @pytest.mark.parametrize("argument", ["", "1", "1.", "own", "x.own", "-1.own", "1.own.more", "1." + "x" * 50])
    def test_a_made_up_page_leads_nowhere(self, argument: str) -> None:
        with pytest.raises(ValueError, match="leads to no page"):
            read_argument(argument)

    def test_a_button_says_where_it_leads(self) -> None:
        for asked in (Asked(), Asked(favourites=True), Asked(draft_id="abcdefgh-ijklm_n")):
            assert read_argument(asked.argument(12)) == (12, asked)


class TestThumbnails:
    async def test_a_deleted_card_has_none_and_the_entry_stays(self, scene: Scene, tmp_path: Path) -> None:
        _, card = await gallery(scene, tmp_path)
        scene.discord.delete_message(card)
        page = await page_of(scene)
        assert "a red fox" in page.text()
        assert pictures_on(page) == []

    async def test_a_channel_that_the_bot_can_not_read_has_none(self, scene: Scene, tmp_path: Path) -> None:
        await gallery(scene, tmp_path)
        scene.clock.advance(timedelta(minutes=20).total_seconds())
        scene.channel.overwrite(scene.guild.bot, deny=Permissions.VIEW_CHANNEL)
        page = await page_of(scene)
        assert "a red fox" in page.text()
        assert pictures_on(page) == []

    async def test_a_discord_that_hangs_costs_the_pictures_not_the_page(
        self, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(thumbnails, "PAGE_SECONDS", 0.2)
        _, first = await gallery(scene, tmp_path, {"prompt": "first"})
        await gallery(scene, tmp_path, {"prompt": "second"})
        scene.discord.faults.hold(
            "GET", routes.WEBHOOK_MESSAGE, where=lambda call: str(first.id) not in call.path, times=None
        )
        page = await page_of(scene)
        assert "second" in page.text()
        [url] = pictures_on(page)
        assert first.gallery()[0].path in url

    async def test_turning_back_asks_discord_nothing_until_some_minutes_later(
        self, scene: Scene, tmp_path: Path
    ) -> None:
        _, card = await gallery(scene, tmp_path)
        before = fetches(scene)
        await page_of(scene)
        await page_of(scene)
        assert fetches(scene) == before + 1
        scene.discord.delete_message(card)
        scene.clock.advance(thumbnails.KEPT_FOR.total_seconds() + 1)
        assert pictures_on(await page_of(scene)) == []
        assert fetches(scene) == before + 2


class TestFavourites:
    async def test_they_may_be_anyones_and_carry_a_star(self, scene: Scene, tmp_path: Path) -> None:
        await gallery(scene, tmp_path, {"prompt": "not liked"})
        _, card = await gallery(scene, tmp_path, {"prompt": "bob's owl"}, by=scene.bob)
        await words_of(await scene.discord.click(scene.ada, card, "Favourite"))
        page = await page_of(scene, command="favourites")
        assert "bob's owl" in page.text()
        assert f"⭐ · by <@{scene.bob.id}>" in page.text()
        assert "not liked" not in page.text()
        assert len(pictures_on(page)) == 1
        assert page.notified.users == ()

    async def test_ones_own_carry_a_star_in_the_history_as_well(self, scene: Scene, tmp_path: Path) -> None:
        await gallery(scene, tmp_path, {"prompt": "not liked"})
        _, card = await gallery(scene, tmp_path, {"prompt": "liked"})
        await words_of(await scene.discord.click(scene.ada, card, "Favourite"))
        page = await page_of(scene)
        assert page.text().count("⭐") == 1

    async def test_their_pages_are_turned(self, scene: Scene, past: Past) -> None:
        for number in range(7):
            job = past(f"owl number {number}", by=scene.bob)
            await scene.parts.library.history.toggle_favourite(
                job.job_id, guild_id=scene.guild.id, user_id=scene.ada.id
            )
        page = await page_of(scene, command="favourites")
        await turn(scene, page, "Next")
        assert "Your favourites" in page.text()
        assert "owl number 0" in page.text()


class TestShow:
    @pytest.mark.parametrize("by", ["id", "link", "link of another client", "card's text"])
    async def test_a_job_is_shown_from_its_card(self, scene: Scene, tmp_path: Path, by: str) -> None:
        job, card = await gallery(scene, tmp_path, {"count": 2})
        place = f"{scene.guild.id}/{scene.channel.id}/{card.id}"
        wanted = {
            "id": job.job_id,
            "link": f"https://discord.com/channels/{place}",
            "link of another client": f"https://ptb.discord.com/channels/{place}",
            "card's text": f" `{job.job_id}` ",
        }[by]
        shown = await answered(await show(scene, wanted))
        paths = [file.path for file in card.gallery()]
        assert [url.partition("?")[0] for url in media_on(shown)] == [scene.discord.origin + path for path in paths]
        assert "> a red fox in the snow" in shown.text()
        assert "$0.18" in shown.text()
        assert [button.label for button in shown.buttons()][-1] == "Go to the message"
        assert [message for message in scene.channel.messages if not message.ephemeral] == [card]

    async def test_the_picture_a_member_gave_is_not_among_those_that_were_made(
        self, scene: Scene, tmp_path: Path
    ) -> None:
        """As if the second file of the card were the one that was given."""
        job, card = await gallery(scene, tmp_path, {"count": 2})
        made, given = card.gallery()
        request = replace(job.request, reference_image_url=f"attachment://{given.filename}")
        await scene.database.write(
            lambda connection: connection.execute(
                "UPDATE jobs SET parameters = ? WHERE job_id = ?", (encode_parameters(request), job.job_id)
            )
        )
        [url] = media_on(await answered(await show(scene, job.job_id)))
        assert made.path in url

    @pytest.mark.parametrize("wanted", ["nothing", "https://discord.com/channels/1/2/3", "https://example.org"])
    async def test_what_is_no_job_is_not_found(self, scene: Scene, wanted: str) -> None:
        assert "There is no such request of yours" in await words_of(await show(scene, wanted))

    async def test_another_members_job_is_not_found(self, scene: Scene, tmp_path: Path) -> None:
        job, card = await gallery(scene, tmp_path)
        for wanted in (job.job_id, f"https://discord.com/channels/{scene.guild.id}/{scene.channel.id}/{card.id}"):
            run = await show(scene, wanted, by=scene.bob)
            assert "There is no such request of yours" in await words_of(run)

    async def test_pictures_whose_card_was_deleted_are_gone(self, scene: Scene, tmp_path: Path) -> None:
        job, card = await gallery(scene, tmp_path)
        scene.discord.delete_message(card)
        assert "These pictures are no longer there" in await words_of(await show(scene, job.job_id))

    async def test_pictures_that_were_removed_are_gone_whatever_discord_still_has(
        self, scene: Scene, tmp_path: Path
    ) -> None:
        job, _ = await gallery(scene, tmp_path)
        await scene.parts.library.history.mark_removed(job.job_id, by_id=scene.ada.id)
        assert "These pictures are no longer there" in await words_of(await show(scene, job.job_id))

    async def test_a_discord_that_fails_is_not_taken_for_a_deleted_card(
        self, scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        job, _ = await gallery(scene, tmp_path)
        scene.discord.faults.drop("GET", routes.WEBHOOK_MESSAGE, times=None)
        words = await words_of(await show(scene, job.job_id))
        assert "Something went wrong on my side" in words
        assert "no longer there" not in words

    @pytest.mark.parametrize("recipe_in_files", [True, False])
    async def test_what_could_not_be_posted_is_handed_over_as_files(
        self, scene: Scene, tmp_path: Path, recipe_in_files: bool
    ) -> None:
        await scene.database.write(
            lambda connection: choose(connection, scene.guild.id, recipe_in_files=recipe_in_files)
        )
        job = await undeliverable(scene, tmp_path, withheld=True)
        shown = await answered(await show(scene, job.job_id))
        [file] = shown.gallery()
        assert file.filename == f"a-red-fox-in-the-snow-{job.job_id[-6:]}-1.png"
        assert pixels_of(file.read()) == pixels_of(tmp_path / "spool" / job.job_id / "0.png")
        marks = marks_of(file.read())
        assert marks.by_a_model
        assert (marks.recipe is not None) is recipe_in_files
        assert "I keep them for you for about a week" in shown.text()
        assert shown.ephemeral

    async def test_what_was_not_posted_is_gone_after_its_days(self, scene: Scene, tmp_path: Path) -> None:
        job = await undeliverable(scene, tmp_path)
        scene.parts.spool.drop(job.job_id)
        assert "These pictures are no longer there" in await words_of(await show(scene, job.job_id))

    @pytest.mark.parametrize("status", [JobStatus.IN_REVIEW, JobStatus.REJECTED, JobStatus.EXPIRED])
    async def test_what_a_moderator_did_not_release_is_not_shown_to_its_author(
        self, scene: Scene, tmp_path: Path, status: JobStatus
    ) -> None:
        job = await undeliverable(scene, tmp_path, status=status)
        shown = await answered(await show(scene, job.job_id))
        assert shown.attachments == []
        assert not [part for part in shown.walk() if part["type"] in {11, 12}]
        assert "oderator" in shown.text()

    async def test_a_job_under_way_says_how_it_stands(self, scene: Scene) -> None:
        job, _ = await scene.carded()
        shown = await answered(await show(scene, job.job_id))
        assert "⏳ Waiting in line" in shown.text()
        assert "> a red fox in the snow" in shown.text()

    async def test_the_latest_are_suggested_with_their_words(self, scene: Scene, past: Past) -> None:
        made = [past(f"fox number {number}") for number in range(30)]
        past("an owl", by=scene.bob)
        latest = await suggestions(scene, "")
        assert [value for _, value in latest] == [job.job_id for job in reversed(made)][:25]
        assert latest[0][0].startswith("fox number 29 · ")
        assert await suggestions(scene, "numb 17") == [("fox number 17 · 0 min ago", made[17].job_id)]

    @pytest.mark.parametrize(
        ("age", "said"),
        [(timedelta(minutes=59), "59 min"), (timedelta(hours=23), "23 h"), (timedelta(days=1), "1 day")],
    )
    async def test_a_suggestion_says_how_old_it_is_and_fits(
        self, scene: Scene, past: Past, age: timedelta, said: str
    ) -> None:
        past("x" * 2000)
        scene.clock.advance(age.total_seconds())
        [(name, _)] = await suggestions(scene, "")
        assert name.endswith(f"… · {said} ago")
        assert len(name) == 100


async def suggestions(scene: Scene, typed: str) -> Sequence[tuple[str, str]]:
    run = await scene.discord.autocomplete(scene.ada, scene.channel, "show", focused="job", value=typed)
    return [(choice["name"], choice["value"]) for choice in (await run.answered()).choices]
