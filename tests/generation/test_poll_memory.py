"""What the poll schedule has learnt outlives the process, and what is damaged costs only itself."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from errors import StorageUnavailable
from generation.poll_memory import PollMemory
from generation.polling import JobKind, PollSchedule
from storage.database import Database, Operation
from tests.generation.test_polling import finished_jobs
from tests.support import FakeClock, OpenDatabase, wait_until

KIND = JobKind(image_size="square", num_images=1, use_real_cfg=False)
OTHER = JobKind(image_size="landscape_4_3", num_images=4, use_real_cfg=True, mode="control")


def teach(schedule: PollSchedule, kind: JobKind, seconds: float, jobs: int = 150) -> None:
    for _ in range(jobs):
        schedule.observe(kind, not_ready_seconds=seconds - 1, ready_seconds=seconds)


async def recalled(database: Database, clock: FakeClock) -> PollSchedule:
    schedule = PollSchedule()
    await PollMemory(schedule, database, clock).recall()
    return schedule


async def stored(database: Database) -> dict[str, int]:
    rows = await database.fetch_all("SELECT kind, changed_at FROM latencies")
    return {row["kind"]: row["changed_at"] for row in rows}


async def test_the_next_process_polls_as_this_one_did(
    tmp_path: Path, open_database: OpenDatabase, clock: FakeClock
) -> None:
    schedule = PollSchedule()
    teach(schedule, KIND, 20.0)
    teach(schedule, OTHER, 70.0)
    database = await open_database(tmp_path / "easel.db")
    await PollMemory(schedule, database, clock).save()
    await database.close()
    again = await recalled(await open_database(tmp_path / "easel.db"), clock)
    for kind in (KIND, OTHER):
        before, after = schedule.usual(kind), again.usual(kind)
        assert (after.low_seconds, after.high_seconds) == pytest.approx(
            (before.low_seconds, before.high_seconds), 0.001
        )
        assert after.measured
        for waited in (0.0, 5.0, 19.0, 65.0):
            assert again.next_delay(kind, waited) == pytest.approx(schedule.next_delay(kind, waited), abs=0.5)


async def test_a_kind_that_was_never_met_begins_with_what_was_kept_of_others(
    database: Database, clock: FakeClock
) -> None:
    schedule = PollSchedule()
    teach(schedule, KIND, 60.0)
    await PollMemory(schedule, database, clock).save()
    again = await recalled(database, clock)
    new = JobKind(image_size="square", num_images=1, use_real_cfg=True)
    assert again.next_delay(new, 0.0) > PollSchedule().next_delay(new, 0.0)


async def test_only_what_is_new_is_written(database: Database, clock: FakeClock) -> None:
    schedule = PollSchedule()
    memory = PollMemory(schedule, database, clock)
    teach(schedule, KIND, 20.0)
    teach(schedule, OTHER, 70.0)
    await memory.save()
    first = await stored(database)
    clock.advance(60)
    teach(schedule, OTHER, 70.0, jobs=1)
    await memory.save()
    second = await stored(database)
    assert second[KIND.name] == first[KIND.name]
    assert second[OTHER.name] == first[OTHER.name] + 60_000


async def test_it_is_written_once_a_minute(database: Database) -> None:
    clock, schedule = FakeClock(), PollSchedule()
    teach(schedule, KIND, 20.0)
    running = asyncio.create_task(PollMemory(schedule, database, clock).run())
    try:
        await wait_until(lambda: clock.sleeping == 1)
        assert await stored(database) == {}
        clock.advance(60)
        await wait_until(lambda: clock.sleeping == 1)
        assert (await stored(database)).keys() == {KIND.name}
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_what_a_full_disk_refuses_is_written_later_and_said_once(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuses(operation: Operation[object]) -> object:
        raise StorageUnavailable("the disk is full")

    schedule = PollSchedule()
    memory = PollMemory(schedule, database, clock)
    teach(schedule, KIND, 20.0)
    with monkeypatch.context() as full:
        full.setattr(database, "write", refuses)
        await memory.save()
        await memory.save()
    assert caplog.text.count("the disk is full") == 1
    await memory.save()
    assert (await stored(database)).keys() == {KIND.name}


@pytest.mark.parametrize(
    ("kind", "jobs", "weights"),
    [
        ("square 1 text plain", 5, "not json"),
        ("square 1 text plain", 5, "[]"),
        ("square 1 text plain", 5, "{}"),
        ("square 1 text plain", 5, "7"),
        ("square 1 text plain", 5, '[["8", "x"]]'),
        ("square 1 text plain", 5, "[[8.0]]"),
        ("square 1 text plain", 5, "[[8.0, -1.0]]"),
        ("square 1 text plain", 5, "[[8.0, 1e9]]"),
        ("square 1 text plain", 5, "[[NaN, 1.0]]"),
        ("square 1 text plain", 5, f"[[1{'0' * 400}, 1.0]]"),
        ("square 1 text plain", 0, "[[8.0, 1.0]]"),
        ("circle 1 text plain", 5, "[[8.0, 1.0]]"),
        ("", 5, "[[8.0, 1.0]]"),
    ],
)
async def test_a_damaged_row_is_left_out_and_the_others_are_used(
    database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture, kind: str, jobs: int, weights: str
) -> None:
    schedule = PollSchedule()
    teach(schedule, OTHER, 70.0)
    await PollMemory(schedule, database, clock).save()

    def damage(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO latencies VALUES (?, ?, ?, 0)", (kind, jobs, weights))

    await database.write(damage)
    again = await recalled(database, clock)
    assert again.usual(OTHER).measured
    assert not again.usual(KIND).measured
    assert again.next_delay(KIND, 0.0) >= 1
    assert caplog.text.count("can't be used") == 1


async def test_without_anything_kept_the_jobs_that_were_are_learnt_from(database: Database, clock: FakeClock) -> None:
    await finished_jobs(database, 6)
    again = await recalled(database, clock)
    assert again.usual(KIND).measured
    await PollMemory(again, database, clock).save()
    assert (await stored(database)).keys() == {KIND.name}


async def test_with_something_kept_the_jobs_that_were_are_not_counted_twice(
    database: Database, clock: FakeClock
) -> None:
    await finished_jobs(database, 6)
    schedule = PollSchedule()
    teach(schedule, OTHER, 70.0)
    await PollMemory(schedule, database, clock).save()
    assert not (await recalled(database, clock)).usual(KIND).measured
