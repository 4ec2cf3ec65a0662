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
    blocked_term: str
    blocked_category: str
    blocked_prompt: str
    appeal: str
    neighbours: tuple[str, str]
    report_reasons: tuple[str, str, str]
    suspend_reason: str


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
    blocked_term="clown",
    blocked_category="nightmares",
    blocked_prompt="a friendly c l 0 w n with a red balloon",
    appeal="It is for my daughter's birthday, and she loves them!",
    neighbours=("dora", "emil"),
    report_reasons=("I have seen this exact picture elsewhere", "not what this channel is for", "please have a look"),
    suspend_reason="asked three times to use the art channel",
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
    blocked_term="clown",
    blocked_category="Albträume",
    blocked_prompt="ein netter c l 0 w n mit rotem Ballon",
    appeal="Es ist für den Geburtstag meiner Tochter, und sie liebt sie!",
    neighbours=("paula", "emil"),
    report_reasons=("Das Bild kenne ich von woanders", "Passt nicht in diesen Kanal", "Bitte schaut euch das an"),
    suspend_reason="dreimal gebeten, den Kunst-Kanal zu nehmen",
)
SCRIPTS: Final = (ENGLISH_SCRIPT, GERMAN_SCRIPT)
