"""The one gate: what is refused leaves no trace, what is accepted is on disk, and what members may do with theirs."""

import asyncio
import sqlite3
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from errors import (
    CancelRefused,
    CapReached,
    DraftGone,
    DuplicateInteraction,
    EaselError,
    GenerationPaused,
    InvalidOption,
    JobNotFound,
    MissingBotPermissions,
    ProviderClosed,
    Refusal,
    StorageUnavailable,
    Suspended,
    TooManyActiveJobs,
)
from generation import inputs
from generation.drafts import Draft, Drafts
from generation.polling import JobKind
from generation.service import Acceptance
from models import FailureReason, JobStatus, Origin, Scope, Unit
from moderation import Suspension
from parameters import SEED_MAX
from recipes import Recipe
from sandbox.pixazo import PixazoStandIn
from storage import suspensions
from tests.builders import GUILD_ID, PRICE_MICROS, USER_ID, choose, make_origin
from tests.generation.assembly import Assembly, Options, assembled, small_request
from tests.generation.recording import Channel
from tests.support import FakeClock, wait_until

S = JobStatus


async def count_rows(bot: Assembly) -> dict[str, int]:
    tables = ("jobs", "accounts", "entries", "images")
    return {table: (await bot.database.fetch_all(f"SELECT count(*) FROM {table}"))[0][0] for table in tables}


async def pause(bot: Assembly, *, paused: bool = True) -> None:
    def write(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO guild_settings (guild_id, paused) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET paused = excluded.paused",
            (GUILD_ID, paused),
        )

    await bot.database.write(write)


async def suspend(bot: Assembly, suspension: Suspension) -> None:
    await bot.database.write(
        lambda connection: suspensions.suspend(
            connection, suspension, guild_id=GUILD_ID, user_id=USER_ID, by_id=1, at=bot.clock.now()
        )
    )


async def accept(bot: Assembly, origin: Origin | None = None, **changes: Any) -> Acceptance:
    return await bot.service.accept(origin or make_origin(), small_request(**changes))


class TestAccept:
    async def test_the_job_is_on_disk_with_its_reservation(self, bot: Assembly) -> None:
        acceptance = await accept(bot)
        found = bot.snapshot()  # another connection, so it is committed
        assert [job.job_id for job in found.jobs] == [acceptance.job.job_id]
        assert found.jobs[0].status is S.QUEUED
        assert found.jobs[0].price_micros == PRICE_MICROS
        assert Counter(entry.kind for entry in found.entries) == {"reserve": 5}
        assert found.findings == ()
        assert (acceptance.place, acceptance.usual.measured) == (1, False)
        assert bot.observer.counts["transition", "None>queued"] == 1

    async def test_it_answers_what_is_stored(self, bot: Assembly) -> None:
        acceptance = await accept(bot, prompt="a fox", num_images=3, seed=11)
        stored = await bot.job(acceptance.job.job_id)
        assert stored.request == acceptance.job.request
        assert stored.origin == acceptance.job.origin
        assert stored.images_requested == 3

    async def test_a_seed_is_drawn_where_none_was_given(self, bot: Assembly) -> None:
        seeds = [(await accept(bot, seed=None)).job.request.seed for _ in range(20)]
        assert len(set(seeds)) > 15
        assert all(seed is not None and 0 <= seed <= SEED_MAX for seed in seeds)

    async def test_a_seed_that_was_given_is_kept(self, bot: Assembly) -> None:
        assert (await accept(bot, seed=0)).job.request.seed == 0

    async def test_ids_are_new_each_time_and_sort_by_time(self, bot: Assembly, clock: FakeClock) -> None:
        ids = []
        for _ in range(50):
            ids.append((await accept(bot)).job.job_id)
            clock.advance(0.01)
        assert len(set(ids)) == 50
        assert ids == sorted(ids)

    async def test_the_place_counts_who_stands_in_line(self, bot: Assembly) -> None:
        for number in range(3):
            bot.queue.put(str(number), guild_id=GUILD_ID, user_id=USER_ID)
        assert (await accept(bot)).place == 4
        assert (await accept(bot, make_origin(user_id=99))).place == 2
        assert (await accept(bot, make_origin(guild_id=98, user_id=99))).place == 2

    async def test_the_usual_time_is_told_once_it_is_known(self, bot: Assembly) -> None:
        kind = JobKind.of(small_request())
        for seconds in range(5, 10):
            bot.schedule.observe(kind, not_ready_seconds=seconds, ready_seconds=seconds)
        usual = (await accept(bot)).usual
        assert (usual.low_seconds, usual.high_seconds) == pytest.approx((5, 9), rel=0.03)
        assert not (await accept(bot, num_images=4)).usual.measured


