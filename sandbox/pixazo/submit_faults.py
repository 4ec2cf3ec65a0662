"""What may happen to a submission other than `200 {"request_id": …}`."""

from collections.abc import Callable
from typing import Any

from sandbox.pixazo.bodies import challenge_page, gateway_error, host_page, model_problem, page_error
from sandbox.pixazo.faults import Context, Means, SubmitFault
from sandbox.pixazo.oddities import deep_json, huge_json
from sandbox.pixazo.wire import (
    HTML_TYPE,
    JSON_TYPE,
    SLOW_BODY_SECONDS,
    Answer,
    Cut,
    Reply,
    Silence,
    json_answer,
    raw_head,
    slowly,
)

SUBMIT_PATH = "/flux-general/v1/flux-general/generateTextToImageRequest"
"""Path of the real endpoint."""


def _refused(name: str, says: str, reply: Reply) -> SubmitFault:
    return SubmitFault(name=name, says=says, means=Means.NOT_ACCEPTED, reply=lambda _: reply)


def _taken(name: str, says: str, reply: Callable[[Context], Reply]) -> SubmitFault:
    return SubmitFault(name=name, says=says, means=Means.ACCEPTED, reply=reply)


def _json_taken(name: str, says: str, value: Any) -> SubmitFault:
    return _taken(name, says, lambda _: json_answer(value))


def _redirect(status: int) -> SubmitFault:
    return SubmitFault(
        name=f"submit_{status}_redirect",
        says=f"{status} with a Location at another origin, where the key must not go.",
        means=Means.NOT_ACCEPTED,
        reply=lambda c: Answer(status=status, headers={"Location": c.foreign_origin + SUBMIT_PATH}),
    )


def _plain_body(context: Context) -> Answer:
    return json_answer({"request_id": context.request_id})


def _truncated(context: Context) -> Answer:
    whole = _plain_body(context)
    return Answer(headers=whole.headers, body=whole.body[:-9])


def _cut_inside(context: Context) -> Cut:
    body = _plain_body(context).body
    head = raw_head(200, {"Content-Type": JSON_TYPE, "Content-Length": str(len(body))})
    return Cut(sent=head + body[:-9], reset=False)


