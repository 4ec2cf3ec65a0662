"""`/admin spend`: chart, sums, budgets and forecast, other times and breakdowns, and the spreadsheet."""

import csv
import gzip
import io
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from PIL import Image

from limits import LimitKind, LimitName
from models import JobStatus
from sandbox.discord import ClientRefused, Member, Message, Permissions, Run, routes
from tests.builders import PRICE_MICROS
from tests.cogs.administration import forged, page, use
from tests.cogs.gallery import restarted, words_of
from tests.cogs.past_spending import asked
from tests.support import wait_until
from tests.ui.scene import Scene
from ui.spend_pages import SHEET_ACTION, SPEND_ACTION
from ui.wording import spend as words

DOLLAR = 1_000_000
NAMED = (
    ("this month", "November 2026"),
    ("This  Month", "November 2026"),
    ("last month", "October 2026"),
    ("today", "November 22, 2026"),
    ("last 12 months", "December 2025 – November 2026"),
    ("2026-10", "October 2026"),
    ("2026-1", "January 2026"),
    ("2026-10-31", "October 31, 2026"),
    ("2025", "2025"),
)
NONSENSE = ("soon", "2026-13", "2026-02-30", "2027", "2026-12", "0", "1999", "-1", "2026-10-31 x", "٢٠٢٦", "  ")
UNSAID = ("guild.2026-11", "day", "day.", "x.2026-11", "day.2026-13", "day.2099", "day.2026-01--2026-05")


@pytest.fixture
async def mia(scene: Scene) -> Member:
    """A member who may manage the server."""
    return scene.guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)


async def shown(scene: Scene, by: Member, options: Mapping[str, Any] | None = None) -> Message:
    return await page(await use(scene, by, "spend", options))


async def pressed(scene: Scene, by: Member, message: Message, wanted: str, *, then: str) -> None:
    """Press a button, and wait until the page has these words."""
    run = await scene.discord.click(by, message, wanted)
    assert (await run.answered()).kind == "deferred_update"
    await message.changed(lambda changed: then in changed.text())


async def refused(run: Run) -> str:
    """What a press is told that is refused, at once or after it was deferred."""
    if (await run.answered()).kind != "deferred_update":
        return await words_of(run)
    await wait_until(lambda: bool(run.followups), what="the refusal")
    return run.followups[0].text()


def alt_text(message: Message) -> str:
    """What a screen reader says of the chart."""
    [item] = [item for part in message.walk() for item in part.get("items", ())]
    return str(item["description"])


def labels(message: Message) -> list[str | None]:
    return [button.label for button in message.buttons()]


def drawn(message: Message) -> str:
    """The name of the chart's file, which is a picture indeed."""
    [file] = message.gallery()
    with Image.open(io.BytesIO(file.read())) as image:
        image.load()
        assert image.format == "PNG"
        assert image.width >= 1000
    return file.filename


async def rows(message: Message) -> list[dict[str, str]]:
    """The spreadsheet below a private message."""
    [file] = message.attachments
    data = gzip.decompress(file.read()) if file.filename.endswith(".gz") else file.read()
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


async def everything(scene: Scene) -> None:
    """One of each outcome, today."""
    await asked(scene, scene.ada, images=4, withheld=1)
    for status in (JobStatus.UNDELIVERABLE, JobStatus.FAILED, JobStatus.IN_DOUBT, JobStatus.QUEUED):
        await asked(scene, scene.bob, images=2, status=status)


