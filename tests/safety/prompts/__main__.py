"""`python -m tests.safety.prompts`: precision and recall on each set, and on the held-out one by disguise."""

# ruff: noqa: T201 - a command-line program prints
import argparse

from safety.prompts import compile_policy
from tests.safety.prompts import first, fourth, held_out, second, third
from tests.safety.prompts.sample import by_kind, measure


def main() -> None:
    """Print both as Markdown tables; with --misses also what went wrong in the sets that were tuned on."""
    parser = argparse.ArgumentParser(prog="python -m tests.safety.prompts", description=__doc__)
    parser.add_argument("--misses", action="store_true", help="print what went wrong, the held-out set left out")
    misses = parser.parse_args().misses
    print("| set | to block | innocent | precision | recall |\n| --- | ---: | ---: | ---: | ---: |")
    for module in (first, second, third, fourth, held_out):
        samples = module.samples()
        score = measure(compile_policy(module.BLOCK, module.ALLOW), samples)
        blocked = sum(sample.blocked for sample in samples)
        name = module.__name__.rpartition(".")[2]
        print(f"| {name} | {blocked} | {len(samples) - blocked} | {score.precision:.4f} | {score.recall:.4f} |")
        if misses and module is not held_out:
            for sample in (*score.missed, *score.accused):
                print(f"  {sample.kind}: {sample.text!r}")
    print("\n| held out: disguise | to block | found | innocent words so disguised | accused |")
    print("| --- | ---: | ---: | ---: | ---: |")
    policy = compile_policy(held_out.BLOCK, held_out.ALLOW)
    kinds = by_kind(held_out.samples())
    for kind, samples in kinds.items():
        fair = kinds.get(f"innocent, {kind}", [])
        if samples[0].blocked:
            score, fair_score = measure(policy, samples), measure(policy, fair)
            print(f"| {kind} | {len(samples)} | {score.found} | {len(fair)} | {len(fair_score.accused)} |")
        elif not kind.startswith("innocent, "):
            print(f"| {kind} | 0 | | {len(samples)} | {len(measure(policy, samples).accused)} |")


if __name__ == "__main__":
    main()
