"""The bodies that the real service and the gateways in front of it give, by family.

The page's own errors are `{"error": …}`; the gateway (Azure API Management) says `{"statusCode", "message"}`; the
model host behind it says `{"detail": …}`; a load balancer or a challenge page answers in HTML.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.pixazo.wire import NO_HEADERS, Answer, html_answer, json_answer

DOCS_OF_ERRORS = "https://docs.fal.ai/errors#"

CHALLENGE_PAGE = """<!DOCTYPE html>
<html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex,nofollow"></head>
<body><h1>gateway.pixazo.ai</h1><p>Checking if the site connection is secure.</p>
<noscript>Enable JavaScript and cookies to continue</noscript></body></html>
"""


def page_error(status: int, text: str, *, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
    """An error as the provider's page describes it."""
    return json_answer({"error": text}, status=status, headers=headers)


def gateway_error(status: int, text: str, *, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
    """An error of the API gateway, which never reached the model."""
    return json_answer({"statusCode": status, "message": text}, status=status, headers=headers)


def host_page(status: int, title: str) -> Answer:
    """The HTML page of a proxy or load balancer."""
    return html_answer(
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1>"
        "</center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n",
        status=status,
    )


def challenge_page() -> Answer:
    """A browser challenge: 403 with HTML, said by the network's edge and not by the service."""
    return html_answer(CHALLENGE_PAGE, status=403, headers={"cf-mitigated": "challenge", "Server": "cloudflare"})


def model_problem(
    kind: str,
    message: str,
    *,
    location: Sequence[str | int] = ("body",),
    ctx: Mapping[str, Any] | None = None,
    given: Any = None,
) -> dict[str, Any]:
    """One entry of the model host's `detail` list."""
    problem: dict[str, Any] = {
        "loc": list(location),
        "msg": message,
        "type": kind,
        "url": DOCS_OF_ERRORS + kind,
        "input": given,
    }
    if ctx is not None:
        problem["ctx"] = dict(ctx)
    return problem
