"""What the stand-in remembers of its visitors: submissions, jobs, polls, downloads, and whoever came to the trap."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.pixazo.faults import PollFault, ResultFault


@dataclass(slots=True, kw_only=True)
class Poll:
    """One request to the status endpoint. Times are the stand-in's clock, in seconds."""

    at: float
    request_id: str | None
    headers: Mapping[str, str]
    fault: str | None = None
    finished: bool = False
    """Whether the finished body was the answer."""


@dataclass(slots=True, kw_only=True)
class Download:
    """One request for a result's file."""

    at: float
    request_id: str
    picture: int
    headers: Mapping[str, str]
    fault: str | None = None


@dataclass(slots=True, kw_only=True)
class Job:
    """What became of an accepted submission."""

    started_at: float
    ready_at: float
    width: int
    height: int
    seed: int
    file_format: str
    flagged: frozenset[int]
    """Pictures that the safety checker blackens."""
    failure: PollFault | None = None
    """Set once the job has failed; it never finishes then."""
    result_fault: ResultFault | None = None
    produced: int | None = None
    """Pictures in the finished body; None as long as nobody has been told of it."""
    result: bytes | None = None
    """The finished body, once it was given."""


@dataclass(slots=True, kw_only=True)
class Submission:
    """One POST that reached the submit endpoint, whatever became of it."""

    at: float
    headers: Mapping[str, str]
    raw: bytes
    body: Mapping[str, Any] | None
    """The decoded body; None if it was no JSON object."""
    accepted: bool = False
    request_id: str | None = None
    """The provider's id of an accepted one, also where the client never got to know it."""
    fault: str | None = None
    refusal: str | None = None
    """Why the stand-in itself refused it: a wrong key, a missing header, a parameter."""
    job: Job | None = None
    polls: list[Poll] = field(default_factory=list)
    downloads: list[Download] = field(default_factory=list)

    @property
    def prompt(self) -> str:
        """The prompt sent, or nothing."""
        prompt = (self.body or {}).get("prompt")
        return prompt if isinstance(prompt, str) else ""

    @property
    def images_asked(self) -> int:
        """The number of pictures that a valid body asks for."""
        return int((self.body or {}).get("num_images", 1))


@dataclass(slots=True, kw_only=True)
class Intruder:
    """A connection to the trap: a client went where it should not."""

    at: float
    received: bytes = b""
    """The first bytes that it sent; a TLS greeting if it came by https."""
