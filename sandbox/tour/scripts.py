"""Who takes the tour and what they say, in each language."""

from dataclasses import dataclass
from typing import Final

from sandbox.demo.client_language import ENGLISH, GERMAN, ClientLanguage


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One language's tour: the places, the people, and their words."""

    language: ClientLanguage
    locale: str
    guild: str
    channel: str
    member: str
    other: str
    four: str
    four_seed: int
    busy: str
    preset: str
    template: str
    negative: str
    with_preset: str
    with_preset_seed: int
    followed: str
    followed_seed: int
    taken_after: str
    taken_after_seed: int
    edited: str
    moderators: str
    third: str
    role: str
    role_reason: str
    budget_reason: str
    grant_reason: str


ENGLISH_SCRIPT: Final = Script(
    language=ENGLISH,
    locale="en-GB",
    guild="Riverside Studio",
    channel="art",
    member="ada",
    other="ben",
    four="hot air balloons over the desert at sunset",
    four_seed=42,
    busy="a distant planet in deep space",
    preset="Harbour mist",
    template="{prompt}, pale watercolour, soft morning mist",
    negative="people, text, frame",
    with_preset="sailing boats in a quiet bay",
    with_preset_seed=5,
    followed="a lighthouse on a winter day, ink and gold leaf",
    followed_seed=6,
    taken_after="a mountain village in the first snow",
    taken_after_seed=8,
    edited="hot air balloons over the desert at dawn",
    moderators="moderators",
    third="cleo",
    role="Regulars",
    role_reason="they help newcomers",
    budget_reason="as agreed in our meeting",
    grant_reason="poster for the summer fair",
)
GERMAN_SCRIPT: Final = Script(
    language=GERMAN,
    locale="de",
    guild="Atelier am Fluss",
    channel="kunst",
    member="jonas",
    other="mira",
    four="Heißluftballons über der Sahara im Abendlicht",
    four_seed=6,
    busy="ein ferner Planet",
    preset="Hafennebel",
    template="{prompt}, blasses Aquarell, Morgennebel",
    negative="Menschen, Schrift, Rahmen",
    with_preset="Segelboote in einer stillen Bucht",
    with_preset_seed=16,
    followed="ein Leuchtturm im Abendlicht, Tusche und Blattgold",
    followed_seed=68,
    taken_after="ein Bergdorf im ersten Schnee",
    taken_after_seed=33,
    edited="Heißluftballons über der Sahara am Morgen",
    moderators="moderation",
    third="lena",
    role="Team",
    role_reason="helfen den Neuen",
    budget_reason="so besprochen",
    grant_reason="Plakat fürs Sommerfest",
)
SCRIPTS: Final = (ENGLISH_SCRIPT, GERMAN_SCRIPT)
