"""Many worlds side by side in processes, and every planted bug until a world notices it: what `make soak` runs."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from tests.simulation.disk import make_database
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.planting import planted
from tests.simulation.world import IN_MEMORY, Result, simulate

# A planted bug must be noticed by then.
SEEDS_FOR_A_BUG: Final = 50
# Seeds that a process is given at a time.
_LOT: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What many worlds came to: the seeds that broke a rule with what they broke, and what came up in all of them."""

    worlds: int
    steps: int
    cpu_seconds: float
    seen: Counter[str]
    broken: dict[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """The seed that noticed a planted bug, and by which rule; None where none of those tried did."""

    name: str
    seed: int | None
    rule: str | None
    as_expected: bool


def run(seeds: Sequence[int], *, processes: int) -> Iterator[Summary]:
    """Live the worlds of these seeds; one summary a lot, as it is done."""
    lots = [seeds[at : at + _LOT] for at in range(0, len(seeds), _LOT)]
    if processes == 1:
        yield from map(_run_lot, lots)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_run_lot, lots)


def added(summaries: Iterable[Summary]) -> Summary:
    """All of them as one."""
    total = Summary(worlds=0, steps=0, cpu_seconds=0.0, seen=Counter(), broken={})
    for one in summaries:
        total = Summary(
            worlds=total.worlds + one.worlds,
            steps=total.steps + one.steps,
            cpu_seconds=total.cpu_seconds + one.cpu_seconds,
            seen=total.seen + one.seen,
            broken=total.broken | one.broken,
        )
    return total


def catch_all(*, processes: int) -> list[Catch]:
    """Every planted bug, hunted from the first seed on."""
    if processes == 1:
        return list(map(_catch_number, range(len(MUTANTS))))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_catch_number, range(len(MUTANTS))))


def catch(mutant: Mutant, seeds: Iterable[int]) -> Catch:
    """Live worlds with the bug until one of them notices it."""
    with bugged(mutant) as template:
        for seed in seeds:
            violation = simulate(seed, template=template, weather=mutant.weather).violation
            if violation is not None:
                rule = violation.rule
                return Catch(name=mutant.name, seed=seed, rule=rule, as_expected=rule in mutant.noticed_as)
    return Catch(name=mutant.name, seed=None, rule=None, as_expected=False)


@contextmanager
def bugged(mutant: Mutant) -> Iterator[Path]:
    """The bug is planted while this holds: in the code, and in the empty database that it gives."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY, prefix="easel-bug-") as name:
        template = Path(name) / "easel.db"
        make_database(template, mutant.schema)
        with planted(mutant.edits):
            yield template


def report(result: Result, *, extra: str = "") -> str:
    """What a broken rule looks like to whoever has to mend it."""
    command = f"python -m tests.simulation --seed {result.seed}{extra} --trace"
    return f"seed {result.seed} broke a rule: {result.violation}\n\n{result.trace.end()}\n\nthe same again: {command}"


def _run_lot(seeds: Sequence[int]) -> Summary:
    began = time.process_time()
    results = [simulate(seed) for seed in seeds]
    return Summary(
        worlds=len(results),
        steps=sum(result.steps for result in results),
        cpu_seconds=time.process_time() - began,
        seen=sum((result.seen for result in results), Counter()),
        broken={result.seed: str(result.violation) for result in results if result.violation is not None},
    )


def _catch_number(number: int) -> Catch:
    return catch(MUTANTS[number], range(1, SEEDS_FOR_A_BUG + 1))
