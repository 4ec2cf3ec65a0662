"""`/operator`: where it is, who may use it, what it shows, and what it sets."""

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from generation.pauses import EVERYWHERE
from limits import LimitKind, LimitName
from models import JobStatus
from sandbox.discord import ClientRefused, Guild, Member, Message, Permissions, Run
from storage import audit, jobs, ledger
from storage import limits as stored_limits
from tests.cogs.administration import forged, page
from tests.cogs.doubtful import in_doubt
from tests.cogs.gallery import restarted, words_of
from tests.support import FakeClock
from tests.ui.scene import Scene, open_scene
from ui.operator_pages import AUDIT_ACTION, STATUS_ACTION
from ui.pause_pages import RESUME_EVERYWHERE_ACTION
from ui.unresolved_pages import OF_ALL
from ui.wording import operator_pages as words

COMMANDS = ("status", "pause", "resume", "budget", "unresolved")
ACTIONS = (
    (STATUS_ACTION, "all"),
    (AUDIT_ACTION, "all"),
    (RESUME_EVERYWHERE_ACTION, "all"),
    (OF_ALL.turn, "1"),
    (OF_ALL.decide, "paid.1.job"),
)
REFUSAL = "Only the operator of this bot"


@pytest.fixture
async def scene(tmp_path: Path, clock: FakeClock, discord_addresses: None) -> AsyncIterator[Scene]:
    """A scene whose guild is in OPERATOR_GUILD_IDS."""
    async with open_scene(tmp_path, clock, operated=True) as opened:
        yield opened


@pytest.fixture
async def owner(scene: Scene) -> Member:
    """The application's owner, who is in the guild: OWNER_IDS names nobody."""
    return scene.guild.members[scene.discord.owner_id]


async def use(scene: Scene, by: Member, name: str, options: Mapping[str, Any] | None = None, **how: Any) -> Run:
    return await scene.discord.slash(by, scene.channel, f"operator {name}", options, **how)


async def shown(scene: Scene, by: Member, name: str, options: Mapping[str, Any] | None = None) -> Message:
    return await page(await use(scene, by, name, options))


async def global_cap(scene: Scene) -> int | None:
    limits = await stored_limits.of_guild(scene.database, EVERYWHERE)
    return limits.get((LimitKind.OPERATOR, 0, LimitName.GLOBAL_MONTHLY_MICROS))


async def ceiling(scene: Scene, guild: Guild, name: LimitName) -> int | None:
    return (await stored_limits.of_guild(scene.database, guild.id)).get((LimitKind.CEILING, 0, name))


class TestWho:
    @pytest.mark.parametrize("name", COMMANDS)
    async def test_an_admin_who_is_no_operator_is_refused(self, scene: Scene, name: str) -> None:
        root = scene.guild.add_member("root", permissions=Permissions.ADMINISTRATOR)
        assert REFUSAL in await words_of(await use(scene, root, name))
        assert await audit.latest(scene.database, EVERYWHERE, limit=5) == []

    async def test_members_do_not_see_it(self, scene: Scene) -> None:
        with pytest.raises(ClientRefused, match="not shown"):
            await use(scene, scene.ada, "status")
        assert REFUSAL in await words_of(await use(scene, scene.ada, "status", raw=True))

    @pytest.mark.parametrize(("action", "argument"), ACTIONS)
    async def test_a_forged_press_is_refused(self, scene: Scene, action: str, argument: str) -> None:
        await scene.parts.office.pauses.pause(EVERYWHERE, by_id=1)
        message = await forged(scene, action, argument)
        root = scene.guild.add_member("root", permissions=Permissions.ADMINISTRATOR)
        for member in (scene.ada, root):
            assert REFUSAL in await words_of(await scene.discord.click(member, message, "Press"))
        assert await scene.parts.office.pauses.of(EVERYWHERE)

    async def test_an_operator_who_presses_in_another_server_is_refused(self, scene: Scene, owner: Member) -> None:
        elsewhere = scene.discord.add_guild("Elsewhere")
        channel = elsewhere.add_channel("art")
        message = await forged(scene, STATUS_ACTION, "all", channel)
        run = await scene.discord.click(elsewhere.members[owner.id], message, "Press")
        assert REFUSAL in await words_of(run)

    async def test_it_is_in_no_other_server(self, scene: Scene, owner: Member) -> None:
        elsewhere = scene.discord.add_guild("Elsewhere")
        channel = elsewhere.add_channel("art")
        with pytest.raises(ClientRefused):
            await scene.discord.slash(elsewhere.members[owner.id], channel, "operator status")

    async def test_nobody_who_is_no_operator_is_told_the_names_of_servers(self, scene: Scene) -> None:
        root = scene.guild.add_member("root", permissions=Permissions.ADMINISTRATOR)
        run = await scene.discord.autocomplete(root, scene.channel, "operator budget", focused="server")
        assert (await run.answered()).choices == ()


