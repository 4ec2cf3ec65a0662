"""Every planted bug is noticed by a world within the first fifty seeds, and by the rule that it breaks."""

import json

import pytest

from tests.simulation.__main__ import DOCUMENT, RESULTS
from tests.simulation.mutants import LEDGER, MUTANTS, PIPELINE, Mutant
from tests.simulation.planting import Edit, planted
from tests.simulation.soak import SEEDS_FOR_A_BUG, catch
from tests.simulation.world import simulate


def _seeds(name: str) -> list[int]:
    """Where it was noticed last, and then all of them: most runs need no other than the first."""
    last = {one["name"]: one["seed"] for one in json.loads(RESULTS.read_text("utf-8"))["planted"]}
    rest = range(1, SEEDS_FOR_A_BUG + 1)
    return [*([last[name]] if last.get(name) in rest else []), *rest]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "_"))
def test_a_planted_bug_is_noticed(mutant: Mutant) -> None:
    caught = catch(mutant, _seeds(mutant.name))
    assert caught.seed is not None, f"nobody noticed within {SEEDS_FOR_A_BUG} seeds"
    assert caught.as_expected, f"noticed as {caught.rule!r}, not as one of {mutant.noticed_as}"


def test_there_are_enough_of_them_and_each_has_its_name() -> None:
    assert len(LEDGER) >= 12
    assert len(PIPELINE) >= 8
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_the_document_lists_every_planted_bug() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert [name for name in (mutant.name for mutant in MUTANTS) if f"| {name} |" not in document] == []


def test_the_bot_is_as_before_once_a_bug_is_out_of_it() -> None:
    before = simulate(3)
    assert catch(PIPELINE[0], range(1, SEEDS_FOR_A_BUG + 1)).seed is not None
    assert simulate(3).trace.digest == before.trace.digest


def test_an_edit_that_fits_nowhere_plants_nothing_and_says_so() -> None:
    with pytest.raises(AssertionError, match="no module"), planted([Edit("storage", "a line that never was", "")]):
        pass
