"""What a text contains hardly changes the filter's time. The bounds are ten times the aims: this is no benchmark."""

import pytest

from benchmarks import screening as bench
from safety.prompts import CompiledPolicy, compile_policy

_ORDINARY_MS = 5 * 10
_HOSTILE_MS = 50 * 10


@pytest.fixture(scope="module")
def policy() -> CompiledPolicy:
    return compile_policy(bench.terms())


def test_ordinary_prompts_take_little_time(policy: CompiledPolicy) -> None:
    times = sorted(bench.took_ms(policy.screen, prompt) for prompt in bench.prompts(60))
    assert times[-2] <= _ORDINARY_MS


@pytest.mark.parametrize("name", list(bench.hostile()))
@pytest.mark.parametrize("size", [bench.CHARACTERS, bench.LONG])
def test_no_text_takes_much_time(policy: CompiledPolicy, name: str, size: int) -> None:
    assert bench.took_ms(policy.screen, bench.hostile(size)[name]) <= _HOSTILE_MS


def test_the_longest_terms_and_patterns_take_no_more() -> None:
    policy = compile_policy(bench.long_terms(), [], bench.patterns())
    _, slowest_ms = bench.slowest(policy, bench.hostile())
    assert slowest_ms <= _HOSTILE_MS


def test_lists_made_to_be_slow_are_not() -> None:
    held = ["a" * size for size in range(2, 61)] + ["i" * size for size in range(2, 61)] + ["*aa*", "*ab*"]
    policy = compile_policy(held, [f"{'a' * size} b" for size in range(2, 59)])
    _, slowest_ms = bench.slowest(policy, bench.hostile() | {"runs": "aaaa b " * 280, "ones": "1!|" * 660})
    assert slowest_ms <= _HOSTILE_MS


def test_time_grows_with_the_length_alone(policy: CompiledPolicy) -> None:
    for name, text in bench.hostile().items():
        once = min(bench.took_ms(policy.screen, text) for _ in range(3))
        many = min(bench.took_ms(policy.screen, text * 4) for _ in range(3))
        assert many <= 4 * once * 3 + 5, name