class TestRefusals:
    @pytest.fixture
    async def strict(
        self, tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
    ) -> Any:  # an async generator, as pytest wants it
        options = Options(active_jobs=2, user_daily_images=5, guild_daily_micros=6 * PRICE_MICROS)
        async with assembled(tmp_path, pixazo, channel, clock, options) as parts:
            yield parts

    async def refused(self, bot: Assembly, kind: type[EaselError], origin: Origin | None = None) -> Any:
        before = await count_rows(bot)
        with pytest.raises(kind) as caught:
            await accept(bot, origin)
        assert await count_rows(bot) == before
        assert bot.snapshot().findings == ()
        return caught.value

    async def test_a_paused_guild(self, strict: Assembly) -> None:
        await pause(strict)
        assert (await self.refused(strict, GenerationPaused)).by == "guild"
        assert strict.observer.counts["refusal", "GenerationPaused"] == 1
        await pause(strict, paused=False)
        await accept(strict)

    async def test_a_channel_in_which_the_bot_may_not_post(self, strict: Assembly) -> None:
        await self.refused(strict, MissingBotPermissions, make_origin(missing_permissions=("SEND_MESSAGES",)))

    async def test_a_member_with_enough_jobs_under_way(self, strict: Assembly) -> None:
        await accept(strict)
        await accept(strict)
        error = await self.refused(strict, TooManyActiveJobs)
        assert (error.active, error.limit) == (2, 2)
        await accept(strict, make_origin(user_id=99))

    async def test_a_member_whose_quota_is_used_up(self, strict: Assembly) -> None:
        await accept(strict, num_images=4)
        error = await self.refused(strict, CapReached)
        assert (error.account.scope, error.account.unit) == (Scope.MEMBER, Unit.IMAGE)
        assert (error.cap, error.left, error.amount) == (5, 1, 2)

    async def test_a_guild_whose_budget_is_used_up(self, strict: Assembly) -> None:
        await accept(strict, num_images=4)
        await accept(strict, num_images=1)
        error = await self.refused(strict, CapReached, make_origin(user_id=99))
        assert (error.account.scope, error.account.unit, error.left) == (Scope.GUILD, Unit.MICROS, PRICE_MICROS)

    async def test_an_interaction_that_has_its_job(self, strict: Assembly) -> None:
        origin = make_origin()
        await accept(strict, origin)
        await self.refused(strict, DuplicateInteraction, origin)

    async def test_a_suspended_member_until_that_is_over_or_lifted(self, strict: Assembly, clock: FakeClock) -> None:
        await suspend(strict, Suspension(until=clock.now() + timedelta(minutes=10)))
        assert (await self.refused(strict, Suspended)).until == clock.now() + timedelta(minutes=10)
        await accept(strict, make_origin(user_id=99))
        await accept(strict, make_origin(guild_id=98), num_images=1)
        clock.advance(599)
        await self.refused(strict, Suspended)
        clock.advance(1)
        await accept(strict, num_images=1)
        await suspend(strict, Suspension(until=None))
        assert (await self.refused(strict, Suspended)).until is None
        await strict.database.write(
            lambda c: suspensions.lift(c, guild_id=GUILD_ID, user_id=USER_ID, by_id=1, now=clock.now())
        )
        await accept(strict, num_images=1)
        assert strict.observer.counts["refusal", "Suspended"] == 3

    async def test_more_pictures_than_the_guild_allows(self, strict: Assembly) -> None:
        await strict.database.write(lambda c: choose(c, GUILD_ID, images_per_job=1))
        error = await self.refused(strict, InvalidOption)
        assert (error.option, error.problem, error.high) == ("num_images", "guild_limit", 1)
        await accept(strict, num_images=1)

    async def test_ten_pictures_beside_an_image(self, bot: Assembly) -> None:
        await bot.database.write(lambda c: choose(c, GUILD_ID, images_per_job=10))
        image_url = inputs.placeholder("input.png")
        with pytest.raises(InvalidOption) as caught:
            await accept(bot, num_images=10, reference_image_url=image_url)
        assert (caught.value.problem, caught.value.high) == ("guild_limit", 9)
        assert (await accept(bot, num_images=9, reference_image_url=image_url)).job.images_requested == 9
        assert (await accept(bot, num_images=10)).job.images_requested == 10

    async def test_a_provider_that_refuses_the_account(self, strict: Assembly, clock: FakeClock) -> None:
        await strict.circuit.refused(402)
        assert not (await self.refused(strict, ProviderClosed)).stopping
        clock.advance(60)  # the next one is the probe
        await accept(strict)

    async def test_a_bot_that_is_stopping(self, strict: Assembly) -> None:
        await strict.runner.stop(within_seconds=0)
        assert (await self.refused(strict, ProviderClosed)).stopping

    async def test_a_database_that_can_not_be_written(self, strict: Assembly, monkeypatch: pytest.MonkeyPatch) -> None:
        async def full_disk(operation: object) -> object:
            raise StorageUnavailable("the disk is full")

        monkeypatch.setattr(strict.database, "write", full_disk)
        await self.refused(strict, StorageUnavailable)

    async def test_a_guild_whose_settings_can_not_be_read_is_refused(self, strict: Assembly) -> None:
        await strict.database.write(lambda c: c.execute("ALTER TABLE guild_settings RENAME TO elsewhere"))
        await self.refused(strict, StorageUnavailable)

    async def test_no_message_names_the_interaction_token(self, strict: Assembly, caplog: Any) -> None:
        caplog.set_level("DEBUG")
        origin = make_origin(interaction_token="a-secret-token", missing_permissions=("SEND_MESSAGES",))
        error = await self.refused(strict, MissingBotPermissions, origin)
        assert "a-secret-token" not in f"{error!r}{caplog.text}"