_REFUSALS = (
    _refused("submit_400", "400, the page's error body.", page_error(400, "Invalid parameters")),
    _refused(
        "submit_400_content_policy",
        "400 with the model host's body for a prompt that was refused.",
        json_answer(
            {
                "detail": [
                    model_problem(
                        "content_policy_violation",
                        "The content could not be processed because it was flagged by a content checker.",
                        location=("body", "prompt"),
                    ),
                ],
            },
            status=400,
        ),
    ),
    _refused("submit_401", "401, the page's error body.", page_error(401, "Invalid subscription key")),
    _refused(
        "submit_401_gateway",
        "401 in the gateway's form.",
        gateway_error(
            401,
            "Access denied due to invalid subscription key. "
            "Make sure to provide a valid key for an active subscription.",
        ),
    ),
    _refused("submit_402", "402: the account is out of credits.", page_error(402, "Insufficient credits")),
    _refused("submit_403", "403, the page's error body.", page_error(403, "Access forbidden")),
    _refused(
        "submit_403_quota",
        "403 in the gateway's form: the call volume is used up.",
        gateway_error(403, "Out of call volume quota. Quota will be replenished in 02:11:40."),
    ),
    _refused("submit_403_challenge", "403 with a browser challenge in HTML.", challenge_page()),
    _refused("submit_404", "404, the page's error body.", page_error(404, "Resource not found")),
    _refused("submit_409", "409, the page's error body.", page_error(409, "Conflict")),
    _refused(
        "submit_422",
        "422 with the model host's list of problems, with ctx.",
        json_answer(
            {
                "detail": [
                    model_problem(
                        "less_than_equal",
                        "Input should be less than or equal to 50",
                        location=("body", "num_inference_steps"),
                        ctx={"le": 50},
                        given=80,
                    ),
                ],
            },
            status=422,
        ),
    ),
    _refused(
        "submit_429",
        "429 with Retry-After: 2, in the gateway's form.",
        gateway_error(429, "Rate limit is exceeded. Try again in 2 seconds.", headers={"Retry-After": "2"}),
    ),
    _refused(
        "submit_429_text_only",
        "429 without Retry-After; only the text names the wait.",
        gateway_error(429, "Rate limit is exceeded. Try again in 2 seconds."),
    ),
    _refused("submit_429_bare", "429 that names no wait at all.", page_error(429, "Too many requests")),
    _refused(
        "submit_429_date",
        "429 whose Retry-After is a date, long past.",
        page_error(429, "Too many requests", headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    ),
    _refused(
        "submit_429_absurd",
        "429 whose Retry-After is eleven days.",
        page_error(429, "Too many requests", headers={"Retry-After": "999999"}),
    ),
)

_UNCLEAR = (
    _refused("submit_408", "408 in HTML.", host_page(408, "Request Time-out")),
    _refused(
        "submit_499",
        "499, a proxy's code for a client that left.",
        page_error(499, "Client closed request"),
    ),
    _refused("submit_500", "500, the page's error body.", page_error(500, "Internal server error")),
    _refused("submit_502", "502 in HTML.", host_page(502, "Bad Gateway")),
    _refused("submit_503", "503 in HTML.", host_page(503, "Service Temporarily Unavailable")),
    _refused("submit_504", "504 in HTML.", host_page(504, "Gateway Time-out")),
    _refused("submit_timeout", "No answer.", Silence()),
    _refused("submit_dropped", "The connection is reset without an answer.", Cut()),
    _refused("submit_closed", "The connection is closed in good order, without an answer.", Cut(reset=False)),
)

_TAKEN = (
    _json_taken("submit_200_without_request_id", "200 with an object that lacks request_id.", {"status": "ok"}),
    _json_taken("submit_200_empty_object", "200 with `{}`.", {}),
    _json_taken("submit_200_error", "200 whose body is an error.", {"error": "Something went wrong"}),
    _json_taken("submit_200_list", "200 with a JSON list.", ["req_1"]),
    _json_taken("submit_200_string", "200 with a JSON string.", "accepted"),
    _json_taken("submit_200_null", "200 with `null`.", None),
    _json_taken("submit_request_id_number", "200 whose request_id is a number.", {"request_id": 4711}),
    _json_taken("submit_request_id_null", "200 whose request_id is null.", {"request_id": None}),
    _json_taken("submit_request_id_list", "200 whose request_id is a list.", {"request_id": ["a"]}),
    _json_taken("submit_request_id_empty", "200 whose request_id is empty.", {"request_id": ""}),
    _json_taken("submit_request_id_blank", "200 whose request_id is blank.", {"request_id": "  \n"}),
    _json_taken("submit_request_id_huge", "200 whose request_id is 100 kB long.", {"request_id": "r" * 100_000}),
    _taken(
        "submit_200_html",
        "200 with a web page.",
        lambda _: Answer(headers={"Content-Type": HTML_TYPE}, body=b"<html><body>Welcome</body></html>"),
    ),
    _taken("submit_200_empty", "200 with an empty body.", lambda _: Answer(headers={"Content-Type": JSON_TYPE})),
    _taken("submit_204", "204 without a body.", lambda _: Answer(status=204)),
    _taken("submit_200_truncated", "200 whose JSON ends in the middle.", _truncated),
    _taken("submit_cut_inside_body", "200 whose connection ends in the middle of the body.", _cut_inside),
    _taken(
        "submit_200_not_utf8",
        "200 whose body is not UTF-8.",
        lambda _: Answer(headers={"Content-Type": JSON_TYPE}, body=b'{"request_id": "\xff\xfe"}'),
    ),
    _taken("submit_200_huge", "200 with a valid body of 32 MiB.", lambda c: huge_json(request_id=c.request_id)),
    _taken("submit_200_deep", "200 with 200 000 nested lists.", lambda _: deep_json()),
    _taken(
        "submit_202",
        "202 with a request_id, which is as good as 200.",
        lambda c: json_answer({"request_id": c.request_id, "status": "IN_QUEUE"}, status=202),
    ),
    _taken(
        "submit_text_type",
        "A good body with the type text/plain.",
        lambda c: Answer(headers={"Content-Type": "text/plain"}, body=_plain_body(c).body),
    ),
    _taken(
        "submit_slow_body",
        f"A good body that takes about {SLOW_BODY_SECONDS:g} s.",
        lambda c: slowly(_plain_body(c)),
    ),
)

SUBMIT_FAULTS: tuple[SubmitFault, ...] = (
    *_REFUSALS,
    *(_redirect(status) for status in (301, 302, 303, 307, 308)),
    *_UNCLEAR,
    *(fault.after_accepting() for fault in _UNCLEAR),
    *_TAKEN,
)
"""Every submit fault. What leaves the outcome unclear is there twice: before and after accepting."""
