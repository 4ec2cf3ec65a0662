"""The checker itself: it finds what disagrees with the document, and only that."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.discord import Exchange
from tests.openapi import SKIP_REASON, OpenApiChecker, new_checker

MESSAGES = "/channels/{channel_id}/messages"
GOOD_ERROR = {"message": "Missing Access", "code": 50001}


@pytest.fixture
def checker() -> OpenApiChecker:
    """A checker, where the environment names the document."""
    found = new_checker()
    if found is None:
        pytest.skip(SKIP_REASON)
    return found


def exchange(request: Any, *, status: int = 403, answer: Any = None, **more: Any) -> Exchange:
    """A message that was sent, and refused unless told otherwise."""
    base = Exchange(
        method="POST",
        path="/api/v10/channels/1/messages",
        route=MESSAGES,
        query={},
        request=request,
        multipart=False,
        files=(),
        request_bytes=0,
        status=status,
        answer=GOOD_ERROR if answer is None else answer,
        at=datetime(2026, 3, 1, tzinfo=UTC),
        seconds=0.0,
    )
    return dataclasses.replace(base, **more)


def test_agreeing_exchange_passes(checker: OpenApiChecker) -> None:
    body = {"flags": 1 << 15, "components": [{"type": 17, "components": [{"type": 10, "content": "x"}]}]}
    checker(exchange(body))
    checker(exchange({"attachments": [{"id": 0, "filename": "a.png"}]}))
    checker.assert_clean()
    assert checker.checked[f"POST {MESSAGES} request"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {"content": 3},
        {"components": [{"type": 17, "components": [{"type": 10}]}]},
        {"components": [{"type": 17, "components": [{"type": 77}]}]},
        {"components": [{"content": "x"}]},
    ],
)
def test_bad_request_is_found(checker: OpenApiChecker, body: Any) -> None:
    checker(exchange(body))
    checker.assert_clean(refusals_allowed=True)
    with pytest.raises(AssertionError, match="the request at"):
        checker.assert_clean()


def test_bad_request_that_was_taken_is_worse(checker: OpenApiChecker) -> None:
    checker(exchange({"content": 3}, status=502, fault="502"))
    with pytest.raises(AssertionError, match="the request at content"):
        checker.assert_clean(refusals_allowed=True)


@pytest.mark.parametrize(
    "more",
    [
        {"status": 200, "answer": {"id": "1"}},
        {"status": 403, "answer": {"message": "x"}},
        {"status": 302},
        {"answer": {**GOOD_ERROR, "errors": {"content": {"_errors": [{"code": 3, "message": "x"}]}}}},
    ],
)
def test_bad_answer_is_found(checker: OpenApiChecker, more: Any) -> None:
    checker(exchange({"content": "x"}, **more))
    with pytest.raises(AssertionError, match="the answer at"):
        checker.assert_clean()


def test_injected_answers_and_unknown_routes_are_left_alone(checker: OpenApiChecker) -> None:
    checker(exchange({"content": "x"}, answer="<html>", status=403, fault="403"))
    checker(exchange(None, route=None, status=404))
    checker(exchange(None, route="/attachments/{id}", method="GET"))
    checker.assert_clean()
    assert checker.uncovered == {"GET /attachments/{id}"}
