"""`/filter`: who may, what each command does and says, and that no member learns what is on a list."""

from typing import Any

import pytest

from errors import StorageUnavailable
from generation import filter_files
from generation.drafts import LIFETIME
from generation.filters import EVERYWHERE, TERMS_MAX, FilterBook, TermKind
from sandbox.discord import ClientRefused, Member, Permissions
from sandbox.discord.automod import KEYWORD_PRESET, SPAM
from sandbox.discord.permissions import BOT
from storage import audit
from tests.builders import choose
from tests.cogs.administration import forged
from tests.cogs.filter_steps import block, disabled, file, listed, moderator, said, shown, use
from tests.cogs.gallery import restarted, words_of
from tests.ui.scene import Scene
from ui.filter_pages import OF_ALL, OF_GUILD

REFUSAL = "Only moderators can do that"
COMMANDS: dict[str, dict[str, Any]] = {
    "add": {"term": "gadget"},
    "remove": {"term": "gadget"},
    "list": {},
    "test": {"text": "gadget"},
    "import": {"source": "automod"},
    "export": {},
}


@pytest.fixture
async def mia(scene: Scene) -> Member:
    return moderator(scene)


class TestWho:
    @pytest.mark.parametrize("name", COMMANDS)
    async def test_a_member_is_neither_shown_it_nor_served(self, scene: Scene, name: str) -> None:
        await block(scene, "gadget")
        with pytest.raises(ClientRefused, match="not shown"):
            await use(scene, scene.ada, name, COMMANDS[name])
        assert REFUSAL in await said(scene, scene.ada, name, COMMANDS[name], raw=True)
        assert [entry.text for entry in await listed(scene)] == ["gadget"]

    @pytest.mark.parametrize("action", [OF_GUILD.turn, OF_GUILD.take, OF_GUILD.decline, OF_GUILD.show])
    async def test_a_forged_press_is_refused(self, scene: Scene, action: str) -> None:
        message = await forged(scene, action, "1.all")
        assert REFUSAL in await words_of(await scene.discord.click(scene.ada, message, "Press"))

    async def test_nobody_is_told_what_is_on_the_list_to_whom_an_admin_shows_the_command(self, scene: Scene) -> None:
        await block(scene, "gadget", category="Rule 4")
        [command] = [found for found in scene.discord.commands.everywhere() if found["name"] == "filter"]
        command["default_member_permissions"] = None
        for name, focused in (("filter remove", "term"), ("filter add", "category"), ("filter import", "category")):
            run = await scene.discord.autocomplete(scene.ada, scene.channel, name, focused=focused)
            assert (await run.answered()).choices == ()


