"""`/admin unresolved`: what is listed, who may decide, what a decision does, and that it is safe to come too late."""

import pytest

from models import JobStatus
from sandbox.discord import ClientRefused, Member, Permissions
from storage import audit, jobs, ledger
from tests.builders import PRICE_MICROS
from tests.cogs.administration import forged, page, use
from tests.cogs.doubtful import in_doubt
from tests.cogs.gallery import restarted, words_of
from tests.ui.scene import Scene
from ui import unresolved_pages


@pytest.fixture
async def mia(scene: Scene) -> Member:
    """A member who may manage the server."""
    return scene.guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)


async def status_of(scene: Scene, job_id: str) -> JobStatus:
    return (await jobs.find(scene.database, job_id)).status


async def held(scene: Scene) -> int:
    [row] = await scene.database.fetch_all("SELECT sum(pending) AS held FROM accounts WHERE scope = 'global'")
    return int(row["held"] or 0)


async def test_nothing_in_doubt_is_said(scene: Scene, mia: Member) -> None:
    message = await page(await use(scene, mia, "unresolved"))
    assert "Nothing is in doubt" in message.text()
    assert message.buttons() == []


async def test_it_says_whose_how_much_and_what_is_known(scene: Scene, mia: Member) -> None:
    first = await in_doubt(scene, count=2)
    await in_doubt(scene, by=scene.bob, request_id="req_`77")
    message = await page(await use(scene, mia, "unresolved"))
    text = message.text()
    assert "2 requests in doubt · $0.27 held" in text
    assert f"**<@{scene.ada.id}>** · 2 pictures · **$0.18** held" in text
    assert "It gave no number for it, so I can't ask." in text
    assert "Its number there is `req_'77`" in text
    assert f"job `{first.job_id}`" in text
    assert f"counts as paid <t:{int(first.changed_at.timestamp()) + 86_400}:R>" in text
    deciding = [button.label for button in message.buttons() if button.label != "To its message"]
    assert deciding == ["It was paid ($0.18)", "It was not", "It was paid ($0.09)", "It was not"]
    link = f"https://discord.com/channels/{scene.guild.id}/{scene.channel.id}/{first.message_id}"
    assert link in [part.get("url") for part in message.walk()]


async def test_what_is_in_doubt_elsewhere_is_not_listed(scene: Scene, mia: Member) -> None:
    await in_doubt(scene)
    elsewhere = scene.discord.add_guild("Elsewhere")
    channel, zoe = elsewhere.add_channel("art"), elsewhere.add_member("zoe", permissions=Permissions.MANAGE_GUILD)
    message = await page(await scene.discord.slash(zoe, channel, "admin unresolved"))
    assert "Nothing is in doubt" in message.text()


@pytest.mark.parametrize(
    ("press", "status", "says"),
    [
        ("It was paid ($0.18)", JobStatus.WRITTEN_OFF, "counts as paid: $0.18 posted"),
        ("It was not", JobStatus.FAILED, "was not paid: $0.18 given back"),
    ],
)
async def test_a_press_decides_and_shows_what_is_left(
    scene: Scene, mia: Member, press: str, status: JobStatus, says: str
) -> None:
    job = await in_doubt(scene, count=2)
    message = await page(await use(scene, mia, "unresolved"))
    assert (await (await scene.discord.click(mia, message, press)).answered()).kind == "update"
    assert says in message.text()
    assert "Nothing is in doubt" in message.text()
    assert await status_of(scene, job.job_id) is status
    assert await held(scene) == 0
    assert await scene.database.write(ledger.audit) == ()
    [line] = [one for one in await audit.latest(scene.database, scene.guild.id, limit=9) if "resolved" in one.what]
    assert (line.by_id, line.after) == (mia.id, status)


async def test_of_two_admins_the_second_is_told_and_changes_nothing(scene: Scene, mia: Member) -> None:
    noa = scene.guild.add_member("noa", permissions=Permissions.MANAGE_GUILD)
    job = await in_doubt(scene)
    first, second = await page(await use(scene, mia, "unresolved")), await page(await use(scene, noa, "unresolved"))
    await (await scene.discord.click(mia, first, "It was not")).answered()
    await (await scene.discord.click(noa, second, "It was paid ($0.09)")).answered()
    assert "was decided meanwhile, so nothing was changed: ⚠️ That didn't work" in second.text()
    assert "Nothing is in doubt" in second.text()
    assert await status_of(scene, job.job_id) is JobStatus.FAILED


