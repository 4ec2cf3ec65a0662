"""The demo as its user runs it, and what it says when something is wrong."""

import asyncio
import copy
import dataclasses
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from PIL import Image

from sandbox import demo
from sandbox.demo import wishes
from sandbox.demo.checks import run_checks
from sandbox.demo.console import Console
from sandbox.demo.output import OutputFolder
from sandbox.demo.record import Pages, Record
from sandbox.pixazo import PixazoStandIn
from sandbox.pixazo.jobs import FlagWhen

ROOT = Path(__file__).resolve().parents[2]
DEMO_SECONDS = 60.0

RAN = "The programme ran to its end"
ANSWERED = "Every request got its public card within Discord's 3 seconds"
PICTURES = "Every picture is in its own card, complete and pixel by pixel as the provider made it"
MARKED = "Every file says that a model made it, and how to make it again"
GIVEN = "A member's image was previewed in private, and lies beside the pictures on the card"
CHOSEN = "A preset, a LoRA, Reroll and Edit changed what they are for, and nothing else"
PRIVATE = "Details, /history and the preset's panel were private, and in the reader's language"
FLAGGED = "What the safety checker flagged was neither shown nor even downloaded"
CANCELLED = "The cancelled request never reached the provider"
POWER_CUT = "The power went out with three jobs at the provider and one in line, all on disk"
ONE_CARD = "Afterwards every card came to its end, and none was posted twice"
ONCE = "Nothing was submitted twice, and always with the safety checker"
OVER_QUOTA = "The request over quota was refused in private and never reached the provider"
QUOTA = "/quota shows what is left"
BILL = "The books agree with the provider's bill to the cent, in total and job by job"
NOTHING_LEFT = "Nothing is left reserved, every job is at its end, every balance is the sum of its entries"
STOPPED = "Told to stop, the bot stopped cleanly within 15 seconds"
MANNERS = "It asked nobody for anything else, and its log has neither errors nor secrets nor prompts"

FOREIGN_SETTINGS = {
    "DISCORD_TOKEN": "the-users-own-token",
    "PIXAZO_API_KEY": "the-users-own-key",
    "DATABASE_URL": "sqlite:///the-users-own.db",
    "PRICE_PER_IMAGE_USD": "0.5",
    "GUILD_DAILY_USD": "0",
}


class FlawedProvider(PixazoStandIn):
    """Bills every picture twice, and its safety checker never finds fault."""

    def billed_images(self) -> int:
        return 2 * super().billed_images()

    @property
    def flag_when(self) -> FlagWhen | None:
        return None

    @flag_when.setter
    def flag_when(self, value: FlagWhen | None) -> None:
        pass


@contextmanager
def running_demo(folder: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The demo's process in `folder`, which is ended at the latest when the block is left."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "bot.py"), "demo", "--output", "results"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


def test_demo_succeeds_whatever_settings_the_user_has(tmp_path: Path) -> None:
    env_file = "".join(f"{name}={value}\n" for name, value in FOREIGN_SETTINGS.items())
    (tmp_path / ".env").write_text(env_file)
    with running_demo(tmp_path, FOREIGN_SETTINGS) as process:
        said, _ = process.communicate(timeout=DEMO_SECONDS)
    results = tmp_path / "results"
    assert process.returncode == 0, said
    assert "✗" not in said
    assert "\x1b" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "results"]
    pictures = sorted(results.glob("*.png"))
    assert len(pictures) == sum(len(wish.expected) for wish in wishes.ALL) == 14
    for picture in pictures:
        with Image.open(picture) as image:
            image.load()
    transcript = json.loads((results / "transcript.json").read_text())
    saved = {picture["file"] for message in transcript["messages"] for picture in message["pictures"]}
    assert saved - {None} == {picture.name for picture in pictures}
    page = (results / "transcript.html").read_text()
    assert {picture.name for picture in pictures} == set(re.findall(r'href="([^"]+\.png)"', page))
    assert page.count('class="modal"') == 3
    assert "balances of all" in (results / "report.txt").read_text()