class TestPage:
    async def test_it_says_what_became_of_every_picture_and_its_money(self, scene: Scene, mia: Member) -> None:
        await everything(scene)
        run = await use(scene, mia, "spend")
        assert (await run.answered()).kind == "deferred"
        text = (message := await page(run)).text()
        assert "Spending: November 2026" in text
        assert "by day · 5 requests" in text
        assert "**$0.54 spent** · $0.36 held" in text
        for line in (
            "Delivered · 3 pictures · $0.27",
            "Withheld · 1 picture · $0.09",
            "Paid for, not shown · 2 pictures · $0.18",
            "Failed or cancelled · 2 pictures · nothing spent",
            "In doubt · 2 pictures · $0.18 held",
            "Under way · 2 pictures · $0.18 held",
        ):
            assert line in text
        assert drawn(message) == "easel-spend-2026-11.png"

    async def test_those_who_do_not_see_the_chart_are_told_what_it_says(self, scene: Scene, mia: Member) -> None:
        await everything(scene)
        await asked(scene, scene.ada, date(2026, 11, 3), images=10)
        said = alt_text(await shown(scene, mia))
        assert "November 2026 · by day" in said
        assert "$1.44 spent · 16 pictures · $0.36 held" in said
        assert "delivered: $1.17 · withheld: $0.09 · not shown: $0.18" in said
        assert "The most: November 3 $0.90, November 22 $0.54" in said
        assert "Budget of the month: $100.00" in said

    async def test_what_is_left_of_the_budgets_is_there_with_where_they_come_from(
        self, scene: Scene, mia: Member
    ) -> None:
        await asked(scene, scene.ada, images=2)
        await asked(scene, scene.ada, date(2026, 11, 3))
        await scene.parts.office.limits.set(
            scene.guild.id, LimitKind.GUILD, 0, LimitName.GUILD_MONTHLY_MICROS, 5 * DOLLAR, by_id=mia.id
        )
        text = (await shown(scene, mia)).text()
        assert "**Budget of the day** · $100.00 a day" in text
        assert "**$99.82 left**" in text
        assert "**Budget of the month** · $5.00 a month" in text
        assert "**$4.73 left**" in text
        assert "set by those who run this server" in text
        # Whoever looks has caps of their own, which are no business of this page.
        assert text.count("**Budget of the") == 2
        assert "runs out first" not in text

    async def test_the_forecast_needs_some_days_and_says_when_the_budget_is_used_up(
        self, scene: Scene, mia: Member
    ) -> None:
        await asked(scene, scene.ada, date(2026, 11, 20), images=4)
        assert "if it goes on like this" not in (await shown(scene, mia)).text()
        for day in range(10, 22):
            await asked(scene, scene.ada, date(2026, 11, day), images=4)
        text = (await shown(scene, mia)).text()
        found = re.search(r"By the end of November 2026: \*\*about \$([\d.]+)(?: to \$([\d.]+))?\*\*", text)
        assert found
        # 13 times 36 cents by now, and about eight days and a half of that to come.
        assert 4.68 <= float(found[1]) <= 4.68 + 8.5 * 0.36 <= float(found[2]) <= 10
        assert "used up" not in text
        await scene.parts.office.limits.set(
            scene.guild.id, LimitKind.GUILD, 0, LimitName.GUILD_MONTHLY_MICROS, 5_500_000, by_id=mia.id
        )
        assert "would be used up around November 2" in (await shown(scene, mia)).text()

    async def test_a_time_without_entries_says_so_without_a_chart(self, scene: Scene, mia: Member) -> None:
        await asked(scene, scene.ada)
        message = await shown(scene, mia, {"period": "2026-10"})
        assert "Spending: October 2026" in message.text()
        assert "nobody asked for a picture" in message.text()
        assert message.attachments == []
        assert labels(message) == ["September 2026", "November 2026"]

    async def test_only_failures_are_drawn_as_nothing_spent(self, scene: Scene, mia: Member) -> None:
        await asked(scene, scene.ada, status=JobStatus.FAILED)
        for by in words.BY_CHOICES:
            message = await shown(scene, mia, {"by": by})
            assert "**$0.00 spent**" in message.text()
            drawn(message)

    async def test_other_guilds_are_not_counted(self, scene: Scene, mia: Member) -> None:
        other = scene.discord.add_guild("Elsewhere")
        channel = other.add_channel("art")
        boss = other.add_member("boss", permissions=Permissions.MANAGE_GUILD)
        await everything(scene)
        run = await scene.discord.slash(boss, channel, "admin spend")
        assert "nobody asked for a picture" in (await page(run)).text()

    async def test_a_chart_that_cannot_be_drawn_leaves_the_numbers(self, scene: Scene, mia: Member) -> None:
        await everything(scene)
        message = await shown(scene, mia)
        assert len(message.attachments) == 1
        await scene.parts.office.studio.close()
        await pressed(scene, mia, message, "by member", then="by member · 5 requests")
        assert "The chart could not be drawn" in message.text()
        assert "**$0.54 spent**" in message.text()
        # The one that was there before is of something else.
        assert message.attachments == []