class TestDrafts:
    """A wish that was put together in a panel uses the panel up, in the transaction that makes its job."""

    @pytest.fixture
    def drafts(self, bot: Assembly, clock: FakeClock, tmp_path: Path) -> Drafts:
        return Drafts(bot.database, tmp_path / "drafts", clock)

    async def create(self, drafts: Drafts) -> Draft:
        return await drafts.create(guild_id=GUILD_ID, user_id=USER_ID, kind="control", content={"strength": 1})

    async def open(self, drafts: Drafts, draft: Draft) -> Draft:
        return await drafts.open(draft.draft_id, guild_id=GUILD_ID, user_id=USER_ID, kind="control")

    async def test_of_two_presses_at_once_one_makes_a_job(self, bot: Assembly, drafts: Drafts) -> None:
        draft = await self.create(drafts)
        presses = (bot.service.accept(make_origin(), small_request(), draft_id=draft.draft_id) for _ in range(5))
        outcomes = await asyncio.gather(*presses, return_exceptions=True)
        assert Counter(type(outcome) for outcome in outcomes) == {Acceptance: 1, DraftGone: 4}
        found = bot.snapshot()
        assert len(found.jobs) == 1
        assert found.findings == ()
        with pytest.raises(DraftGone):
            await self.open(drafts, draft)

    async def test_one_that_never_was_makes_none(self, bot: Assembly) -> None:
        before = await count_rows(bot)
        with pytest.raises(DraftGone):
            await bot.service.accept(make_origin(), small_request(), draft_id="nothing")
        assert await count_rows(bot) == before

    @pytest.mark.parametrize("why", ["paused", "suspended", "cap"])
    async def test_a_refusal_leaves_it_for_another_try(
        self,
        tmp_path: Path,
        pixazo: PixazoStandIn,
        channel: Channel,
        clock: FakeClock,
        why: str,
    ) -> None:
        async with assembled(tmp_path, pixazo, channel, clock, Options(user_daily_images=2)) as bot:
            drafts = Drafts(bot.database, tmp_path / "drafts", clock)
            draft = await self.create(drafts)
            if why == "paused":
                await pause(bot)
            elif why == "suspended":
                await suspend(bot, Suspension(until=None))
            with pytest.raises(Refusal):
                await bot.service.accept(
                    make_origin(), small_request(num_images=3 if why == "cap" else 2), draft_id=draft.draft_id
                )
            assert await self.open(drafts, draft) == draft
            await pause(bot, paused=False)
            await bot.database.write(
                lambda c: suspensions.lift(c, guild_id=GUILD_ID, user_id=USER_ID, by_id=1, now=clock.now())
            )
            await bot.service.accept(make_origin(), small_request(), draft_id=draft.draft_id)


class TestRecipe:
    async def test_it_is_kept_with_the_job(self, bot: Assembly) -> None:
        recipe = Recipe(prompt="a fox", preset="Ink", template="{prompt} in ink", loras=("Ink",), mode="canny")
        acceptance = await bot.service.accept(make_origin(), small_request("a fox in ink"), recipe=recipe)
        stored = await bot.job(acceptance.job.job_id)
        assert stored.recipe == acceptance.job.recipe == recipe
        assert (stored.typed_prompt, stored.request.prompt) == ("a fox", "a fox in ink")

    async def test_without_one_it_is_plain(self, bot: Assembly) -> None:
        assert (await bot.job((await accept(bot)).job.job_id)).recipe == Recipe()


