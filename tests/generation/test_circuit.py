"""Opens at a refusal, lets one probe through from time to time, tells the operator once each way."""

import pytest

from generation.circuit import Circuit
from tests.generation.recording import RecordingNotices
from tests.support import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def notices() -> RecordingNotices:
    return RecordingNotices()


@pytest.fixture
def circuit(clock: FakeClock, notices: RecordingNotices) -> Circuit:
    return Circuit(clock=clock, notices=notices)


def test_a_closed_circuit_lets_everybody_through(circuit: Circuit) -> None:
    assert not circuit.is_open
    assert circuit.takes_commands()
    assert [circuit.claim() for _ in range(5)] == [True] * 5


async def test_a_refusal_stops_submissions_and_commands(circuit: Circuit, notices: RecordingNotices) -> None:
    await circuit.refused(402)
    assert circuit.is_open
    assert not circuit.takes_commands()
    assert not circuit.claim()
    assert circuit.wait_seconds() == 60
    assert notices.said == [402]


async def test_one_probe_goes_when_it_is_due_and_no_second_one(circuit: Circuit, clock: FakeClock) -> None:
    await circuit.refused(401)
    clock.advance(60)
    assert circuit.takes_commands()
    assert [circuit.claim() for _ in range(3)] == [True, False, False]
    assert not circuit.takes_commands()


async def test_a_refused_probe_waits_twice_as_long_up_to_a_quarter_of_an_hour(
    circuit: Circuit, clock: FakeClock, notices: RecordingNotices
) -> None:
    await circuit.refused(401)
    waits = []
    for _ in range(6):
        waits.append(circuit.wait_seconds())
        clock.advance(circuit.wait_seconds())
        assert circuit.claim()
        await circuit.refused(401)
    assert waits == [60, 120, 240, 480, 900, 900]
    assert notices.said == [401]


async def test_many_refusals_at_once_are_one_refusal(circuit: Circuit, notices: RecordingNotices) -> None:
    """Twenty submissions in the air, or the polls of twenty jobs: the first probe still comes soon."""
    for _ in range(20):
        await circuit.refused(403)
    assert circuit.wait_seconds() == 60
    assert notices.said == [403]


async def test_polls_that_are_refused_do_not_push_the_probe_away(circuit: Circuit, clock: FakeClock) -> None:
    await circuit.refused(401)
    for _ in range(5):
        clock.advance(10)
        await circuit.refused(401)
        assert not circuit.claim()
    clock.advance(10)
    assert circuit.claim()


async def test_an_accepted_probe_closes_it_and_the_next_outage_starts_anew(
    circuit: Circuit, clock: FakeClock, notices: RecordingNotices
) -> None:
    await circuit.refused(401)
    clock.advance(60)
    assert circuit.claim()
    await circuit.refused(401)
    clock.advance(120)
    assert circuit.claim()
    await circuit.accepted()
    assert not circuit.is_open
    assert circuit.claim()
    await circuit.accepted()
    assert notices.said == [401, "back"]
    await circuit.refused(402)
    assert circuit.wait_seconds() == 60
    assert notices.said == [401, "back", 402]


def test_a_429_holds_everybody_for_as_long_as_it_says(circuit: Circuit, clock: FakeClock) -> None:
    circuit.rate_limited(7.0)
    assert not circuit.claim()
    assert circuit.wait_seconds() == 7.0
    assert circuit.takes_commands()
    clock.advance(7.0)
    assert circuit.claim()


@pytest.mark.parametrize("says", [None, 0.0])
def test_429s_that_name_no_wait_hold_longer_each_time(circuit: Circuit, clock: FakeClock, says: float | None) -> None:
    waits = []
    for _ in range(7):
        circuit.rate_limited(says)
        waits.append(circuit.wait_seconds())
        clock.advance(waits[-1])
    assert waits == [5, 10, 20, 40, 80, 120, 120]


async def test_an_accepted_submission_ends_the_doubling(circuit: Circuit, clock: FakeClock) -> None:
    circuit.rate_limited(None)
    circuit.rate_limited(None)
    clock.advance(60)
    await circuit.accepted()
    circuit.rate_limited(None)
    assert circuit.wait_seconds() == 5


def test_an_absurd_wait_is_not_obeyed_and_a_longer_hold_stands(circuit: Circuit) -> None:
    circuit.rate_limited(3600.0)
    assert circuit.wait_seconds() == 900
    circuit.hold(5)
    assert circuit.wait_seconds() == 900


async def test_a_probe_that_went_unused_is_there_for_the_next(circuit: Circuit, clock: FakeClock) -> None:
    await circuit.refused(401)
    clock.advance(60)
    assert circuit.claim()
    circuit.give_back()
    assert circuit.claim()
    assert not circuit.claim()


async def test_a_leave_that_was_no_probe_changes_nothing_when_it_comes_back(circuit: Circuit) -> None:
    assert circuit.claim()
    await circuit.refused(401)
    circuit.give_back()
    assert not circuit.claim()


async def test_a_probe_that_met_a_hold_said_nothing_about_the_account(circuit: Circuit, clock: FakeClock) -> None:
    await circuit.refused(401)
    clock.advance(60)
    assert circuit.claim()
    circuit.hold(5)  # the provider could not be reached, or asked everybody to wait
    await circuit.refused(403)  # a poll's answer, which is nothing new
    assert circuit.wait_seconds() == 60
    circuit.give_back()
    assert not circuit.claim()
    clock.advance(60)
    assert circuit.claim()
    await circuit.refused(401)  # a probe's answer puts off the next one
    assert circuit.wait_seconds() == 120


async def test_since_when_it_is_open_is_known_until_it_closes(circuit: Circuit, clock: FakeClock) -> None:
    assert circuit.open_since is None
    opened_at = clock.now()
    await circuit.refused(402)
    clock.advance(100)
    await circuit.refused(402)
    assert circuit.open_since == opened_at
    await circuit.accepted()
    assert circuit.open_since is None
