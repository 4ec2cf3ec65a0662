"""`/mod log`: what is listed for whom, turning the pages after a restart, and the spreadsheet."""

import csv
import io
from typing import Any

import pytest

from generation.audit_log import COLUMNS, PAGE_SIZE, LogQuery
from sandbox.discord import ClientRefused, Member, Message, Permissions, Run
from storage import audit, audit_chain
from tests.cogs.administration import forged, page
from tests.cogs.gallery import restarted, words_of
from tests.ui.scene import Scene
from ui.log_pages import LOG_ACTION, LOG_SHEET_ACTION, LOG_TOPIC_ACTION
from ui.wording import log as words


@pytest.fixture
async def mod(scene: Scene) -> Member:
    """A moderator."""
    return scene.guild.add_member("mod", permissions=Permissions.MANAGE_MESSAGES)


async def use(scene: Scene, by: Member, options: dict[str, Any] | None = None, *, raw: bool = False) -> Run:
    return await scene.discord.slash(by, scene.channel, "mod log", options, raw=raw)


async def shown(scene: Scene, by: Member, options: dict[str, Any] | None = None) -> Message:
    return await page(await use(scene, by, options))


async def pressed(scene: Scene, by: Member, message: Message, wanted: str) -> None:
    assert (await (await scene.discord.click(by, message, wanted)).answered()).kind == "update"


async def written(scene: Scene, count: int, **changes: Any) -> None:
    """So many lines an hour apart, each with its number as its reason, if nothing else is said."""
    for number in range(1, count + 1):
        given: dict[str, Any] = {
            "guild_id": scene.guild.id,
            "by_id": scene.bob.id,
            "at": scene.clock.now(),
            "what": "mod.unsuspend",
            "subject_id": scene.ada.id,
            "reason": f"nr {number}.",
        }
        await scene.database.write(lambda c, given=given: audit.note(c, **(given | changes)))  # type: ignore[misc]  # mypy can't infer a lambda with a default
        scene.clock.advance(3600)


async def sheet_of(message: Message) -> list[dict[str, str]]:
    [file] = message.attachments
    assert file.filename == "easel-log.csv"
    return list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"), newline="")))


def numbers(message: Message) -> list[int]:
    """The reasons of the lines, in their order."""
    return [int(part.partition(".")[0]) for part in message.text().split("“nr ")[1:]]


def disabled(message: Message) -> list[str | None]:
    return [button.label for button in message.buttons() if button.disabled]


async def test_an_empty_log_says_so(scene: Scene, mod: Member) -> None:
    message = await shown(scene, mod)
    assert "Nothing has been done yet" in message.text()
    assert message.buttons() == []


async def test_the_newest_come_first_and_the_pages_go_on(scene: Scene, mod: Member) -> None:
    await written(scene, 2 * PAGE_SIZE + 2)
    message = await shown(scene, mod)
    assert f"<@{scene.bob.id}> lifted the suspension of <@{scene.ada.id}>: “nr 18.”" in message.text()
    assert numbers(message) == list(range(18, 10, -1))
    assert disabled(message) == ["Newer"]
    await pressed(scene, mod, message, "Older")
    assert (numbers(message), disabled(message)) == (list(range(10, 2, -1)), [])
    await pressed(scene, mod, message, "Older")
    assert (numbers(message), disabled(message)) == ([2, 1], ["Older"])
    await pressed(scene, mod, message, "Newer")
    assert numbers(message) == list(range(10, 2, -1))
    await pressed(scene, mod, message, "Newer")
    assert (numbers(message), disabled(message)) == (list(range(18, 10, -1)), ["Newer"])


async def test_the_newest_page_is_full_also_where_new_lines_came_meanwhile(scene: Scene, mod: Member) -> None:
    await written(scene, PAGE_SIZE + 3)
    message = await shown(scene, mod)
    await pressed(scene, mod, message, "Older")
    await written(scene, 2)
    await pressed(scene, mod, message, "Newer")
    assert numbers(message) == list(range(11, 3, -1))
    await pressed(scene, mod, message, "Newer")
    assert numbers(message) == [2, 1, 11, 10, 9, 8, 7, 6]


async def test_the_buttons_and_the_menu_work_after_a_restart(scene: Scene, mod: Member) -> None:
    await written(scene, PAGE_SIZE + 1, subject_id=scene.ada.id)
    message = await shown(scene, mod, {"member": scene.ada})
    async with restarted(scene):
        await pressed(scene, mod, message, "Older")
        assert numbers(message) == [1]
        await scene.discord.select(mod, message, f"easel:{LOG_TOPIC_ACTION}:n0.{scene.ada.id}.all.0", ["money"])
        await message.changed(lambda changed: "Caps and money" in changed.text())
        assert f"-# by or about <@{scene.ada.id}> · Caps and money" in message.text()
        assert "Nothing like that is written down" in message.text()


