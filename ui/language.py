"""The language that members are spoken to in: gettext catalogues, and whose turn it is in a context variable.

English is what the source says. Every other language is a catalogue in `locales/`, read as it is: there is nothing
to be compiled. A task speaks English until it is told otherwise, and tasks that it starts speak as it did then.
"""

import functools
import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES: Final = Path(__file__).resolve().parent.parent / "locales"
DOMAIN: Final = "easel"
SOURCE: Final = "en"
# Discord's names of the locales that there is a catalogue for; whoever uses another one is spoken to in English.
TRANSLATED: Final = ("de",)

_current: Final = ContextVar("language", default=SOURCE)


def _(message: str, /) -> str:
    """The message in the current language, or itself where the catalogue lacks it."""
    return _translations(_current.get()).gettext(message)


def ngettext(one: str, many: str, count: int, /) -> str:
    """The form of the message that goes with `count` in the current language; fill the count in by `format`."""
    return _translations(_current.get()).ngettext(one, many, count)


def N_(message: str, /) -> str:  # noqa: N802 - gettext's own name for it, which the extraction looks for
    """The message as it is, marked for translators: for constants, which are passed through `_` where they are used."""
    return message


def current() -> str:
    """The language that is spoken now: `en` or one of `TRANSLATED`."""
    return _current.get()


def speak(locale: str) -> None:
    """Speak the language of one of Discord's locales for the rest of this task, and in those that it starts."""
    _current.set(_language(locale))


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Speak the language of one of Discord's locales for a while."""
    token = _current.set(_language(locale))
    try:
        yield
    finally:
        _current.reset(token)


def load() -> None:
    """Read every catalogue now, so that no interaction waits for it. Raises OSError where one is missing."""
    for language in TRANSLATED:
        _translations(language)


def catalogue_path(language: str) -> Path:
    """Where the catalogue of a language lies."""
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def _language(locale: str) -> str:
    return locale if locale in TRANSLATED else SOURCE


@functools.cache
def _translations(language: str) -> gettext.NullTranslations:
    if language == SOURCE:
        return gettext.NullTranslations()
    with catalogue_path(language).open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
