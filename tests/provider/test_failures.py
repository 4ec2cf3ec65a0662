"""Error bodies: which reason each gives, and that nothing but machine words gets out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import FailureReason as Reason
from provider.failures import TEXT_MAX_CHARACTERS, means_in_progress, read_error


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"detail": [{"type": "content_policy_violation", "msg": "no"}]}, Reason.CONTENT_POLICY),
        ({"error": "Your prompt violates our content policy."}, Reason.CONTENT_POLICY),
        ({"error": {"message": "Flagged by a content checker"}}, Reason.CONTENT_POLICY),
        ({"detail": "NSFW content detected"}, Reason.CONTENT_POLICY),
        ({"error": "Unknown parameter enable_safety_checker"}, None),
        ({"detail": [{"type": "image_load_error"}]}, Reason.IMAGE_LOAD),
        ({"error": {"type": "FILE_DOWNLOAD_ERROR"}}, Reason.FILE_DOWNLOAD),
        ({"error": {"code": "image_too_large"}}, Reason.IMAGE_TOO_LARGE),
        ({"detail": "x", "error_type": "image_too_small"}, Reason.IMAGE_TOO_SMALL),
        ({"detail": {"type": "unsupported_image_format"}}, Reason.IMAGE_FORMAT),
        ({"detail": [{"type": "greater_than_equal"}]}, Reason.INVALID_PARAMETER),
        ({"detail": [{"type": "less_than"}]}, Reason.INVALID_PARAMETER),
        ({"detail": [{"type": "one_of"}]}, Reason.INVALID_PARAMETER),
        ({"detail": [{"type": "missing"}]}, Reason.INVALID_PARAMETER),
        ({"detail": [{"type": "int_parsing"}]}, Reason.INVALID_PARAMETER),
        ({"detail": [{"type": "string_too_long"}]}, Reason.INVALID_PARAMETER),
        ({"detail": [{"type": "generation_timeout"}]}, Reason.GENERATION_TIMEOUT),
        ({"detail": "Request timed out", "error_type": "runner"}, Reason.GENERATION_TIMEOUT),
        ({"Detail": [{"Type": "image_load_error"}]}, Reason.IMAGE_LOAD),
        ({"ERROR": {"Message": "Flagged by a content checker"}}, Reason.CONTENT_POLICY),
        ({"detail": [{"type": "new_kind"}, {"type": "image_too_large"}]}, Reason.IMAGE_TOO_LARGE),
        ({"error": "Generation failed"}, None),
        ({"error": 17}, None),
        ({}, None),
    ],
)
def test_reason_is_found_in_every_family(members: dict[str, object], reason: Reason | None) -> None:
    assert read_error(members).reason is reason


@pytest.mark.parametrize(
    ("text", "in_progress"),
    [
        ("request is still in progress", True),
        ("status: in_progress", True),
        ("in-queue", True),
        ("the request is queued", True),
        ("still processing", True),
        ("result is not ready yet", True),
        ("not yet completed", True),
        ("an error occurred while processing the request", False),
        ("generation failed", False),
        ("made no progress", False),
        ("", False),
    ],
)
def test_texts_about_progress_are_told_from_failures(text: str, in_progress: bool) -> None:
    assert means_in_progress(text) is in_progress


def test_words_are_the_types_and_places_only() -> None:
    error = read_error(
        {
            "detail": [
                {
                    "type": "less_than_equal",
                    "loc": ["body", "loras", 0, "scale"],
                    "msg": "a secret prompt",
                    "input": "another secret",
                },
                {"type": "a secret prompt", "loc": ["body", "a secret prompt"]},
            ],
            "error_type": "secret https://cdn.example/x",
        }
    )
    assert error.words == "less_than_equal body.loras.0.scale"


def test_words_and_texts_are_bounded() -> None:
    entry = {"type": "t" * 60, "msg": "m" * 10_000, "loc": ["l"] * 10_000}
    error = read_error({"detail": [entry] * 10_000})
    assert len(error.words) < 500
    assert len(error.text) < 30 * TEXT_MAX_CHARACTERS


@given(
    st.dictionaries(
        st.sampled_from(["error", "detail", "message", "error_type"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.just(10**4000) | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["type", "msg", "loc", "code", "message"]), inner)
            ),
            max_leaves=12,
        ),
    )
)
def test_no_error_body_raises_and_its_words_are_plain(members: dict[str, object]) -> None:
    words = read_error(members).words
    assert words.isascii()
    assert all(part.replace(".", "").replace("_", "").isalnum() or not part for part in words.split(" "))
