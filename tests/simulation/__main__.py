"""`make soak`, and one world again: lives worlds from their seeds and says which rule was broken where.

    python -m tests.simulation --seed 17 --trace          one world, every line of it
    python -m tests.simulation --seed 17 --planted NAME   the same with a planted bug
    python -m tests.simulation --seeds 2000               the worlds 1 to 2000, then every planted bug

The last writes what it saw to `benchmarks/results/simulation.json`, and the table of planted bugs to the document.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Final

from benchmarks.measure import Figure, table
from tests.simulation import soak
from tests.simulation.mutants import LEDGER, MUTANTS
from tests.simulation.soak import Catch, Summary
from tests.simulation.world import Result, simulate

ROOT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = ROOT / "benchmarks" / "results" / "simulation.json"
DOCUMENT: Final = ROOT / "docs" / "simulation.md"
TABLE_BEGINS: Final = "<!-- planted bugs: written by make soak -->\n"
TABLE_ENDS: Final = "<!-- end of planted bugs -->\n"


def main() -> int:
    """Do what the arguments ask; 1 where a rule was broken, or a planted bug was not noticed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seed", type=int, help="live the world of this seed")
    what.add_argument("--seeds", type=int, help="live so many worlds, and hunt every planted bug")
    parser.add_argument("--first", type=int, default=1, help="the first of the seeds (default: 1)")
    parser.add_argument("--trace", action="store_true", help="with --seed: print every line")
    parser.add_argument("--planted", metavar="NAME", help="with --seed: plant the bug of that name")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="default: one a core")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        return _one(arguments.seed, trace=arguments.trace, bug=arguments.planted)
    return _many(arguments.first, arguments.seeds, processes=arguments.processes)


def _one(seed: int, *, trace: bool, bug: str | None) -> int:
    if bug is None:
        result = simulate(seed)
    else:
        mutant = next(mutant for mutant in MUTANTS if mutant.name == bug)
        with soak.bugged(mutant) as template:
            result = simulate(seed, template=template, weather=mutant.weather)
    if trace:
        for line in result.trace.lines():
            _say(line)
    _say(_line_of(result, bug))
    return 0 if result.violation is None else 1


def _line_of(result: Result, bug: str | None) -> str:
    extra = "" if bug is None else f" --planted {bug!r}"
    if result.violation is not None:
        return soak.report(result, extra=extra)
    return f"seed {result.seed}: nothing broken in {result.steps} steps, trace {result.trace.digest[:16]}"


def _many(first: int, count: int, *, processes: int) -> int:
    total = soak.added([])
    for lot in soak.run(range(first, first + count), processes=processes):
        total = soak.added([total, lot])
        for seed, broken in lot.broken.items():
            _say(f"seed {seed} broke a rule: {broken}")
        if total.worlds % 200 == 0 or total.worlds == count:
            _say(f"{total.worlds} worlds, {len(total.broken)} broken rules")
    catches = soak.catch_all(processes=processes)
    figures = _figures(total, catches)
    _write(figures, catches, total)
    _say(table({"simulation": figures}))
    _say(planted_table(catches))
    missed = [one.name for one in catches if one.seed is None]
    for name in missed:
        _say(f"not noticed within {soak.SEEDS_FOR_A_BUG} seeds: {name}")
    for seed in sorted(total.broken)[:5]:
        _say(f"again: python -m tests.simulation --seed {seed} --trace")
    return 1 if total.broken or missed else 0


def _figures(total: Summary, catches: list[Catch]) -> list[Figure]:
    caught = [one.seed for one in catches if one.seed is not None]
    return [
        Figure(name="worlds lived", value=total.worlds, unit="worlds"),
        Figure(name="worlds that broke a rule", value=len(total.broken), unit="worlds", target=0),
        Figure(name="steps in all", value=total.steps, unit="callbacks and events"),
        Figure(name="kills in all", value=total.seen["crash"], unit="kills"),
        Figure(name="submissions sent in all", value=total.seen["post"], unit="submissions"),
        Figure(name="processor time a world", value=1000 * total.cpu_seconds / max(1, total.worlds), unit="ms"),
        Figure(name="planted bugs not noticed", value=len(catches) - len(caught), unit="bugs", target=0),
        Figure(
            name="seeds until the last of them was noticed",
            value=max(caught, default=0),
            unit="seeds",
            target=soak.SEEDS_FOR_A_BUG,
        ),
    ]


def _write(figures: list[Figure], catches: list[Catch], total: Summary) -> None:
    result = {
        "python": platform.python_version(),
        "figures": [figure.as_object() for figure in figures],
        "broken": {str(seed): broken for seed, broken in sorted(total.broken.items())},
        "planted": [{"name": one.name, "seed": one.seed, "rule": one.rule} for one in catches],
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    before, rest = DOCUMENT.read_text("utf-8").split(TABLE_BEGINS)
    _, after = rest.split(TABLE_ENDS)
    DOCUMENT.write_text(before + TABLE_BEGINS + planted_table(catches) + TABLE_ENDS + after, "utf-8")


def planted_table(catches: list[Catch]) -> str:
    """Every planted bug with the seed that noticed it, as Markdown."""
    in_ledger = {mutant.name for mutant in LEDGER}
    lines = ["| where | planted bug | seed | broken rule |", "| --- | --- | ---: | --- |"]
    for one in catches:
        where = "ledger" if one.name in in_ledger else "pipeline"
        lines.append(f"| {where} | {one.name} | {one.seed or 'none'} | {one.rule or ''} |")
    return "\n".join(lines) + "\n"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
