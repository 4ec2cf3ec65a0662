"""Every submit fault does on the wire what its name says."""

import asyncio
import json
import re

import pytest

from sandbox.pixazo import FAULTS, Means, Stage, SubmitFault
from sandbox.pixazo.oddities import HUGE_BYTES
from tests.sandbox.pixazo_visitor import PATIENCE_SECONDS, Seen, open_house

SUBMIT = [fault for fault in FAULTS.values() if isinstance(fault, SubmitFault)]

FAILURES = {
    "submit_timeout": "timeout",
    "submit_timeout_after_accepting": "timeout",
    "submit_dropped": "disconnected",
    "submit_dropped_after_accepting": "disconnected",
    "submit_closed": "disconnected",
    "submit_closed_after_accepting": "disconnected",
    "submit_cut_inside_body": "broken",
    "submit_slow_body": "timeout",
}
"""Faults that give no whole answer, and how a visitor with little patience notices."""

IMPATIENT = {name for name, failure in FAILURES.items() if failure == "timeout"}

HTML = {
    "submit_403_challenge",
    "submit_408",
    "submit_502",
    "submit_503",
    "submit_504",
    "submit_200_html",
    "submit_408_after_accepting",
    "submit_502_after_accepting",
    "submit_503_after_accepting",
    "submit_504_after_accepting",
}

REQUEST_IDS: dict[str, object] = {
    "submit_request_id_number": 4711,
    "submit_request_id_null": None,
    "submit_request_id_list": ["a"],
    "submit_request_id_empty": "",
    "submit_request_id_blank": "  \n",
    "submit_request_id_huge": "r" * 100_000,
}

VALUES: dict[str, object] = {
    "submit_200_without_request_id": {"status": "ok"},
    "submit_200_empty_object": {},
    "submit_200_error": {"error": "Something went wrong"},
    "submit_200_list": ["req_1"],
    "submit_200_string": "accepted",
    "submit_200_null": None,
}

NO_JSON = {"submit_200_empty", "submit_204", "submit_200_truncated", "submit_200_not_utf8", "submit_200_deep"}

GOOD = {"submit_202": 202, "submit_text_type": 200, "submit_200_huge": 200}
"""Answers that hold the right request_id, however oddly, by status."""

REFUSAL_TEXTS = {
    "submit_400": "Invalid parameters",
    "submit_400_content_policy": "content_policy_violation",
    "submit_401": "subscription key",
    "submit_401_gateway": '"statusCode": 401',
    "submit_402": "credits",
    "submit_403": "forbidden",
    "submit_403_quota": "Out of call volume quota",
    "submit_404": "not found",
    "submit_409": "Conflict",
    "submit_422": '"ctx": {"le": 50}',
    "submit_429": "Try again in 2 seconds",
    "submit_429_text_only": "Try again in 2 seconds",
    "submit_429_bare": "Too many requests",
    "submit_429_date": "Too many requests",
    "submit_429_absurd": "Too many requests",
    "submit_499": "closed",
    "submit_500": "Internal server error",
    "submit_499_after_accepting": "closed",
    "submit_500_after_accepting": "Internal server error",
}

REDIRECTS = {f"submit_{status}_redirect" for status in (301, 302, 303, 307, 308)}

RETRY_AFTER = {
    "submit_429": "2",
    "submit_429_text_only": None,
    "submit_429_bare": None,
    "submit_429_date": "Wed, 21 Oct 2015 07:28:00 GMT",
    "submit_429_absurd": "999999",
}


def _status(fault: SubmitFault) -> int:
    found = re.match(r"submit_(\d{3})(?:_|$)", fault.name)
    return int(found[1]) if found else 200


async def _strike(fault: SubmitFault) -> tuple[Seen, str | None, int]:
    """What a visitor sees of the fault, the id of the accepted job, and the bill."""
    patience = PATIENCE_SECONDS if fault.name in IMPATIENT else 10.0
    async with open_house(patience=patience) as visitor:
        rule = visitor.pixazo.on_submit(fault)
        seen = await visitor.submit(num_images=3)
        (submission,) = visitor.pixazo.submissions
        assert (rule.fired, submission.fault) == (1, fault.name)
        assert submission.accepted is (submission.request_id is not None)
        assert not visitor.pixazo.intruders
        return seen, submission.request_id, visitor.pixazo.billed_images()


@pytest.mark.parametrize("fault", SUBMIT, ids=lambda fault: fault.name)
async def test_the_job_is_taken_and_billed_exactly_if_the_fault_says_so(fault: SubmitFault) -> None:
    _, request_id, billed = await _strike(fault)
    accepted = fault.means is Means.ACCEPTED
    assert (request_id is not None, billed) == (accepted, 3 if accepted else 0)