class TestStatus:
    async def test_a_new_bot_is_well(self, scene: Scene, owner: Member) -> None:
        text = (await shown(scene, owner, "status")).text()
        assert "### 🎛️ Easel 9.8.7" in text
        assert "in 1 server ·" in text
        assert re.search(r"Discord answers in \d+ ms", text)
        assert "**Requests** · none under way" in text
        assert "**Picture service** · ✅ takes the account" in text
        assert "**In doubt** · nothing" in text
        assert "**Budget of the whole bot** · $100.00 a month" in text
        assert "this month: $0.00 spent" in text
        assert "The books are being audited" in text

    async def test_it_tells_what_is_going_on(self, scene: Scene, owner: Member) -> None:
        await scene.carded({"count": 3})
        await in_doubt(scene, by=scene.bob)
        await scene.parts.office.pauses.pause(scene.guild.id, by_id=scene.ada.id)
        await scene.parts.office.pauses.pause(EVERYWHERE, by_id=owner.id, reason="moving house")
        text = (await shown(scene, owner, "status")).text()
        assert "**Requests** · 1 waiting in line · 1 in doubt" in text
        assert "-# in line for the picture service: 1 · there: 0" in text
        assert "❔ 1 request, $0.09 held, asked" in text
        assert "New pictures are paused in every server" in text
        assert "> moving house" in text
        assert "1 server has paused new pictures" in text
        assert "this month: $0.00 spent, $0.36 held" in text
        assert "today (UTC): $0.00 spent, $0.36 held" in text
        assert "**$99.64 left**" in text
        assert "1. Studio · $0.00 spent, $0.36 held" in text
        assert "✅ audited" in text

    async def test_a_server_that_threw_the_bot_out_is_named_by_its_id(self, scene: Scene, owner: Member) -> None:
        elsewhere = scene.discord.add_guild("Elsewhere")
        channel, zoe = elsewhere.add_channel("art"), elsewhere.add_member("zoe")
        await (await scene.discord.slash(zoe, channel, "imagine", {"prompt": "a fox"})).answered()
        scene.discord.remove_guild(elsewhere)
        message = await shown(scene, owner, "status")
        await self._until(scene, owner, message, f"1. `{elsewhere.id}`")

    async def test_a_provider_that_refuses_the_account_is_named_with_the_next_try(
        self, scene: Scene, owner: Member
    ) -> None:
        began = int(scene.clock.now().timestamp())
        await scene.circuit.refused(402)
        message = await shown(scene, owner, "status")
        assert f"⚠️ has refused the account since <t:{began}:f>" in message.text()
        assert f"I try it again <t:{began + 60}:R>" in message.text()
        scene.clock.advance(61)
        await (await scene.discord.click(owner, message, "Look again")).answered()
        assert "The next request tries it again" in message.text()
        await scene.circuit.accepted()
        scene.circuit.hold(30)
        await (await scene.discord.click(owner, message, "Look again")).answered()
        assert f"⏳ asks for patience; I submit again <t:{began + 91}:R>" in message.text()

    async def test_books_that_do_not_add_up_are_named_and_stop_new_requests(self, scene: Scene, owner: Member) -> None:
        await scene.carded()
        await scene.database.write(lambda c: c.execute("UPDATE accounts SET posted = posted + 1 WHERE unit = 'micros'"))
        message = await shown(scene, owner, "status")
        await (await scene.discord.click(owner, message, "Audit the books")).answered()
        assert "4 balances are not the sums of their entries" in message.text()
        assert "My books don't add up" in await words_of(await scene.imagine())
        [told] = [message.text() for message in scene.discord.dms(scene.discord.world.owner).messages]
        assert "4 balances are not the sums of their entries" in told
        assert len(await scene.jobs()) == 1
        await scene.database.write(lambda c: c.execute("UPDATE accounts SET posted = posted - 1 WHERE unit = 'micros'"))
        await (await scene.discord.click(owner, message, "Audit the books")).answered()
        assert "✅ audited" in message.text()
        assert not (await (await scene.imagine()).answered()).ephemeral

    async def _until(self, scene: Scene, owner: Member, message: Message, wanted: str) -> None:
        for _ in range(100):
            if wanted in message.text():
                return
            await (await scene.discord.click(owner, message, "Look again")).answered()
        raise AssertionError(message.text())


