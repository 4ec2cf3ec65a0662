"""Some worlds on every run of the tests; thousands with `make soak`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.soak import report
from tests.simulation.world import simulate

ROOT = Path(__file__).resolve().parents[2]
LOTS = [range(first, first + 10) for first in range(1, 61, 10)]


@pytest.mark.parametrize("seeds", LOTS, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_no_rule_is_broken(seeds: range) -> None:
    for seed in seeds:
        result = simulate(seed)
        if result.violation is not None:
            pytest.fail(report(result), pytrace=False)


def test_a_world_has_all_that_may_go_wrong() -> None:
    """A simulation in which nothing happens would break no rule either."""
    seen = sum((simulate(seed).seen for seed in range(1, 21)), start=simulate(21).seen)
    for what in ("crash", "crash in a batch", "stop", "post", "poll", "CapReached", "TooManyActiveJobs", "written off"):
        assert seen[what] > 0, what
    for what in ("DuplicateInteraction", "GenerationPaused", "TransitionRefused", "OperationalError"):
        assert seen[what] > 0, what


def test_a_seed_gives_one_world_only() -> None:
    first, second = simulate(7), simulate(7)
    assert first.trace.digest == second.trace.digest
    assert first.trace.digest != simulate(8).trace.digest


def test_a_seed_gives_the_same_world_in_every_process() -> None:
    """Whatever order that process has its sets in, and wherever it keeps its objects."""
    ours = simulate(7)
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "7"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout == f"seed 7: nothing broken in {ours.steps} steps, trace {ours.trace.digest[:16]}\n"
