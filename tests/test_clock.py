"""Time: the system's clock, the database's milliseconds, and the clock that tests own."""

import asyncio
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clock import Clock, SystemClock, from_ms, to_ms
from tests.support import FakeClock

# Year 1970 to 9999: every moment that a datetime in UTC can hold and a stored count of milliseconds can mean.
MILLISECONDS = st.integers(min_value=0, max_value=253_402_300_799_999)


@given(MILLISECONDS)
def test_milliseconds_survive_the_way_there_and_back(value: int) -> None:
    assert to_ms(from_ms(value)) == value


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the strategy takes naive bounds
def test_a_moment_comes_back_within_half_a_millisecond(moment: datetime) -> None:
    assert abs(from_ms(to_ms(moment)) - moment) <= timedelta(microseconds=500)


def test_another_zones_time_is_stored_as_the_same_moment() -> None:
    tokyo = datetime(2026, 11, 22, 21, 0, tzinfo=timezone(timedelta(hours=9)))
    assert from_ms(to_ms(tokyo)) == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_stored_time_is_read_as_utc() -> None:
    assert from_ms(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert from_ms(0).utcoffset() == timedelta(0)


def test_the_system_clock_tells_the_machines_time_in_utc() -> None:
    before, moment, after = datetime.now(UTC), SystemClock().now(), datetime.now(UTC)
    assert before <= moment <= after
    assert moment.utcoffset() == timedelta(0)


def test_the_system_clocks_intervals_are_the_machines() -> None:
    before, moment, after = time.monotonic(), SystemClock().monotonic(), time.monotonic()
    assert before <= moment <= after


@pytest.mark.parametrize("seconds", [0.0, -5.0])
async def test_a_sleep_of_nothing_lets_others_run_and_returns(seconds: float) -> None:
    ran = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(ran.set_result, None)
    await SystemClock().sleep(seconds)
    assert ran.done()


async def test_the_system_clock_really_sleeps() -> None:
    clock: Clock = SystemClock()
    started = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - started >= 0.009


async def test_the_tests_clock_wakes_sleepers_in_the_order_of_their_times() -> None:
    clock = FakeClock()
    woken: list[str] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name, seconds in (("late", 3), ("early", 1), ("never yet", 5)):
            tasks.create_task(sleeper(name, seconds))
        await asyncio.sleep(0)
        assert clock.sleeping == 3
        clock.advance(4)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert woken == ["early", "late"]
        assert clock.sleeping == 1
        clock.advance(1)
    assert woken[-1] == "never yet"


async def test_a_clock_that_runs_ahead_makes_sleeping_free() -> None:
    clock = FakeClock(runs_ahead=True)
    started, began = clock.now(), time.monotonic()
    await clock.sleep(3600)
    assert clock.now() - started == timedelta(hours=1)
    assert time.monotonic() - began < 5
