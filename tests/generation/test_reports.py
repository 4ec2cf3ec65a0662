"""Reports as members file them."""

import pytest

from errors import InvalidOption, JobNotFound
from generation.reports import REASON_MAX_CHARACTERS
from models import JobStatus as S
from storage import cases, reports
from tests.builders import GUILD_ID, USER_ID
from tests.generation.assembly import Assembly
from tests.support import wait_until


async def test_a_member_reports_a_job_once(bot: Assembly) -> None:
    job_id = await bot.wish()
    first = await bot.reports.file(GUILD_ID, job_id, USER_ID + 1, "  it is rude ")
    again = await bot.reports.file(GUILD_ID, job_id, USER_ID + 1)
    other = await bot.reports.file(GUILD_ID, job_id, USER_ID + 2)
    assert (first.is_new, again.is_new, other.is_new) == (True, False, True)
    assert await bot.reports.count(job_id) == 2
    kept = await reports.of_case(bot.database, first.case)
    assert [(report.reporter_id, report.reason) for report in kept] == [(USER_ID + 1, "it is rude"), (USER_ID + 2, "")]
    with pytest.raises(JobNotFound):
        await bot.reports.file(GUILD_ID + 1, job_id, USER_ID)
    with pytest.raises(InvalidOption, match="too_long"):
        await bot.reports.file(GUILD_ID, job_id, USER_ID + 3, "x" * (REASON_MAX_CHARACTERS + 1))


async def test_authors_are_told_apart_among_the_reporters(bot: Assembly) -> None:
    job_id = await bot.wish()
    case = (await bot.reports.file(GUILD_ID, job_id, USER_ID, "mine")).case
    await bot.reports.file(GUILD_ID, job_id, USER_ID + 1)
    assert [report.counts for report in await reports.of_case(bot.database, case)] == [False, True]


async def test_a_reported_job_in_line_loses_its_words_and_keeps_its_place(bot: Assembly) -> None:
    job_id = await bot.wish()
    for number in range(1, 4):
        await bot.reports.file(GUILD_ID, job_id, USER_ID + number)
    card = bot.channel.cards[job_id]
    await wait_until(lambda: card.withdrawn == "hidden")
    assert (await bot.job(job_id)).status is S.QUEUED
    assert len(bot.queue) == 1


async def test_what_else_is_done_about_a_report_changes_its_card(bot: Assembly) -> None:
    job_id = await bot.wish()
    case = (await bot.reports.file(GUILD_ID, job_id, USER_ID + 1)).case
    told = bot.cases_told
    await bot.reports.changed(case.case_id)
    changed = await cases.find(bot.database, case.case_id)
    assert changed is not None
    assert changed.revision == case.revision + 1
    assert bot.cases_told == told + 1