@pytest.mark.parametrize("fault", SUBMIT, ids=lambda fault: fault.name)
async def test_the_answer_has_the_status_and_type_of_the_fault(fault: SubmitFault) -> None:
    seen, _, _ = await _strike(fault)
    assert seen.failure == FAILURES.get(fault.name)
    if fault.name in FAILURES:
        return
    assert seen.status == _status(fault)
    assert (seen.kind == "text/html") is (fault.name in HTML)


@pytest.mark.parametrize("name", sorted(REQUEST_IDS))
async def test_the_request_id_is_not_what_it_should_be(name: str) -> None:
    seen, request_id, _ = await _strike(_named(name))
    assert seen.value == {"request_id": REQUEST_IDS[name]}
    assert request_id is not None


@pytest.mark.parametrize("name", sorted(VALUES))
async def test_the_body_is_json_without_a_request_id(name: str) -> None:
    seen, _, _ = await _strike(_named(name))
    assert seen.value == VALUES[name]


@pytest.mark.parametrize("name", sorted(NO_JSON))
async def test_the_body_cannot_be_read_as_json(name: str) -> None:
    seen, _, _ = await _strike(_named(name))
    with pytest.raises((ValueError, RecursionError)):
        json.loads(seen.body)


@pytest.mark.parametrize("name", sorted(GOOD))
async def test_an_odd_answer_may_hold_the_right_request_id(name: str) -> None:
    seen, request_id, _ = await _strike(_named(name))
    assert (seen.status, seen.value["request_id"]) == (GOOD[name], request_id)
    assert (len(seen.body) > HUGE_BYTES) is (name == "submit_200_huge")


@pytest.mark.parametrize("name", sorted(REFUSAL_TEXTS))
async def test_a_refusal_says_why_in_json(name: str) -> None:
    seen, _, _ = await _strike(_named(name))
    assert REFUSAL_TEXTS[name] in json.dumps(seen.value)


@pytest.mark.parametrize("name", sorted(RETRY_AFTER))
async def test_a_429_names_the_wait_in_its_header_or_not(name: str) -> None:
    seen, _, _ = await _strike(_named(name))
    assert seen.headers.get("Retry-After") == RETRY_AFTER[name]


async def test_a_redirect_leads_to_the_foreign_origin() -> None:
    for name in sorted(REDIRECTS):
        async with open_house() as visitor:
            visitor.pixazo.on_submit(name)
            seen = await visitor.submit()
            path = visitor.pixazo.submit_url.removeprefix(visitor.pixazo.origin)
            assert seen.headers["Location"] == visitor.pixazo.foreign_origin + path


async def test_a_client_that_follows_a_redirect_gives_its_key_away_and_is_caught() -> None:
    async with open_house() as visitor:
        visitor.pixazo.on_submit("submit_307_redirect")
        seen = await visitor.submit()
        await visitor.post(seen.headers["Location"], b"{}")
        (intruder,) = visitor.pixazo.intruders
        assert visitor.pixazo.key.encode() in intruder.received


@pytest.mark.parametrize("name", ["submit_dropped", "submit_closed", "submit_dropped_after_accepting"])
async def test_a_dropped_connection_is_reset_and_a_closed_one_ends_in_good_order(name: str) -> None:
    async with open_house() as visitor:
        pixazo = visitor.pixazo
        pixazo.on_submit(name)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(pixazo.origin.rpartition(":")[2]))
        body = b'{"prompt": "a"}'
        head = [f"{header}: {value}" for header, value in visitor.headers.items()]
        head += ["Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        path = pixazo.submit_url.removeprefix(pixazo.origin)
        writer.write("\r\n".join([f"POST {path} HTTP/1.1", *head, "", ""]).encode() + body)
        async with asyncio.timeout(5):
            try:
                ending: object = await reader.read()
            except ConnectionResetError:
                ending = "reset"
        assert ending == (b"" if name == "submit_closed" else "reset")
        writer.transport.abort()


async def test_an_invalid_body_is_refused_before_an_accepting_fault_strikes() -> None:
    async with open_house() as visitor:
        visitor.pixazo.on_submit("submit_504_after_accepting")
        assert (await visitor.submit(num_images=0)).status == 400
        assert not visitor.pixazo.accepted()


def test_these_tables_describe_every_submit_fault() -> None:
    described = {*FAILURES, *HTML, *REQUEST_IDS, *VALUES, *NO_JSON, *GOOD, *REFUSAL_TEXTS, *REDIRECTS}
    assert described == {fault.name for fault in SUBMIT}
    assert described == {name for name, fault in FAULTS.items() if fault.stage is Stage.SUBMIT}


def _named(name: str) -> SubmitFault:
    fault = FAULTS[name]
    assert isinstance(fault, SubmitFault)
    return fault
