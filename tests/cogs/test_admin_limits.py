"""`/admin limits`: what holds and from where, changing it in the command and in the panel, and all that is refused."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from limits import LimitKind, LimitName
from sandbox.discord import ClientRefused, Member, Message, Permissions, Role, Run, routes
from tests.builders import PRICE_MICROS
from tests.cogs.administration import forged, page, use
from tests.cogs.gallery import restarted, words_of
from tests.support import wait_until
from tests.ui.scene import Scene
from ui import limit_panels as panels
from ui.wording import limits as words

DOLLAR = 1_000_000
IMAGES, MONEY = LimitName.MEMBER_DAILY_IMAGES, LimitName.MEMBER_MONTHLY_MICROS
GUILD, ROLE, MEMBER, CHANNEL = LimitKind.GUILD, LimitKind.ROLE, LimitKind.MEMBER, LimitKind.CHANNEL


@pytest.fixture
async def mia(scene: Scene) -> Member:
    """A member who may manage the server."""
    return scene.guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)


@pytest.fixture
async def noa(scene: Scene) -> Member:
    """Another one."""
    return scene.guild.add_member("noa", permissions=Permissions.MANAGE_GUILD)


@pytest.fixture
async def patrons(scene: Scene) -> Role:
    role = scene.guild.add_role("Patrons")
    scene.ada.roles.append(role)
    return role


async def limits(scene: Scene, by: Member, options: Mapping[str, Any] | None = None, *, raw: bool = False) -> str:
    """What the command answers."""
    return await words_of(await use(scene, by, "limits", options, raw=raw))


async def shown(scene: Scene, by: Member, options: Mapping[str, Any] | None = None) -> Message:
    return await page(await use(scene, by, "limits", options))


async def own(scene: Scene, kind: LimitKind, subject_id: int, name: LimitName) -> int | None:
    return (await scene.parts.office.limits.of_guild(scene.guild.id)).own(kind, subject_id, name)


async def nothing_changed(scene: Scene) -> bool:
    book = scene.parts.office.limits
    return not (await book.of_guild(scene.guild.id)).limits and await book.history(scene.guild.id) == ()


async def opened(scene: Scene, by: Member, message: Message, custom_id: str) -> Run:
    """The form that a button opens."""
    run = await scene.discord.click(by, message, custom_id)
    await run.answered()
    return run


async def filled(scene: Scene, by: Member, message: Message, custom_id: str, value: str, reason: str = "") -> Run:
    """The form, sent off."""
    values = {panels.VALUE_FIELD: value, panels.REASON_FIELD: reason}
    return await scene.discord.submit_modal(await opened(scene, by, message, custom_id), values)


async def afterwards(run: Run) -> Message:
    """What is said in private after the panel was changed."""
    await wait_until(lambda: bool(run.followups), what="the private message")
    return run.followups[0]


class TestWhoMay:
    async def test_discord_does_not_offer_it_to_members_without_the_permission(self, scene: Scene) -> None:
        with pytest.raises(ClientRefused, match="not shown"):
            await use(scene, scene.ada, "limits")

    async def test_a_member_who_is_shown_the_command_all_the_same_is_refused(self, scene: Scene) -> None:
        moderator = scene.guild.add_member("moe", permissions=Permissions.MANAGE_MESSAGES)
        for member in (scene.ada, moderator):
            for options in ({}, {"cap": IMAGES, "value": "1000"}, {"member": scene.ada}):
                assert "**Manage Server**" in await limits(scene, member, options, raw=True)
        assert await nothing_changed(scene)

    async def test_an_administrator_may_without_the_permission_itself(self, scene: Scene) -> None:
        root = scene.guild.add_member("root", permissions=Permissions.ADMINISTRATOR)
        assert "Who may make how much" in await limits(scene, root)

    @pytest.mark.parametrize(
        ("action", "argument"),
        [
            (panels.CHANGE_ACTION, "g.0.images.default"),
            (panels.DEFAULT_ACTION, "g.0.images.5"),
            (panels.OPEN_ACTION, "all"),
            (panels.SOMEBODY_ACTION, "all"),
            (panels.CHANNEL_ACTION, "all"),
            (panels.PAGE_ACTION, "1"),
        ],
    )
    async def test_a_forged_button_is_refused(self, scene: Scene, action: str, argument: str) -> None:
        message = await forged(scene, action, argument)
        assert "**Manage Server**" in await words_of(await scene.discord.click(scene.ada, message, "Press"))
        assert await nothing_changed(scene)

    async def test_a_form_is_refused_once_the_permission_is_gone(self, scene: Scene, mia: Member) -> None:
        message = await shown(scene, mia)
        run = await opened(scene, mia, message, "easel:limit:g.0.images.default")
        mia.roles.clear()
        refusal = await words_of(await scene.discord.submit_modal(run, {panels.VALUE_FIELD: "1000"}))
        assert "**Manage Server**" in refusal
        assert await nothing_changed(scene)


class TestShowing:
    async def test_everything_that_holds_is_on_one_private_page(self, scene: Scene, mia: Member, patrons: Role) -> None:
        book, guild_id = scene.parts.office.limits, scene.guild.id
        await book.set(guild_id, GUILD, 0, IMAGES, 10, by_id=mia.id, reason="see *rules*")
        await book.set(guild_id, ROLE, patrons.id, IMAGES, 50, by_id=mia.id)
        await book.set(guild_id, ROLE, patrons.id, MONEY, 9 * DOLLAR, by_id=mia.id)
        await book.set(guild_id, CHANNEL, scene.channel.id, MONEY, DOLLAR, by_id=mia.id)
        await book.set(guild_id, MEMBER, scene.bob.id, IMAGES, 0, by_id=mia.id)
        await book.set_ceiling(guild_id, LimitName.GUILD_DAILY_MICROS, 30 * DOLLAR, by_id=1)
        await book.set(guild_id, GUILD, 0, LimitName.GUILD_DAILY_MICROS, 20 * DOLLAR, by_id=mia.id)
        message = await shown(scene, mia)
        text = message.text()
        assert message.ephemeral
        assert f"**Each member, a day** · 10 pictures\n-# default: 100 pictures · set by <@{mia.id}>" in text
        assert "“see \\*rules\\*”" in text
        assert "**Each member, a month** · $100.00\n-# set by the operator of this bot" in text
        assert "**The whole server, a day** · $20.00" in text
        assert "-# up to $30.00" in text
        assert "**The whole bot, a month** · $100.00" in text
        assert "3 have caps of their own" in text
        assert f"<@&{patrons.id}> · 50 pictures a day · $9.00 a month" in text
        assert f"<#{scene.channel.id}> · $1.00 a month" in text
        assert f"<@{scene.bob.id}> · 0 pictures a day" in text
        assert "**Latest changes**" in text
        assert "$20.00" in text.partition("**Latest changes**")[2]

    async def test_a_page_of_it_can_be_turned_to(self, scene: Scene, mia: Member) -> None:
        for number in range(1, 20):
            await scene.parts.office.limits.set(scene.guild.id, MEMBER, number, IMAGES, number, by_id=mia.id)
        message = await shown(scene, mia)
        assert "19 have caps of their own" in message.text()
        assert "page 1 of 4" in message.text()
        await (await scene.discord.click(mia, message, "easel:limitpage:2")).answered()
        assert "page 2 of 4" in message.text()
        assert "<@9> · 9 pictures a day" in message.text()
        stale = await forged(scene, panels.PAGE_ACTION, "99")
        await (await scene.discord.click(mia, stale, "Press")).answered()
        assert "page 4 of 4" in stale.text()

    async def test_a_member_is_shown_with_what_holds_and_from_where(
        self, scene: Scene, mia: Member, patrons: Role
    ) -> None:
        book, guild_id = scene.parts.office.limits, scene.guild.id
        await book.set(guild_id, ROLE, patrons.id, IMAGES, 50, by_id=mia.id)
        await scene.carded({"count": 4})
        text = await limits(scene, mia, {"member": scene.ada})
        assert "**Pictures a day** · 50 pictures a day" in text
        assert "**46 pictures left**  ◀ runs out first" in text
        assert f"4 pictures held · renews <t:1795392000:R> · from the role <@&{patrons.id}>" in text
        assert "$0.36 held" in text
        await book.set(guild_id, MEMBER, scene.ada.id, IMAGES, 6, by_id=mia.id)
        text = await limits(scene, mia, {"member": scene.ada})
        assert "**2 pictures left**" in text
        assert "set for this member" in text
        assert f"-# set by <@{mia.id}>" in text

    async def test_a_member_whom_the_servers_budget_leaves_less_is_shown_so(self, scene: Scene, mia: Member) -> None:
        name = LimitName.GUILD_DAILY_MICROS
        await scene.parts.office.limits.set(scene.guild.id, GUILD, 0, name, PRICE_MICROS, by_id=mia.id)
        text = await limits(scene, mia, {"member": scene.ada})
        assert "$0.09 left of a budget that is not theirs alone, which runs out first" in text

    async def test_one_of_the_list_can_be_picked(self, scene: Scene, mia: Member, patrons: Role) -> None:
        book = scene.parts.office.limits
        await book.set(scene.guild.id, ROLE, patrons.id, IMAGES, 50, by_id=mia.id)
        await book.set(scene.guild.id, MEMBER, scene.bob.id, IMAGES, 5, by_id=mia.id)
        message = await shown(scene, mia)
        await (await scene.discord.select(mia, message, "easel:limitopen:all", ["@Patrons"])).answered()
        assert f"Caps of <@&{patrons.id}>" in message.text()
        await (await scene.discord.click(mia, message, "All caps")).answered()
        assert "Who may make how much" in message.text()
        await (await scene.discord.select(mia, message, "easel:limitopen:all", [f"Member {scene.bob.id}"])).answered()
        assert "**5 pictures left**" in message.text()

    async def test_anybody_and_any_channel_can_be_picked(self, scene: Scene, mia: Member, patrons: Role) -> None:
        message = await shown(scene, mia)
        picked: Sequence[tuple[str, Any, str]] = (
            ("easel:limitsomebody:all", patrons, f"Caps of <@&{patrons.id}>"),
            ("easel:limitsomebody:all", scene.bob, f"Caps of <@{scene.bob.id}>"),
            ("easel:limitchannel:all", scene.channel, f"Caps of <#{scene.channel.id}>"),
            ("easel:limitsomebody:all", scene.guild.everyone, "Who may make how much"),
        )
        for custom_id, value, title in picked:
            await (await scene.discord.select(mia, message, custom_id, [value])).answered()
            assert title in message.text()
            if title != "Who may make how much":
                await (await scene.discord.click(mia, message, "All caps")).answered()

    @pytest.mark.parametrize("how", [{"status": 500, "times": None}, {"status": 403, "code": 50001}])
    async def test_a_member_whose_roles_discord_does_not_say_is_shown_without_them(
        self, scene: Scene, mia: Member, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cogs.admin_limits._LOOKUP_SECONDS", 0.2)
        message = await shown(scene, mia)
        scene.discord.faults.add("GET", routes.MEMBER, **how)
        await (await scene.discord.select(mia, message, "easel:limitsomebody:all", [scene.bob])).answered()
        await message.changed(lambda changed: "didn't tell me" in changed.text())
        assert "**Pictures a day** · not set" in message.text()


class TestSetting:
    @pytest.mark.parametrize(
        ("cap", "typed", "value", "said"),
        [
            (IMAGES, "20", 20, "100 pictures → **20 pictures**"),
            (IMAGES, "0", 0, "**0 pictures**"),
            (IMAGES, "10000", 10_000, "**10000 pictures**"),
            (MONEY, "$5", 5 * DOLLAR, "**$5.00**"),
            (MONEY, "5 USD", 5 * DOLLAR, "**$5.00**"),
            (MONEY, "5,50", 5_500_000, "**$5.50**"),
            (LimitName.GUILD_DAILY_MICROS, "100", 100 * DOLLAR, "**$100.00**"),
            (LimitName.GUILD_MONTHLY_MICROS, "0", 0, "**$0.00**"),
        ],
    )
    async def test_the_servers_caps_can_be_set_in_the_command(
        self, scene: Scene, mia: Member, cap: LimitName, typed: str, value: int, said: str
    ) -> None:
        text = await limits(scene, mia, {"cap": cap, "value": typed, "reason": "new rules"})
        assert said.partition(" → ")[2] or said in text
        assert "✅" in text
        assert await own(scene, GUILD, 0, cap) == value
        [change] = await scene.parts.office.limits.history(scene.guild.id)
        assert (change.by_id, change.reason) == (mia.id, "new rules")
        assert "✅" in await limits(scene, mia, {"cap": cap, "value": "default"})
        assert await own(scene, GUILD, 0, cap) is None

    async def test_roles_members_and_channels_have_their_own(self, scene: Scene, mia: Member, patrons: Role) -> None:
        whose: Sequence[tuple[str, Any, LimitKind]] = (
            ("role", patrons, ROLE),
            ("member", scene.bob, MEMBER),
            ("channel", scene.channel, CHANNEL),
        )
        for option, subject, kind in whose:
            text = await limits(scene, mia, {option: subject, "cap": IMAGES, "value": "7"})
            assert "✅ Pictures a day: the default → **7 pictures**" in text
            assert await own(scene, kind, subject.id, IMAGES) == 7

    async def test_what_everybody_has_is_the_servers(self, scene: Scene, mia: Member) -> None:
        await limits(scene, mia, {"role": scene.guild.everyone, "cap": IMAGES, "value": "7"})
        assert await own(scene, GUILD, 0, IMAGES) == 7

    async def test_what_is_set_holds_for_the_very_next_request(self, scene: Scene, mia: Member) -> None:
        await limits(scene, mia, {"cap": IMAGES, "value": "1"})
        refusal = await words_of(await scene.imagine({"count": 2}))
        assert "**Your pictures**: 1 of 1 picture a day left, and this needs 2." in refusal
        assert "-# The cap: set by those who run this server" in refusal
        await limits(scene, mia, {"member": scene.ada, "cap": IMAGES, "value": "2"})
        job, _ = await scene.carded({"count": 2})
        assert job.images_requested == 2

    async def test_setting_what_it_is_already_says_so(self, scene: Scene, mia: Member) -> None:
        await limits(scene, mia, {"cap": IMAGES, "value": "7"})
        assert "Nothing to change: it is 7 pictures already" in await limits(scene, mia, {"cap": IMAGES, "value": "7"})
        assert len(await scene.parts.office.limits.history(scene.guild.id)) == 1

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"cap": IMAGES, "value": "-1"}, "can't be less than zero"),
            ({"cap": IMAGES, "value": "2.5"}, "must be a whole number"),
            ({"cap": IMAGES, "value": "10001"}, "must be from 0 to 10,000"),
            ({"cap": IMAGES, "value": "9" * 40}, "must be from 0 to 10,000"),
            ({"cap": IMAGES, "value": "$5"}, "no amount of money"),
            ({"cap": IMAGES, "value": "1,000"}, "can be read in two ways"),
            ({"cap": MONEY, "value": "-$1"}, "can't be less than zero"),
            ({"cap": MONEY, "value": "5 EUR"}, "an amount in US dollars"),
            ({"cap": MONEY, "value": "1,000"}, "can be read in two ways"),
            ({"cap": MONEY, "value": "100000.01"}, "can be $100,000.00 at most"),
            ({"cap": MONEY, "value": "much"}, "an amount in US dollars"),
            ({"cap": LimitName.GUILD_DAILY_MICROS, "value": "100.01"}, "the ceiling that this bot's operator set"),
            ({"cap": IMAGES}, "**cap** can't do without `value`"),
            ({"value": "5"}, "**value** can't do without `cap`"),
            ({"reason": "because"}, "**reason** can't do without `value`"),
        ],
    )
    async def test_a_value_that_can_not_be_is_refused_in_private_and_changes_nothing(
        self, scene: Scene, mia: Member, options: dict[str, Any], said: str
    ) -> None:
        assert said in await limits(scene, mia, options)
        assert await nothing_changed(scene)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"cap": "global_monthly_micros", "value": "1"}, "`cap` can't be used like this"),
            ({"cap": "nonsense", "value": "1"}, "`cap` can't be used like this"),
            ({"cap": 5, "value": "1"}, "`cap` can't be used like this"),
            ({"cap": IMAGES, "value": 5}, "`value` can't be used like this"),
            ({"cap": IMAGES, "value": ""}, "`value` is empty"),
            ({"cap": IMAGES, "value": "9" * 5000}, "`value` can have 40 characters at most"),
            ({"cap": IMAGES, "value": "5", "reason": "x" * 201}, "`reason` can have 200 characters at most"),
            ({"member": "123", "cap": IMAGES, "value": "5"}, "`member` can't be used like this"),
            ({"role": "123", "cap": IMAGES, "value": "5"}, "`role` can't be used like this"),
            ({"channel": "123", "cap": IMAGES, "value": "5"}, "`channel` can't be used like this"),
        ],
    )
    async def test_what_a_modified_client_makes_up_is_refused(
        self, scene: Scene, mia: Member, options: dict[str, Any], said: str
    ) -> None:
        assert said in await limits(scene, mia, options, raw=True)
        assert await nothing_changed(scene)

    async def test_the_servers_budgets_are_nobodys_own(self, scene: Scene, mia: Member, patrons: Role) -> None:
        for whose in ({"role": patrons}, {"member": scene.bob}, {"channel": scene.channel}):
            options = {**whose, "cap": LimitName.GUILD_DAILY_MICROS, "value": "1"}
            assert "only the whole server has this cap" in await limits(scene, mia, options)
        assert await nothing_changed(scene)

    async def test_one_at_a_time(self, scene: Scene, mia: Member, patrons: Role) -> None:
        options = {"member": scene.bob, "role": patrons, "cap": IMAGES, "value": "1"}
        assert "`member` and `role` can't be used together" in await limits(scene, mia, options)
        assert await nothing_changed(scene)

    async def test_a_thread_or_category_is_not_offered_and_not_taken(self, scene: Scene, mia: Member) -> None:
        thread = scene.channel.add_thread("a thread")
        options = {"channel": thread, "cap": IMAGES, "value": "1"}
        with pytest.raises(ClientRefused, match="is not offered"):
            await limits(scene, mia, options)
        assert "`channel` can't be used like this" in await limits(scene, mia, options, raw=True)
        assert await nothing_changed(scene)


class TestPanel:
    async def test_a_cap_is_changed_in_a_form_that_shows_what_it_is(self, scene: Scene, mia: Member) -> None:
        await limits(scene, mia, {"cap": MONEY, "value": "5.50"})
        message = await shown(scene, mia)
        run = await opened(scene, mia, message, "easel:limit:g.0.money.5500000")
        assert run.answer is not None
        assert run.answer.modal is not None
        field = run.answer.modal["components"][0]["component"]
        assert (field["custom_id"], field["value"]) == (panels.VALUE_FIELD, "5.50")
        answer = await scene.discord.submit_modal(run, {panels.VALUE_FIELD: "6", panels.REASON_FIELD: "more"})
        assert (await answer.answered()).kind == "update"
        assert "✅ Money a month: $5.50 → **$6.00**" in message.text()
        assert "**Each member, a month** · $6.00" in message.text()
        [latest, _] = await scene.parts.office.limits.history(scene.guild.id)
        assert (latest.by_id, latest.after, latest.reason) == (mia.id, "6000000", "more")

    async def test_a_roles_cap_is_set_and_taken_back_on_its_page(
        self, scene: Scene, mia: Member, patrons: Role
    ) -> None:
        message = await shown(scene, mia, {"role": patrons})
        await (await filled(scene, mia, message, f"easel:limit:r.{patrons.id}.images.default", "50")).answered()
        assert "**Pictures a day** · 50 pictures" in message.text()
        assert await own(scene, ROLE, patrons.id, IMAGES) == 50
        await (await scene.discord.click(mia, message, "Back to default: Pictures a day")).answered()
        assert "✅ Pictures a day: 50 pictures → **the default**" in message.text()
        assert await own(scene, ROLE, patrons.id, IMAGES) is None
        assert [button.label for button in message.buttons()] == ["Change…", "Change…", "All caps"]

    async def test_of_two_administrators_the_slower_is_told_what_it_is_and_who_was_faster(
        self, scene: Scene, mia: Member, noa: Member
    ) -> None:
        first, second = await shown(scene, mia), await shown(scene, noa)
        custom_id = "easel:limit:g.0.images.default"
        await (await filled(scene, mia, first, custom_id, "5")).answered()
        run = await filled(scene, noa, second, custom_id, "9")
        await run.answered()
        await second.changed(lambda changed: "**Each member, a day** · 5 pictures" in changed.text())
        told = await afterwards(run)
        assert f"<@{mia.id}> set it to **5 pictures**" in told.text()
        assert "I changed nothing" in told.text()
        assert told.ephemeral
        assert await own(scene, GUILD, 0, IMAGES) == 5
        # What they see now is what it is, so now they decide.
        await (await filled(scene, noa, second, "easel:limit:g.0.images.5", "9")).answered()
        assert await own(scene, GUILD, 0, IMAGES) == 9

    async def test_taking_back_what_somebody_has_changed_is_refused(
        self, scene: Scene, mia: Member, noa: Member, patrons: Role
    ) -> None:
        await limits(scene, mia, {"role": patrons, "cap": IMAGES, "value": "50"})
        message = await shown(scene, mia, {"role": patrons})
        await limits(scene, noa, {"role": patrons, "cap": IMAGES, "value": "60"})
        run = await scene.discord.click(mia, message, "Back to default: Pictures a day")
        await run.answered()
        assert f"<@{noa.id}> set it to **60 pictures**" in (await afterwards(run)).text()
        assert await own(scene, ROLE, patrons.id, IMAGES) == 60

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("-5", "can't be less than zero"),
            ("2,5", "must be a whole number"),
            ("lots", "must be a whole number"),
            ("100000", "must be from 0 to 10,000"),
        ],
    )
    async def test_a_form_with_a_bad_value_changes_nothing(
        self, scene: Scene, mia: Member, value: str, said: str
    ) -> None:
        message = await shown(scene, mia)
        run = await filled(scene, mia, message, "easel:limit:g.0.images.default", value)
        assert said in await words_of(run)
        assert await nothing_changed(scene)

    async def test_a_form_without_its_fields_changes_nothing(self, scene: Scene, mia: Member) -> None:
        message = await shown(scene, mia)
        run = await opened(scene, mia, message, "easel:limit:g.0.images.default")
        assert "`value` is empty" in await words_of(await scene.discord.submit_modal(run, raw=[]))
        assert await nothing_changed(scene)

    @pytest.mark.parametrize("action", [panels.CHANGE_ACTION, panels.DEFAULT_ACTION])
    @pytest.mark.parametrize(
        "argument",
        ["x", "g.0.images", "g.0.budget.default", "o.0.images.default", "g.0.images.-5", f"m.{2**64}.images.default"],
    )
    async def test_a_custom_id_that_no_panel_has_changes_nothing(
        self, scene: Scene, mia: Member, action: str, argument: str
    ) -> None:
        message = await forged(scene, action, argument)
        assert "can't be used like this" in await words_of(await scene.discord.click(mia, message, "Press"))
        assert await nothing_changed(scene)

    async def test_a_forged_budget_of_a_role_is_refused(self, scene: Scene, mia: Member) -> None:
        message = await forged(scene, panels.CHANGE_ACTION, "r.5.month.default")
        run = await filled(scene, mia, message, "Press", "5")
        assert "is not in this server" in await words_of(run)
        assert await nothing_changed(scene)

    @pytest.mark.parametrize("values", [["x"], ["g.0"], ["r.5", "r.6"], [], [f"m.{2**64}"], ["r.-5"]])
    async def test_a_choice_that_no_menu_offers_is_refused(
        self, scene: Scene, mia: Member, patrons: Role, values: list[str]
    ) -> None:
        await scene.parts.office.limits.set(scene.guild.id, ROLE, patrons.id, IMAGES, 5, by_id=mia.id)
        message = await shown(scene, mia)
        for custom_id in ("easel:limitopen:all", "easel:limitsomebody:all", "easel:limitchannel:all"):
            run = await scene.discord.select(mia, message, custom_id, values, raw=True)
            assert "can't be used like this" in await words_of(run)

    async def test_the_panel_works_after_a_restart(self, scene: Scene, mia: Member, patrons: Role) -> None:
        await limits(scene, mia, {"role": patrons, "cap": MONEY, "value": "9"})
        message, other = await shown(scene, mia), await shown(scene, mia, {"role": patrons})
        async with restarted(scene):
            await (await filled(scene, mia, message, "easel:limit:g.0.images.default", "5")).answered()
            await (await scene.discord.click(mia, other, "Back to default: Money a month")).answered()
            await (await scene.discord.select(mia, message, "easel:limitsomebody:all", [scene.ada])).answered()
            assert "5 pictures a day" in message.text()
        assert await own(scene, GUILD, 0, IMAGES) == 5
        assert await own(scene, ROLE, patrons.id, MONEY) is None

    async def test_a_slow_database_does_not_let_the_panel_fail(
        self, scene: Scene, mia: Member, impatient: None
    ) -> None:
        message = await shown(scene, mia)
        run = await opened(scene, mia, message, "easel:limit:g.0.images.default")
        async with scene.stalled_disk():
            sent = await scene.discord.submit_modal(run, {panels.VALUE_FIELD: "5"})
            assert (await sent.answered()).kind == "deferred_update"
        await message.changed(lambda changed: "**Each member, a day** · 5 pictures" in changed.text())


class TestGone:
    async def test_a_deleted_role_and_channel_are_shown_as_such_and_can_be_removed(
        self, scene: Scene, mia: Member, patrons: Role
    ) -> None:
        channel = scene.guild.add_channel("old")
        await limits(scene, mia, {"role": patrons, "cap": IMAGES, "value": "50"})
        await limits(scene, mia, {"channel": channel, "cap": IMAGES, "value": "5"})
        scene.guild.remove_role(patrons)
        scene.guild.remove_channel(channel)
        message = await shown(scene, mia)
        for subject in (patrons, channel):
            assert f"`{subject.id}` (deleted)" in message.text()
            await (
                await scene.discord.select(mia, message, "easel:limitopen:all", [f"{subject.id} (deleted)"])
            ).answered()
            assert "Deleted since" in message.text()
            assert "Change…" not in [button.label for button in message.buttons()]
            await (await scene.discord.click(mia, message, "Back to default: Pictures a day")).answered()
            await (await scene.discord.click(mia, message, "All caps")).answered()
        assert "none has caps of its own" in message.text()

    async def test_nothing_new_is_set_for_what_was_deleted_meanwhile(
        self, scene: Scene, mia: Member, patrons: Role
    ) -> None:
        message = await shown(scene, mia, {"role": patrons})
        run = await opened(scene, mia, message, f"easel:limit:r.{patrons.id}.images.default")
        scene.guild.remove_role(patrons)
        sent = await scene.discord.submit_modal(run, {panels.VALUE_FIELD: "5"})
        assert "`role` is not in this server (any more)" in await words_of(sent)
        assert await nothing_changed(scene)

    async def test_somebody_who_left_is_shown_and_can_be_removed_but_given_nothing(
        self, scene: Scene, mia: Member
    ) -> None:
        await limits(scene, mia, {"member": scene.bob, "cap": IMAGES, "value": "50"})
        message = await shown(scene, mia)
        scene.guild.remove_member(scene.bob)
        for options in ({"cap": IMAGES, "value": "60"}, {"cap": MONEY, "value": "6"}):
            assert "`member` is not in this server" in await limits(scene, mia, {"member": scene.bob, **options})
        assert await own(scene, MEMBER, scene.bob.id, IMAGES) == 50
        assert "Not in this server any more" in await limits(scene, mia, {"member": scene.bob})
        await (await scene.discord.select(mia, message, "easel:limitopen:all", [f"Member {scene.bob.id}"])).answered()
        assert f"`{scene.bob.id}` (deleted)" in message.text()
        await (await scene.discord.click(mia, message, "Back to default: Pictures a day")).answered()
        assert await own(scene, MEMBER, scene.bob.id, IMAGES) is None


def test_no_description_is_longer_than_discord_allows() -> None:
    texts = {name: text for name, text in vars(words).items() if name.isupper() and isinstance(text, str)}
    assert len(texts) > 10
    for name, text in texts.items():
        assert 1 <= len(text) <= 100, name
