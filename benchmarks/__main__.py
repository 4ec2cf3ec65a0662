"""`make bench`: measures the bot against its targets and writes what it saw to `benchmarks/results/`.

Every figure comes from the real parts: the real bot in a process of its own, between the stand-ins. Nothing here is
a test: machines differ, so figures are for reading, ratios within one run first of all.
"""

import argparse
import asyncio
import json
import platform
import sys
from pathlib import Path

from benchmarks import burst, flight, idle, library, limits, polling, preview, relay, reserve, screening, spend, start
from benchmarks.measure import Figure, table

_RESULTS = Path(__file__).parent / "results"
_ALL = {
    "reserve": reserve.run,
    "burst": burst.run,
    "idle": idle.run,
    "filter": screening.run,
    "flight": flight.run,
    "relay": relay.run,
    "library": library.run,
    "limits": limits.run,
    "polling": polling.run,
    "preview": preview.run,
    "spend": spend.run,
    "start": start.run,
}


async def _measure(names: list[str]) -> dict[str, list[Figure]]:
    measured = {}
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        measured[name] = await _ALL[name]()
        for figure in measured[name]:
            print(f"  {figure.line}", file=sys.stderr, flush=True)
    return measured


def main() -> int:
    """Run the benchmarks that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(_ALL)}; default: all")
    names = parser.parse_args().names or list(_ALL)
    if unknown := [name for name in names if name not in _ALL]:
        parser.error(f"there is no benchmark {', '.join(unknown)}")
    measured = asyncio.run(_measure(names))
    _RESULTS.mkdir(exist_ok=True)
    for name, figures in measured.items():
        result = {
            "python": platform.python_version(),
            "figures": [figure.as_object() for figure in figures],
        }
        (_RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(table(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
