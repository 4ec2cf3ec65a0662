"""Reports: one from each member on a job until moderators have decided, of the guild's own jobs only."""

import sqlite3
from functools import partial
from typing import Any

import pytest

from errors import JobNotFound, PictureRemoved, TooManyReports
from models import Job
from moderation import CaseKind, CaseOutcome
from storage import audit, cases, history, jobs, reports, withdrawals
from storage.reports import A_DAY, Filed
from tests.builders import GUILD_ID, USER_ID, choose, later
from tests.storage.inline import do
from tests.storage.past import finished

DAY_SECONDS = 86_400


def file(connection: sqlite3.Connection, job: Job, reporter_id: int, reason: str = "rude", **changes: Any) -> Filed:
    values: dict[str, Any] = {"guild_id": GUILD_ID, "at": later(3)} | changes
    return do(connection, lambda c: reports.file(c, job.job_id, reporter_id=reporter_id, reason=reason, **values))


def now(connection: sqlite3.Connection, job: Job) -> Job:
    return withdrawals.read(connection, job.job_id, guild_id=GUILD_ID)


def lines(connection: sqlite3.Connection) -> list[str]:
    return [row["what"] for row in connection.execute("SELECT what FROM audit WHERE what LIKE 'mod.%' ORDER BY seq")]


def dismiss(connection: sqlite3.Connection, filed: Filed, *, at: float = 10) -> None:
    do(
        connection,
        lambda c: cases.decide(
            c, filed.case.case_id, CaseOutcome.DISMISSED, guild_id=GUILD_ID, by_id=USER_ID + 50, at=later(at)
        ),
    )
    do(connection, lambda c: withdrawals.restore(c, filed.job.job_id, by_id=USER_ID + 50, at=later(at)))


def test_each_member_reports_a_job_once_and_the_first_reason_stays(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    first = file(connection, job, 1, "it is rude")
    again = file(connection, job, 1, "it is very rude")
    other = file(connection, job, 2, "")
    assert (first.is_new, again.is_new, other.is_new) == (True, False, True)
    assert first.case.case_id == again.case.case_id == other.case.case_id
    kept = connection.execute("SELECT reporter_id, reason FROM reports ORDER BY report_id").fetchall()
    assert [tuple(row) for row in kept] == [(1, "it is rude"), (2, "")]
    strangers: tuple[dict[str, Any], ...] = ({"guild_id": GUILD_ID + 1}, {"job_id": "nobody"})
    for strange in strangers:
        asked: dict[str, Any] = {"job_id": job.job_id, "guild_id": GUILD_ID} | strange
        with pytest.raises(JobNotFound):
            do(connection, partial(reports.file, reporter_id=3, reason="", at=later(3), **asked))


def test_a_report_opens_a_case_about_the_author_and_every_further_one_changes_its_card(
    connection: sqlite3.Connection,
) -> None:
    job = finished(connection)
    case = file(connection, job, 1).case
    assert (case.kind, case.user_id, case.job_id, case.revision) == (CaseKind.REPORT, USER_ID, job.job_id, 1)
    file(connection, job, 2)
    file(connection, job, 2)  # no news
    assert cases.read(connection, case.case_id).revision == 2


@pytest.mark.parametrize("needed", [1, 2, 3, 5])
def test_the_report_that_makes_it_enough_members_hides_the_job(connection: sqlite3.Connection, needed: int) -> None:
    do(connection, lambda c: choose(c, reports_to_hide=needed))
    job = finished(connection)
    hides = [file(connection, job, reporter_id).hides for reporter_id in range(1, needed + 3)]
    assert hides == [number == needed for number in range(1, needed + 3)]
    hidden = now(connection, job)
    assert hidden.hidden_at == later(3)
    assert hidden.card_status is None
    assert lines(connection) == ["mod.hide"]
    [line] = connection.execute("SELECT by_id, subject_id, job_id FROM audit WHERE what = 'mod.hide'")
    assert tuple(line) == (0, USER_ID, job.job_id)


def test_an_authors_own_report_is_kept_and_counts_for_nothing(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    assert [file(connection, job, who).hides for who in (USER_ID, 1, 2)] == [False, False, False]
    assert connection.execute("SELECT count(*) FROM reports").fetchone()[0] == 3
    assert file(connection, job, 3).hides


def test_after_a_dismissal_reports_count_anew_also_those_of_the_same_members(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    filed = [file(connection, job, who) for who in (1, 2, 3)]
    dismiss(connection, filed[-1])
    assert now(connection, job).hidden_at is None
    # At the very moment of the decision, so that no comparison of times could tell them apart.
    again = [file(connection, job, who, "still rude", at=later(10)) for who in (1, 2)]
    assert [(report.is_new, report.hides) for report in again] == [(True, False), (True, False)]
    assert again[0].case.case_id != filed[0].case.case_id
    assert file(connection, job, 4, at=later(10)).hides
    assert lines(connection) == ["mod.hide", "mod.report.dismissed", "mod.restore", "mod.hide"]


def test_a_day_takes_so_many_reports_of_a_member_and_not_one_more(connection: sqlite3.Connection) -> None:
    several = [finished(connection, user_id=USER_ID + 1 + number) for number in range(A_DAY + 1)]
    for number, job in enumerate(several[:-1]):
        assert file(connection, job, 1, at=later(number)).is_new
    late = later(DAY_SECONDS - 1)
    with pytest.raises(TooManyReports) as refused:
        file(connection, several[-1], 1, at=late)
    assert refused.value.limit == A_DAY
    assert cases.open_of_job(connection, several[-1].job_id, CaseKind.REPORT) is None, "a case without a report"
    assert not file(connection, several[0], 1, at=late).is_new, "what was said before is no further report"
    assert file(connection, several[-1], 2, at=late).is_new, "another member's"
    assert file(connection, several[-1], 1, at=later(DAY_SECONDS)).is_new, "the first is a day old"


def test_reports_in_another_guild_do_not_use_up_the_day(connection: sqlite3.Connection) -> None:
    for number in range(A_DAY):
        file(connection, finished(connection, guild_id=GUILD_ID + 1, user_id=number + 10), 1, guild_id=GUILD_ID + 1)
    assert file(connection, finished(connection), 1).is_new


def test_what_was_removed_takes_no_report(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    do(connection, lambda c: history.mark_removed(c, job.job_id, by_id=USER_ID, at=later(2)))
    with pytest.raises(PictureRemoved):
        file(connection, job, 1)
    assert cases.open_of_job(connection, job.job_id, CaseKind.REPORT) is None


def test_a_report_of_a_release_before_cases_belongs_to_none(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    connection.execute(
        "INSERT INTO reports (job_no, reporter_id, reason, at) SELECT job_no, 1, 'old', 0 FROM jobs WHERE job_id = ?",
        (job.job_id,),
    )
    assert file(connection, job, 1, "new").is_new
    assert [row["reason"] for row in connection.execute("SELECT reason FROM reports")] == ["new"]


def test_the_chain_of_the_log_holds_over_all_of_it(connection: sqlite3.Connection) -> None:
    job = finished(connection)
    for who in (1, 2, 3):
        filed = file(connection, job, who)
    dismiss(connection, filed)
    shown = jobs.job_of(connection.execute("SELECT * FROM jobs").fetchone())
    do(connection, lambda c: withdrawals.remove(c, shown, by_id=USER_ID + 50, at=later(20), reason="no"))
    last = audit.last_of(connection, GUILD_ID, what="mod.remove", subject_id=USER_ID)
    assert last is not None
    assert (last.job_id, last.reason, last.by_id) == (job.job_id, "no", USER_ID + 50)
