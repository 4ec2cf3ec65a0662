"""What a poll may say other than the finished body."""

from typing import Any

from sandbox.pixazo.bodies import challenge_page, gateway_error, host_page, model_problem, page_error
from sandbox.pixazo.faults import Means, PollFault
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

STATUS_PATH = "/flux-general-polling/flux-general/getStatus"
"""Path of the real endpoint."""

STILL_RUNNING = "Request is still in progress"


def _fault(means: Means, name: str, says: str, reply: Reply) -> PollFault:
    return PollFault(name=name, says=says, means=means, reply=lambda _: reply)


def _pending(name: str, value: Any, *, status: int = 200) -> PollFault:
    says = f"Not ready yet: {status} with {value!r}."
    return PollFault(
        name=f"pending_{name}",
        says=says,
        means=Means.PENDING,
        reply=lambda _: json_answer(value, status=status),
    )


def _status_url(context_origin: str, request_id: str) -> str:
    return f"{context_origin}/fal-ai/flux-general/requests/{request_id}/status"


_PENDING = (
    PollFault(
        name="pending_in_queue",
        says="Not ready yet: 200 with the model host's queue body.",
        means=Means.PENDING,
        reply=lambda c: json_answer(
            {
                "status": "IN_QUEUE",
                "queue_position": 3,
                "request_id": c.request_id,
                "status_url": _status_url(c.origin, c.request_id),
            },
        ),
    ),
    PollFault(
        name="pending_in_queue_202",
        says="Not ready yet: 202 with the model host's queue body.",
        means=Means.PENDING,
        reply=lambda c: json_answer(
            {"status": "IN_QUEUE", "queue_position": 0, "request_id": c.request_id},
            status=202,
        ),
    ),
    _pending("in_progress", {"status": "IN_PROGRESS", "logs": None}),
    _pending("in_progress_202", {"status": "IN_PROGRESS"}, status=202),
    _pending("queued", {"status": "QUEUED"}),
    _pending("processing", {"status": "PROCESSING"}),
    _pending("lower_case", {"status": "in_progress"}),
    _pending("mixed_case", {"Status": "Processing"}),
    _pending("400_error", {"error": STILL_RUNNING}, status=400),
    _pending("400_detail", {"detail": STILL_RUNNING}, status=400),
    _pending("400_shouted", {"error": STILL_RUNNING.upper() + "."}, status=400),
    _pending("200_error", {"error": STILL_RUNNING}),
    _pending("unknown_word", {"status": "WARMING_UP"}),
    _pending("unknown_object", {"request": {"phase": "preparing"}, "eta": 12}),
    _pending("empty_object", {}),
    _pending("empty_images", {"status": "IN_PROGRESS", "images": []}),
    _pending("null_images", {"images": None, "seed": None}),
    _pending("null_error", {"status": "IN_PROGRESS", "error": None}),
)


def _detail(kind: str, message: str, *, field: str = "prompt", **ctx: Any) -> PollFault:
    problem = model_problem(kind, message, location=("body", field), ctx=ctx or None)
    return PollFault(
        name=f"failed_{kind}",
        says=f"Failed for good: 422 with a detail list of the type {kind}.",
        means=Means.FAILED,
        reply=lambda _: json_answer({"detail": [problem]}, status=422),
    )


def _failed(name: str, value: Any, *, status: int = 200) -> PollFault:
    return PollFault(
        name=f"failed_{name}",
        says=f"Failed for good: {status} with {value!r}.",
        means=Means.FAILED,
        reply=lambda _: json_answer(value, status=status),
    )


_CONTROL = "control_image_url"

_FAILED = (
    _detail(
        "content_policy_violation",
        "The content could not be processed because it contained material flagged by a content checker.",
    ),
    _detail("image_load_error", "Failed to load the image.", field=_CONTROL),
    _detail("file_download_error", "Failed to download the file.", field=_CONTROL),
    _detail("image_too_large", "Image is too large.", field=_CONTROL, max_width=4096, max_height=4096),
    _detail("image_too_small", "Image is too small.", field=_CONTROL, min_width=64, min_height=64),
    _detail(
        "unsupported_image_format",
        "Unsupported image format.",
        field=_CONTROL,
        supported_formats=[".jpg", ".png", ".webp"],
    ),
    _detail("greater_than", "Input should be greater than 1", field="nag_scale", gt=1),
    _detail("greater_than_equal", "Input should be at least 1", field="num_inference_steps", ge=1),
    _detail("less_than", "Input should be less than 5", field="base_shift", lt=5),
    _detail("less_than_equal", "Input should be at most 50", field="num_inference_steps", le=50),
    _detail("one_of", "Input should be one of 'png', 'jpeg'", field="output_format", expected=["png", "jpeg"]),
    _detail("generation_timeout", "The generation took too long."),
    _detail("internal_server_error", "Internal server error"),
    _detail("downstream_service_error", "A service that the model needs failed."),
    _detail("made_up_by_a_later_release", "A kind of problem that nobody has described yet."),
    _failed("detail_string", {"detail": "Runner has crashed", "error_type": "runner_disconnected"}, status=400),
    _failed("detail_string_200", {"detail": "Generation timed out", "error_type": "request_timeout"}),
    _failed("detail_object", {"detail": {"msg": "bad input", "type": "value_error"}}),
    _failed("error_string", {"status": "FAILED", "error": "Generation failed"}),
    _failed("error_object", {"status": "FAILED", "error": {"message": "Generation failed", "code": 17}}),
    _failed("bare_error", {"error": "Generation failed"}),
    _failed("bare_error_400", {"error": "Generation failed"}, status=400),
    _failed("status_only", {"status": "FAILED"}),
    _failed("lower_case", {"status": "failed", "error": "out of memory"}),
    _failed("status_error", {"status": "ERROR", "message": "worker lost"}),
    _failed("canceled", {"status": "CANCELED"}),
    _failed("cancelled", {"status": "cancelled"}),
)

