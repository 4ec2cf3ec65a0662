"""Every poll fault does on the wire what its name says, and leaves the job in the state that it means."""

import json
import re

import pytest

from sandbox.pixazo import FAULTS, Means, PollFault, Stage
from tests.sandbox.pixazo_visitor import PATIENCE_SECONDS, Seen, open_house

POLL = [fault for fault in FAULTS.values() if isinstance(fault, PollFault)]
FAILED = [fault for fault in POLL if fault.means is Means.FAILED]
PASSING = [fault for fault in POLL if fault.means is not Means.FAILED]

FAILURES = {
    "poll_timeout": "timeout",
    "poll_slow_body": "timeout",
    "poll_dropped": "disconnected",
    "poll_closed": "disconnected",
    "poll_cut_inside_body": "broken",
}

HTML = {
    "poll_408",
    "poll_500_html",
    "poll_502",
    "poll_503",
    "poll_504",
    "poll_403_challenge",
    "poll_200_html",
}

NO_JSON = {"poll_200_empty", "poll_204", "poll_200_truncated", "poll_200_not_utf8", "poll_200_deep"}

NO_OBJECT: dict[str, object] = {
    "poll_200_list": [],
    "poll_200_string": "failed",
    "poll_200_null": None,
    "poll_200_number": 7,
}

PENDING_WORDS = {
    "pending_in_queue": "IN_QUEUE",
    "pending_in_queue_202": "IN_QUEUE",
    "pending_in_progress": "IN_PROGRESS",
    "pending_in_progress_202": "IN_PROGRESS",
    "pending_queued": "QUEUED",
    "pending_processing": "PROCESSING",
    "pending_lower_case": "in_progress",
    "pending_mixed_case": "Processing",
    "pending_400_error": "Request is still in progress",
    "pending_400_detail": "Request is still in progress",
    "pending_400_shouted": "REQUEST IS STILL IN PROGRESS",
    "pending_200_error": "Request is still in progress",
    "pending_unknown_word": "WARMING_UP",
    "pending_unknown_object": "preparing",
    "pending_empty_object": "{}",
    "pending_empty_images": '"images": []',
    "pending_null_images": '"images": null',
    "pending_null_error": '"error": null',
}

FAILED_WORDS = {
    "failed_image_too_large": '"ctx": {"max_width": 4096, "max_height": 4096}',
    "failed_image_too_small": '"ctx": {"min_width": 64, "min_height": 64}',
    "failed_unsupported_image_format": '"ctx": {"supported_formats": [".jpg", ".png", ".webp"]}',
    "failed_greater_than": '"ctx": {"gt": 1}',
    "failed_greater_than_equal": '"ctx": {"ge": 1}',
    "failed_less_than": '"ctx": {"lt": 5}',
    "failed_less_than_equal": '"ctx": {"le": 50}',
    "failed_one_of": '"ctx": {"expected": ["png", "jpeg"]}',
    "failed_detail_string": '"error_type": "runner_disconnected"',
    "failed_detail_string_200": '"detail": "Generation timed out"',
    "failed_detail_object": '"detail": {"msg"',
    "failed_error_string": '"error": "Generation failed"',
    "failed_error_object": '"error": {"message": "Generation failed"',
    "failed_bare_error": '{"error": "Generation failed"}',
    "failed_bare_error_400": '{"error": "Generation failed"}',
    "failed_status_only": '{"status": "FAILED"}',
    "failed_lower_case": '"status": "failed"',
    "failed_status_error": '"status": "ERROR"',
    "failed_canceled": "CANCELED",
    "failed_cancelled": "cancelled",
}

DETAIL_TYPES = {
    "content_policy_violation",
    "image_load_error",
    "file_download_error",
    "image_too_large",
    "image_too_small",
    "unsupported_image_format",
    "greater_than",
    "greater_than_equal",
    "less_than",
    "less_than_equal",
    "one_of",
    "generation_timeout",
    "internal_server_error",
    "downstream_service_error",
    "made_up_by_a_later_release",
}


def _status(name: str) -> int:
    """The status that the name tells; a detail list comes with 422."""
    found = re.search(r"_(\d{3})(?:_|$)", name)
    if found:
        return int(found[1])
    if name.removeprefix("failed_") in DETAIL_TYPES:
        return 422
    return 400 if name == "failed_detail_string" else 200


