"""The documents' pictures: what they show, and how they are taken."""

import asyncio
import io
import os
import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from sandbox.demo.channel import OpenForm
from sandbox.demo.page import render_alone
from sandbox.discord import TranscriptEntry
from sandbox.tour import camera
from sandbox.tour.__main__ import albums
from sandbox.tour.camera import BYTES_AT_MOST, Camera, CameraMissing
from sandbox.tour.scenes import Album

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
WIDEST_PX = 900


@pytest.fixture(scope="module")
def taken() -> list[Album]:
    """The tour in every language."""
    return asyncio.run(albums())


def words(shown: TranscriptEntry | OpenForm) -> str:
    return str(shown.modal) if isinstance(shown, OpenForm) else shown.text


def test_every_scene_is_shown_in_each_language_and_in_its_own_words(taken: list[Album]) -> None:
    english, german = taken
    assert list(english.scenes) == list(german.scenes)
    for name, shown in english.scenes.items():
        for one, other in zip(shown, german.scenes[name], strict=True):
            assert words(one).partition("\n")[0] != words(other).partition("\n")[0], name
    for album in taken:
        for view in album.views().values():
            assert "unknown" not in render_alone(view)


def test_the_documents_show_every_picture_that_is_taken_and_no_other(taken: list[Album]) -> None:
    made = {f"{name}.{album.script.language.tag}.png" for album in taken for name in album.scenes}
    documents = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
    assert set(re.findall(r"images/([a-z-]+\.(?:en|de)\.png)", documents)) == made
    assert {path.name for path in IMAGES.glob("*.*.png")} == made


def test_every_picture_of_the_documents_is_small() -> None:
    paths = sorted(IMAGES.glob("*.png"))
    assert len(paths) > 20
    for path in paths:
        assert path.stat().st_size <= BYTES_AT_MOST, path.name
        with Image.open(path) as image:
            assert image.width <= WIDEST_PX, path.name


def browser(folder: Path, shot: Image.Image | None) -> None:
    """A browser that takes always the same picture, or none."""
    source = folder / "shot.png"
    if shot is not None:
        shot.save(source)
    script = f'#!/bin/sh\nfor word; do case "$word" in --screenshot=*) cp {source} "${{word#*=}}";; esac; done\n'
    (folder / "chromium").write_text(script)
    (folder / "chromium").chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the only browser is."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(camera, "_BROWSERS", ("chromium",))
    return tmp_path


async def test_what_is_below_the_last_message_is_cut_off(folder: Path) -> None:
    page = Image.new("RGB", (300, 900), "#313338")
    ImageDraw.Draw(page).rectangle((20, 30, 200, 400), fill="#5865f2")
    browser(folder, page)
    with Image.open(io.BytesIO(await Camera().photograph("<p>"))) as taken:
        assert taken.width == 300
        assert 400 < taken.height < 440
        assert taken.convert("RGB").getpixel((50, 50)) == (0x58, 0x65, 0xF2)


async def test_a_colourful_page_is_packed_until_it_is_small(folder: Path) -> None:
    browser(folder, Image.merge("RGB", [Image.effect_noise((420, 420), 90) for _ in range(3)]))
    taken = await Camera().photograph("<p>")
    with Image.open(io.BytesIO(taken)) as image:
        assert image.mode == "P"


async def test_a_browser_that_takes_no_picture_is_told_of(folder: Path) -> None:
    browser(folder, None)
    with pytest.raises(CameraMissing, match="took no picture"):
        await Camera().photograph("<p>")


def test_without_a_browser_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CameraMissing, match="chromium"):
        Camera()
