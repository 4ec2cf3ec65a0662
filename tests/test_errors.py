"""The exception tree: what the docstring draws is what the classes are, and every text is fit for a log."""

import inspect
import re

import pytest

import errors
from models import FailureReason, JobStatus, VerdictReason
from tests.builders import RENEWS_AT, make_account

_LINE = re.compile(r"^(?P<branches>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: .*)?$")


def drawn_tree() -> dict[str, str | None]:
    """Each class that the module's docstring draws, with the one it hangs from."""
    parents: dict[str, str | None] = {}
    path: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines()[1:]:
        match = _LINE.match(line)
        if match is None:
            continue
        depth, name = len(match["branches"]), match["name"]
        while path and path[-1][0] >= depth:
            path.pop()
        parents[name] = path[-1][1] if path else None
        path.append((depth, name))
    return parents


def real_tree() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, member in inspect.getmembers(errors, inspect.isclass):
        if member.__module__ == errors.__name__:
            (base,) = member.__bases__
            found[name] = None if base is Exception else base.__name__
    return found


def test_the_drawn_tree_is_the_tree_of_the_classes() -> None:
    assert drawn_tree() == real_tree()


def test_every_exception_says_what_it_means() -> None:
    silent = [name for name in real_tree() if not inspect.getdoc(getattr(errors, name))]
    assert not silent


def test_the_two_families_share_nothing_but_the_root() -> None:
    families = {errors.Refusal, errors.Failure}
    for name in real_tree().keys() - {"EaselError"}:
        assert len(families & set(getattr(errors, name).__mro__)) == 1, name


def test_a_cap_reached_names_account_cap_and_what_is_left() -> None:
    error = errors.CapReached(make_account(), cap=10, left=3, amount=4, each=2, renews_at=RENEWS_AT)
    assert (error.cap, error.left, error.amount, error.fitting, error.renews_at) == (10, 3, 4, 1, RENEWS_AT)
    assert str(error) == "global micros 2026-11: 3 of 10 left, 4 asked"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.InvalidOption("steps", "out_of_range", low=1, high=50), "steps: out_of_range"),
        (errors.GenerationPaused("guild"), "paused by the guild"),
        (errors.MissingBotPermissions(("SEND_MESSAGES", "ATTACH_FILES")), "missing SEND_MESSAGES, ATTACH_FILES"),
        (errors.TooManyActiveJobs(active=3, limit=3), "3 of 3 jobs are under way"),
        (errors.ProviderClosed(), "the provider refuses the account"),
        (errors.ProviderClosed(stopping=True), "stopping"),
        (errors.JobNotFound("job1"), "no job job1"),
        (errors.CancelRefused("too_late", status=JobStatus.SUBMITTED), "too_late: the job is submitted"),
        (
            errors.TransitionRefused("job1", expected=JobStatus.QUEUED, target=JobStatus.CANCELLED),
            "job job1 is not queued, so it can't become cancelled",
        ),
        (errors.AccountRefused(402, "out of credits"), "HTTP 402"),
        (errors.RateLimited(3.0), "HTTP 429"),
        (errors.DownloadFailed(VerdictReason.TOO_LARGE, passing=False), "too_large"),
        (errors.DownloadFailed(VerdictReason.DOWNLOAD_FAILED, passing=True, detail="reset"), "download_failed: reset"),
        (errors.DeliveryUnavailable("HTTP 503", retry_after=2.0), "HTTP 503"),
    ],
)
def test_a_text_says_what_is_the_case(error: errors.EaselError, text: str) -> None:
    assert str(error) == text


def test_the_providers_own_words_stay_out_of_the_text() -> None:
    error = errors.RequestRejected(FailureReason.CONTENT_POLICY, status=422, detail="the prompt 'a secret' was refused")
    assert "secret" not in str(error)
    assert "secret" in error.detail
