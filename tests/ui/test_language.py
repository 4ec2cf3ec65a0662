"""The languages: every catalogue is complete, everybody is spoken to in their own, and nobody in another's."""

import ast
import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from errors import JobNotFound
from generation.delivery import UsualTime
from models import FailureReason, JobStatus
from tests.ui.scene import Scene
from ui import language, wording
from ui.language import N_, SOURCE, TRANSLATED, _, current, ngettext, speak, speaking

ROOT: Final = Path(__file__).resolve().parent.parent.parent
KEYWORDS: Final = {"_": None, "N_": None, "ngettext": (1, 2)}
# What `format` fills in, and what stays as it is for Discord: code, mentions, bold, a headline or small print.
_FILLED: Final = re.compile(r"\{[a-z_]*\}|\{\{[a-z]+\}\}")
_CODE: Final = re.compile(r"`[^`]*`")
_SENTENCE: Final = re.compile(r"[A-Za-z]{2,}[,.:;!?]?\s+[A-Za-z]{2,}")
# The operator's messages are in English: see the module.
_NOT_FOR_TRANSLATORS: Final = {"notices.py"}


def extracted() -> set[str | tuple[str, ...]]:
    """Every message in the sources that members can come to read."""
    return {
        message
        for folder in ("ui", "cogs")
        for _file, _line, message, _comments, _context in extract_from_dir(
            ROOT / folder, method_map=[("**.py", "python")], keywords=KEYWORDS
        )
    }


def catalogue(name: str) -> Catalog:
    with language.catalogue_path(name).open("rb") as file:
        return read_po(file, locale=name)


def messages(name: str) -> list[Message]:
    return [message for message in catalogue(name) if message.id]


def pairs(name: str) -> Iterator[tuple[str, str]]:
    """Each translated text beside the English one that it stands for."""
    for message in messages(name):
        if isinstance(message.id, tuple):
            yield from ((message.id[min(form, 1)], text) for form, text in enumerate(message.string or ()))
        else:
            yield str(message.id), str(message.string)


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_catalogue_has_every_message_and_no_other(name: str) -> None:
    listed = {message.id for message in messages(name)}
    assert listed == extracted(), "run `make messages` and translate what is new"
    assert not catalogue(name).obsolete


