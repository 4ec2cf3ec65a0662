"""What members do with images of theirs, and files of every kind that they may try."""

from pathlib import Path
from typing import Any, Final

from PIL import Image

from sandbox.discord import Json, Member, Message, Run, Upload, routes
from tests.imaging.files import animation, claiming, drawing, encoded, heic, plain_png
from tests.imaging.watch import files_in, workers
from tests.support import wait_until
from tests.ui.scene import Scene

# A drawing with a soft light on it: faint edges show at low thresholds only.
PICTURE: Final = Image.blend(
    drawing(size=(320, 240)), Image.radial_gradient("L").resize((320, 240)).convert("RGB"), 0.4
)
PHOTO: Final = Upload(filename="photo.png", data=encoded(PICTURE))
MEGABYTE: Final = 1024 * 1024

# By content, whatever the name says; each with what the member is told.
UNUSABLE: Final[dict[str, tuple[Upload, str]]] = {
    "a GIF": (Upload(filename="cat.png", data=encoded(drawing(), "GIF")), "not a picture that I can read"),
    "an SVG": (
        Upload(filename="cat.svg", data=b'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"/>'),
        "not a picture that I can read",
    ),
    "a HEIC": (Upload(filename="cat.jpg", data=heic()), "not a picture that I can read"),
    "an animated PNG": (Upload(filename="cat.png", data=animation("PNG")), "That picture moves"),
    "no bytes at all": (Upload(filename="cat.png", data=b""), "That file is empty"),
    "50 MB": (Upload(filename="cat.png", data=bytes(50 * MEGABYTE)), "That file is too large"),
    "20000 px": (Upload(filename="cat.png", data=plain_png(20000, 20000)), "too many pixels"),
    "a bomb": (Upload(filename="cat.png", data=claiming(2**31 - 1, 2**31 - 1)), "too many pixels"),
    "half of a PNG": (Upload(filename="cat.png", data=PHOTO.data[:-60]), "That file is damaged"),
    "a stamp": (Upload(filename="cat.png", data=encoded(drawing(size=(63, 63)))), "too small"),
}


async def use(scene: Scene, name: str, by: Member | None = None, *, raw: bool = False, **options: Any) -> Run:
    """Ada, or the member named, uses `/control` or `/reference` on a photo."""
    given = {"prompt": "a red fox", "image": PHOTO, **options}
    return await scene.discord.slash(by or scene.ada, scene.channel, name, given, raw=raw)


async def previewed(scene: Scene, mode: str = "canny", by: Member | None = None, **options: Any) -> Message:
    """The private preview of a `/control`, once it is there."""
    run = await use(scene, "control", by, mode=mode, **options)
    message = await run.message()
    return await message.changed(lambda changed: not changed.loading)


async def card_of(run: Run) -> Message:
    """The public card that answers a command or a press, once the image lies on it."""
    answer = await run.answered()
    assert not answer.ephemeral
    assert answer.message is not None
    return await answer.message.changed(lambda changed: changed.attachments)


async def words_of(run: Run) -> str:
    """What is said in private, as the answer or after it."""
    answer = await run.answered()
    if answer.message is not None and answer.ephemeral and answer.kind in {"message", "deferred"}:
        await answer.message.changed(lambda changed: not changed.loading)
        return answer.message.text()
    await wait_until(lambda: bool(run.followups), what="a private follow-up")
    [told] = run.followups
    assert told.ephemeral
    return told.text()


def thumbnails(message: Message) -> list[Json]:
    """The small pictures on a message."""
    return [part for part in message.walk() if part["type"] == 11]


def fetched(scene: Scene) -> int:
    """How many files the bot has asked the CDN for."""
    exchanges = scene.discord.exchanges
    return len(exchanges.matching("GET", routes.ATTACHMENT) + exchanges.matching("GET", routes.EPHEMERAL_ATTACHMENT))


async def nothing_is_kept(scene: Scene, folder: Path) -> None:
    """No job, no draft, no file, no open file and no child process is left."""
    assert await scene.jobs() == []
    assert await scene.database.fetch_all("SELECT draft_id FROM drafts") == []
    assert list((folder / "drafts").rglob("*")) == []
    await wait_until(lambda: not workers(), what="the workers' end")
    assert [name for name in files_in(folder) if "/easel." not in name] == []  # the database stays open
