"""Colours and scenes by the words of a prompt: hints for the painter, nothing that the service's behaviour hangs on."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.pixazo.canvas import Colour, colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The light of a scene."""

    sky: tuple[Colour, ...]
    """From the zenith to the horizon."""
    light: Colour
    """Sun or moon."""
    far: Colour
    near: Colour
    """The land, from the haze to the foreground."""
    accent: Colour
    night: bool = False

    @property
    def haze(self) -> Colour:
        """The air at the horizon."""
        return self.sky[-1]


def _palette(sky: str, light: str, far: str, near: str, accent: str, *, night: bool = False) -> Palette:
    return Palette(
        sky=tuple(colour(code) for code in sky.split()),
        light=colour(light),
        far=colour(far),
        near=colour(near),
        accent=colour(accent),
        night=night,
    )


PALETTES: Mapping[str, tuple[Palette, ...]] = {
    "sunset": (
        _palette("2b2d5c 6d3f7d c8596e f49a5c ffd27d", "fff1c4", "b0627a", "1d1430", "ff7f50"),
        _palette("1f3a5f 4f6d8f c98b7b f6b26b ffe3a3", "fff6d8", "9a6a78", "191b2e", "e4572e"),
        _palette("3a1c4f 8a2f6b e0556d ff8e5e ffc46b", "ffe9b0", "a84a6f", "200d2b", "ffd166"),
    ),
    "dawn": (
        _palette("8fb8de b7c9e2 e9cdd3 f9dcc4 fdeed9", "fffaf0", "a9b4cf", "2f4159", "e07a5f"),
        _palette("6c9bb5 a3c4cf dfd8c8 f3d9b1 f7e7ce", "fffdf2", "98aeb5", "23404a", "d1603d"),
    ),
    "day": (
        _palette("2f7fc1 67a9d8 a9d0e8 dceef2", "fffbe6", "8fb3c4", "1f4d3f", "f2c14e"),
        _palette("3b6fa0 76a5c4 b8d4d8 f0ead2", "fff8dc", "93aeb0", "2c4a34", "e76f51"),
        _palette("1c7293 5fa8b8 a8d5ca e9f5db", "fffde8", "7fb3a8", "134e4a", "ff9f1c"),
    ),
    "night": (
        _palette("070b1f 10183a 1f2f5c 3a4f80", "f2f0e2", "2b3a66", "050816", "ffd27f", night=True),
        _palette("0a0a20 231645 44296b 7a4a8a", "fbeff2", "43336b", "0a0618", "ff9ecb", night=True),
        _palette("02141c 06303a 0d5055 3a8a84", "eafff6", "14525a", "010c12", "9bf6c4", night=True),
    ),
    "winter": (
        _palette("4a6fa5 86a5cc c3d3e6 eef1f5", "ffffff", "a3b6d0", "33475e", "d62839"),
        _palette("39506b 6f8fae b7c7d4 f4e4dc", "fff6ee", "9fb2c6", "26374a", "f4a261"),
    ),
}
"""Several palettes for each time of day or year."""

_MOODS: Mapping[str, str] = {
    "night": r"night|midnight|moon\w*|star\w*|dark\w*|aurora|northern lights|neon|firefl\w+|lantern\w*",
    "sunset": r"sunset|dusk|evening|golden|autumn|fall|fire\w*|amber|twilight|warm",
    "dawn": r"dawn|sunrise|morning|mist\w*|fog\w*|pastel|spring|soft",
    "winter": r"winter|snow\w*|ice|icy|frost\w*|cold|glacier|arctic|alpine",
    "day": r"noon|day|summer|blue sky|bright|sunny|green",
}

_SUBJECTS: Mapping[str, str] = {
    "sea": r"sea|ocean|lake|water|harbou?r|lighthouse|boat|ship|sail\w*|beach|coast|river|island|bay|pond|fish",
    "space": r"space|planets?|galax\w+|nebula|rocket|astronaut|cosm\w+|orbit|saturn|alien|universe",
    "city": r"city|town|streets?|skyline|tokyo|cyberpunk|buildings?|tower|metropolis|rooftops?|robot|car",
    "desert": r"desert|dunes?|sand|pyramids?|canyon|mars|camel|balloons?|sahara|oasis",
    "forest": r"forest|woods?|trees?|pines?|jungle|fox|deer|bear|wolf|owl|cabin|garden|mushrooms?",
    "mountains": r"mountains?|hills?|valley|alps|peaks?|cliffs?|volcano|dragon|castle|fields?|eagle",
}


def subject_of(prompt: str, rng: random.Random) -> str:
    """The scene that the prompt's first fitting word asks for, else any."""
    return _first_hint(prompt, _SUBJECTS) or rng.choice(list(_SUBJECTS))


def palette_of(prompt: str, rng: random.Random, *, among: tuple[str, ...]) -> Palette:
    """A palette for the mood that the prompt names, else for one of `among`."""
    mood = _first_hint(prompt, _MOODS) or rng.choice(among)
    return rng.choice(PALETTES[mood])


def names(prompt: str, word: str) -> bool:
    """Whether the prompt has that word, in singular or plural."""
    return re.search(rf"\b{word}s?\b", prompt, re.IGNORECASE) is not None


def _first_hint(prompt: str, hints: Mapping[str, str]) -> str | None:
    found = {name: re.search(rf"\b(?:{words})s?\b", prompt, re.IGNORECASE) for name, words in hints.items()}
    places = {name: match.start() for name, match in found.items() if match is not None}
    return min(places, key=lambda name: places[name]) if places else None