async def test_a_log_is_asked_for_by_member_kind_and_days(scene: Scene, mod: Member) -> None:
    await written(scene, 2)
    await written(scene, 1, what="setting.review", subject_id=0, reason="nr 3.")
    await written(scene, 1, by_id=scene.ada.id, subject_id=mod.id, reason="nr 4.")
    scene.clock.advance(2 * 86_400)
    await written(scene, 1, reason="nr 5.")
    for options, expected in (
        ({}, [5, 4, 3, 2, 1]),
        ({"member": scene.ada}, [5, 4, 2, 1]),
        ({"member": mod}, [4]),
        ({"kind": "settings"}, [3]),
        ({"kind": "moderation", "member": scene.bob}, [5, 2, 1]),
        ({"days": 1}, [5]),
        ({"days": 365, "kind": "moderation"}, [5, 4, 2, 1]),
        ({"kind": "money"}, []),
    ):
        assert numbers(await shown(scene, mod, options)) == expected, options


async def test_another_servers_log_is_not_shown(scene: Scene, mod: Member) -> None:
    await written(scene, 1, guild_id=scene.guild.id + 1)
    await written(scene, 1, guild_id=0)
    assert "Nothing has been done yet" in (await shown(scene, mod)).text()


async def test_only_moderators_may_read_it(scene: Scene, mod: Member) -> None:
    await written(scene, 1)
    with pytest.raises(ClientRefused):
        await use(scene, scene.ada)
    assert "Manage Messages" in await words_of(await use(scene, scene.ada, raw=True))
    for action in (LOG_ACTION, LOG_TOPIC_ACTION, LOG_SHEET_ACTION):
        message = await forged(scene, action, "n0.0.all.0")
        told = await words_of(await scene.discord.click(scene.ada, message, "Press"))
        assert "Manage Messages" in told
        assert "nr 1" not in told


@pytest.mark.parametrize("argument", ["all", "n0.0.all.999", "x0.0.all.0"])
async def test_a_made_up_button_shows_nothing(scene: Scene, mod: Member, argument: str) -> None:
    await written(scene, 1)
    for action in (LOG_ACTION, LOG_SHEET_ACTION):
        message = await forged(scene, action, argument)
        assert "nr 1" not in await words_of(await scene.discord.click(mod, message, "Press"))


@pytest.mark.parametrize("days", [0, -1, 366])
async def test_days_that_no_client_offers_are_refused(scene: Scene, mod: Member, days: int) -> None:
    assert "1 to 365" in (await words_of(await use(scene, mod, {"days": days}, raw=True))).replace("and", "to")


async def test_somebody_who_was_erased_is_named_nowhere(scene: Scene, mod: Member) -> None:
    await written(scene, 1)
    await scene.database.write(lambda c: audit_chain.erase_person(c, scene.ada.id))
    message = await shown(scene, mod)
    assert str(scene.ada.id) not in message.text()
    assert f"<@{scene.bob.id}> lifted the suspension of somebody whose data was deleted" in message.text()


class TestSheet:
    async def test_it_has_every_line_of_what_is_asked_for(self, scene: Scene, mod: Member) -> None:
        await written(scene, PAGE_SIZE + 2)
        await written(scene, 1, what="setting.review", subject_id=0, before="never", after="all", reason="=1+1")
        message = await shown(scene, mod, {"kind": "settings"})
        run = await scene.discord.click(mod, message, "Spreadsheet (CSV)")
        answer = await page(run)
        assert answer.ephemeral
        [row] = await sheet_of(answer)
        assert tuple(row) == COLUMNS
        assert row == {
            "line": "11",
            "time": "2026-11-22T22:00:00+00:00",
            "by_id": str(scene.bob.id),
            "action": "setting.review",
            "about_id": "",
            "job_id": "",
            "before": "never",
            "after": "all",
            "reason": "'=1+1",
        }
        whole = await shown(scene, mod)
        rows = await sheet_of(await page(await scene.discord.click(mod, whole, "Spreadsheet (CSV)")))
        assert [int(row["line"]) for row in rows] == list(range(11, 0, -1))
        assert "🧾 11 lines of the log." in words.sheet(11, complete=True)

    async def test_it_ends_where_it_would_be_too_long_and_says_so(
        self, scene: Scene, mod: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("generation.audit_log.EXPORT_LINES", 3)
        await written(scene, 5)
        answer = await page(await scene.discord.click(mod, await shown(scene, mod), "Spreadsheet (CSV)"))
        assert [row["reason"] for row in await sheet_of(answer)] == ["nr 5.", "nr 4.", "nr 3."]
        assert "🧾 3 lines of the log." in answer.text()
        assert "These are the newest" in answer.text()

    async def test_it_ends_where_it_would_be_too_large(self, scene: Scene, mod: Member) -> None:
        await written(scene, 5)
        log, query = scene.parts.desk.log, LogQuery(guild_id=scene.guild.id)
        whole = await log.export(query)
        size = len(whole.file.read())
        assert whole.complete
        whole.close()
        cut = await log.export(query, limit_bytes=size - 1)
        assert (cut.lines, cut.complete) == (4, False)
        assert len(cut.file.read()) < size
        cut.close()
