"""The CDN: serves uploaded files under signed addresses that expire."""

from sandbox.discord.faults import ATTACHMENT, EPHEMERAL_ATTACHMENT
from sandbox.discord.server import Reply, Request, Server
from sandbox.discord.world import World

GONE = Reply(status=404, body="This content is no longer available.", content_type="text/plain")


class CdnRoutes:
    """Attachments, without any token: the signature in the address is what counts."""

    def __init__(self, world: World) -> None:
        self._world = world

    def mount(self, server: Server) -> None:
        """Serve the routes."""
        for template in (ATTACHMENT, EPHEMERAL_ATTACHMENT):
            server.add("GET", template, self.get_file, prefix="", needs_token=False, limited=False)

    async def get_file(self, request: Request) -> Reply:
        """A file, as long as it exists and its address is genuine and young enough."""
        attachment = self._world.attachments.get(request.id("attachment_id"))
        if attachment is None or attachment.deleted:
            return GONE
        signature = (request.query.get(key, "") for key in ("ex", "is", "hm"))
        if not self._world.signature_holds(attachment.path, *signature):
            return GONE
        try:
            data = attachment.read()
        except LookupError:
            return GONE
        return Reply(body=data, content_type=attachment.content_type or "application/octet-stream")