async def _strike(fault: PollFault) -> tuple[Seen, Seen, int]:
    """What a visitor sees of the fault at the first poll, what at the second, and the bill."""
    impatient = FAILURES.get(fault.name) == "timeout"
    async with open_house(patience=PATIENCE_SECONDS if impatient else 10.0) as visitor:
        rule = visitor.pixazo.on_poll(fault)
        request_id = await visitor.job(num_images=2)
        first, second = await visitor.poll(request_id), await visitor.poll(request_id)
        assert rule.fired == 1
        assert visitor.pixazo.polls[0].fault == fault.name
        assert not visitor.pixazo.intruders
        return first, second, visitor.pixazo.billed_images()


@pytest.mark.parametrize("fault", POLL, ids=lambda fault: fault.name)
async def test_the_answer_has_the_status_and_type_of_the_fault(fault: PollFault) -> None:
    seen, _, _ = await _strike(fault)
    assert seen.failure == FAILURES.get(fault.name)
    if fault.name in FAILURES:
        return
    assert seen.status == _status(fault.name)
    assert (seen.kind == "text/html") is (fault.name in HTML)


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.name)
async def test_a_fault_that_is_no_failure_passes_and_the_job_goes_on(fault: PollFault) -> None:
    _, second, billed = await _strike(fault)
    assert len(second.value["images"]) == 2
    assert billed == 2


@pytest.mark.parametrize("fault", FAILED, ids=lambda fault: fault.name)
async def test_a_failed_job_stays_failed_and_is_not_billed(fault: PollFault) -> None:
    first, second, billed = await _strike(fault)
    assert (second.status, second.body) == (first.status, first.body)
    assert "images" not in second.value
    assert billed == 0


@pytest.mark.parametrize(("name", "words"), [*PENDING_WORDS.items(), *FAILED_WORDS.items()])
async def test_the_body_has_the_words_of_the_fault(name: str, words: str) -> None:
    seen, _, _ = await _strike(_named(name))
    assert words in json.dumps(seen.value)


@pytest.mark.parametrize("kind", sorted(DETAIL_TYPES))
async def test_a_detail_list_names_its_type_and_place(kind: str) -> None:
    seen, _, _ = await _strike(_named(f"failed_{kind}"))
    (problem,) = seen.value["detail"]
    assert problem["type"] == kind
    assert problem["loc"][0] == "body"
    assert problem["msg"]


@pytest.mark.parametrize("name", sorted(NO_OBJECT))
async def test_the_body_is_json_but_no_object(name: str) -> None:
    seen, _, _ = await _strike(_named(name))
    assert seen.value == NO_OBJECT[name]


@pytest.mark.parametrize("name", sorted(NO_JSON))
async def test_the_body_cannot_be_read_as_json(name: str) -> None:
    seen, _, _ = await _strike(_named(name))
    with pytest.raises((ValueError, RecursionError)):
        json.loads(seen.body)


async def test_a_429_may_or_may_not_name_the_wait() -> None:
    seen, _, _ = await _strike(_named("poll_429"))
    assert seen.headers["Retry-After"] == "2"
    seen, _, _ = await _strike(_named("poll_429_bare"))
    assert "Retry-After" not in seen.headers


async def test_a_redirect_leads_to_the_foreign_origin() -> None:
    async with open_house() as visitor:
        request_id = await visitor.job()
        for status in (301, 302, 307, 308):
            visitor.pixazo.on_poll(f"poll_{status}_redirect")
            seen = await visitor.poll(request_id)
            path = visitor.pixazo.status_url.removeprefix(visitor.pixazo.origin)
            assert (seen.status, seen.headers["Location"]) == (status, visitor.pixazo.foreign_origin + path)


async def test_a_slow_body_does_arrive_for_the_patient() -> None:
    async with open_house(patience=30.0) as visitor:
        visitor.pixazo.on_poll("poll_slow_body")
        seen = await visitor.poll(await visitor.job())
        assert (seen.failure, seen.value) == (None, {"status": "IN_PROGRESS"})


def test_these_tables_describe_every_poll_fault() -> None:
    described = {*FAILURES, *HTML, *NO_JSON, *NO_OBJECT, *PENDING_WORDS, *FAILED_WORDS}
    described |= {f"failed_{kind}" for kind in DETAIL_TYPES}
    described |= {name for name in FAULTS if re.fullmatch(r"poll_(?:\d{3}|\d{3}_redirect)", name)}
    described |= {"poll_403_quota", "poll_429_bare", "poll_200_huge"}
    assert described == {name for name, fault in FAULTS.items() if fault.stage is Stage.POLL}


def _named(name: str) -> PollFault:
    fault = FAULTS[name]
    assert isinstance(fault, PollFault)
    return fault
