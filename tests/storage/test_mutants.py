"""The ledger's checker is checked: every planted bug is caught, and the code as released passes the same lives."""

from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from errors import StorageUnavailable
from models import JobStatus, Scope, Unit
from tests.storage.editions import LEDGER, Edit, Edition, edition_with, released
from tests.storage.ledger_simulator import simulate
from tests.storage.ledger_world import Violation
from tests.storage.mutants import MUTANTS, Mutant

# Every bug shows within ten lives; twice as many are allowed, so that a change elsewhere does not shift one out.
SEEDS: Final = range(24)


def first_violation(edition: Edition, folder: Path) -> Violation | None:
    """What the first life that goes wrong shows, or None where none does."""
    for seed in SEEDS:
        try:
            simulate(edition, folder / f"{seed}.db", seed)
        except Violation as violation:
            return violation
    return None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_caught(mutant: Mutant, tmp_path: Path) -> None:
    violation = first_violation(mutant.edition(), tmp_path)
    assert violation is not None, f"not caught in {len(SEEDS)} lives"
    assert violation.rule in mutant.noticed_as, violation


def test_the_code_as_released_passes_the_same_lives_and_they_leave_nothing_out(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    statuses: set[JobStatus] = set()
    for seed in SEEDS:
        world = simulate(released(), tmp_path / f"{seed}.db", seed)
        seen.update(world.seen)
        statuses.update(job.status for job in world.model.jobs.values())
    refusals = {"CapReached", "TooManyActiveJobs", "TransitionRefused", "StorageError"}
    no_room = {
        f"no room: {scope} {unit}"
        for scope, unit in (
            (Scope.MEMBER, Unit.IMAGE),
            (Scope.MEMBER, Unit.MICROS),
            (Scope.GUILD, Unit.MICROS),
            (Scope.GLOBAL, Unit.MICROS),
        )
    }
    crashes = {"crash before the commit", "crash behind the commit"}
    assert seen.keys() == {"done"} | refusals | no_room | crashes
    assert statuses == set(JobStatus)


def test_every_mutant_is_another_bug() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 10
    assert len({(mutant.edits, mutant.accept, mutant.move) for mutant in MUTANTS}) == len(MUTANTS)


def test_an_edit_that_no_longer_fits_the_source_is_an_error() -> None:
    for old in ("no such text in the ledger", "connection"):
        with pytest.raises(AssertionError, match=r"stands \d+ times"):
            edition_with([Edit(LEDGER, old, "")])


def test_a_bug_that_only_breaks_the_statement_proves_nothing(tmp_path: Path) -> None:
    broken = edition_with([Edit(LEDGER, "   FROM wanted JOIN accounts", "   FROM wanted JOIN nowhere")])
    with pytest.raises(StorageUnavailable, match="nowhere"):
        first_violation(broken, tmp_path)
