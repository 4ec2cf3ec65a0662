"""Faults: everything that the real service, or what stands before it, may do other than the plain good answer.

Each fault has a name and belongs to one of four stages of a picture's way: the submission, a poll, the finished
body, the download of a file. `sandbox.pixazo.catalogue.FAULTS` is the table of all of them. A `RuleBook` says which
fault strikes when.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sandbox.pixazo.wire import Reply

Body = Mapping[str, Any]
"""A submission's decoded body."""


class Stage(StrEnum):
    """Where on a picture's way a fault strikes."""

    SUBMIT = "submit"
    POLL = "poll"
    RESULT = "result"
    DOWNLOAD = "download"


class Means(StrEnum):
    """What is true on the provider's side when a fault strikes, whether or not a client can tell."""

    NOT_ACCEPTED = "not accepted"
    """Nothing was taken on, nothing will be billed."""
    ACCEPTED = "accepted"
    """The job was taken on and will be billed."""
    PENDING = "pending"
    """The job is waiting or being worked on."""
    FAILED = "failed"
    """The job is over and there will be no picture."""
    NOTHING = "nothing"
    """The answer says nothing about the job, which goes on."""
    ACCOUNT = "account"
    """The account is refused; the job goes on."""
    FIT = "fit"
    """Every picture asked for is there and harmless, however oddly it is presented."""
    PARTLY = "partly"
    """Some pictures are there and harmless, others are not, if at least two were asked for."""
    UNFIT = "unfit"
    """No picture can be shown: flagged, unchecked, unreachable or not a sound picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a fault may weave into its answer."""

    request_id: str
    body: Body
    origin: str
    """Origin of the stand-in, `http://127.0.0.1:PORT`."""
    foreign_origin: str
    """Origin of the place where no client should ever turn up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedPicture:
    """A finished file, as a download fault gets to see it."""

    data: bytes
    width: int
    height: int
    content_type: str
    origin: str
    foreign_origin: str
    path: str
    """Path of the address asked for."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(ABC):
    """What all faults have in common."""

    name: str
    says: str
    """One sentence: what a client sees."""
    means: Means

    @property
    @abstractmethod
    def stage(self) -> Stage:
        """Where it strikes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitFault(Fault):
    """A submission that is answered oddly, taken on or not."""

    reply: Callable[[Context], Reply]

    @property
    def stage(self) -> Stage:
        """Where it strikes."""
        return Stage.SUBMIT

    @property
    def accepts(self) -> bool:
        """Whether the job is taken on (and billed) all the same."""
        return self.means is Means.ACCEPTED

    def after_accepting(self) -> "SubmitFault":
        """The same answer, given though the job was taken on: the worst case for a client that tries again."""
        return replace(
            self,
            name=f"{self.name}_after_accepting",
            says=f"{self.says} The job was taken on before that.",
            means=Means.ACCEPTED,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFault(Fault):
    """A poll that is answered oddly. A failure is final: the job answers the same to every later poll."""

    reply: Callable[[Context], Reply]

    @property
    def stage(self) -> Stage:
        """Where it strikes."""
        return Stage.POLL

    @property
    def is_final(self) -> bool:
        """Whether the job keeps answering like this."""
        return self.means is Means.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFault(Fault):
    """A finished body that is odd. It is bound to the job: every later poll gives the same body."""

    edit: Callable[[dict[str, Any], Context], Any]
    """Gets the plain finished body and gives the one to send."""
    flagged: Callable[[int], frozenset[int]] = lambda _: frozenset()
    """Which of `count` pictures the safety checker blackens."""

    @property
    def stage(self) -> Stage:
        """Where it strikes."""
        return Stage.RESULT


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadFault(Fault):
    """A file that is served oddly."""

    reply: Callable[[HostedPicture], Reply]
    """Runs in a worker thread, since it may draw."""

    @property
    def stage(self) -> Stage:
        """Where it strikes."""
        return Stage.DOWNLOAD


@dataclass(slots=True, kw_only=True)
class Rule:
    """One fault waiting to strike. Hand it to nobody but the rule book; read `fired` in a test."""

    fault: Fault
    left: int | None
    match: Callable[[Body], bool] | None
    picture: int | None
    fired: int = 0

    def cancel(self) -> None:
        """Strike no more."""
        self.left = 0

    def applies(self, body: Body, picture: int | None) -> bool:
        """Whether it strikes for this submission's body (and, for a download, this picture of it)."""
        if self.left == 0 or (self.picture is not None and self.picture != picture):
            return False
        return self.match is None or self.match(body)


@dataclass(slots=True)
class RuleBook:
    """Which fault strikes next, by stage: the oldest rule that applies and is not used up."""

    rules: dict[Stage, list[Rule]] = field(default_factory=lambda: {stage: [] for stage in Stage})

    def add(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        match: Callable[[Body], bool] | None = None,
        picture: int | None = None,
    ) -> Rule:
        """Let `fault` strike `times` times (None: always) for the bodies that `match` takes."""
        rule = Rule(fault=fault, left=times, match=match, picture=picture)
        self.rules[fault.stage].append(rule)
        return rule

    def take(self, stage: Stage, body: Body, *, picture: int | None = None) -> Fault | None:
        """The fault that strikes now, counted as having struck; None if all is well."""
        for rule in self.rules[stage]:
            if rule.applies(body, picture):
                rule.fired += 1
                if rule.left is not None:
                    rule.left -= 1
                if rule.left == 0:
                    self.rules[stage].remove(rule)
                return rule.fault
        return None

    def clear(self) -> None:
        """Forget every rule: all is well from now on."""
        for rules in self.rules.values():
            rules.clear()