class TestPeriods:
    async def test_every_way_to_name_a_time_is_taken(self, scene: Scene, mia: Member) -> None:
        for typed, title in NAMED:
            assert f"Spending: {title}\n" in (await shown(scene, mia, {"period": typed})).text(), typed

    async def test_nonsense_is_refused_with_what_is_accepted(self, scene: Scene, mia: Member) -> None:
        await everything(scene)
        for typed in NONSENSE:
            refusal = await words_of(await use(scene, mia, "spend", {"period": typed}, raw=True))
            assert "`period` isn't a time that I can report on" in refusal, typed
            assert "*last 12 months*" in refusal
            assert "`2026-10`" in refusal

    async def test_a_breakdown_that_there_is_not_is_refused(self, scene: Scene, mia: Member) -> None:
        for value in ("guild", "DAY", "", "x" * 3000):
            refusal = await words_of(await use(scene, mia, "spend", {"by": value}, raw=True))
            assert "`by` can't be used like this" in refusal

    async def test_days_are_those_of_the_guilds_time_zone(self, scene: Scene, mia: Member) -> None:
        await scene.parts.library.guilds.change(scene.guild.id, by_id=mia.id, time_zone="Pacific/Kiritimati")
        scene.clock.advance(86_400)
        # It is the 23rd at noon in UTC, and the 24th over there.
        assert "November 24, 2026" in (await shown(scene, mia, {"period": "today"})).text()

    async def test_months_before_and_after_are_a_press_away_and_the_future_is_not(
        self, scene: Scene, mia: Member
    ) -> None:
        await asked(scene, scene.ada, images=2)
        await asked(scene, scene.ada, date(2026, 10, 5), images=3)
        message = await shown(scene, mia)
        assert labels(message)[3:] == ["October 2026", "Spreadsheet (CSV)"]
        await pressed(scene, mia, message, "October 2026", then="Spending: October 2026")
        assert "**$0.27 spent**" in message.text()
        assert "**Budget of that month** · $100.00" in message.text()
        assert "**$99.73 left over**" in message.text()
        assert drawn(message) == "easel-spend-2026-10.png"
        await pressed(scene, mia, message, "November 2026", then="Spending: November 2026")
        assert "**$0.18 spent**" in message.text()

    @pytest.mark.parametrize(
        ("typed", "before", "back"),
        [
            ("today", "November 21, 2026", "November 22, 2026"),
            ("2026", "2025", "2026"),
            ("last 12 months", "December 2024 – November 2025", "December 2025 – November 2026"),
        ],
    )
    async def test_other_spans_lead_to_their_like(
        self, scene: Scene, mia: Member, typed: str, before: str, back: str
    ) -> None:
        message = await shown(scene, mia, {"period": typed})
        assert labels(message) == [before]
        await pressed(scene, mia, message, before, then=f"Spending: {before}")
        await pressed(scene, mia, message, back, then=f"Spending: {back}")

    async def test_a_year_is_drawn_by_month(self, scene: Scene, mia: Member) -> None:
        await asked(scene, scene.ada, date(2026, 3, 1), images=2)
        message = await shown(scene, mia, {"period": "2026"})
        assert "by month · 1 request" in message.text()
        assert "The most: March 2026 $0.18" in alt_text(message)
        assert "Budget of the day" not in message.text()

    async def test_periods_are_suggested_as_one_types(self, scene: Scene, mia: Member) -> None:
        async def suggested(typed: str) -> list[tuple[str, str]]:
            run = await scene.discord.autocomplete(mia, scene.channel, "admin spend", focused="period", value=typed)
            return [(choice["name"], choice["value"]) for choice in (await run.answered()).choices]

        everything = await suggested("")
        assert len(everything) == 25
        assert everything[:5] == [
            ("today · November 22, 2026", "today"),
            ("this month · November 2026", "this month"),
            ("last month · October 2026", "last month"),
            ("last 12 months · December 2025 – November 2026", "last 12 months"),
            ("October 2026", "2026-10"),
        ]
        assert await suggested("2026-02") == [("February 2026", "2026-02")]
        assert ("April 2026", "2026-04") in await suggested("april")
        assert await suggested("2026-10-31") == [("October 31, 2026", "2026-10-31")]
        assert await suggested("nonsense") == []