async def test_a_late_result_that_was_faster_is_not_undone(scene: Scene, mia: Member) -> None:
    job = await in_doubt(scene, request_id="req_1")
    message = await page(await use(scene, mia, "unresolved"))
    now = scene.clock.now()
    await scene.database.write(
        lambda c: jobs.move(c, job.job_id, JobStatus.IN_DOUBT, JobStatus.GENERATED, at=now, images_produced=1)
    )
    await (await scene.discord.click(mia, message, "It was not")).answered()
    assert "was decided meanwhile, so nothing was changed: 🔎 Made, now being checked" in message.text()
    assert await status_of(scene, job.job_id) is JobStatus.GENERATED
    assert await held(scene) == PRICE_MICROS


async def test_many_come_in_pages_and_a_decision_stays_on_its_page(scene: Scene, mia: Member) -> None:
    members = [scene.guild.add_member(f"member{number}") for number in range(7)]
    found = [await in_doubt(scene, by=member) for member in members]
    message = await page(await use(scene, mia, "unresolved"))
    assert "page 1 of 2" in message.text()
    assert found[4].job_id in message.text()
    assert found[5].job_id not in message.text()
    await (await scene.discord.click(mia, message, "Next")).answered()
    assert "page 2 of 2" in message.text()
    await (await scene.discord.click(mia, message, f"easel:doubt:free.2.{found[6].job_id}")).answered()
    assert found[5].job_id in message.text()
    assert "page 2 of 2" in message.text()
    await (await scene.discord.click(mia, message, "Previous")).answered()
    assert found[0].job_id in message.text()


async def test_it_works_after_a_restart(scene: Scene, mia: Member) -> None:
    job = await in_doubt(scene)
    message = await page(await use(scene, mia, "unresolved"))
    async with restarted(scene):
        await (await scene.discord.click(mia, message, "It was not")).answered()
    assert await status_of(scene, job.job_id) is JobStatus.FAILED


async def test_a_slow_database_does_not_let_a_decision_fail(scene: Scene, mia: Member, impatient: None) -> None:
    job = await in_doubt(scene)
    message = await page(await use(scene, mia, "unresolved"))
    async with scene.stalled_disk():
        run = await scene.discord.click(mia, message, "It was not")
        assert (await run.answered()).kind == "deferred_update"
    await message.changed(lambda changed: "given back" in changed.text())
    assert await status_of(scene, job.job_id) is JobStatus.FAILED


async def test_the_command_takes_manage_server(scene: Scene) -> None:
    with pytest.raises(ClientRefused, match="not shown"):
        await use(scene, scene.ada, "unresolved")
    assert "**Manage Server**" in await words_of(await use(scene, scene.ada, "unresolved", raw=True))


@pytest.mark.parametrize("outcome", ["paid", "free"])
async def test_a_forged_press_is_refused(scene: Scene, outcome: str) -> None:
    job = await in_doubt(scene)
    message = await forged(scene, unresolved_pages.OF_GUILD.decide, f"{outcome}.1.{job.job_id}")
    moderator = scene.guild.add_member("moe", permissions=Permissions.MANAGE_MESSAGES)
    for member in (scene.ada, moderator):
        assert "**Manage Server**" in await words_of(await scene.discord.click(member, message, "Press"))
    turning = await forged(scene, unresolved_pages.OF_GUILD.turn, "1")
    assert "**Manage Server**" in await words_of(await scene.discord.click(scene.ada, turning, "Press"))
    assert await status_of(scene, job.job_id) is JobStatus.IN_DOUBT


@pytest.mark.parametrize("argument", ["paid", "maybe.1.x", "paid.x.y", "paid.1.-", "paid.1.a_b", "free.1.2.3"])
async def test_a_press_that_no_page_has_changes_nothing(scene: Scene, mia: Member, argument: str) -> None:
    job = await in_doubt(scene)
    message = await forged(scene, unresolved_pages.OF_GUILD.decide, argument)
    assert "doesn't work any more" in await words_of(await scene.discord.click(mia, message, "Press"))
    assert await status_of(scene, job.job_id) is JobStatus.IN_DOUBT


async def test_an_admin_of_another_server_can_not_decide(scene: Scene) -> None:
    job = await in_doubt(scene)
    elsewhere = scene.discord.add_guild("Elsewhere")
    channel, zoe = elsewhere.add_channel("art"), elsewhere.add_member("zoe", permissions=Permissions.MANAGE_GUILD)
    message = await page(await scene.discord.slash(zoe, channel, "admin setup"))
    custom_id = f"easel:{unresolved_pages.OF_GUILD.decide}:paid.1.{job.job_id}"
    for part in message.walk():
        if part.get("type") == 2 and "custom_id" in part:
            part["custom_id"] = custom_id  # as a modified client can press it
            break
    run = await scene.discord.click(zoe, message, custom_id)
    assert "There is no such request" in await words_of(run)
    assert await status_of(scene, job.job_id) is JobStatus.IN_DOUBT
