"""The form in which a member says why a refusal or a suspension was a mistake."""

from typing import Final

from generation.appeals import WORDS_MAX_CHARACTERS
from ui.forms import Form, FormValues, TextField
from ui.refusals import APPEAL_ACTION, strike_of
from ui.wording import strikes as words

_WORDS: Final = "words"


def appeal_form(argument: str) -> Form:
    """Asks why it was a mistake. Raises DraftGone for what no button of ours says."""
    of_strike = strike_of(argument) is not None
    field = TextField(
        name=_WORDS,
        label=words.appeal_label(),
        description=words.appeal_hint(of_strike=of_strike),
        required=True,
        longest=WORDS_MAX_CHARACTERS,
        paragraph=True,
    )
    return Form(APPEAL_ACTION, argument, title=words.appeal_title(), fields=[field])


def appeal_words(values: FormValues) -> str:
    """What the member wrote into the form."""
    return values.text(_WORDS)