def test_terminated_demo_leaves_no_process_behind(tmp_path: Path) -> None:
    with running_demo(tmp_path, {}) as process:
        assert process.stdout is not None
        bot = process_id_of_bot(process.stdout)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEMO_SECONDS)
    assert process.returncode == 143
    with pytest.raises(ProcessLookupError):
        os.kill(bot, 0)


def process_id_of_bot(output: IO[str]) -> int:
    for line in output:
        if "ready (process " in line:
            return int(line.partition("(process ")[2].partition(")")[0])
    raise AssertionError("the bot never got ready")


def test_bot_that_does_not_start_fails_the_demo_with_its_last_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.run_demo(tmp_path / "results", provider=lambda: PixazoStandIn(key="")) == 1
    said = capsys.readouterr().out
    assert f"✗ {RAN}" in said
    assert "exit code 1 instead of getting ready" in said
    assert "PIXAZO_API_KEY: missing" in said
    assert (tmp_path / "results" / "transcript.html").exists()


def test_folder_with_files_of_the_user_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.txt").write_text("mine")
    assert demo.run_demo(tmp_path) == 1
    assert "report.txt" in capsys.readouterr().out
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.txt", "mine")]


@pytest.fixture(scope="module")
def flawed() -> Record:
    """What was seen with a provider that bills twice and flags nothing."""
    return asyncio.run(demo.play(FlawedProvider, Console(io.StringIO())))


def failing(record: Record) -> list[str]:
    return [check.statement for check in run_checks(record) if not check.holds]


