"""What both sets are made of, and how a filter is measured on one."""

from collections.abc import Iterable
from dataclasses import dataclass

from safety.prompts import CompiledPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A prompt with what the filter should say of it; `kind` names the disguise, or the sort of innocence."""

    text: str
    blocked: bool
    kind: str
    term: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a filter did on samples; `missed` and `accused` are the prompts it got wrong."""

    found: int
    missed: tuple[Sample, ...]
    accused: tuple[Sample, ...]

    @property
    def precision(self) -> float:
        """The share of blocked prompts that should have been."""
        return self.found / max(1, self.found + len(self.accused))

    @property
    def recall(self) -> float:
        """The share of the prompts that should be blocked that were."""
        return self.found / max(1, self.found + len(self.missed))


def measure(policy: CompiledPolicy, samples: Iterable[Sample]) -> Score:
    """Screen every sample once."""
    found = 0
    missed, accused = [], []
    for sample in samples:
        blocked = policy.screen(sample.text).blocked
        if blocked and sample.blocked:
            found += 1
        elif blocked:
            accused.append(sample)
        elif sample.blocked:
            missed.append(sample)
    return Score(found=found, missed=tuple(missed), accused=tuple(accused))


def by_kind(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """The samples sorted by their kind, kinds in the order of their first sample."""
    kinds: dict[str, list[Sample]] = {}
    for sample in samples:
        kinds.setdefault(sample.kind, []).append(sample)
    return kinds