def test_what_is_spoken_is_what_translators_are_given() -> None:
    spoken: set[str | tuple[str, ...]] = set()
    for path in [*(ROOT / "ui").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
                words = [
                    part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                if words:
                    spoken.add(tuple(words) if node.func.id == "ngettext" else words[0])
    # The extraction reads tokens: it misses what stands in an f-string, and takes a key within `_(…[…])` for words.
    assert spoken == extracted()


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_message_is_translated_in_every_form(name: str) -> None:
    forms = catalogue(name).num_plurals
    for message in messages(name):
        assert not message.fuzzy, message.id
        if isinstance(message.id, tuple):
            assert isinstance(message.string, tuple), message.id
            assert len(message.string) == forms, message.id
            assert all(message.string), message.id
        else:
            assert message.string, message.id


@pytest.mark.parametrize("name", TRANSLATED)
def test_translations_have_the_same_placeholders_and_code(name: str) -> None:
    for english, translated in pairs(name):
        for pattern in (_FILLED, _CODE):
            assert sorted(pattern.findall(english)) == sorted(pattern.findall(translated)), english


@pytest.mark.parametrize("name", TRANSLATED)
def test_translations_keep_what_discord_makes_of_a_text(name: str) -> None:
    for english, translated in pairs(name):
        assert english.count("**") == translated.count("**"), english
        assert english.startswith("### ") == translated.startswith("### "), english
        assert english.count("\n") == translated.count("\n"), english
        assert translated == translated.strip(), english


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_translation_can_be_filled_in(name: str) -> None:
    for english, translated in pairs(name):
        values = dict.fromkeys(re.findall(r"(?<!\{)\{([a-z_]+)\}(?!\})", english), "x")
        assert "{" not in translated.format(**values).replace("{prompt}", ""), english


@pytest.mark.parametrize(
    "path",
    sorted(path for path in (ROOT / "ui" / "wording").glob("*.py") if path.name not in _NOT_FOR_TRANSLATORS),
    ids=lambda path: path.name,
)
def test_no_sentence_escapes_translation(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    marked: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            marked.update(part for argument in node.args for part in ast.walk(argument))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            marked.add(node.value)  # a docstring
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in marked:
            assert not _SENTENCE.search(node.value), f"{path.name}:{node.lineno} is not for translators"


def test_no_text_on_a_component_or_command_is_written_where_it_is_used() -> None:
    shown = {"label", "placeholder", "title", "description", "content"}
    for path in [*(ROOT / "ui").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in shown:
                written = [part for part in ast.walk(node.value) if isinstance(part, ast.Constant) and part.value]
                assert not any(isinstance(part.value, str) for part in written), f"{path}:{node.value.lineno}"


def test_english_is_what_the_source_says() -> None:
    assert current() == SOURCE
    assert _("Cancel") == N_("Cancel") == "Cancel"
    assert ngettext("{count} picture", "{count} pictures", 1) == "{count} picture"
    assert ngettext("{count} picture", "{count} pictures", 0) == "{count} pictures"


@pytest.mark.parametrize(
    ("locale", "spoken"), [("de", "de"), ("en-US", "en"), ("en-GB", "en"), ("fr", "en"), ("pt-BR", "en"), ("", "en")]
)
def test_a_locale_without_a_catalogue_is_spoken_to_in_english(locale: str, spoken: str) -> None:
    with speaking(locale):
        assert current() == spoken
    assert current() == SOURCE


def test_german_has_its_own_words_and_forms() -> None:
    with speaking("de"):
        assert _("Cancel") == "Abbrechen"
        assert ngettext("{count} picture", "{count} pictures", 2).format(count=2) == "2 Bilder"
        assert _("not in the catalogue") == "not in the catalogue"


def test_the_language_before_is_spoken_again_after_an_error() -> None:
    speak("de")
    try:
        with pytest.raises(ValueError, match="within"), speaking("en-US"):
            raise ValueError("within")
        assert current() == "de"
    finally:
        speak("en-US")


async def test_each_task_speaks_its_own_language() -> None:
    heard: dict[str, list[str]] = {"de": [], "en-GB": []}

    async def talk(locale: str) -> None:
        speak(locale)
        for _turn in range(3):
            heard[locale].append(wording.card_title(JobStatus.FAILED))
            await asyncio.sleep(0)
        heard[locale].append(await asyncio.create_task(child()))

    async def child() -> str:
        return wording.card_title(JobStatus.FAILED)

    await asyncio.gather(talk("de"), talk("en-GB"))
    assert set(heard["de"]) == {"### ⚠️ Das hat nicht geklappt"}
    assert set(heard["en-GB"]) == {"### ⚠️ That didn't work"}
    assert current() == SOURCE


async def test_a_german_interaction_gets_a_german_card(scene: Scene) -> None:
    card = await (await scene.imagine(locale="de")).message()
    assert "In der Warteschlange" in card.text()
    assert "28 Schritte" in card.text()
    assert "0,09\N{NO-BREAK SPACE}$" in card.text()
    assert [button.label for button in card.buttons()] == ["Abbrechen"]


async def test_british_english_is_english(scene: Scene) -> None:
    card = await (await scene.imagine(locale="en-GB")).message()
    assert "Waiting in line" in card.text()
    assert "$0.09" in card.text()


async def test_a_german_interaction_gets_a_german_refusal(scene: Scene) -> None:
    answer = await (await scene.imagine({"prompt": " \u200b "}, locale="de")).answered()
    assert answer.ephemeral
    assert answer.message is not None
    assert "`prompt` ist leer. Sag in ein paar Worten" in answer.message.text()


async def test_a_press_is_answered_in_the_language_of_who_presses(scene: Scene) -> None:
    _job, card = await scene.carded()
    run = await scene.discord.click(scene.bob, card, "Cancel", locale="de")
    assert "oder die Moderation (**Nachrichten verwalten**)" in (await run.message()).text()


async def test_what_becomes_of_a_card_later_is_in_its_authors_language(scene: Scene) -> None:
    card = await (await scene.imagine(locale="de")).message()
    job = await scene.until(lambda job: job.message_id is not None)
    await scene.delivery.show(replace(job, status=JobStatus.SUBMITTED), usual=UsualTime(low_seconds=6, high_seconds=11))
    assert "Wird gemalt" in card.text()
    assert "meist 6\u201311 s" in card.text()
    ended = replace(job, status=JobStatus.FAILED, reason=FailureReason.GENERATION_TIMEOUT)
    await scene.delivery.show(ended)
    assert "Dem Bilddienst ist die Zeit ausgegangen." in card.text()
    await scene.delivery.notify(ended)
    assert "dein Auftrag ist zu Ende, aber ohne Bild" in scene.channel.messages[-1].text()
    assert current() == SOURCE


async def test_interactions_in_two_languages_at_once_do_not_mix(scene: Scene) -> None:
    members = [(scene.ada, "de", "**Deine Bilder**"), (scene.bob, "en-GB", "**Your pictures**")] * 4
    runs = await asyncio.gather(
        *(scene.discord.slash(member, scene.channel, "quota", locale=locale) for member, locale, _title in members)
    )
    for run, (_member, _locale, title) in zip(runs, members, strict=True):
        assert title in (await run.message()).text()


def test_a_refusal_is_worded_when_it_is_told() -> None:
    error = JobNotFound("job1")
    assert wording.refusal(error).startswith("There is no such request")
    with speaking("de"):
        assert wording.refusal(error).startswith("So einen Auftrag")