class TestManyAtOnce:
    async def test_two_hundred_against_a_cap_of_fifty_admit_exactly_fifty(
        self, tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        options = Options(guild_daily_micros=50 * PRICE_MICROS)
        async with assembled(tmp_path, pixazo, channel, clock, options) as bot:
            outcomes = await asyncio.gather(
                *(accept(bot, make_origin(user_id=1 + n % 40), num_images=1) for n in range(200)),
                return_exceptions=True,
            )
            assert Counter(type(outcome) for outcome in outcomes) == {Acceptance: 50, CapReached: 150}
            found = bot.snapshot()
            assert len(found.jobs) == 50
            assert found.findings == ()
            assert all(balance.pending + balance.posted <= balance.cap for balance in found.balances)
            guild = [b for b in found.balances if b.account.scope is Scope.GUILD and len(b.account.period) == 10]
            assert [balance.left for balance in guild] == [0]

    async def test_one_interaction_delivered_many_times_gives_one_job(self, bot: Assembly) -> None:
        origin = make_origin()
        outcomes = await asyncio.gather(*(accept(bot, origin) for _ in range(20)), return_exceptions=True)
        assert Counter(type(outcome) for outcome in outcomes) == {Acceptance: 1, DuplicateInteraction: 19}

    async def test_a_member_in_a_hurry_gets_no_more_than_the_limit(
        self, tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        async with assembled(tmp_path, pixazo, channel, clock, Options(active_jobs=3)) as bot:
            outcomes = await asyncio.gather(*(accept(bot) for _ in range(30)), return_exceptions=True)
            assert Counter(type(outcome) for outcome in outcomes) == {Acceptance: 3, TooManyActiveJobs: 27}


class TestCancelledCaller:
    async def test_a_job_that_nobody_waits_for_any_more_is_ended_by_the_runner(
        self, bot: Assembly, pixazo: PixazoStandIn
    ) -> None:
        await bot.runner.start()
        command = asyncio.create_task(accept(bot))
        await asyncio.sleep(0)  # it runs up to its first wait
        command.cancel()
        with pytest.raises(asyncio.CancelledError):
            await command
        await wait_until(lambda: bool(bot.snapshot().jobs), what="the write that nobody could call back")
        await wait_until(lambda: bot.snapshot().jobs[0].status is S.CANCELLED)
        assert {balance.pending for balance in bot.snapshot().balances} == {0}
        assert pixazo.submissions == []

    async def test_a_refusal_that_nobody_waits_for_is_no_noise(self, bot: Assembly, caplog: Any) -> None:
        await pause(bot)
        command = asyncio.create_task(accept(bot))
        await asyncio.sleep(0)
        command.cancel()
        with pytest.raises(asyncio.CancelledError):
            await command
        await wait_until(lambda: bot.observer.counts["refusal", "GenerationPaused"] == 1)
        await asyncio.sleep(0)
        assert caplog.text == ""


class TestCard:
    async def test_a_card_refused_by_discord_ends_the_job_at_once(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        job_id = (await accept(bot)).job.job_id
        await bot.service.card_refused(job_id)
        job = await bot.job(job_id)
        assert (job.status, job.reason, job.card_status) == (S.CANCELLED, FailureReason.NO_CARD, S.CANCELLED)
        assert {balance.pending for balance in bot.snapshot().balances} == {0}

    async def test_a_job_that_found_its_card_meanwhile_is_left_alone(self, bot: Assembly) -> None:
        job_id = await bot.wish()
        await bot.drive(job_id, until=lambda job: job.status is S.SUBMITTED)
        await bot.service.card_refused(job_id)
        assert (await bot.job(job_id)).status is S.SUBMITTED

    async def test_the_time_to_the_card_is_told_once_it_is_there(self, bot: Assembly) -> None:
        job_id = (await accept(bot)).job.job_id
        assert bot.observer.counts["latency", "acceptance"] == 0
        await bot.service.card_sent(job_id, 5)
        assert bot.observer.counts["latency", "acceptance"] == 1

    async def test_the_first_message_id_stays(self, bot: Assembly) -> None:
        job_id = (await accept(bot)).job.job_id
        await bot.service.card_sent(job_id, 5)
        await bot.service.card_sent(job_id, 6)
        assert (await bot.job(job_id)).message_id == 5


class TestCancel:
    async def cancel(self, bot: Assembly, job_id: str, **changes: Any) -> Any:
        values = {"guild_id": GUILD_ID, "user_id": USER_ID, "may_manage": False} | changes
        return await bot.service.cancel(job_id, **values)

    async def test_the_author_may(self, bot: Assembly) -> None:
        job_id = await bot.wish()
        bot.queue.put(job_id, guild_id=GUILD_ID, user_id=USER_ID)
        job = await self.cancel(bot, job_id)
        assert (job.status, job.reason) == (S.CANCELLED, FailureReason.CANCELLED_BY_AUTHOR)
        assert job_id not in bot.queue
        assert {balance.pending for balance in bot.snapshot().balances} == {0}

    async def test_who_manages_messages_may(self, bot: Assembly) -> None:
        job = await self.cancel(bot, await bot.wish(), user_id=99, may_manage=True)
        assert job.reason == FailureReason.CANCELLED_BY_MODERATOR

    async def test_nobody_else_may(self, bot: Assembly) -> None:
        job_id = await bot.wish()
        with pytest.raises(CancelRefused) as caught:
            await self.cancel(bot, job_id, user_id=99)
        assert caught.value.why == "not_yours"
        assert (await bot.job(job_id)).status is S.QUEUED

    async def test_another_guilds_job_does_not_exist(self, bot: Assembly) -> None:
        with pytest.raises(JobNotFound):
            await self.cancel(bot, await bot.wish(), guild_id=98, may_manage=True)

    async def test_a_job_at_the_provider_is_too_late(self, bot: Assembly) -> None:
        job_id = await bot.wish()
        await bot.drive(job_id, until=lambda job: job.status is S.SUBMITTED)
        with pytest.raises(CancelRefused) as caught:
            await self.cancel(bot, job_id)
        assert (caught.value.why, caught.value.status) == ("too_late", S.SUBMITTED)

    async def test_of_two_at_once_one_comes_too_late(self, bot: Assembly) -> None:
        job_id = await bot.wish()
        outcomes = await asyncio.gather(
            self.cancel(bot, job_id), self.cancel(bot, job_id, user_id=9, may_manage=True), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CancelRefused", "Job"]
        assert bot.snapshot().findings == ()

    async def test_a_running_bot_takes_the_button_from_the_card(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        await bot.runner.start()
        bot.circuit.hold(1e9)
        job_id = await bot.wish()
        await self.cancel(bot, job_id)
        await wait_until(lambda: bot.channel.cards[job_id].says is S.CANCELLED)
        await wait_until(lambda: bot.runner.waiting == 0)


class TestStandings:
    async def test_the_members_jobs_oldest_first_with_their_places(self, bot: Assembly) -> None:
        await bot.wish(origin=make_origin(user_id=99))
        waiting, running = await bot.wish(), await bot.wish()
        bot.queue.remove(running)
        await bot.drive(running, until=lambda job: job.status is S.SUBMITTED)
        standings = await bot.service.standings(guild_id=GUILD_ID, user_id=USER_ID)
        assert [(standing.job.job_id, standing.place) for standing in standings] == [(waiting, 2), (running, None)]

    async def test_ended_jobs_are_not_among_them(self, bot: Assembly) -> None:
        await bot.drive(await bot.wish())
        assert await bot.service.standings(guild_id=GUILD_ID, user_id=USER_ID) == ()


class TestQuota:
    async def test_every_account_is_there_before_the_first_wish(
        self, tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        options = Options(
            user_daily_images=20,
            user_monthly_micros=5_000_000,
            guild_daily_micros=10_000_000,
            guild_monthly_micros=50_000_000,
            global_monthly_micros=200_000_000,
        )
        async with assembled(tmp_path, pixazo, channel, clock, options) as bot:
            lines = await bot.service.quota(guild_id=GUILD_ID, user_id=USER_ID)
            caps = [20, 5_000_000, 10_000_000, 50_000_000, 200_000_000]
            assert [line.balance.left for line in lines] == caps
            assert {line.renews_at.isoformat() for line in lines} == {
                "2026-11-23T00:00:00+00:00",
                "2026-12-01T00:00:00+00:00",
            }

    async def test_what_is_held_and_what_is_spent_is_shown(self, bot: Assembly) -> None:
        await bot.drive(await bot.wish())
        await bot.wish(small_request(num_images=3))
        lines = await bot.service.quota(guild_id=GUILD_ID, user_id=USER_ID)
        assert [(line.balance.pending, line.balance.posted) for line in lines] == [
            (3, 2),
            *[(3 * PRICE_MICROS, 2 * PRICE_MICROS)] * 4,
        ]