class TestPause:
    async def test_it_stops_every_server_and_resumes_them(self, scene: Scene, owner: Member) -> None:
        elsewhere = scene.discord.add_guild("Elsewhere")
        channel, zoe = elsewhere.add_channel("art"), elsewhere.add_member("zoe")
        message = await shown(scene, owner, "pause", {"reason": "moving house"})
        assert "New pictures are paused in every server" in message.text()
        for run in (
            await scene.imagine(),
            await scene.discord.slash(zoe, channel, "imagine", {"prompt": "a fox"}),
        ):
            assert "paused everywhere by the operator" in await words_of(run)
        async with restarted(scene):
            await (await scene.discord.click(owner, message, "Resume")).answered()
        assert "New pictures are taken again" in message.text()
        assert "> moving house" in message.text()
        assert not await scene.parts.office.pauses.of(EVERYWHERE)

    async def test_without_a_pause_there_is_nothing_to_resume(self, scene: Scene, owner: Member) -> None:
        assert "nothing to resume" in (await shown(scene, owner, "resume")).text()


class TestUnresolved:
    async def test_all_servers_are_listed_with_their_names_and_decided_on(self, scene: Scene, owner: Member) -> None:
        mine = await in_doubt(scene)
        message = await shown(scene, owner, "unresolved")
        assert "· Studio ·" in message.text()
        await (await scene.discord.click(owner, message, "It was paid ($0.09)")).answered()
        assert "counts as paid: $0.09 posted" in message.text()
        assert (await jobs.find(scene.database, mine.job_id)).status is JobStatus.WRITTEN_OFF
        [line] = [one for one in await audit.latest(scene.database, scene.guild.id, limit=5) if one.by_id == owner.id]
        assert line.after == "written_off"
        assert await scene.database.write(ledger.audit) == ()

    async def test_pages_turn(self, scene: Scene, owner: Member) -> None:
        members = [scene.guild.add_member(f"member{number}") for number in range(6)]
        found = [await in_doubt(scene, by=member) for member in members]
        message = await shown(scene, owner, "unresolved")
        await (await scene.discord.click(owner, message, "Next")).answered()
        assert found[5].job_id in message.text()
        assert "1 request" not in message.text()