_ACCOUNT = (
    _fault(Means.ACCOUNT, "poll_401", "401, the page's error body.", page_error(401, "Invalid subscription key")),
    _fault(Means.ACCOUNT, "poll_402", "402: out of credits.", page_error(402, "Insufficient credits")),
    _fault(Means.ACCOUNT, "poll_403", "403, the page's error body.", page_error(403, "Access forbidden")),
    _fault(
        Means.ACCOUNT,
        "poll_403_quota",
        "403 in the gateway's form: the call volume is used up.",
        gateway_error(403, "Out of call volume quota. Quota will be replenished in 02:11:40."),
    ),
)


def _nothing(name: str, says: str, reply: Reply) -> PollFault:
    return _fault(Means.NOTHING, f"poll_{name}", says, reply)


def _page(body: bytes, *, content_type: str = JSON_TYPE, status: int = 200) -> Answer:
    return Answer(status=status, headers={"Content-Type": content_type}, body=body)


def _redirect(status: int) -> PollFault:
    return PollFault(
        name=f"poll_{status}_redirect",
        says=f"{status} with a Location at another origin, where the key must not go.",
        means=Means.NOTHING,
        reply=lambda c: Answer(status=status, headers={"Location": c.foreign_origin + STATUS_PATH}),
    )


_NOTHING = (
    _nothing("404", "404 for a job that exists.", page_error(404, "Request not found")),
    _nothing("408", "408 in HTML.", host_page(408, "Request Time-out")),
    _nothing(
        "429",
        "429 with Retry-After: 2, in the gateway's form.",
        gateway_error(429, "Rate limit is exceeded. Try again in 2 seconds.", headers={"Retry-After": "2"}),
    ),
    _nothing("429_bare", "429 that names no wait.", page_error(429, "Too many requests")),
    _nothing("500", "500, the page's error body.", page_error(500, "Internal server error")),
    _nothing("500_html", "500 in HTML.", host_page(500, "Internal Server Error")),
    _nothing("502", "502 in HTML.", host_page(502, "Bad Gateway")),
    _nothing("503", "503 in HTML.", host_page(503, "Service Temporarily Unavailable")),
    _nothing("504", "504 in HTML.", host_page(504, "Gateway Time-out")),
    _nothing("403_challenge", "403 with a browser challenge in HTML.", challenge_page()),
    _nothing("200_html", "200 with a web page.", _page(b"<html>maintenance</html>", content_type=HTML_TYPE)),
    _nothing("200_list", "200 with a JSON list.", _page(b"[]")),
    _nothing("200_string", "200 with a JSON string.", _page(b'"failed"')),
    _nothing("200_null", "200 with `null`.", _page(b"null")),
    _nothing("200_number", "200 with a number.", _page(b"7")),
    _nothing("200_empty", "200 with an empty body.", _page(b"")),
    _nothing("204", "204 without a body.", Answer(status=204)),
    _nothing("200_truncated", "200 whose JSON ends in the middle.", _page(b'{"images": [{"url": "htt')),
    _nothing("200_not_utf8", "200 whose body is not UTF-8.", _page(b'{"status": "\xff\xfe"}')),
    _nothing("timeout", "No answer.", Silence()),
    _nothing("dropped", "The connection is reset without an answer.", Cut()),
    _nothing("closed", "The connection is closed without an answer.", Cut(reset=False)),
    _nothing(
        "cut_inside_body",
        "The connection ends in the middle of the body.",
        Cut(sent=raw_head(200, {"Content-Type": JSON_TYPE, "Content-Length": "400"}) + b'{"ima', reset=False),
    ),
    _nothing(
        "slow_body",
        f"A pending body that takes about {SLOW_BODY_SECONDS:g} s.",
        slowly(json_answer({"status": "IN_PROGRESS"})),
    ),
    _nothing("200_deep", "200 with 200 000 nested lists.", deep_json()),
    PollFault(
        name="poll_200_huge",
        says="200 with an object of 32 MiB.",
        means=Means.NOTHING,
        reply=lambda c: huge_json(request_id=c.request_id),
    ),
    *(_redirect(status) for status in (301, 302, 307, 308)),
)

POLL_FAULTS: tuple[PollFault, ...] = (*_PENDING, *_FAILED, *_ACCOUNT, *_NOTHING)
"""Every poll fault."""
