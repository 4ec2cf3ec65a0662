"""Planted bugs, each one mistake that somebody could make, in the ledger and in the pipeline: a world has to notice.

Where the schema alone would refuse what a bug does, that defence is taken away with it, so that the watch has to see
it.
"""

from typing import Final

from tests.simulation.ledger_mutants import LEDGER
from tests.simulation.pipeline_mutants import PIPELINE
from tests.simulation.planting import Mutant

__all__ = ["LEDGER", "MUTANTS", "PIPELINE", "Mutant"]

MUTANTS: Final = (*LEDGER, *PIPELINE)
