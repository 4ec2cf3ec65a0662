"""Cases: opened once for a thing, decided once whoever presses, and what their cards have shown so far."""

import sqlite3
from typing import Any

import pytest

from errors import AlreadyDecided, CaseGone, JobNotFound, StorageError
from models import Job, JobStatus
from moderation import OUTCOMES, Case, CaseKind, CaseOutcome
from storage import audit, cases, guilds, jobs
from storage.database import Database
from tests.builders import GUILD_ID, NOW, USER_ID, later, make_job, make_origin, make_reservations
from tests.storage.inline import bring_to, do, record

CHANNEL = 71
MODERATOR, OTHER_MODERATOR = 501, 502


def make_waiting_job(connection: sqlite3.Connection, **origin: Any) -> Job:
    job = make_job(origin=make_origin(**origin))
    record(connection, job)
    return bring_to(connection, job, JobStatus.IN_REVIEW)


def make_strike(connection: sqlite3.Connection, interaction_id: int) -> int:
    cursor = connection.execute(
        "INSERT INTO strikes (guild_id, user_id, interaction_id, at, cause, weight) VALUES (?, ?, ?, 0, ?, 1)",
        (GUILD_ID, USER_ID, interaction_id, "blocked_prompt"),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def open_case(connection: sqlite3.Connection, kind: CaseKind = CaseKind.STRIKES, **changes: Any) -> Case:
    values: dict[str, Any] = {"guild_id": GUILD_ID, "kind": kind, "user_id": USER_ID, "at": NOW}
    return do(connection, lambda c: cases.open_case(c, **(values | changes)))[0]


def decide(
    connection: sqlite3.Connection, case: Case, outcome: CaseOutcome, *, by_id: int = MODERATOR, **changes: Any
) -> Case:
    values: dict[str, Any] = {"guild_id": GUILD_ID, "by_id": by_id, "at": later(60)}
    return do(connection, lambda c: cases.decide(c, case.case_id, outcome, **(values | changes)))


def read(connection: sqlite3.Connection, case: Case) -> Case:
    return do(connection, lambda c: cases.read(c, case.case_id))


def test_a_case_is_kept_as_it_was_opened(connection: sqlite3.Connection) -> None:
    job = make_waiting_job(connection)
    case, is_new = do(
        connection,
        lambda c: cases.open_case(
            c,
            guild_id=GUILD_ID,
            kind=CaseKind.REVIEW,
            user_id=USER_ID,
            at=NOW,
            job_id=job.job_id,
            words="look",
            expires_at=later(3600),
        ),
    )
    assert is_new
    assert case.is_open
    assert (case.kind, case.job_id, case.user_id, case.words) == (CaseKind.REVIEW, job.job_id, USER_ID, "look")
    assert (case.opened_at, case.expires_at) == (NOW, later(3600))
    assert (case.revision, case.card_revision, case.message_id) == (1, 0, None)


@pytest.mark.parametrize("thing", ["job", "strike", "member"])
def test_the_same_thing_has_one_open_case_at_a_time(connection: sqlite3.Connection, thing: str) -> None:
    things: dict[str, tuple[CaseKind, dict[str, Any]]] = {
        "job": (CaseKind.REPORT, {"job_id": make_waiting_job(connection).job_id}),
        "strike": (CaseKind.APPEAL, {"strike_id": make_strike(connection, 1)}),
        "member": (CaseKind.STRIKES, {}),
    }
    kind, changes = things[thing]
    first = open_case(connection, kind, words="one", **changes)
    assert open_case(connection, kind, words="two", **changes) == first
    decide(connection, first, next(iter(OUTCOMES[kind] - {CaseOutcome.EXPIRED})))
    assert open_case(connection, kind, **changes).case_id != first.case_id


def test_different_things_have_cases_of_their_own(connection: sqlite3.Connection) -> None:
    job, other = make_waiting_job(connection), make_waiting_job(connection)
    opened = [
        open_case(connection, CaseKind.REVIEW, job_id=job.job_id),
        open_case(connection, CaseKind.REPORT, job_id=job.job_id),
        open_case(connection, CaseKind.REPORT, job_id=other.job_id),
        open_case(connection, CaseKind.APPEAL, strike_id=make_strike(connection, 1)),
        open_case(connection, CaseKind.APPEAL, strike_id=make_strike(connection, 2)),
        open_case(connection, CaseKind.APPEAL),
        open_case(connection, CaseKind.STRIKES),
        open_case(connection, CaseKind.STRIKES, user_id=USER_ID + 1),
        open_case(connection, CaseKind.STRIKES, guild_id=GUILD_ID + 1),
    ]
    assert len({case.case_id for case in opened}) == len(opened)


def test_an_appeal_of_a_suspension_is_not_the_one_of_a_strike(connection: sqlite3.Connection) -> None:
    of_strike = open_case(connection, CaseKind.APPEAL, strike_id=make_strike(connection, 1))
    assert open_case(connection, CaseKind.APPEAL).case_id != of_strike.case_id


def test_no_case_is_opened_about_an_unknown_job(connection: sqlite3.Connection) -> None:
    with pytest.raises(JobNotFound):
        open_case(connection, CaseKind.REVIEW, job_id="nobodys")


def test_of_two_moderators_one_decides_and_the_other_is_told_who(connection: sqlite3.Connection) -> None:
    job = make_waiting_job(connection)
    case = open_case(connection, CaseKind.REVIEW, job_id=job.job_id)
    decided = decide(connection, case, CaseOutcome.APPROVED, reason="fine")
    assert (decided.outcome, decided.decided_by, decided.decided_at) == (CaseOutcome.APPROVED, MODERATOR, later(60))
    with pytest.raises(AlreadyDecided) as refused:
        decide(connection, case, CaseOutcome.REJECTED, by_id=OTHER_MODERATOR, at=later(61))
    assert (refused.value.outcome, refused.value.by_id, refused.value.at) == ("approved", MODERATOR, later(60))
    assert read(connection, case) == decided
    lines = connection.execute("SELECT * FROM audit WHERE what LIKE 'mod.review.%'").fetchall()
    assert [audit.line_of(line) for line in lines] == [
        audit.Line(
            seq=lines[0]["seq"],
            guild_id=GUILD_ID,
            by_id=MODERATOR,
            at=later(60),
            what="mod.review.approved",
            subject_id=USER_ID,
            job_id=job.job_id,
            before=None,
            after=None,
            reason="fine",
        )
    ]


def test_another_guilds_case_is_none(connection: sqlite3.Connection) -> None:
    case = open_case(connection)
    with pytest.raises(CaseGone):
        decide(connection, case, CaseOutcome.LIFTED, guild_id=GUILD_ID + 1)
    assert read(connection, case).is_open
    with pytest.raises(CaseGone):
        do(connection, lambda c: cases.read(c, case.case_id + 1))


@pytest.mark.parametrize("kind", CaseKind)
def test_an_outcome_of_another_kind_is_refused(connection: sqlite3.Connection, kind: CaseKind) -> None:
    about_a_job = kind in {CaseKind.REVIEW, CaseKind.REPORT}
    job_id = make_waiting_job(connection).job_id if about_a_job else None
    case = open_case(connection, kind, job_id=job_id)
    for outcome in set(CaseOutcome) - OUTCOMES[kind]:
        with pytest.raises(StorageError):
            decide(connection, case, outcome)
    assert read(connection, case).is_open


def test_the_card_is_claimed_by_one_and_only_while_it_is_needed(connection: sqlite3.Connection) -> None:
    case = open_case(connection)
    claimed = do(connection, lambda c: cases.claim(c, case.case_id, at=NOW, channel_id=CHANNEL))
    assert claimed is not None
    assert (claimed.sending_at, claimed.channel_id) == (NOW, CHANNEL)
    assert do(connection, lambda c: cases.claim(c, case.case_id, at=NOW, channel_id=CHANNEL)) is None
    again = do(connection, lambda c: cases.claim(c, case.case_id, at=later(9), channel_id=CHANNEL + 1, before=NOW))
    assert again is not None
    assert (again.sending_at, again.channel_id) == (later(9), CHANNEL + 1)
    do(connection, lambda c: cases.posted(c, case.case_id, 7, revision=again.revision))
    assert do(connection, lambda c: cases.claim(c, case.case_id, at=NOW, channel_id=1, before=later(9))) is None
    do(connection, lambda c: cases.unclaim(c, case.case_id))  # too late: it is there
    assert read(connection, case).message_id == 7
    assert read(connection, case).sending_at == later(9)


def test_a_decided_case_can_not_be_claimed(connection: sqlite3.Connection) -> None:
    case = open_case(connection)
    decide(connection, case, CaseOutcome.KEPT)
    assert do(connection, lambda c: cases.claim(c, case.case_id, at=NOW, channel_id=CHANNEL)) is None


def test_the_first_message_and_the_newest_revision_stay(connection: sqlite3.Connection) -> None:
    case = open_case(connection)
    do(connection, lambda c: cases.posted(c, case.case_id, 7, revision=1))
    do(connection, lambda c: cases.touch(c, case.case_id))
    do(connection, lambda c: cases.shown(c, case.case_id, revision=2))
    do(connection, lambda c: cases.shown(c, case.case_id, revision=1))
    do(connection, lambda c: cases.posted(c, case.case_id, 8, revision=0))
    now = read(connection, case)
    assert (now.message_id, now.revision, now.card_revision) == (7, 2, 2)


class TestWhatIsToBeShown:
    """Through the reading connection, as the keeper asks."""

    async def wanted(self, database: Database, guild_id: int = GUILD_ID) -> list[int]:
        in_guild = [case.case_id for case in await cases.to_show(database, guild_id)]
        waiting = {guild.guild_id: guild.channel_id for guild in await cases.guilds_to_show(database)}
        assert (guild_id in waiting) == bool(in_guild)
        return in_guild

    async def opened(self, database: Database, **changes: Any) -> Case:
        values: dict[str, Any] = {"guild_id": GUILD_ID, "kind": CaseKind.STRIKES, "user_id": USER_ID, "at": NOW}
        case, _ = await database.write(lambda c: cases.open_case(c, **(values | changes)))
        return case

    async def give_channel(self, database: Database, channel_id: int | None = CHANNEL) -> None:
        await database.write(
            lambda c: guilds.change_settings(c, GUILD_ID, by_id=1, at=NOW, moderators_channel_id=channel_id)
        )

    async def test_a_case_waits_for_its_guild_to_have_a_channel(self, database: Database) -> None:
        case = await self.opened(database)
        assert await self.wanted(database) == []
        await self.give_channel(database)
        assert await self.wanted(database) == [case.case_id]
        assert await cases.guilds_to_show(database) == [cases.Waiting(guild_id=GUILD_ID, channel_id=CHANNEL)]

    async def test_one_that_may_have_been_sent_is_looked_for_without_a_channel_too(self, database: Database) -> None:
        case = await self.opened(database)
        await database.write(lambda c: cases.claim(c, case.case_id, at=NOW, channel_id=CHANNEL))
        assert await self.wanted(database) == [case.case_id]

    async def test_one_decided_before_its_card_was_sent_needs_none(self, database: Database) -> None:
        await self.give_channel(database)
        case = await self.opened(database)
        await database.write(
            lambda c: cases.decide(c, case.case_id, CaseOutcome.KEPT, guild_id=GUILD_ID, by_id=1, at=NOW)
        )
        assert await self.wanted(database) == []
        await self.assert_settled(database, case)
        await database.write(lambda c: cases.touch(c, case.case_id))
        assert await self.wanted(database) == []

    async def assert_settled(self, database: Database, case: Case) -> None:
        """It isn't even looked at any more when the keeper asks what is to be shown."""
        now = await cases.find(database, case.case_id)
        assert now is not None
        assert now.card_revision == now.revision

    async def test_one_decided_while_its_card_was_refused_needs_none(self, database: Database) -> None:
        await self.give_channel(database)
        case = await self.opened(database)
        await database.write(lambda c: cases.claim(c, case.case_id, at=NOW, channel_id=CHANNEL))
        await database.write(
            lambda c: cases.decide(c, case.case_id, CaseOutcome.KEPT, guild_id=GUILD_ID, by_id=1, at=NOW)
        )
        assert await self.wanted(database) == [case.case_id]
        await database.write(lambda c: cases.unclaim(c, case.case_id))
        assert await self.wanted(database) == []
        await self.assert_settled(database, case)

    async def test_a_card_is_wanted_again_with_every_change_until_it_is_gone(self, database: Database) -> None:
        await self.give_channel(database)
        case = await self.opened(database)
        await database.write(lambda c: cases.posted(c, case.case_id, 7, revision=1))
        assert await self.wanted(database) == []
        await database.write(lambda c: cases.touch(c, case.case_id))
        assert await self.wanted(database) == [case.case_id]
        await database.write(lambda c: cases.gone(c, case.case_id, at=later(5)))
        await database.write(lambda c: cases.gone(c, case.case_id, at=later(6)))
        assert await self.wanted(database) == []
        found = await cases.find(database, case.case_id)
        assert found is not None
        assert found.is_open
        assert found.gone_at == later(5)

    async def test_pages_go_on_after_a_case(self, database: Database) -> None:
        await self.give_channel(database)
        opened = [await self.opened(database, user_id=number) for number in range(1, 6)]
        ids = [case.case_id for case in opened]
        first = await cases.to_show(database, GUILD_ID, size=2)
        assert [case.case_id for case in first] == ids[:2]
        rest = await cases.to_show(database, GUILD_ID, after=ids[1], size=9)
        assert [case.case_id for case in rest] == ids[2:]
        assert await cases.open_of(database, GUILD_ID, offset=1, size=2) == opened[1:3]
        assert await cases.open_of(database, GUILD_ID, [CaseKind.APPEAL]) == []
        assert await cases.count_open(database, GUILD_ID) == 5
        assert await cases.count_open(database, GUILD_ID, [CaseKind.APPEAL, CaseKind.STRIKES]) == 5
        assert await cases.count_open(database, GUILD_ID + 1) == 0

    async def test_what_is_to_be_shown_is_found_by_an_index(self, database: Database) -> None:
        for user_id in range(3):
            await self.opened(database, user_id=user_id)
        rows = await database.fetch_all(
            "EXPLAIN QUERY PLAN SELECT guild_id FROM cases WHERE card_revision < revision AND gone_at IS NULL"
        )
        assert "cases_to_show" in rows[0]["detail"]


async def test_the_latest_case_of_a_job_is_found_whatever_became_of_it(database: Database) -> None:
    job = make_job(status=JobStatus.QUEUED)

    def two_cases(connection: sqlite3.Connection) -> int:
        jobs.record(connection, job, make_reservations(job), active_limit=9)
        for _ in range(2):
            case, _is_new = cases.open_case(
                connection, guild_id=GUILD_ID, kind=CaseKind.REPORT, user_id=USER_ID, at=NOW, job_id=job.job_id
            )
            cases.decide(connection, case.case_id, CaseOutcome.DISMISSED, guild_id=GUILD_ID, by_id=1, at=NOW)
        return case.case_id

    latest = await database.write(two_cases)
    found = await cases.latest_of_job(database, job.job_id, CaseKind.REPORT)
    assert found is not None
    assert found.case_id == latest
    assert await cases.latest_of_job(database, job.job_id, CaseKind.REVIEW) is None
