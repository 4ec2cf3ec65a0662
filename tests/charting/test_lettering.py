"""Names on charts: whatever people call themselves, it is one line of letters that are there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charting import canvas
from charting.lettering import cleaned, legible

KNOWN = canvas.characters()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("  Ada \n\t Lovelace ", "Ada Lovelace"),
        ("Łukasz", "Łukasz"),
        ("Ольга", "Ольга"),
        ("أحمد", "أحمد"),
        ("דנה", "דנה"),
        ("🦊 Fox 🦊", "Fox"),
        ("👩‍👩‍👧‍👦", "?"),
        ("\uff46\uff55\uff4c\uff4c", "full"),
        ("\U0001d4d5\U0001d4ea\U0001d4f7\U0001d4ec\U0001d502", "Fancy"),
        ("田中さくら", "?"),
        ("Tanaka 田中", "Tanaka …"),
        ("田中 A", "?"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u200b\u2060\ufe0f", "?"),
        ("", "?"),
        ("…", "..."),
        ("★", "★"),
        ("$x^2$", "$x^2$"),
        ("Z" + "\u0301" * 30 + "a", "Ź\u0301\u0301a"),
    ],
)
def test_a_name_is_shown_as_far_as_there_are_letters_for_it(name: str, shown: str) -> None:
    assert legible(name, "?", KNOWN) == shown


@given(st.text(max_size=100))
def test_nothing_is_left_that_the_font_lacks(text: str) -> None:
    for shown in (legible(text, "?", KNOWN), cleaned(text, KNOWN)):
        assert all(ord(character) in KNOWN for character in shown)
        assert len(shown.splitlines()) <= 1
