"""Precision and recall on prompts: of the sets the filter was tuned on, and of the one that was held out."""

from pathlib import Path
from types import ModuleType

import pytest

from safety.prompts import compile_policy
from tests.safety.prompts import first, fourth, held_out, second, third
from tests.safety.prompts.sample import by_kind, measure

PRECISION = 0.995
RECALL = 0.985
SETS = (first, second, third, fourth, held_out)


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


@pytest.mark.parametrize("prompts", SETS, ids=_name)
def test_precision_and_recall_reach_their_aims(prompts: ModuleType) -> None:
    score = measure(compile_policy(prompts.BLOCK, prompts.ALLOW), prompts.samples())
    assert score.precision >= PRECISION, [sample.text for sample in score.accused]
    assert score.recall >= RECALL, [sample.text for sample in score.missed]


def test_no_single_disguise_of_the_held_out_set_gets_through() -> None:
    policy = compile_policy(held_out.BLOCK, held_out.ALLOW)
    for kind, samples in by_kind(held_out.samples()).items():
        if samples[0].blocked:
            assert measure(policy, samples).recall >= 0.95, kind


def test_the_held_out_set_shares_no_words_with_the_others() -> None:
    others = {term for prompts in SETS if prompts is not held_out for term in (*prompts.BLOCK, *prompts.ALLOW)}
    assert others.isdisjoint((*held_out.BLOCK, *held_out.ALLOW))
    texts = {sample.text for prompts in SETS if prompts is not held_out for sample in prompts.samples()}
    assert texts.isdisjoint(sample.text for sample in held_out.samples())


def test_an_unchanged_word_is_always_found_and_an_innocent_prompt_never_blocked() -> None:
    for prompts in (first, second, held_out):
        policy = compile_policy(prompts.BLOCK, prompts.ALLOW)
        samples = prompts.samples()
        plain = [sample for sample in samples if sample.kind in {"none", "as it is", "case"}]
        innocent = [sample for sample in samples if sample.kind in {"innocent", "several innocent ones"}]
        assert plain
        assert innocent
        assert measure(policy, plain).missed == ()
        assert measure(policy, innocent).accused == ()


def test_the_document_has_these_figures() -> None:
    document = (Path(__file__).resolve().parent.parent.parent / "docs" / "prompt-filter.md").read_text("utf-8")
    for prompts in SETS:
        samples = prompts.samples()
        score = measure(compile_policy(prompts.BLOCK, prompts.ALLOW), samples)
        blocked = sum(sample.blocked for sample in samples)
        figures = f"{blocked} | {len(samples) - blocked} | {score.precision:.4f} | {score.recall:.4f}"
        assert f"| {_name(prompts)} | {figures} |" in document
