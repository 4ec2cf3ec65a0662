"""The pages of the log: a sentence for everything that is written down anywhere, harmless, and never too long."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from errors import InvalidOption
from generation.audit_log import KINDS, PAGE_SIZE, Line, LogPage, LogQuery, Topic
from models import GuildSettings
from moderation import OUTCOMES
from storage.audit import Kind
from tests.builders import GUILD_ID, NOW, USER_ID
from tests.ui.test_cards import checked, text_of, walked
from ui import log_pages, text
from ui.cards import Card
from ui.log_pages import Asked
from ui.wording import log as words

ROOT: Final = Path(__file__).resolve().parent.parent.parent
MIA: Final = USER_ID + 1
ADA: Final = USER_ID + 2
QUERY: Final = LogQuery(guild_id=GUILD_ID)
_NAME: Final = re.compile(rf"(?:{'|'.join(Kind)})\.[a-z_.]*")


def line(what: str, **changes: Any) -> Line:
    given: dict[str, Any] = {
        "seq": 7,
        "guild_id": GUILD_ID,
        "by_id": MIA,
        "at": NOW,
        "subject_id": ADA,
        "job_id": None,
        "before": None,
        "after": None,
        "reason": "",
    }
    return Line(what=what, **(given | changes))


def custom_ids(card: Card) -> list[str]:
    return [part["custom_id"] for part in walked(checked(card)) if "custom_id" in part]


def _names_in_the_code() -> Iterator[tuple[str, str]]:
    """Every text in the code that is the name of a line, or the beginning of one that the code goes on with."""
    for package in ("storage", "generation", "cogs"):
        for path in sorted((ROOT / package).rglob("*.py")):
            source = path.read_text("utf-8")
            if "audit" not in source:
                continue
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
                    yield path.relative_to(ROOT).as_posix(), node.value


NAMES: Final = sorted(set(_names_in_the_code()))


def test_the_code_was_searched_for_names_indeed() -> None:
    found = {name for _, name in NAMES}
    assert {"mod.cancel", "mod.remove", "lora.add", "preset.delete", "job.resolved", "setting.", "audit.cut"} <= found


@pytest.mark.parametrize(("path", "name"), NAMES, ids=lambda value: value)
def test_every_name_that_is_written_down_anywhere_has_a_sentence(path: str, name: str) -> None:
    if name == "mod.":  # goes on with a kind of case and how it ended: all of them are below
        assert path == "storage/cases.py"
        return
    assert words.is_worded(name), f"{path} writes {name} down: say in ui/wording/log.py what that is called"


def test_every_end_of_every_case_has_a_sentence() -> None:
    for kind, outcomes in OUTCOMES.items():
        for outcome in outcomes:
            assert words.is_worded(f"mod.{kind}.{outcome}")


def test_every_setting_has_a_name_of_its_own() -> None:
    unchanged = {"guild_id", "filter_version"}  # a guild's id is no choice, and a changed filter has lines of its own
    for field in fields(GuildSettings):
        if field.name not in unchanged:
            assert "`" not in words.sentence(line(f"setting.{field.name}", subject_id=0, before="1", after="2"))


def test_every_kind_is_of_one_topic() -> None:
    assert sorted(kind for kinds in KINDS.values() for kind in kinds) == sorted(Kind)
    assert set(words.TOPICS) == set(KINDS) == set(Topic)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (line("mod.cancel", job_id="j1"), "<@{mia}> cancelled job `j1` of <@{ada}>"),
        (line("mod.remove", job_id="j1"), "<@{mia}> removed the pictures of job `j1` of <@{ada}>"),
        (line("mod.suspend", after="until lifted"), "<@{mia}> suspended <@{ada}> until a moderator lifts it"),
        (line("mod.suspend", after=NOW.isoformat()), "<@{mia}> suspended <@{ada}> until <t:1795348800:f>"),
        (line("mod.suspend", after="soon"), "<@{mia}> suspended <@{ada}>"),
        (line("mod.unsuspend", before=NOW.isoformat()), "<@{mia}> lifted the suspension of <@{ada}>"),
        (
            line("mod.unsuspend", before="until lifted", after=NOW.isoformat()),
            "<@{mia}> shortened the suspension of <@{ada}> to <t:1795348800:f>",
        ),
        (line("mod.strike", by_id=0, after="3"), "<@{ada}> got a strike and has 3 now"),
        (line("filter.add", after="*nsfw*"), "<@{mia}> put **\\*nsfw\\*** on the prompt filter"),
        (line("filter.add", before="a", after="b"), "<@{mia}> changed **a** of the prompt filter to **b**"),
        (line("filter.remove", before="a"), "<@{mia}> took **a** off the prompt filter"),
        (line("preset.save", after="Fox"), "<@{mia}> saved the server's preset **Fox**"),
        (line("preset.save", before="Fox", after="Fox"), "<@{mia}> changed the server's preset **Fox**"),
        (line("lora.add", after="Ink (o/ink)"), "<@{mia}> added the LoRA **Ink (o/ink)**"),
        (line("job.resolved", job_id="j1", after="written_off"), "<@{mia}> settled job `j1`, which was in doubt"),
        (
            line("job.resolved", by_id=0, job_id="j1", after="failed"),
            "The operator released the money of job `j1`, which was in doubt",
        ),
        (
            line("setting.review", before="never", after="all"),
            "set pictures that wait for a moderator: **never** → **all**",
        ),
        (line("setting.spoilers", before="False", after="True"), "set spoilers over pictures: **off** → **on**"),
        (line("setting.moderators_channel_id", after="5"), "set the moderators' channel: nothing → <#5>"),
        (line("setting.greeted_at", after="1795348800000"), "set when I said hello: nothing → <t:1795348800:f>"),
        (line("setting.paused", before="False", after="True"), "<@{mia}> paused new pictures"),
        (line("setting.paused", before="True", after="False"), "<@{mia}> resumed new pictures"),
        (
            line("limit.guild.guild_daily_micros", subject_id=0, before=None, after="5000000"),
            "<@{mia}> set a cap of the server (The whole server, a day): **the default** → **$5.00**",
        ),
        (
            line("limit.role.member_daily_images", subject_id=5, before="1", after="9"),
            "of <@&5> (Each member, a day): **1 picture** → **9 pictures**",
        ),
        (line("limit.channel.member_daily_images", subject_id=5, after="9"), "set a cap of <#5>"),
        (line("limit.member.member_daily_images", after="9"), "set a cap of <@{ada}>"),
        (line("limit.ceiling.guild_daily_micros", after="9"), "set a cap of the operator, for this server"),
        (line("limit.somebody.x"), "<@{mia}> did `limit.somebody.x`"),
        (line("grant.image.2026-11-22", before="0", after="5"), "<@{mia}> granted <@{ada}> 5 pictures for 2026-11-22"),
        (
            line("grant.micros.2026-11", before="5000000", after="0"),
            "<@{mia}> took $5.00 for 2026-11 back from <@{ada}>",
        ),
        (line("allowed.channel", subject_id=5, after="allowed"), "<@{mia}> put <#5> on the list"),
        (line("allowed.role", subject_id=5, before="allowed"), "<@{mia}> took <@&5> off the list"),
        (line("mod.of.tomorrow"), "<@{mia}> did `mod.of.tomorrow`"),
        (line("mod.hide", by_id=0, job_id="j1"), "The pictures of job `j1` of <@{ada}> were hidden"),
    ],
    ids=lambda value: value.what if isinstance(value, Line) else "",
)
def test_a_line_reads_as_a_sentence(given: Line, said: str) -> None:
    assert said.format(mia=MIA, ada=ADA) in words.sentence(given)


@pytest.mark.parametrize("name", sorted({name for _, name in NAMES if not name.endswith(".")}))
def test_a_line_of_somebody_who_was_erased_says_so_and_nothing_that_is_wrong(name: str) -> None:
    said = words.entry(line(name, by_id=None, subject_id=None, job_id="j1"))
    assert "None" not in said
    assert "nothing" not in said


def test_when_and_why_stand_around_the_sentence() -> None:
    said = words.entry(line("mod.unsuspend", reason="was  *funny*\n# really"))
    assert said == (f"<t:1795348800:R> · <@{MIA}> lifted the suspension of <@{ADA}>: “was \\*funny\\* # really”")


def test_what_people_wrote_does_nothing() -> None:
    evil = "@everyone <@1> [x](https://evil.example) `**"
    for given in (
        line("preset.save", after=evil, reason=evil),
        line("filter.add", before=evil, after=evil),
        line("setting.language", after=evil),
    ):
        said = words.entry(given)
        assert "@everyone" not in said
        assert "<@1>" not in said.replace("\\<@\u200b1>", "")
        assert "](https://" not in said


async def test_the_fullest_page_stays_within_what_discord_takes() -> None:
    worst = "*" * 500
    for name in sorted(
        {name for _, name in NAMES if not name.endswith(".")} | {"setting.ladder", "mod.review.expired"}
    ):
        full = line(
            name, seq=2**62, by_id=2**63, subject_id=2**63, job_id="x" * 40, before=worst, after=worst, reason=worst
        )
        query = replace(QUERY, member_id=2**63 - 1, topic=Topic.MODERATION, days=365)
        card = log_pages.page(LogPage(lines=(full,) * PAGE_SIZE, has_older=True, has_newer=True), query)
        assert len(text_of(card)) < 4000, name
        assert len(custom_ids(card)) == 4


async def test_an_empty_page_says_what_to_do_about_it() -> None:
    nothing = LogPage(lines=(), has_older=False, has_newer=False)
    assert "Nothing has been done yet" in text_of(log_pages.page(nothing, QUERY))
    assert "`/mod log` without options" in text_of(log_pages.page(nothing, replace(QUERY, days=1)))


async def test_what_is_asked_for_stands_above_the_lines() -> None:
    query = LogQuery(guild_id=GUILD_ID, member_id=ADA, topic=Topic.MONEY, days=30)
    card = log_pages.page(LogPage(lines=(line("mod.hide"),), has_older=False, has_newer=False), query)
    assert f"-# by or about {text.person(ADA)} · Caps and money · the last 30 days" in text_of(card)


@pytest.mark.parametrize("where", [{}, {"before": 12}, {"after": 2**62}])
@pytest.mark.parametrize(
    "query",
    [QUERY, replace(QUERY, member_id=2**63 - 1, topic=Topic.MODERATION, days=365), replace(QUERY, days=1)],
)
def test_a_button_says_all_of_what_is_asked_for(query: LogQuery, where: dict[str, int]) -> None:
    asked = Asked(query=query, **where)
    assert log_pages.read_argument(asked.argument, guild_id=GUILD_ID) == asked


@pytest.mark.parametrize(
    "argument",
    [
        "x",
        "n0.0.all",
        "n0.0.everything.0",
        "n0.0.all.366",
        "z0.0.all.0",
        "b.0.all.0",
        f"n{2**63}.0.all.0",
        "n0.x.all.0",
    ],
)
def test_what_no_button_of_ours_says_is_refused(argument: str) -> None:
    with pytest.raises(InvalidOption):
        log_pages.read_argument(argument, guild_id=GUILD_ID)


def test_a_menu_leads_to_the_newest_lines_of_one_topic() -> None:
    asked = Asked(query=replace(QUERY, days=3), before=12)
    chosen = log_pages.of_topic(asked, ("privacy",))
    assert chosen == Asked(query=replace(QUERY, days=3, topic=Topic.PRIVACY))
    assert log_pages.of_topic(chosen, ("all",)) == Asked(query=replace(QUERY, days=3))
    for values in ((), ("privacy", "money"), ("weather",)):
        with pytest.raises(InvalidOption):
            log_pages.of_topic(asked, values)


async def test_lines_are_kept_in_their_order() -> None:
    lines = tuple(line("mod.hide", seq=9 - number, at=NOW - timedelta(hours=number)) for number in range(3))
    said = text_of(log_pages.page(LogPage(lines=lines, has_older=False, has_newer=False), QUERY))
    stamps = re.findall(r"<t:(\d+):R>", said)
    assert stamps == sorted(stamps, reverse=True)