class TestBreakdowns:
    async def test_by_member_mentions_them_and_the_chart_has_their_names(self, scene: Scene, mia: Member) -> None:
        await asked(scene, scene.bob, images=3)
        await asked(scene, scene.ada, images=1)
        await asked(scene, scene.ada, status=JobStatus.IN_DOUBT)
        message = await shown(scene, mia, {"by": "member"})
        assert f"1. <@{scene.bob.id}> · $0.27 · 3 pictures" in message.text()
        assert f"2. <@{scene.ada.id}> · $0.09 · 1 picture · $0.09 held" in message.text()
        assert "The most: Bob $0.27, Ada $0.09" in alt_text(message)
        drawn(message)

    @pytest.mark.parametrize("how", [{"status": 500, "times": None}, {"status": 404, "code": 10007, "times": None}])
    async def test_who_has_left_or_is_not_told_goes_by_their_ids_last_digits(
        self, scene: Scene, mia: Member, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cogs.admin_spend.NAMES_SECONDS", 0.2)
        await asked(scene, scene.bob)
        scene.discord.faults.add("GET", routes.MEMBER, **how)
        message = await shown(scene, mia, {"by": "member"})
        assert f"The most: member …{str(scene.bob.id)[-4:]} $0.09" in alt_text(message)

    async def test_names_are_not_waited_for_longer_than_they_are_worth(
        self, scene: Scene, mia: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cogs.admin_spend.NAMES_SECONDS", 0.2)
        await asked(scene, scene.ada, images=2)
        await asked(scene, scene.bob)
        held = scene.discord.faults.hold("GET", routes.MEMBER, where=lambda call: str(scene.bob.id) in str(call.path))
        message = await shown(scene, mia, {"by": "member"})
        held.release()
        assert f"The most: Ada $0.18, member …{str(scene.bob.id)[-4:]} $0.09" in alt_text(message)

    async def test_of_many_members_ten_are_listed_and_asked_about(self, scene: Scene, mia: Member) -> None:
        for number in range(13):
            await asked(scene, 5_000_000_000_000_000_000 + number, images=1 + (number < 10))
        message = await shown(scene, mia, {"by": "member"})
        assert "10. <@5000000000000000009> · $0.18" in message.text()
        assert "11." not in message.text()
        assert "-# 3 others · $0.27 · 3 pictures" in message.text()
        assert len(scene.discord.exchanges.matching("GET", routes.MEMBER)) == 10

    async def test_by_preset_groups_spellings_and_shows_names_letter_by_letter(self, scene: Scene, mia: Member) -> None:
        await asked(scene, scene.ada, images=4, preset="Film **noir**")
        await asked(scene, scene.ada, preset="film **NOIR**")
        await asked(scene, scene.ada)
        message = await shown(scene, mia, {"by": "preset"})
        assert "1. **Film \\*\\*noir\\*\\*** · $0.45 · 5 pictures" in message.text()
        assert "2. *without a preset* · $0.09" in message.text()
        assert "The most: Film **noir** $0.45, without a preset $0.09" in alt_text(message)

    async def test_the_breakdowns_are_a_press_away(self, scene: Scene, mia: Member) -> None:
        await everything(scene)
        message = await shown(scene, mia, {"period": "2026"})
        for label in ("by member", "by preset", "by day"):
            await pressed(scene, mia, message, label, then="by month" if label == "by day" else label)
            assert "Spending: 2026" in message.text()
            assert drawn(message) == "easel-spend-2026.png"
            [shown_now] = [button for button in message.buttons() if button.disabled]
            assert shown_now.label == label


class TestSpreadsheet:
    async def test_it_has_every_request_of_the_period(self, scene: Scene, mia: Member) -> None:
        await everything(scene)
        await asked(scene, scene.ada, date(2026, 10, 31))
        message = await shown(scene, mia)
        run = await scene.discord.click(mia, message, "Spreadsheet (CSV)")
        sheet = await page(run)
        assert "5 requests, one a line" in sheet.text()
        lines = await rows(sheet)
        assert sheet.attachments[0].filename == "easel-spend-2026-11.csv"
        assert [line["status"] for line in lines] == ["delivered", "undeliverable", "failed", "in_doubt", "queued"]
        assert sum(round(float(line["usd_spent"]) * DOLLAR) for line in lines) == 6 * PRICE_MICROS
        # The page stays as it is.
        assert drawn(message) == "easel-spend-2026-11.png"

    async def test_a_large_one_is_packed(self, scene: Scene, mia: Member) -> None:
        for _ in range(60):
            await asked(scene, scene.ada)
        message = await shown(scene, mia)
        scene.guild.attachment_size_limit = 4000
        sheet = await page(await scene.discord.click(mia, message, "Spreadsheet (CSV)"))
        assert sheet.attachments[0].filename == "easel-spend-2026-11.csv.gz"
        assert len(await rows(sheet)) == 60

    async def test_one_that_is_too_large_even_packed_is_refused_with_a_shorter_period(
        self, scene: Scene, mia: Member
    ) -> None:
        for _ in range(20):
            await asked(scene, scene.ada)
        message = await shown(scene, mia)
        scene.guild.attachment_size_limit = 100
        refusal = await words_of(await scene.discord.click(mia, message, "Spreadsheet (CSV)"))
        assert "too large to be sent here, even packed" in refusal
        assert "`2026-11-22`" in refusal


class TestPermission:
    async def test_discord_does_not_offer_it_to_members_without_it(self, scene: Scene) -> None:
        with pytest.raises(ClientRefused, match="not shown"):
            await use(scene, scene.ada, "spend")

    async def test_a_member_who_is_shown_the_command_all_the_same_is_refused(self, scene: Scene) -> None:
        await everything(scene)
        refusal = await words_of(await use(scene, scene.ada, "spend", raw=True))
        assert "**Manage Server**" in refusal
        assert "$" not in refusal

    @pytest.mark.parametrize("action", [SPEND_ACTION, SHEET_ACTION])
    async def test_a_forged_button_is_refused(self, scene: Scene, action: str) -> None:
        await everything(scene)
        message = await forged(scene, action, "day.2026-11")
        moderator = scene.guild.add_member("moe", permissions=Permissions.MANAGE_MESSAGES)
        for member in (scene.ada, moderator):
            refusal = await words_of(await scene.discord.click(member, message, "Press"))
            assert "**Manage Server**" in refusal
        assert message.attachments == []

    @pytest.mark.parametrize("action", [SPEND_ACTION, SHEET_ACTION])
    async def test_what_no_button_says_is_refused(self, scene: Scene, mia: Member, action: str) -> None:
        for argument in UNSAID:
            message = await forged(scene, action, argument)
            refusal = await refused(await scene.discord.click(mia, message, "Press"))
            assert "can't be used like this" in refusal or "isn't a time that I can report on" in refusal, argument


async def test_the_buttons_work_after_a_restart(scene: Scene, mia: Member) -> None:
    await asked(scene, scene.ada, date(2026, 10, 5), images=3)
    await everything(scene)
    message = await shown(scene, mia)
    async with restarted(scene):
        await pressed(scene, mia, message, "by member", then="by member")
        await pressed(scene, mia, message, "October 2026", then="**$0.27 spent**")
        sheet = await page(await scene.discord.click(mia, message, "Spreadsheet (CSV)"))
        assert len(await rows(sheet)) == 1


async def test_numbers_and_dates_are_written_as_the_reader_writes_them(scene: Scene, mia: Member) -> None:
    await everything(scene)
    run = await scene.discord.slash(mia, scene.channel, "admin spend", {"period": "2026-10"}, locale="de")
    assert "Oktober 2026" in (await page(run)).text()
    message = await page(await scene.discord.slash(mia, scene.channel, "admin spend", locale="de"))
    assert "0,54\N{NO-BREAK SPACE}$" in message.text()
    assert "0,54\N{NO-BREAK SPACE}$" in alt_text(message)
    drawn(message)
    assert "Oktober 2026" in labels(message)


async def test_a_slow_database_does_not_let_it_fail(scene: Scene, mia: Member) -> None:
    await everything(scene)
    async with scene.stalled_disk():
        # Reports are read beside the writer, so they don't even wait for it.
        assert "**$0.54 spent**" in (await shown(scene, mia)).text()


def test_no_description_is_longer_than_discord_allows() -> None:
    texts = {name: text for name, text in vars(words).items() if name.isupper() and isinstance(text, str)}
    assert len(texts) >= 3
    for name, text in texts.items():
        assert 1 <= len(text) <= 100, name
