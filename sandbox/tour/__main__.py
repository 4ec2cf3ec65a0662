"""Makes the documents' pictures anew: `python -m sandbox.tour FOLDER`. Needs Chromium."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from sandbox.demo import page
from sandbox.demo.bot_process import BotFailed, BotProcess
from sandbox.discord import DiscordStandIn
from sandbox.pixazo import PixazoStandIn
from sandbox.settings import settings_for
from sandbox.tour import demo_pictures, moderation, owner
from sandbox.tour.camera import Camera, CameraMissing
from sandbox.tour.demo_pictures import DemoFailed
from sandbox.tour.scenes import Album, take
from sandbox.tour.scripts import SCRIPTS

_TOUR_SECONDS: Final = 180.0
_DATABASE: Final = "easel.db"


async def albums() -> list[Album]:
    """The tour in every language, with a bot of its own."""
    with tempfile.TemporaryDirectory(prefix="easel-tour-") as folder:
        async with DiscordStandIn() as discord, PixazoStandIn() as pixazo:
            settings = {
                **settings_for(discord, pixazo),
                "DATABASE_URL": f"sqlite:///{_DATABASE}",
                "MAX_IN_FLIGHT": "1",  # so that somebody waits in line
            }
            async with asyncio.timeout(_TOUR_SECONDS), BotProcess(Path(folder), settings) as bot:
                await bot.start()
                await discord.ready()
                await discord.commands_synced()
                taken = [await take(script, discord, pixazo) for script in SCRIPTS]
                for album in taken:
                    await owner.visit(album, Path(folder) / _DATABASE)
                    await moderation.visit(album)
                return taken


async def photograph() -> dict[str, bytes]:
    """Every picture by the name of its file. Raises CameraMissing without a browser, DemoFailed, BotFailed."""
    camera = Camera()
    shown = {f"{name}.png": view for name, view in (await demo_pictures.views()).items()}
    for album in await albums():
        shown |= {f"{name}.{album.script.language.tag}.png": view for name, view in album.views().items()}
    pages = {name: page.render_alone(view) for name, view in shown.items()}
    pictures = await asyncio.gather(*(camera.photograph(text) for text in pages.values()))
    return dict(zip(pages, pictures, strict=True))


def main() -> int:
    """Make the pictures; 1 where there is nothing to make them with."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.tour", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    folder: Path = parser.parse_args().folder
    try:
        pictures = asyncio.run(photograph())
    except (BotFailed, CameraMissing, DemoFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in pictures.items():
        (folder / name).write_bytes(data)
        sys.stdout.write(f"{folder / name}: {len(data) // 1000} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
