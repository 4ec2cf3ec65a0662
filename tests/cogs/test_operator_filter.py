"""`/operator filter`: the list beneath every server's, and who may change it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from generation.filters import EVERYWHERE
from sandbox.discord import Member, Permissions
from storage import audit
from tests.cogs.administration import forged
from tests.cogs.filter_steps import block, file, listed, said, shown
from tests.cogs.gallery import restarted, words_of
from tests.support import FakeClock
from tests.ui.scene import Scene, open_scene
from ui.filter_pages import OF_ALL, OF_GUILD

COMMANDS: dict[str, dict[str, Any]] = {
    "add": {"term": "gadget"},
    "remove": {"term": "gizmo"},
    "list": {},
    "import": {"file": file("gadget")},
    "export": {},
}
HOW: dict[str, Any] = {"group": "operator filter"}
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


@pytest.mark.parametrize("name", COMMANDS)
async def test_an_admin_who_is_no_operator_is_refused(scene: Scene, name: str) -> None:
    await block(scene, "gizmo", guild_id=EVERYWHERE)
    root = scene.guild.add_member("root", permissions=Permissions.ADMINISTRATOR)
    assert REFUSAL in await said(scene, root, name, COMMANDS[name], **HOW)
    assert [entry.text for entry in await listed(scene, EVERYWHERE)] == ["gizmo"]


@pytest.mark.parametrize("action", [OF_ALL.turn, OF_ALL.take, OF_ALL.decline, OF_ALL.show])
async def test_a_forged_press_is_refused(scene: Scene, action: str) -> None:
    message = await forged(scene, action, "1.all")
    root = scene.guild.add_member("root", permissions=Permissions.ADMINISTRATOR)
    assert REFUSAL in await words_of(await scene.discord.click(root, message, "Press"))


async def test_nobody_else_is_told_what_is_on_it(scene: Scene, owner: Member) -> None:
    await block(scene, "gizmo", guild_id=EVERYWHERE, category="Rule 4")
    root = scene.guild.add_member("root", permissions=Permissions.ADMINISTRATOR)
    for name, focused, value in (
        ("remove", "term", "gizmo"),
        ("add", "category", "Rule 4"),
        ("import", "category", "Rule 4"),
    ):
        for member, expected in ((root, []), (owner, [value])):
            run = await scene.discord.autocomplete(
                member, scene.channel, f"operator filter {name}", focused=focused, value=value
            )
            assert [choice["value"] for choice in (await run.answered()).choices] == expected


async def test_a_word_holds_in_every_server_and_a_server_can_not_allow_it(scene: Scene, owner: Member) -> None:
    text = await said(scene, owner, "add", {"term": "gadget", "category": "minors"}, **HOW)
    assert "✅ Blocked: **gadget**" in text
    await block(scene, "gadget", "a gadget", action="allow")
    assert "sexual content with minors" in await words_of(await scene.imagine({"prompt": "a gadget on a hill"}))
    [line] = await audit.latest(scene.database, EVERYWHERE, limit=5)
    assert (line.what, line.by_id) == ("filter.add", owner.id)
    assert "✅ Taken off the list: **gadget**" in await said(scene, owner, "remove", {"term": "gadget"}, **HOW)
    await scene.carded({"prompt": "a gadget on a hill"})


async def test_a_mark_is_said_to_depend_on_the_server(scene: Scene, owner: Member) -> None:
    text = await said(scene, owner, "add", {"term": "gadget", "action": "review"}, **HOW)
    assert "in servers that have pictures looked at" in text


async def test_its_pages_are_its_own(scene: Scene, owner: Member) -> None:
    await block(scene, *(f"wort{number:02d}" for number in range(15)), guild_id=EVERYWHERE)
    await block(scene, "of the server")
    message = await shown(scene, owner, "list", **HOW)
    assert "### 🧹 The operator's prompt filter\n15 entries" in message.text()
    assert "of the server" not in message.text()
    assert "Beneath it" not in message.text()
    async with restarted(scene):
        await (await scene.discord.click(owner, message, "Next")).answered()
        assert "wort14" in message.text()
        await (await scene.discord.select(owner, message, f"easel:{OF_ALL.show}:list", ["Blocked"])).answered()
        assert "wort01" in message.text()


async def test_an_empty_one_says_how_to_begin(scene: Scene, owner: Member) -> None:
    assert "`/operator filter add`" in (await shown(scene, owner, "list", **HOW)).text()


async def test_a_file_is_taken_and_comes_back(scene: Scene, owner: Member) -> None:
    message = await shown(scene, owner, "import", {"file": file("gadget\n/giz.o/\n"), "category": "hate"}, **HOW)
    await (await scene.discord.click(owner, message, "Take 2 entries")).answered()
    assert {(entry.shown, entry.category) for entry in await listed(scene, EVERYWHERE)} == {
        ("gadget", "hate"),
        ("/giz.o/", "hate"),
    }
    assert await listed(scene) == ()
    sheet = (await shown(scene, owner, "export", **HOW)).attachment("prompt-filter.csv").read()
    again = await shown(scene, owner, "import", {"file": file(sheet, "prompt-filter.csv")}, **HOW)
    assert "**0** new · 2 as they are" in again.text()


async def test_it_can_be_left(scene: Scene, owner: Member) -> None:
    message = await shown(scene, owner, "import", {"file": file("gadget")}, **HOW)
    await (await scene.discord.click(owner, message, "Don't import")).answered()
    assert "Nothing was imported" in message.text()
    assert await listed(scene, EVERYWHERE) == ()


async def test_an_operators_plan_does_nothing_to_a_servers_list(scene: Scene, owner: Member) -> None:
    await shown(scene, owner, "import", {"file": file("gadget")}, **HOW)
    draft_id = (await scene.database.fetch_all("SELECT draft_id FROM drafts"))[0][0]
    message = await forged(scene, OF_GUILD.take, draft_id)
    assert "This panel doesn't work any more" in await words_of(await scene.discord.click(owner, message, "Press"))
    assert await listed(scene) == ()
