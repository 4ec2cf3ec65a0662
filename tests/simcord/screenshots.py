"""`python -m tests.simcord.screenshots FOLDER`: how Easel's messages look, drawn by SimCord in a browser.

No part of the suite: it needs `simcord[screenshot]` and a browser (`playwright install chromium`).
"""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import simcord

from sandbox.pixazo import PixazoStandIn
from tests.simcord.stage import Stage, message_of, open_stage, texts

PROMPT = "a lighthouse at dusk, waves against the rocks, warm light in the windows"
Shot = Callable[[Stage], Awaitable[simcord.InteractionResult]]


async def _waiting(stage: Stage) -> simcord.InteractionResult:
    stage.pixazo.latency = 3600.0
    await stage.imagine(by=stage.bob)
    await stage.pixazo.until(lambda: bool(stage.pixazo.accepted()))
    return await stage.imagine(PROMPT, count=2)


async def _being_made(stage: Stage) -> simcord.InteractionResult:
    stage.pixazo.latency = 3600.0
    card = await stage.imagine(PROMPT)
    await stage.becomes(card, lambda _: "Being made" in texts(card))
    return card


async def _delivered(stage: Stage, count: int = 1, **options: Any) -> simcord.InteractionResult:
    card = await stage.imagine(PROMPT, count=count, **options)
    await stage.becomes(card, lambda message: message.attachments)
    return card


async def _three(stage: Stage) -> simcord.InteractionResult:
    return await _delivered(stage, 3, size="portrait_4_3")


async def _four(stage: Stage) -> simcord.InteractionResult:
    return await _delivered(stage, 4, size="square_hd")


async def _some_withheld(stage: Stage) -> simcord.InteractionResult:
    stage.pixazo.on_result("flagged_mixed")
    return await _delivered(stage, 2)


async def _withheld(stage: Stage) -> simcord.InteractionResult:
    stage.pixazo.on_result("flagged_all")
    card = await stage.imagine(PROMPT)
    await stage.becomes(card, lambda _: "Nothing to show" in texts(card))
    return card


async def _failed(stage: Stage) -> simcord.InteractionResult:
    stage.pixazo.on_poll("failed_content_policy_violation")
    card = await stage.imagine(PROMPT)
    await stage.becomes(card, lambda _: "didn't work" in texts(card))
    return card


async def _in_doubt(stage: Stage) -> simcord.InteractionResult:
    stage.pixazo.on_submit("submit_500_after_accepting")
    card = await stage.imagine(PROMPT)
    await stage.becomes(card, lambda _: "Not sure yet" in texts(card))
    return card


async def _cancelled(stage: Stage) -> simcord.InteractionResult:
    card = await _waiting(stage)
    await stage.ada.click(message_of(card), label="Cancel")
    return card


async def _refused_cancel(stage: Stage) -> simcord.InteractionResult:
    """Ada presses what only Bob may."""
    await _waiting(stage)
    card = await stage.imagine(PROMPT, by=stage.bob)
    return await stage.ada.click(message_of(card), label="Cancel")


async def _refused_prompt(stage: Stage) -> simcord.InteractionResult:
    return await stage.imagine("a lighthouse\x07")


async def _over_quota(stage: Stage) -> simcord.InteractionResult:
    await _delivered(stage, 10)
    await _delivered(stage, 8)
    return await stage.imagine(PROMPT, count=4)


async def _too_many(stage: Stage) -> simcord.InteractionResult:
    stage.pixazo.latency = 3600.0
    for _ in range(3):
        await stage.imagine(PROMPT)
    return await stage.imagine(PROMPT)


async def _queue(stage: Stage) -> simcord.InteractionResult:
    await _waiting(stage)
    await stage.imagine("a fox in the snow")
    return await stage.ada.slash(stage.channel, "queue")


async def _quota(stage: Stage) -> simcord.InteractionResult:
    await _delivered(stage, 3)
    stage.pixazo.latency = 3600.0
    await stage.imagine(PROMPT, count=2)
    return await stage.ada.slash(stage.channel, "quota")


async def _help(stage: Stage) -> simcord.InteractionResult:
    return await stage.ada.slash(stage.channel, "help")


async def _about(stage: Stage) -> simcord.InteractionResult:
    return await stage.ada.slash(stage.channel, "about")


SHOTS: dict[str, Shot] = {
    "card-waiting": _waiting,
    "card-being-made": _being_made,
    "gallery-1": _delivered,
    "gallery-3": _three,
    "gallery-4": _four,
    "gallery-some-withheld": _some_withheld,
    "card-withheld": _withheld,
    "card-failed": _failed,
    "card-in-doubt": _in_doubt,
    "card-cancelled": _cancelled,
    "refused-cancel": _refused_cancel,
    "refused-prompt": _refused_prompt,
    "refused-quota": _over_quota,
    "refused-too-many": _too_many,
    "queue": _queue,
    "quota": _quota,
    "help": _help,
    "about": _about,
}


async def take(folder: Path, names: list[str]) -> None:
    """Take these shots, each with a bot and a database of its own."""
    for name in names:
        with tempfile.TemporaryDirectory() as data:
            async with (
                PixazoStandIn(latency=0.02) as pixazo,
                open_stage(Path(data), pixazo, {"MAX_IN_FLIGHT": "1"}) as stage,
            ):
                result = await SHOTS[name](stage)
                async with stage.env.preview(stage.channel, viewers=[stage.ada], width=760, height=1400) as preview:
                    capture = await preview.screenshot(folder / f"{name}.png", target=result, allow_incomplete=True)
        print(f"{capture.path} {capture.output_width}x{capture.output_height}")  # noqa: T201 - a command's own words


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.simcord.screenshots")
    parser.add_argument("folder", type=Path, help="where the pictures go; it must exist")
    parser.add_argument("names", nargs="*", default=list(SHOTS), help=f"some of: {', '.join(SHOTS)}")
    options = parser.parse_args()
    asyncio.run(take(options.folder, options.names))


if __name__ == "__main__":
    main()