def test_flaws_of_the_provider_fail_the_demo(
    flawed: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert flawed.fault is None
    assert failing(flawed) == [PICTURES, FLAGGED, BILL]
    console = Console(sys.stdout)
    assert demo.conclude(flawed, OutputFolder(tmp_path, frozenset()), console) == 1
    said = capsys.readouterr().out
    assert all(f"✗ {statement}" in said for statement in (PICTURES, FLAGGED, BILL))
    assert "the books say $1.44, the provider bills $2.88" in said


def without_emils_card(record: Record) -> Record:
    played = [one for one in record.played if one.wish is not wishes.WAITING]
    return dataclasses.replace(record, played=played)


def answered_slowly(record: Record) -> Record:
    first, *rest = record.played
    answer = dataclasses.replace(first.answer, latency_seconds=3.5)
    return dataclasses.replace(record, played=[dataclasses.replace(first, answer=answer), *rest])


def refused_in_public(record: Record) -> Record:
    (one,) = record.refused
    answer = dataclasses.replace(one.answer, ephemeral=False)
    return dataclasses.replace(record, refused=[dataclasses.replace(one, answer=answer)])


def told_of_as_cancelled(record: Record) -> Record:
    """A request that did reach the provider is taken for the cancelled one."""
    played = [
        dataclasses.replace(one, wish=dataclasses.replace(one.wish, prompt=wishes.FIRST.prompt))
        if one.wish is wishes.CANCELLED
        else one
        for one in record.played
    ]
    return dataclasses.replace(record, played=played)


def submitted_again(record: Record) -> Record:
    pixazo = PixazoStandIn()
    pixazo.submissions.extend([*record.pixazo.submissions, record.pixazo.submissions[0]])
    return dataclasses.replace(record, pixazo=pixazo)


def unbooked_in_the_dark(record: Record) -> Record:
    assert record.books_in_the_dark is not None
    books = dataclasses.replace(record.books_in_the_dark, jobs=record.books_in_the_dark.jobs[1:])
    return dataclasses.replace(record, books_in_the_dark=books)


def with_money_still_held(record: Record) -> Record:
    assert record.books is not None
    first, *rest = record.books.accounts
    accounts = (dataclasses.replace(first, pending=1), *rest)
    return dataclasses.replace(record, books=dataclasses.replace(record.books, accounts=accounts))


def with_an_error_logged(record: Record) -> Record:
    return dataclasses.replace(record, bot_log=(*record.bot_log, "2026-11-22T10:00:00.000Z ERROR ui.client: oh"))


def with_a_prompt_logged(record: Record) -> Record:
    return dataclasses.replace(record, bot_log=(*record.bot_log, f"INFO ui: {wishes.FIRST.prompt}"))


def without(record: Record, wish: wishes.Wish) -> Record:
    return dataclasses.replace(record, played=[one for one in record.played if one.wish is not wish])


def taken_for(record: Record, wish: wishes.Wish, **changes: Any) -> Record:
    """A wish as if it had been another one."""
    played = [
        dataclasses.replace(one, wish=dataclasses.replace(wish, **changes)) if one.wish is wish else one
        for one in record.played
    ]
    return dataclasses.replace(record, played=played)


def with_pages(record: Record, **changes: str) -> Record:
    """One private page in the place of another."""
    assert record.pages is not None
    pages: Pages = record.pages
    return dataclasses.replace(
        record, pages=dataclasses.replace(pages, **{name: getattr(pages, other) for name, other in changes.items()})
    )


def with_an_image_on_another_card(record: Record) -> Record:
    """The card with the image is taken for that of a wish that came without one."""
    return taken_for(record, wishes.TAKEN_AFTER, image=None)


def with_a_picture_of_the_provider_itself(record: Record) -> Record:
    """A picture without anything that is put into files."""
    spoilt = copy.copy(record)
    first, *rest = record.played
    message = copy.copy(first.message)
    bare = copy.copy(message.gallery()[0])
    with Image.open(io.BytesIO(bare.read())) as image:
        buffer = io.BytesIO()
        image.convert("RGB").save(buffer, "PNG")
    bare._data = buffer.getvalue()
    message.gallery = lambda: [bare]  # type: ignore[method-assign]  # this message is the test's own
    spoilt.played = [dataclasses.replace(first, message=message), *rest]
    return spoilt


@pytest.mark.parametrize(
    ("spoilt", "statement"),
    [
        (lambda record: dataclasses.replace(record, fault="no answer"), RAN),
        (without_emils_card, ANSWERED),
        (with_a_picture_of_the_provider_itself, MARKED),
        (with_an_image_on_another_card, GIVEN),
        (lambda record: with_pages(record, preview="details"), GIVEN),
        (lambda record: without(record, wishes.PRESET_USED), CHOSEN),
        (lambda record: without(record, wishes.LORA_USED), CHOSEN),
        (lambda record: without(record, wishes.EDITED), CHOSEN),
        (lambda record: taken_for(record, wishes.REROLLED, prompt="other words", sent=None), CHOSEN),
        (lambda record: dataclasses.replace(record, pages=None), PRIVATE),
        (lambda record: with_pages(record, history_in_german="history"), PRIVATE),
        (lambda record: with_pages(record, details="history"), PRIVATE),
        (lambda record: with_pages(record, history="details"), PRIVATE),
        (answered_slowly, ANSWERED),
        (told_of_as_cancelled, CANCELLED),
        (unbooked_in_the_dark, POWER_CUT),
        (lambda record: dataclasses.replace(record, starts=1), POWER_CUT),
        (without_emils_card, ONE_CARD),
        (submitted_again, ONCE),
        (refused_in_public, OVER_QUOTA),
        (lambda record: dataclasses.replace(record, refused=[]), OVER_QUOTA),
        (lambda record: dataclasses.replace(record, quota=None), QUOTA),
        (with_money_still_held, NOTHING_LEFT),
        (lambda record: dataclasses.replace(record, balanced=False), NOTHING_LEFT),
        (lambda record: dataclasses.replace(record, exit_code=1), STOPPED),
        (with_an_error_logged, MANNERS),
        (with_a_prompt_logged, MANNERS),
    ],
)
def test_each_check_notices_what_it_is_for(flawed: Record, spoilt: Callable[[Record], Record], statement: str) -> None:
    assert statement not in failing(flawed)
    assert statement in failing(spoilt(flawed))
