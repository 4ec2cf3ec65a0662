"""Tasks and outcomes as lines: what one side writes the other reads, and nothing else passes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.protocol import METHODS, Outcome, Task, refusal_from, refusal_line

OUTCOME = Outcome(media_type="image/png", width_px=1, height_px=2, original_width_px=3, original_height_px=4)


@given(
    method=st.sampled_from(METHODS),
    low=st.none() | st.integers(0, 255),
    high=st.none() | st.integers(0, 255),
)
def test_a_task_arrives_as_it_was_sent(method: str, low: int | None, high: int | None) -> None:
    task = Task(method=method, seconds=10, low=low, high=high)
    assert Task.from_argument(task.as_argument()) == task


def test_an_outcome_and_a_refusal_arrive_as_they_were_sent() -> None:
    assert Outcome.from_line(OUTCOME.as_line()) == OUTCOME
    assert refusal_from(refusal_line("animated")) == "animated"


@pytest.mark.parametrize(
    "change",
    [
        {"media_type": "text/html"},
        {"media_type": None},
        {"width_px": "1"},
        {"height_px": None},
        {"low": "1"},
        {"path": "/etc/passwd"},
    ],
)
def test_what_is_no_outcome_is_refused(change: dict[str, object]) -> None:
    line = json.dumps(json.loads(OUTCOME.as_line()) | change)
    with pytest.raises(ValueError, match="no outcome"):
        Outcome.from_line(line)


@pytest.mark.parametrize("line", ["", "Traceback", "[]", "3", "null", '{"why": 3}', "{}"])
def test_a_line_that_is_nothing_is_no_outcome_and_no_refusal(line: str) -> None:
    for read in (Outcome.from_line, refusal_from):
        with pytest.raises(ValueError):  # noqa: PT011 - JSON's own words come through
            read(line)