class TestAdd:
    async def test_a_word_is_blocked_from_then_on(self, scene: Scene, mia: Member) -> None:
        text = await said(scene, mia, "add", {"term": "gadget", "category": "hate"})
        assert text == "✅ Blocked: **gadget**\n-# Members are told: hate"
        refusal = await words_of(await scene.imagine({"prompt": "a gadget on a hill"}))
        assert "hate" in refusal
        assert "gadget" not in refusal
        assert await scene.jobs() == []
        assert [line.what for line in await audit.latest(scene.database, scene.guild.id, limit=9, what="filter")] == [
            "filter.add"
        ]

    async def test_every_kind_is_added_as_it_is_written(self, scene: Scene, mia: Member) -> None:
        await scene.database.write(lambda c: choose(c, scene.guild.id, review="new", moderators_channel_id=1))
        assert "✅ Marked for review: **gizmo**" in await said(scene, mia, "add", {"term": "gizmo", "action": "review"})
        assert "✅ Blocked: **/colou?r/**" in await said(scene, mia, "add", {"term": "/colou?r/"})
        assert "✅ Allowed: **gizmo duck**" in await said(scene, mia, "add", {"term": "gizmo duck", "action": "allow"})
        assert [(entry.kind, entry.text, entry.action) for entry in await listed(scene)] == [
            (TermKind.ALLOW, "gizmo duck", "block"),
            (TermKind.BLOCK, "gizmo", "review"),
            (TermKind.PATTERN, "colou?r", "block"),
        ]

    async def test_adding_again_says_what_has_changed(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget", category="hate")
        text = await said(scene, mia, "add", {"term": "GADGET", "category": "Rule *4*", "action": "review"})
        assert r"✅ Changed: **GADGET** · blocked, hate → marked for review, Rule \*4\*" in text
        text = await said(scene, mia, "add", {"term": "GADGET", "category": "Rule *4*", "action": "review"})
        assert "is on the list already, exactly like that" in text

    @pytest.mark.parametrize(
        ("term", "words"),
        [
            ("c*t", "only at the beginning or the end"),
            ("*a*", "at least two letters"),
            ("!!!", "no letter, digit or symbol"),
            ("x" * 61, "60 characters at most"),
            ("/(/", "RE2 says: "),
            ("/a*/", "would match every prompt"),
        ],
    )
    async def test_what_can_not_be_used_is_refused_in_words(
        self, scene: Scene, mia: Member, term: str, words: str
    ) -> None:
        assert words in await said(scene, mia, "add", {"term": term})
        assert await listed(scene) == ()

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"term": "/c.t/", "action": "allow"}, "only words and phrases can"),
            ({"term": "cat", "action": "explode"}, "`action` can't be used like this"),
            ({"term": 5}, "`term` can't be used like this"),
            ({"term": "cat", "category": "x" * 33}, "32 characters at most"),
            ({"term": "cat", "category": "a\x07b"}, "invisible control characters"),
        ],
    )
    async def test_what_a_modified_client_sends_is_refused(
        self, scene: Scene, mia: Member, options: dict[str, Any], words: str
    ) -> None:
        assert words in await said(scene, mia, "add", options, raw=True)
        assert await listed(scene) == ()

    async def test_a_mark_without_review_is_warned_of(self, scene: Scene, mia: Member) -> None:
        text = await said(scene, mia, "add", {"term": "gizmo", "action": "review"})
        assert "nobody's pictures wait for a moderator" in text
        await scene.database.write(lambda c: choose(c, scene.guild.id, review="new", moderators_channel_id=1))
        assert "nobody's" not in await said(scene, mia, "add", {"term": "widget", "action": "review"})

    async def test_what_else_there_is_to_know_is_said(self, scene: Scene, mia: Member) -> None:
        await block(scene, "naked mole-rat", action="allow")
        assert "stay allowed: **naked mole-rat**" in await said(scene, mia, "add", {"term": "naked"})
        assert "Your list covers it already, with **naked**" in await said(scene, mia, "add", {"term": "naked cat"})
        await block(scene, "gizmo", guild_id=EVERYWHERE)
        assert "The operator's list covers it already" in await said(scene, mia, "add", {"term": "gizmo"})
        text = await said(scene, mia, "add", {"term": "gizmo duck", "action": "allow"})
        assert "The operator's list has **gizmo**" in text
        await block(scene, "widget", action="allow")
        assert "It has no effect" in await said(scene, mia, "add", {"term": "widget"})

    async def test_a_full_list_says_so(self, scene: Scene, mia: Member) -> None:
        book = scene.parts.desk.filters
        lines = [filter_files.FileLine(number=number, text=f"wort{number}") for number in range(TERMS_MAX)]
        await book.take(scene.guild.id, (await book.plan(scene.guild.id, lines)).terms, by_id=mia.id)
        assert "1,000 words and phrases" in await said(scene, mia, "add", {"term": "one more"})

    async def test_categories_are_suggested(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget", category="Rule 4")
        run = await scene.discord.autocomplete(mia, scene.channel, "filter add", focused="category", value="HA")
        assert [choice["value"] for choice in (await run.answered()).choices] == ["self_harm", "hate", "harassment"]
        run = await scene.discord.autocomplete(mia, scene.channel, "filter add", focused="category", value="rule")
        assert "Rule 4" in [choice["value"] for choice in (await run.answered()).choices]


class TestRemove:
    async def test_it_goes_and_its_effect_with_it(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget", category="hate")
        text = await said(scene, mia, "remove", {"term": "Gadget"})
        assert text == "✅ Taken off the list: **gadget** · blocked, hate"
        await scene.carded({"prompt": "a gadget on a hill"})

    async def test_what_is_not_there_or_the_operators_is_said(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget", guild_id=EVERYWHERE)
        assert "There is nothing called **gadget**" in await said(scene, mia, "remove", {"term": "gadget"})
        assert len(await listed(scene, EVERYWHERE)) == 1

    async def test_entries_are_suggested_with_what_they_do(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget", "mad gadget", "widget", "/g.dget/")
        run = await scene.discord.autocomplete(mia, scene.channel, "filter remove", focused="term", value="gad")
        choices = [(choice["name"], choice["value"]) for choice in (await run.answered()).choices]
        assert choices == [("gadget · Blocked", "gadget"), ("mad gadget · Blocked", "mad gadget")]
        run = await scene.discord.autocomplete(mia, scene.channel, "filter remove", focused="term", value="/g")
        assert [choice["value"] for choice in (await run.answered()).choices] == ["/g.dget/"]


class TestList:
    async def test_an_empty_one_says_how_to_begin(self, scene: Scene, mia: Member) -> None:
        text = (await shown(scene, mia, "list")).text()
        assert "`/filter add` blocks a word" in text
        assert "The operator's list beneath is empty" in text

    async def test_it_shows_what_there_is_and_how_much_lies_beneath(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget", category="hate")
        await block(scene, "gizmo", action="review", category="Rule 4")
        await block(scene, "gizmo duck", action="allow")
        await block(scene, "secret", "other secret", guild_id=EVERYWHERE, category="sexual")
        text = (await shown(scene, mia, "list")).text()
        assert "### 🧹 This server's prompt filter\n3 entries · room for 997 words and phrases" in text
        for line in ("🚫 **gadget** · hate · <@", "👀 **gizmo** · Rule 4 · <@", "✅ **gizmo duck** · <@"):
            assert line in text
        assert "**Beneath it, for every server:** sexual content 2" in text
        assert "secret" not in text

    async def test_pages_are_turned_and_kept_within_their_ends(self, scene: Scene, mia: Member) -> None:
        await block(scene, *(f"wort{number:02d}" for number in range(25)))
        message = await shown(scene, mia, "list")
        assert "page 1 of 3" in message.text()
        assert disabled(message) == {"Previous"}
        await (await scene.discord.click(mia, message, "Next")).answered()
        assert "wort15" in message.text()
        async with restarted(scene):
            await (await scene.discord.click(mia, message, "Next")).answered()
        assert "wort24" in message.text()
        assert disabled(message) == {"Next"}

    async def test_a_menu_shows_one_kind_or_category(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget", category="hate")
        await block(scene, "/c.t/", category="Rule 4")
        await block(scene, "gizmo", action="review", category="Rule 4")
        await block(scene, "gizmo duck", action="allow")
        message = await shown(scene, mia, "list")
        expected = {
            "Allowed": {"gizmo duck"},
            "Marked for review": {"gizmo"},
            "Patterns": {"/c.t/"},
            "Rule 4": {"/c.t/", "gizmo"},
            "hate": {"gadget"},
            "Blocked": {"gadget", "/c.t/"},
            "Everything": {"gadget", "/c.t/", "gizmo", "gizmo duck"},
        }
        for label, entries in expected.items():
            await (await scene.discord.select(mia, message, f"easel:{OF_GUILD.show}:list", [label])).answered()
            text = message.text()
            found = {entry for entry in ("gadget", "/c.t/", "gizmo", "gizmo duck") if f"**{entry}**" in text}
            assert found == entries, label

    async def test_what_no_menu_of_ours_says_is_refused(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget")
        message = await shown(scene, mia, "list")
        run = await scene.discord.select(mia, message, f"easel:{OF_GUILD.show}:list", ["mystery"], raw=True)
        assert "This panel doesn't work any more" in await words_of(run)

    async def test_the_worst_page_fits_into_a_message(self, scene: Scene, mia: Member) -> None:
        for number in range(12):
            await block(scene, "*" + "_" * 40 + f"wort{number:02d}_" + "*", category=f"{number:02d}" + "*" * 30)
        await block(scene, *(f"/{number}{'_' * 250}/" for number in range(10, 20)), category="*" * 32)
        message = await shown(scene, mia, "list")
        for _ in range(2):
            assert len(message.text()) < 4000
            await (await scene.discord.click(mia, message, "Next")).answered()


class TestTest:
    async def test_it_says_what_by_which_entry_and_behind_which_disguise(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget", category="hate")
        text = await said(scene, mia, "test", {"text": "a g.a.d.g.e.t, please"})
        assert "### 🚫 Blocked" in text
        assert "**By** **gadget**, on this server's list" in text
        assert "**Found in** **g.a.d.g.e.t**" in text
        assert "**Category** hate" in text
        assert "**Seen through** spaces or signs between letters" in text
        assert "This test counts as none" in text
        assert await scene.database.fetch_all("SELECT * FROM strikes") == []

    async def test_the_operators_list_and_review_are_named(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gizmo", guild_id=EVERYWHERE, action="review")
        text = await said(scene, mia, "test", {"text": "a gizmo"})
        assert "### 👀 Marked for review" in text
        assert "on the operator's list" in text
        assert "Seen through" not in text

    async def test_what_passes_is_said(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget")
        assert "### ✅ Nothing on the lists" in await said(scene, mia, "test", {"text": "a **fox** <@1>"})


TXT = "gadget\nc*t\n\n/wid.et/\ngadget\nnew one\n"


class TestImport:
    async def test_a_file_is_shown_first_and_then_taken(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget")
        message = await shown(scene, mia, "import", {"file": file(TXT), "category": "hate"})
        text = message.text()
        assert "### 📥 Import from words.txt" in text
        assert "**2** new · **1** changed" in text
        assert "**2 lines can't be taken:**" in text
        assert "2: **c\\*t** · `*` stands for any letters" in text
        assert "5: **gadget** · It is there twice" in text
        assert len(await listed(scene)) == 1
        async with restarted(scene):
            await (await scene.discord.click(mia, message, "Take 3 entries")).answered()
        assert "✅ Imported: 2 new, 1 changed, 0 as they were." in message.text()
        assert {(entry.shown, entry.category) for entry in await listed(scene)} == {
            ("gadget", "hate"),
            ("/wid.et/", "hate"),
            ("new one", "hate"),
        }
        assert await scene.database.fetch_all("SELECT * FROM drafts") == []

    async def test_a_second_press_is_told_that_it_is_over(self, scene: Scene, mia: Member) -> None:
        message = await shown(scene, mia, "import", {"file": file(TXT)})
        await scene.parts.library.drafts.discard((await scene.database.fetch_all("SELECT draft_id FROM drafts"))[0][0])
        assert "This panel doesn't work any more" in await words_of(
            await scene.discord.click(mia, message, "Take 3 entries")
        )
        assert await listed(scene) == ()

    async def test_it_can_be_left(self, scene: Scene, mia: Member) -> None:
        message = await shown(scene, mia, "import", {"file": file(TXT)})
        await (await scene.discord.click(mia, message, "Don't import")).answered()
        assert "Nothing was imported" in message.text()
        assert await listed(scene) == ()
        assert await scene.database.fetch_all("SELECT * FROM drafts") == []

    async def test_an_old_plan_is_gone(self, scene: Scene, mia: Member) -> None:
        message = await shown(scene, mia, "import", {"file": file(TXT)})
        scene.clock.advance(LIFETIME.total_seconds() + 1)
        run = await scene.discord.click(mia, message, "Take 3 entries")
        assert "This panel doesn't work any more" in await words_of(run)
        assert await listed(scene) == ()

    async def test_nobody_takes_another_moderators_plan(self, scene: Scene, mia: Member) -> None:
        await shown(scene, mia, "import", {"file": file(TXT)})
        draft_id = (await scene.database.fetch_all("SELECT draft_id FROM drafts"))[0][0]
        message = await forged(scene, OF_GUILD.take, draft_id)
        other = moderator(scene, "moe")
        assert "This panel doesn't work any more" in await words_of(await scene.discord.click(other, message, "Press"))
        message = await forged(scene, OF_GUILD.decline, draft_id)
        await (await scene.discord.click(other, message, "Press")).answered()
        assert len(await scene.database.fetch_all("SELECT * FROM drafts")) == 1

    async def test_a_plan_for_a_server_does_nothing_to_the_operators_list(self, scene: Scene, mia: Member) -> None:
        await shown(scene, mia, "import", {"file": file(TXT)})
        draft_id = (await scene.database.fetch_all("SELECT draft_id FROM drafts"))[0][0]
        message = await forged(scene, OF_ALL.take, draft_id)
        await (await scene.discord.click(mia, message, "Press")).answered()
        assert await listed(scene, EVERYWHERE) == ()

    @pytest.mark.parametrize(
        ("upload", "words"),
        [
            (file(b""), "nothing in that file"),
            (file(b"\x89PNG\r\n\x1a\n\x00", "cat.png"), "no text in UTF-8"),
            (file("[1, 2]", "list.json"), "make sense of that JSON"),
            (file(b"x" * (filter_files.FILE_MAX_BYTES + 1)), "256 KB at most"),
            (file("caf\xe9".encode("latin-1")), "no text in UTF-8"),
        ],
        ids=["empty", "a picture", "other JSON", "too large", "another encoding"],
    )
    async def test_nonsense_is_refused_in_words(self, scene: Scene, mia: Member, upload: Any, words: str) -> None:
        assert words in await said(scene, mia, "import", {"file": upload})
        assert await listed(scene) == ()

    async def test_a_file_without_a_usable_line_offers_nothing(self, scene: Scene, mia: Member) -> None:
        message = await shown(scene, mia, "import", {"file": file("c*t\n*a*\n")})
        assert "Nothing in there can be taken" in message.text()
        assert await scene.database.fetch_all("SELECT * FROM drafts") == []

    async def test_what_changes_nothing_offers_nothing(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget")
        message = await shown(scene, mia, "import", {"file": file("gadget")})
        assert "**0** new · 1 as they are" in message.text()
        assert await scene.database.fetch_all("SELECT * FROM drafts") == []

    async def test_many_bad_lines_fit_into_a_message(self, scene: Scene, mia: Member) -> None:
        lines = "\n".join(["_" * 70 + "*" + str(number) for number in range(500)] + ["fine"])
        text = (await shown(scene, mia, "import", {"file": file(lines)})).text()
        assert "and 492 more" in text
        assert len(text) < 4000

    async def test_nothing_given_says_what_to_give(self, scene: Scene, mia: Member) -> None:
        assert "Give me a `file`" in await said(scene, mia, "import")
        assert "Give me a `file`" in await said(scene, mia, "import", {"source": "file"})

    async def test_a_bad_category_is_said_once(self, scene: Scene, mia: Member) -> None:
        options = {"file": file(TXT), "category": "a\x07b"}
        assert "invisible control characters" in await said(scene, mia, "import", options, raw=True)


class TestAutoMod:
    async def test_the_servers_own_rules_are_taken(self, scene: Scene, mia: Member) -> None:
        scene.guild.set_bot_permissions(BOT | Permissions.MANAGE_GUILD)
        scene.guild.add_automod_rule(
            "Words", keywords=["gad*", "*izmo", "gad*"], patterns=["colou?r", "(?<=a)b"], allowed=["gadabout"]
        )
        scene.guild.add_automod_rule("Soft", keywords=["widget"], alerts=scene.channel)
        scene.guild.add_automod_rule("Old", keywords=["never"], enabled=False)
        scene.guild.add_automod_rule("Discord's", trigger=KEYWORD_PRESET)
        scene.guild.add_automod_rule("Spam", trigger=SPAM)
        message = await shown(scene, mia, "import", {"source": "automod"})
        text = message.text()
        assert "### 📥 Import from this server's AutoMod" in text
        assert "**5** new" in text
        assert "**1 line can't be taken:**" in text
        assert "RE2 says" in text
        assert "Discord's own word lists: Discord doesn't say what is in them" in text
        assert "1 rule that is off; 1 rule about something else than words" in text
        await (await scene.discord.click(mia, message, "Take 5 entries")).answered()
        assert [(entry.kind, entry.text, entry.action) for entry in await listed(scene)] == [
            (TermKind.ALLOW, "gadabout", "block"),
            (TermKind.BLOCK, "*izmo", "block"),
            (TermKind.BLOCK, "gad*", "block"),
            (TermKind.BLOCK, "widget", "review"),
            (TermKind.PATTERN, "colou?r", "block"),
        ]

    async def test_without_the_permission_it_says_how_to_give_it(self, scene: Scene, mia: Member) -> None:
        scene.guild.add_automod_rule("Words", keywords=["gadget"])
        text = await said(scene, mia, "import", {"source": "automod"})
        assert "I need the permission **Manage Server**" in text
        assert scene.discord.exchanges.matching("GET", "/guilds/{guild_id}/auto-moderation/rules") == []

    async def test_rules_without_words_are_said_to_be_none(self, scene: Scene, mia: Member) -> None:
        scene.guild.set_bot_permissions(BOT | Permissions.MANAGE_GUILD)
        scene.guild.add_automod_rule("Spam", trigger=SPAM)
        assert "has no rules with keywords" in await said(scene, mia, "import", {"source": "automod"})


class TestExport:
    async def test_the_file_is_taken_back_by_an_import(self, scene: Scene, mia: Member) -> None:
        await block(scene, "gadget", "=formula", '/c[ao]t, "x"/', category="Rule 4")
        await block(scene, "gizmo", action="review")
        await block(scene, "gizmo duck", action="allow")
        before = await listed(scene)
        message = await shown(scene, mia, "export")
        assert "### 📤 5 entries" in message.text()
        sheet = message.attachment("prompt-filter.csv").read()
        for entry in before:
            await said(scene, mia, "remove", {"term": entry.shown})
        assert await listed(scene) == ()
        plan = await shown(scene, mia, "import", {"file": file(sheet, "prompt-filter.csv")})
        assert "can't be taken" not in plan.text()
        await (await scene.discord.click(mia, plan, "Take 5 entries")).answered()
        assert all(here.says_the_same(there) for here, there in zip(await listed(scene), before, strict=True))

    async def test_an_empty_list_is_a_file_too(self, scene: Scene, mia: Member) -> None:
        message = await shown(scene, mia, "export")
        assert message.attachment("prompt-filter.csv").read().startswith(b"\xef\xbb\xbfterm,kind")


async def test_a_list_that_can_not_be_read_says_so(scene: Scene, mia: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreadable(_book: FilterBook, _guild_id: int) -> Any:
        raise StorageUnavailable("the disk is gone")

    monkeypatch.setattr(FilterBook, "list", unreadable)
    assert "I can't write to my books right now" in await said(scene, mia, "list")
    run = await scene.discord.autocomplete(mia, scene.channel, "filter remove", focused="term")
    assert (await run.answered()).choices == ()
