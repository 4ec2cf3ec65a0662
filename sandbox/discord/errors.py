"""What Discord answers when it refuses something: status, code and body, as its API reference lists them."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
"""A JSON object as it travels on the wire."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One of Discord's documented refusals."""

    status: int
    code: int
    message: str


class ApiError(Exception):
    """Ends a request with a refusal in Discord's own body shape."""

    def __init__(self, refusal: Refusal, errors: Json | None = None) -> None:
        super().__init__(f"{refusal.status} {refusal.code}: {refusal.message} {errors or ''}".rstrip())
        self.refusal = refusal
        self.errors = errors

    def body(self) -> Json:
        """The answer's JSON body."""
        body: Json = {"message": self.refusal.message, "code": self.refusal.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


UNAUTHORIZED = Refusal(status=401, code=0, message="401: Unauthorized")
UNKNOWN_ROUTE = Refusal(status=404, code=0, message="404: Not Found")
METHOD_NOT_ALLOWED = Refusal(status=405, code=0, message="405: Method Not Allowed")
INTERNAL_ERROR = Refusal(status=500, code=0, message="500: Internal Server Error")

UNKNOWN_APPLICATION = Refusal(status=404, code=10002, message="Unknown Application")
UNKNOWN_CHANNEL = Refusal(status=404, code=10003, message="Unknown Channel")
UNKNOWN_GUILD = Refusal(status=404, code=10004, message="Unknown Guild")
UNKNOWN_MEMBER = Refusal(status=404, code=10007, message="Unknown Member")
UNKNOWN_MESSAGE = Refusal(status=404, code=10008, message="Unknown Message")
UNKNOWN_ROLE = Refusal(status=404, code=10011, message="Unknown Role")
UNKNOWN_USER = Refusal(status=404, code=10013, message="Unknown User")
UNKNOWN_WEBHOOK = Refusal(status=404, code=10015, message="Unknown Webhook")
UNKNOWN_INTERACTION = Refusal(status=404, code=10062, message="Unknown interaction")
UNKNOWN_COMMAND = Refusal(status=404, code=10063, message="Unknown application command")
TOO_MANY_ATTACHMENTS = Refusal(
    status=400, code=30015, message="Maximum number of attachments in a message reached (10)"
)
TOO_MANY_COMMANDS = Refusal(status=400, code=30032, message="Maximum number of application commands reached (100)")
TOO_MANY_COMMAND_CREATIONS = Refusal(
    status=400, code=30034, message="Max number of daily application command creates has been reached (200)"
)
TOO_LARGE = Refusal(status=413, code=40005, message="Request entity too large")
NO_MESSAGES_IN_FORUM = Refusal(status=400, code=40058, message="Cannot send a message in a forum channel")
ALREADY_ACKNOWLEDGED = Refusal(status=400, code=40060, message="Interaction has already been acknowledged.")
MISSING_ACCESS = Refusal(status=403, code=50001, message="Missing Access")
CANNOT_EDIT_OTHERS = Refusal(status=403, code=50005, message="Cannot edit a message authored by another user")
EMPTY_MESSAGE = Refusal(status=400, code=50006, message="Cannot send an empty message")
USER_TAKES_NO_MESSAGES = Refusal(status=403, code=50007, message="Cannot send messages to this user")
NO_MESSAGES_TO_BOTS = Refusal(status=400, code=50007, message="Cannot send messages to this user")
MISSING_PERMISSIONS = Refusal(status=403, code=50013, message="Missing Permissions")
INVALID_WEBHOOK_TOKEN = Refusal(status=401, code=50027, message="Invalid Webhook Token")
INVALID_RECIPIENTS = Refusal(status=400, code=50033, message="Invalid Recipient(s)")
INVALID_FORM_BODY = Refusal(status=400, code=50035, message="Invalid Form Body")
INVALID_JSON = Refusal(status=400, code=50109, message="The request body contains invalid JSON.")
# Newer than the reference's list of codes, and seen in the wild.
NO_MUTUAL_GUILDS = Refusal(
    status=403, code=50278, message="Cannot send messages to this user due to having no mutual guilds"
)
CANNOT_REPLY_WITHOUT_HISTORY = Refusal(
    status=400, code=160002, message="Cannot reply without permission to read message history"
)
