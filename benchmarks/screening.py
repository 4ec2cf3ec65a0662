"""The prompt filter: 1000 terms against prompts of 2000 characters, and against the worst that a member could send.

Processor time of the thread is measured, which is what the event loop loses. Tests use the same texts.
"""

# ruff: noqa: RUF001 - look-alikes are among what is screened
import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.measure import Figure, percentile
from safety.prompts import CompiledPolicy, compile_policy
from safety.re2_patterns import PATTERN_MAX_CHARACTERS
from safety.terms import TERM_MAX_CHARACTERS

TERMS: Final = 1000
CHARACTERS: Final = 2000
LONG: Final = 10_000
_PROMPTS: Final = 300
_ROUNDS: Final = 5
_SEED: Final = 5

_CONSONANTS: Final = "bcdfghjklmnprst"
_PROSE: Final = (
    *("a", "the", "of", "in", "with", "and", "on", "by", "portrait", "woman", "castle", "forest", "light", "oil"),
    *("painting", "detailed", "river", "mountain", "sunset", "camera", "lens", "style", "cinematic", "fantasy"),
    *("dragon", "knight", "city", "street", "rain", "photo", "highly", "sharp", "focus", "soft", "masterpiece"),
)
_JARGON: Final = (
    "35mm f/1.8",
    "(masterpiece:1.2)",
    "[cat|dog]",
    "black-and-white",
    "4k, 8k uhd",
    "Flux.1-dev",
    "SDXL v1-5",
    "RTX 4090",
    "<lora:detail:0.8>",
    "s.h.i.e.l.d.",
    "L O V E",
    "soooo cute",
    "café, naïve",
    "красивый закат",
    "富士山と桜",
    "😀🎨",
    "it's the artist's own",
    "**bold** _type_",
    "16:9, 1920x1080",
    "U.S.A., J.R.R. Tolkien",
)


def terms(count: int = TERMS) -> list[str]:
    """Made-up words, and a phrase for every nine of them."""
    drawn = random.Random(_SEED)
    words: set[str] = set()
    while len(words) < count * 9 // 10:
        words.add(_made_up(drawn, drawn.randint(2, 4)))
    phrases: set[str] = set()
    while len(words) + len(phrases) < count:
        phrases.add(" ".join(drawn.sample(sorted(words), 2)))
    return sorted(words | phrases)


def _made_up(drawn: random.Random, syllables: int) -> str:
    return "".join(drawn.choice(_CONSONANTS) + drawn.choice("aeio") for _ in range(syllables))


def long_terms(count: int = TERMS) -> list[str]:
    """As many letters as terms may have."""
    drawn = random.Random(_SEED)
    return [_made_up(drawn, TERM_MAX_CHARACTERS)[:TERM_MAX_CHARACTERS] for _ in range(count)]


def patterns(count: int = 10) -> list[str]:
    """As large as patterns may be, and of the kinds that take a backtracking matcher for ever."""
    kinds = ("(a+)+$", "(a|aa)+$", "(.*)*x{20}y", "([a-z]+)*[0-9]{9}z", "(?:b|[^c])*?d{30}e")
    return [
        f"{kind}|" * ((PATTERN_MAX_CHARACTERS - 8) // (len(kind) + 1)) + f"q{at}zz"
        for at, kind in enumerate(kinds * (count // len(kinds)))
    ]


def prompts(count: int = _PROMPTS) -> list[str]:
    """Ordinary prompts of 2000 characters, a fifth of them jargon."""
    drawn = random.Random(_SEED)
    found = []
    for _ in range(count):
        pieces = [drawn.choice(_JARGON if drawn.random() < 0.2 else _PROSE) for _ in range(CHARACTERS // 4)]
        found.append(drawn.choice((" ", ", ")).join(pieces)[:CHARACTERS])
    return found


def hostile(size: int = CHARACTERS) -> dict[str, str]:
    """Texts that give the filter the most work, of any size."""
    drawn = random.Random(_SEED)

    def of(alphabet: Sequence[str], between: str = "") -> str:
        return between.join(drawn.choices(alphabet, k=size))[:size]

    planes = [chr(point) for point in range(0x20, 0x3000)] + [chr(point) for point in range(0x10000, 0x20000, 7)]
    return {
        "marks alone": "n" + "\u0301" * (size - 1),
        "single letters": of("abcdefghijklmnop", " "),
        "single letters, dotted": of("abcdefgh", "."),
        "look-alikes": of("асеорхуіѕ"),
        "single look-alikes": of("асеорхуіѕ", " "),
        "one letter held": "a" * size,
        "digits and signs": of("4bc3 5$1t0!|+"),
        "signs alone": of("!|+(<{[#^*"),
        "open brackets": "(a" * (size // 2),
        "markup": "`a`b**c**" * (size // 9),
        "drawn letters": "|\\/|()vv" * (size // 8),
        "overrides": of("\u202e\u202c\u202dab "),
        "anything": of(planes),
        "emoji": "😀🇩🇪" * (size // 3),
        "terms without their ends": " ".join(term[:-1] for term in drawn.choices(terms(), k=size // 4))[:size],
    }


def took_ms(screen: Callable[[str], object], text: str) -> float:
    """Processor time of one call."""
    start = time.thread_time()
    screen(text)
    return (time.thread_time() - start) * 1000


def slowest(policy: CompiledPolicy, texts: dict[str, str]) -> tuple[str, float]:
    """Which text took longest, and how long: the least of some rounds, since the machine does other things."""
    times = {name: min(took_ms(policy.screen, text) for _ in range(_ROUNDS)) for name, text in texts.items()}
    name = max(times, key=times.__getitem__)
    return name, times[name]


async def run() -> list[Figure]:
    """Ordinary prompts, then the worst of the hostile texts."""
    start = time.thread_time()
    policy = compile_policy(terms())
    compiled_ms = (time.thread_time() - start) * 1000
    ordinary = [took_ms(policy.screen, prompt) for prompt in prompts()]
    at_first_ms = max(took_ms(policy.screen, text) for text in hostile().values())
    fresh, fresh_ms = slowest(policy, hostile())
    long, long_ms = slowest(policy, hostile(LONG))
    largest, largest_ms = slowest(compile_policy(long_terms(), [], patterns()), hostile())
    return [
        Figure(name="compiling 1000 terms", value=compiled_ms, unit="ms"),
        Figure(name="1000 terms, prompt of 2000 characters, p50", value=percentile(ordinary, 0.5), unit="ms"),
        Figure(
            name="1000 terms, prompt of 2000 characters, p99", value=percentile(ordinary, 0.99), unit="ms", target=5
        ),
        Figure(name=f"worst hostile text of 2000 characters ({fresh})", value=fresh_ms, unit="ms", target=50),
        Figure(name="worst when none of it was seen before", value=at_first_ms, unit="ms", target=50),
        Figure(
            name=f"worst with 1000 longest terms and 10 longest patterns ({largest})",
            value=largest_ms,
            unit="ms",
            target=50,
        ),
        Figure(name=f"worst hostile text of 10 000 characters ({long})", value=long_ms, unit="ms"),
    ]
