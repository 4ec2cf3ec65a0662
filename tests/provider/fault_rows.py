"""What each fault of the stand-in proves: one row a fault, by its name. A row is

* an answer, or the word ACCEPTED for a request_id that came through;
* `Raised`, an exception's kind with the members that matter;
* for a finished body, the fate of each of the job's two images;
* for a download, the verdict on the file.
"""

from dataclasses import dataclass, field
from typing import Any

from errors import (
    AcceptanceUnknown,
    AccountRefused,
    DownloadFailed,
    PollInconclusive,
    ProviderError,
    RateLimited,
    RequestRejected,
    RequestUnknown,
)
from models import FailureReason as Reason
from models import VerdictReason
from provider.wire import Pending, SubmissionFailed

ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An exception of exactly this kind, with these members."""

    kind: type[ProviderError]
    members: dict[str, Any] = field(default_factory=dict)

    def agrees(self, outcome: object) -> bool:
        return type(outcome) is self.kind and all(
            getattr(outcome, name) == value for name, value in self.members.items()
        )


def agrees(outcome: object, row: object) -> bool:
    """Whether what came out is what the row says; a list is a choice, for outcomes that hang on packets."""
    if isinstance(row, list):
        return any(agrees(outcome, choice) for choice in row)
    return row.agrees(outcome) if isinstance(row, Raised) else outcome == row


def each(prefix: str, names: str, row: object) -> dict[str, object]:
    """The same row for several faults, whose names are given without their common prefix."""
    return {prefix + name: row for name in names.split()}


def raised(kind: type[ProviderError], **members: Any) -> Raised:
    return Raised(kind=kind, members=members)


def rejected(status: int, reason: Reason = Reason.REQUEST_REFUSED, detail: str = "") -> Raised:
    return raised(RequestRejected, status=status, reason=reason, detail=detail)


def refused(status: int, detail: str) -> Raised:
    return raised(AccountRefused, status=status, detail=detail)


def unknown(why: str) -> Raised:
    return raised(AcceptanceUnknown, why=why)


def inconclusive(why: str) -> Raised:
    return raised(PollInconclusive, why=why)


def failed(reason: Reason, detail: str = "") -> SubmissionFailed:
    return SubmissionFailed(reason=reason, detail=detail)


def lost(reason: VerdictReason = VerdictReason.DOWNLOAD_FAILED, *, passing: bool = True) -> Raised:
    return raised(DownloadFailed, reason=reason, passing=passing)


_UNCLEAR: dict[str, object] = {
    **{str(status): unknown(f"http_{status}") for status in (408, 499, 500, 502, 503, 504)},
    "timeout": unknown("timeout"),
    "dropped": [unknown("disconnected"), unknown("connection_lost")],
    "closed": unknown("disconnected"),
}

SUBMIT: dict[str, object] = {
    "submit_400": rejected(400, Reason.INVALID_PARAMETER),
    "submit_400_content_policy": rejected(400, Reason.CONTENT_POLICY, "content_policy_violation body.prompt"),
    "submit_401": refused(401, "subscription_key"),
    "submit_401_gateway": refused(401, "subscription_key"),
    "submit_402": refused(402, "credit"),
    "submit_403": refused(403, ""),
    "submit_403_quota": refused(403, "quota"),
    "submit_403_challenge": refused(403, "web_page"),
    "submit_404": rejected(404),
    "submit_409": rejected(409),
    "submit_422": rejected(422, Reason.INVALID_PARAMETER, "less_than_equal body.num_inference_steps"),
    "submit_429": raised(RateLimited, retry_after=2.0),
    "submit_429_text_only": raised(RateLimited, retry_after=2.0),
    "submit_429_bare": raised(RateLimited, retry_after=None),
    "submit_429_date": raised(RateLimited, retry_after=0.0),
    "submit_429_absurd": raised(RateLimited, retry_after=3600.0),
    **{f"submit_{status}_redirect": rejected(status) for status in (301, 302, 303, 307, 308)},
    **{f"submit_{name}": row for name, row in _UNCLEAR.items()},
    **{f"submit_{name}_after_accepting": row for name, row in _UNCLEAR.items()},
    **each(
        "submit_",
        "200_without_request_id 200_empty_object 200_error request_id_number request_id_null request_id_list "
        "request_id_empty request_id_blank request_id_huge",
        unknown("no_request_id"),
    ),
    **each("submit_", "200_list 200_string 200_null", unknown("not_an_object")),
    **each("submit_", "200_html 200_empty 204 200_truncated 200_not_utf8 200_deep", unknown("not_json")),
    "submit_cut_inside_body": unknown("body_lost"),
    "submit_200_huge": unknown("too_large"),
    **each("submit_", "202 text_type slow_body", ACCEPTED),
}

_INVALID = Reason.INVALID_PARAMETER
_BROKEN = Reason.PROVIDER_FAILED
_CONTROL = "body.control_image_url"

POLL: dict[str, object] = {
    **each(
        "pending_",
        "in_queue in_queue_202 in_progress in_progress_202 queued processing lower_case mixed_case 400_error "
        "400_detail 400_shouted 200_error unknown_word unknown_object empty_object empty_images null_images "
        "null_error",
        Pending(),
    ),
    "failed_content_policy_violation": failed(Reason.CONTENT_POLICY, "content_policy_violation body.prompt"),
    "failed_image_load_error": failed(Reason.IMAGE_LOAD, f"image_load_error {_CONTROL}"),
    "failed_file_download_error": failed(Reason.FILE_DOWNLOAD, f"file_download_error {_CONTROL}"),
    "failed_image_too_large": failed(Reason.IMAGE_TOO_LARGE, f"image_too_large {_CONTROL}"),
    "failed_image_too_small": failed(Reason.IMAGE_TOO_SMALL, f"image_too_small {_CONTROL}"),
    "failed_unsupported_image_format": failed(Reason.IMAGE_FORMAT, f"unsupported_image_format {_CONTROL}"),
    "failed_greater_than": failed(_INVALID, "greater_than body.nag_scale"),
    "failed_greater_than_equal": failed(_INVALID, "greater_than_equal body.num_inference_steps"),
    "failed_less_than": failed(_INVALID, "less_than body.base_shift"),
    "failed_less_than_equal": failed(_INVALID, "less_than_equal body.num_inference_steps"),
    "failed_one_of": failed(_INVALID, "one_of body.output_format"),
    "failed_generation_timeout": failed(Reason.GENERATION_TIMEOUT, "generation_timeout body.prompt"),
    "failed_internal_server_error": failed(_BROKEN, "internal_server_error body.prompt"),
    "failed_downstream_service_error": failed(_BROKEN, "downstream_service_error body.prompt"),
    "failed_made_up_by_a_later_release": failed(_BROKEN, "made_up_by_a_later_release body.prompt"),
    "failed_detail_string": failed(_BROKEN, "runner_disconnected"),
    "failed_detail_string_200": failed(Reason.GENERATION_TIMEOUT, "request_timeout"),
    "failed_detail_object": failed(_INVALID, "value_error"),
    **each(
        "failed_",
        "error_string error_object bare_error bare_error_400 status_only lower_case status_error",
        failed(_BROKEN),
    ),
    **each("failed_", "canceled cancelled", failed(Reason.PROVIDER_CANCELLED)),
    "poll_401": refused(401, "subscription_key"),
    "poll_402": refused(402, "credit"),
    "poll_403": refused(403, ""),
    "poll_403_quota": refused(403, "quota"),
    "poll_403_challenge": refused(403, "web_page"),
    "poll_404": raised(RequestUnknown),
    "poll_429": raised(RateLimited, retry_after=2.0),
    "poll_429_bare": raised(RateLimited, retry_after=None),
    **{f"poll_{status}": inconclusive(f"http_{status}") for status in (408, 500, 502, 503, 504)},
    "poll_500_html": inconclusive("http_500"),
    **{f"poll_{status}_redirect": inconclusive(f"http_{status}") for status in (301, 302, 307, 308)},
    **each("poll_200_", "list string null number", inconclusive("not_an_object")),
    **each("poll_", "200_html 200_empty 204 200_truncated 200_not_utf8 200_deep", inconclusive("not_json")),
    "poll_200_huge": inconclusive("too_large"),
    "poll_timeout": inconclusive("timeout"),
    "poll_dropped": [inconclusive("disconnected"), inconclusive("connection_lost")],
    "poll_closed": inconclusive("disconnected"),
    "poll_cut_inside_body": inconclusive("body_lost"),
    "poll_slow_body": Pending(),
}

RELEASED = VerdictReason.RELEASED
_FLAGGED = VerdictReason.FLAGGED
_UNCHECKED = VerdictReason.UNCHECKED
_MISSING = VerdictReason.FLAGS_MISSING
_MISMATCH = VerdictReason.FLAGS_MISMATCH
_BLANK = VerdictReason.BLANK
_GONE = VerdictReason.RESULT_UNAVAILABLE
_FORBIDDEN = VerdictReason.FORBIDDEN_URL

RESULT: dict[str, object] = {
    "flagged_all": (_FLAGGED, _FLAGGED),
    "flagged_mixed": (_FLAGGED, RELEASED),
    "flagged_last": (RELEASED, _FLAGGED),
    "black_but_not_flagged": (_BLANK, _BLANK),
    "flagged_but_not_black": (_FLAGGED, _FLAGGED),
    **each("flags_", "missing null string false object other_name", (_MISSING, _MISSING)),
    **each("flags_", "empty short long", (_MISMATCH, _MISMATCH)),
    **each("flags_", "strings zero one nulls lists", (_UNCHECKED, _UNCHECKED)),
    "flags_first_null": (_UNCHECKED, RELEASED),
    "images_empty": Pending(),
    **each("images_", "not_a_list string", (_MISMATCH,)),
    **each("images_", "of_strings of_nulls", (_GONE, _GONE)),
    "images_first_null": (_GONE, RELEASED),
    "images_fewer": (RELEASED,),
    "images_more": (RELEASED, RELEASED, RELEASED),
    "images_thousand": (RELEASED,) * 1000,
    **each(
        "",
        "images_bare images_null_details images_wrong_details images_file_details seed_differs seed_missing "
        "seed_null seed_string seed_huge seed_float timings_missing timings_null timings_number prompt_differs "
        "prompt_missing prompt_null status_completed status_in_progress error_null",
        (RELEASED, RELEASED),
    ),
    **each("url_", "missing null number empty", (_GONE, _GONE)),
    "url_missing_in_first": (_GONE, RELEASED),
    **each(
        "url_",
        "relative no_scheme http ftp file script data foreign_host foreign_origin suffix prefix user_info backslash "
        "other_port bad_port bad_bracket newline long loopback_dotted loopback_other_loopback loopback_short "
        "loopback_decimal loopback_hex loopback_octal loopback_ipv6 loopback_ipv6_mapped loopback_ipv6_mapped_hex "
        "loopback_any loopback_name loopback_fullwidth private_ten private_lan private_metadata private_carrier "
        "private_ipv6_local private_ipv6_unique private_ipv6_nat64",
        (_FORBIDDEN, _FORBIDDEN),
    ),
}

DOWNLOAD: dict[str, object] = {
    **each("download_", "401 403 429 500 503 204 206 timeout dropped cut claims_more drip", lost()),
    "download_404": lost(_GONE),
    "download_410": lost(_GONE, passing=False),
    **each("download_", "claims_terabytes endless", lost(VerdictReason.TOO_LARGE, passing=False)),
    "download_claims_less": [lost(), VerdictReason.UNDECODABLE],
    "download_html_type": lost(VerdictReason.NOT_AN_IMAGE),
    **each(
        "download_redirect_",
        "off_list off_list_307 private file same_origin nowhere",
        lost(_FORBIDDEN, passing=False),
    ),
    **each(
        "download_",
        "empty html text wrong_magic gif gif_as_png bmp tiff svg svg_as_png animated_gif gzip_bomb",
        VerdictReason.NOT_AN_IMAGE,
    ),
    **each(
        "download_",
        "magic_only junk_after_magic truncated_png truncated_jpeg broken_checksum broken_data",
        VerdictReason.UNDECODABLE,
    ),
    **each("download_", "animated_png animated_webp", VerdictReason.ANIMATED),
    **each("download_", "pixel_bomb pixel_bomb_modest pixels_over_cap", VerdictReason.TOO_MANY_PIXELS),
    **each("download_", "black white uniform span_8", _BLANK),
    **each("download_", "span_9 webp jpeg_as_png binary_type", RELEASED),
}

ROWS: dict[str, object] = {**SUBMIT, **POLL, **RESULT, **DOWNLOAD}