class TestBudget:
    async def test_it_shows_the_budget_and_where_its_default_comes_from(self, scene: Scene, owner: Member) -> None:
        text = (await shown(scene, owner, "budget")).text()
        assert "**Budget of the whole bot** · $100.00 a month" in text
        assert "The default is $100.00 (`GLOBAL_MONTHLY_USD`)" in text
        assert "Latest changes" not in text

    async def test_the_whole_bots_budget_is_set_and_goes_back_to_its_default(self, scene: Scene, owner: Member) -> None:
        message = await shown(scene, owner, "budget", {"monthly": "$0.10", "reason": "a *quiet* month"})
        text = message.text()
        assert "The whole bot's budget was $100.00 (default) a month and is $0.10 now" in text
        assert "**Budget of the whole bot** · $0.10 a month" in text
        assert f"by <@{owner.id}>: $100.00 (default) → $0.10 · a \\*quiet\\* month" in text
        assert await global_cap(scene) == 100_000
        assert "**The budget of the whole bot**" in await words_of(await scene.imagine({"count": 2}))
        text = (await shown(scene, owner, "budget", {"monthly": "default"})).text()
        assert "was $0.10 a month and is $100.00 (default) now" in text
        assert await global_cap(scene) is None

    async def test_lowering_it_below_what_is_held_takes_nothing_back(self, scene: Scene, owner: Member) -> None:
        await scene.carded({"count": 4})
        text = (await shown(scene, owner, "budget", {"monthly": "0.09"})).text()
        assert "$0.36 held" in text
        assert "**$0.00 left**" in text
        assert await scene.database.write(ledger.audit) == ()
        assert "**The budget of the whole bot**" in await words_of(await scene.imagine())

    async def test_a_servers_ceilings_are_set_with_their_reason(self, scene: Scene, owner: Member) -> None:
        server = str(scene.guild.id)
        text = (await shown(scene, owner, "budget", {"server": server})).text()
        assert "### 🏦 Ceilings of Studio" in text
        assert "**A day** · $100.00 (default) at most · its own budget: $100.00" in text
        given = {"server": server, "daily": "500", "monthly": "2000,50", "reason": "they pay"}
        text = (await shown(scene, owner, "budget", given)).text()
        assert "The ceiling of a day was $100.00 (default) and is $500.00 now" in text
        assert "**A month** · $2,000.50 at most" in text
        assert await ceiling(scene, scene.guild, LimitName.GUILD_DAILY_MICROS) == 500_000_000
        assert await ceiling(scene, scene.guild, LimitName.GUILD_MONTHLY_MICROS) == 2_000_500_000
        lines = await audit.latest(scene.database, scene.guild.id, limit=5)
        assert {(line.by_id, line.reason) for line in lines} == {(owner.id, "they pay")}
        assert await global_cap(scene) is None

    @pytest.mark.parametrize(
        "given",
        [
            {"monthly": "-5"},
            {"monthly": "a lot"},
            {"monthly": "1,000"},
            {"monthly": "5.001"},
            {"monthly": "1000000000"},
            {"monthly": ""},
            {"monthly": 7},
            {"monthly": "5", "reason": "x" * 201},
            {"daily": "5"},
            {"server": "nowhere", "monthly": "5"},
            {"server": "12", "monthly": "5"},
            {"server": "٤", "monthly": "5"},
        ],
    )
    async def test_what_can_not_be_read_changes_nothing(
        self, scene: Scene, owner: Member, given: dict[str, Any]
    ) -> None:
        await words_of(await use(scene, owner, "budget", given, raw=True))
        assert await audit.latest(scene.database, EVERYWHERE, limit=5) == []
        assert await audit.latest(scene.database, scene.guild.id, limit=5) == []

    @pytest.mark.parametrize("monthly", ["nonsense", "200000"])
    async def test_of_two_ceilings_none_is_set_where_one_can_not_be(
        self, scene: Scene, owner: Member, monthly: str
    ) -> None:
        given = {"server": str(scene.guild.id), "daily": "500", "monthly": monthly}
        await words_of(await use(scene, owner, "budget", given))
        assert await ceiling(scene, scene.guild, LimitName.GUILD_DAILY_MICROS) is None

    async def test_servers_are_completed_by_name(self, scene: Scene, owner: Member) -> None:
        elsewhere = scene.discord.add_guild("Elsewhere")
        run = await scene.discord.autocomplete(owner, scene.channel, "operator budget", focused="server", value="else")
        answer = await run.answered()
        assert [(choice["name"], choice["value"]) for choice in answer.choices] == [("Elsewhere", str(elsewhere.id))]


def test_no_description_is_longer_than_discord_allows() -> None:
    texts = {name: text for name, text in vars(words).items() if name.isupper() and isinstance(text, str)}
    assert len(texts) > 5
    for name, text in texts.items():
        assert 1 <= len(text) <= 100, name
