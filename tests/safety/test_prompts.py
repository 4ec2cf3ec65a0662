"""The filter as a whole: every disguise it sees through, what it leaves alone, what an allowed phrase excuses."""

# ruff: noqa: RUF001 - look-alike characters are what half of this file is about
from concurrent.futures import ThreadPoolExecutor

import pytest

from safety.prompts import (
    Action,
    BadPattern,
    BadTerm,
    Pattern,
    PatternFault,
    PromptVerdict,
    Term,
    TermFault,
    View,
    check_pattern,
    check_term,
    compile_policy,
    screen,
)

TERMS = ("blocked", "nude", "ass", "tit", "cock", "sex", "rapist", "blow job", "naked woman", "bath water", "naked")
POLICY = compile_policy(TERMS, ("naked mole-rat", "cockatoo"))

DISGUISED = (
    ("nude", View.PLAIN),
    ("NuDe", View.PLAIN),
    ("nude's", View.PLAIN),
    ("semi-nude", View.PLAIN),
    ("nude123", View.PLAIN),
    ("2nude", View.PLAIN),
    ("@nude", View.PLAIN),
    ("large_nude_woman", View.PLAIN),
    ("red|nude|blue", View.PLAIN),
    ("(nude:1.2)", View.PLAIN),
    ("naked,\n woman", View.PLAIN),
    ("blow-job", View.PLAIN),
    ("n\u200bu\u2060de", View.INVISIBLE),
    ("nu\u00adde", View.INVISIBLE),
    ("n\u034fude", View.INVISIBLE),
    ("nu\U000e0064\ufe0fde", View.INVISIBLE),
    ("n\x07ude", View.INVISIBLE),
    ("nu\u2800de", View.INVISIBLE),
    ("nu\u3164de", View.INVISIBLE),
    ("ｎｕｄｅ", View.STYLED),
    ("𝓷𝓾𝓭𝓮", View.STYLED),
    ("𝐍𝐔𝐃𝐄", View.STYLED),
    ("ɴᴜᴅᴇ", View.STYLED),
    ("ⁿᵘᵈᵉ", View.STYLED),
    ("nudе", View.HOMOGLYPHS),
    ("ոսԁе", View.HOMOGLYPHS),
    ("пudε", View.HOMOGLYPHS),
    ("ᑎᑌᗪE", View.HOMOGLYPHS),
    ("几ㄩᗪ乇", View.HOMOGLYPHS),
    ("ŋųɖɛ", View.HOMOGLYPHS),
    ("ᏟᎾᏟK", View.HOMOGLYPHS),
    ("nüdé", View.DIACRITICS),
    ("n̶̨u̷͖d̵e̸̊", View.DIACRITICS),
    ("ⓝⓤⓓⓔ", View.ENCLOSED),
    ("🅽🆄🅳🅴", View.ENCLOSED),
    ("🅝🅤🅓🅔", View.ENCLOSED),
    ("🄝🄤🄓🄔", View.ENCLOSED),
    ("⒩⒰⒟⒠", View.ENCLOSED),
    ("🇳🇺🇩🇪", View.ENCLOSED),
    ("🇳 🇺 🇩 🇪", View.ENCLOSED),
    ("nud3", View.LEET),
    ("8l0ck3d", View.LEET),
    ("b|ocked", View.LEET),
    ("b!ocked", View.LEET),
    ("a$$", View.LEET),
    ("@ss", View.LEET),
    ("a55", View.LEET),
    ("$€x", View.LEET),
    ("+i+", View.LEET),
    ("b£ocked", View.LEET),
    ("co(k", View.LEET),
    ("c*ck", View.LEET),
    ("nvde", View.LEET),
    ("|\\|ude", View.LEET),
    ("b|_()cked", View.LEET),
    ("bloc|<ed", View.LEET),
    ("n u d e", View.SPACING),
    ("n  u  d  e", View.SPACING),
    ("n.u.d.e", View.SPACING),
    ("b_l-o*c k e d", View.SPACING),
    ("(n)(u)(d)(e)", View.SPACING),
    ("n\nu\nd\ne", View.SPACING),
    ("n🔥u🔥d🔥e", View.SPACING),
    ("nu-de", View.SPACING),
    ("nu.de", View.SPACING),
    ("bl o c k ed", View.SPACING),
    ("b l o w j o b", View.SPACING),
    ("n a k e d  w o m a n", View.SPACING),
    ("n|u|d|e", View.SPACING),
    ("nuuuude", View.STRETCHED),
    ("nnuuddee", View.STRETCHED),
    ("assss", View.STRETCHED),
    ("**nu**de", View.MARKDOWN),
    ("n**u**de", View.MARKDOWN),
    ("||nu||de", View.MARKDOWN),
    ("`nu`de", View.MARKDOWN),
    ("~~nu~~de", View.MARKDOWN),
    ("\u202eedun\u202c", View.BIDI),
    ("nu\u202eed\u202c", View.BIDI),
    ("\u202eboj wolb", View.BIDI),
    # Several at once: the most deliberate one is named.
    ("n\u200bu\u200bd3", View.INVISIBLE),
    ("𝓷 𝓾 𝓭 𝓮", View.STYLED),
    ("пuuuud3", View.HOMOGLYPHS),
    ("5 3 x", View.LEET),
    ("n.ü.d.e", View.SPACING),
    ("\u202eеdun\u202c", View.BIDI),
)

INNOCENT = (
    "Scunthorpe",
    "Essex and Middlesex",
    "a cockatoo",
    "a therapist",
    "an assassin",
    "Charles Dickens",
    "grapes",
    "analysis",
    "shitake",
    "a class with a bass",
    "cocktail",
    "Titan, title, stitched",
    "a s s o r t e d",
    "A S S E M B L Y",
    "s.h.i.e.l.d.",
    "t.i.t.a.n",
    "t|i|t|a|n",
    "c_o_c_k_a_t_o_o",
    "(c)(o)(c)(k)(t)(a)(i)(l)",
    "L O V E",
    "a b c",
    "c0ckt4il",
    "cl@ss gl@$$",
    "𝒸𝓁𝒶𝓈𝓈",
    "𝕒𝕤𝕤𝕒𝕤𝕤𝕚𝕟",
    "as\u00adsassin",
    "\u202essalc\u202c",
    "\u202enissassa\u202c",
    "**as**sassin",
    "good wood",
    "bathwater",
    "Sony A55, 50mm f/1.8, 35 mm",
    "SDXL, v1-5, Flux.1-dev, RTX 4090, A1111",
    "seed 455, 717, 80085",
    "16:9, (word:1.2), 4k, 8k, 1080p",
    "(it), [it], {ex}, <ex>",
    "lol! Ana! tita!",
    "she'll, he'll, isn't it's",
    "сосна, нудный, кекс, тест",
    "φως, νύχτα",
    "裸足, ヌード",
    "عين, חתול",
    "🇦🇸🇸🇪🇽",
    "",
    "   ",
)


@pytest.mark.parametrize(("text", "view"), DISGUISED, ids=[ascii(text) for text, _ in DISGUISED])
def test_every_disguise_is_seen_through_and_named(text: str, view: View) -> None:
    for prompt in (text, f"a photo of {text} in the rain", f"{text}, 8k", f"best quality, {text}"):
        verdict = POLICY.screen(prompt)
        assert verdict.blocked, prompt
        assert verdict.view is view
        assert verdict.disguised is (view is not View.PLAIN)


@pytest.mark.parametrize("text", INNOCENT, ids=ascii)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert POLICY.screen(text) == PromptVerdict()
    assert not POLICY.screen(f"a photo of {text}, cinematic").blocked


@pytest.mark.parametrize("term", TERMS)
def test_a_capital_i_passes_for_no_l_and_a_small_l_for_no_i(term: str) -> None:
    for text in (term.replace("l", "I"), term.upper().replace("I", "l")):
        assert POLICY.screen(f"some {text} thing").term == term


def test_words_that_differ_in_i_and_l_alone_are_different_words() -> None:
    policy = compile_policy(["ball", "loli"])
    assert not policy.screen("a beach in Bali, BALI, lolly, a bail").blocked


def test_a_run_may_lengthen_and_never_shorten() -> None:
    policy = compile_policy(["boobs", "kill"])
    assert policy.screen("booooobs").blocked
    assert policy.screen("killll").blocked
    assert not policy.screen("bobs").blocked
    assert not policy.screen("kil").blocked


def test_a_word_with_a_doubled_letter_is_no_stretched_other_one() -> None:
    policy = compile_policy(["god", "gun", "bare", "hoping"])
    assert not policy.screen("good James Gunn at the barre, hopping").blocked
    assert policy.screen("gooood").term == "god"


def test_an_allowed_phrase_excuses_its_own_words_only() -> None:
    assert not POLICY.screen("a naked mole-rat").blocked
    assert not POLICY.screen("NAKED MOLE RAT, a naked  mole_rat").blocked
    for text in ("a naked mole-rat and a naked man", "naked man, naked mole-rat", "naked, a mole-rat"):
        assert POLICY.screen(text).term == "naked"


def test_an_allowed_phrase_is_no_cover_for_a_disguise_of_it() -> None:
    assert POLICY.screen("a naaaaked mole-rat").term == "naked"


def test_an_allowed_word_excuses_what_a_wildcard_finds_in_it() -> None:
    policy = compile_policy(["*cock*"], ["cockatoo"])
    assert not policy.screen("a cockatoo").blocked
    assert policy.screen("a cockatoo and a peacock").found == "cock"


@pytest.mark.parametrize(
    ("term", "matches", "leaves"),
    [
        ("sex*", ["sex", "sexes", "s3xy"], ["essex", "unisex"]),
        ("*sex", ["sex", "unisex"], ["sexes", "essexes"]),
        ("*sex*", ["sex", "essexes"], ["six", "se x"]),
        ("naked wom*", ["naked woman", "naked women"], ["naked"]),
    ],
)
def test_a_wildcard_stands_for_any_letters_at_its_end(term: str, matches: list[str], leaves: list[str]) -> None:
    policy = compile_policy([term])
    assert all(policy.screen(f"an {text} here").term == term for text in matches)
    assert not any(policy.screen(f"an {text} here").blocked for text in leaves)


def test_phrases_match_across_signs_and_spaces_but_not_across_words() -> None:
    for text in ("blow job", "blow  job", "blow-job", "blow_job", "blow, job", "blow\njob", "b.l.o.w j.o.b"):
        assert POLICY.screen(f"x {text} y").term == "blow job"
    assert not POLICY.screen("blow a job").blocked


def test_terms_of_other_scripts_and_symbols_are_found_as_they_are() -> None:
    policy = compile_policy(["секс", "эротика", "裸", "セックス", "🍆", "عارية", "нос"])
    for text in ("это секс тут", "эротика", "美しい裸の女性", "これはセックスです", "a 🍆️ emoji", "امرأة عارية"):
        assert policy.screen(text).blocked, text
    assert not policy.screen("a hoc group, cekc").blocked  # Latin words that look like them
    assert not policy.screen("экссекс").blocked


def test_a_word_of_another_script_is_a_disguise_among_latin_words_only() -> None:
    policy = compile_policy(["coco"])
    assert policy.screen("a picture of сосо here").view is View.HOMOGLYPHS
    assert not policy.screen("это красивая сосо картина маслом").blocked


def test_the_verdict_names_term_category_and_what_was_found() -> None:
    verdict = screen("a N\u200bude man", block=[Term("nude", "sexual")], allow=[], patterns=[])
    assert verdict == PromptVerdict(
        blocked=True,
        term="nude",
        category="sexual",
        action=Action.BLOCK,
        view=View.INVISIBLE,
        views=(View.INVISIBLE,),
        found="N\u200bude",
    )


def test_terms_come_in_any_convenient_form() -> None:
    expected = compile_policy([Term("nude", "sexual")])
    assert compile_policy({"nude": "sexual"}) == expected
    assert compile_policy([("nude", "sexual")]) == expected
    assert compile_policy(iter([Term("nude", "sexual")]), allow=iter(()), patterns=iter(())) == expected
    assert compile_policy(["nude"]).block == (Term("nude", "blocked", Action.BLOCK),)
    assert compile_policy([], [Term("mole rat")]).allow == ("mole rat",)
    assert screen("nude", block=[], allow=[], patterns=[]) == PromptVerdict()


def test_a_blocking_match_comes_before_one_for_review() -> None:
    block = [Term("gore", "gore", Action.REVIEW), Term("nude", "sexual")]
    assert screen("gore", block=block, allow=[], patterns=[]).review
    assert not screen("gore", block=block, allow=[], patterns=[]).blocked
    verdict = screen("gore and a nude", block=block, allow=[], patterns=[])
    assert (verdict.blocked, verdict.review, verdict.term) == (True, False, "nude")
    both = screen("gore", block=block, allow=[], patterns=[Pattern("g.re", "gore")])
    assert both.blocked


def test_of_several_terms_the_first_of_the_list_is_named() -> None:
    policy = compile_policy([Term("naked child", "minors"), Term("naked", "sexual")])
    assert policy.screen("naked man and a naked child").category == "minors"


@pytest.mark.parametrize(
    ("text", "evasion"),
    [
        ("nude", False),
        ("nüde", False),
        ("**nu**de", False),
        ("nuuuude", False),
        ("n u d e", True),
        ("nud3", True),
        ("nu\u200bde", True),
        ("nudе", True),
        ("🅽🆄🅳🅴", True),
        ("\u202eedun\u202c", True),
        ("nüd3", True),
    ],
)
def test_evasion_is_what_nobody_writes_by_accident(text: str, evasion: bool) -> None:
    assert POLICY.screen(text).evasion is evasion


def test_the_overrides_of_one_text_are_read_both_ways() -> None:
    assert POLICY.screen("\u202enude\u202c").term == "nude"  # shown as edun, sent as nude
    assert not POLICY.screen("edun").blocked


def test_patterns_run_on_the_prompt_and_on_its_readings() -> None:
    policy = compile_policy([], ["fooobar club"], ["fo+bar", Pattern("(?:é|к)x", "c", Action.REVIEW), r"\d{3}-\d{4}"])
    assert policy.screen("a FOOOBAR").term == "fo+bar"
    assert policy.screen("f\u200boobar").view is View.INVISIBLE
    assert policy.screen("f0ob4r").view is View.LEET
    assert policy.screen("f o o b a r").view is View.SPACING
    assert policy.screen("call 555-1234").view is View.PLAIN
    assert policy.screen("éx").review
    assert policy.screen("the кx").review
    assert compile_policy([], [], ["ÉX"]).screen("an éx").blocked
    assert not policy.screen("the fooobar club").blocked
    assert policy.screen("the fooobar club, fobar").found == "fobar"


@pytest.mark.parametrize(
    ("term", "fault"),
    [
        ("", TermFault.EMPTY),
        ("  ", TermFault.EMPTY),
        ("*", TermFault.EMPTY),
        ("...", TermFault.EMPTY),
        ("\u200b", TermFault.EMPTY),
        ("x" * 61, TermFault.TOO_LONG),
        ("a*b", TermFault.WILDCARD_INSIDE),
        ("*a*", TermFault.WILDCARD_TOO_SHORT),
    ],
)
def test_a_term_that_cannot_be_used_is_refused_with_its_fault(term: str, fault: TermFault) -> None:
    with pytest.raises(BadTerm) as caught:
        check_term(term)
    assert caught.value.fault is fault
    with pytest.raises(BadTerm):
        compile_policy([term])
    with pytest.raises(BadTerm):
        compile_policy([], [term])


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("", PatternFault.EMPTY),
        ("a" * 261, PatternFault.TOO_LONG),
        ("(", PatternFault.NOT_RE2),
        (r"(a)\1", PatternFault.NOT_RE2),
        ("(?<=a)b", PatternFault.NOT_RE2),
        ("((a{99}){99}){99}", PatternFault.NOT_RE2),
        ("\ud800", PatternFault.NOT_RE2),
        ("a*", PatternFault.MATCHES_NOTHING),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_its_fault(
    pattern: str, fault: PatternFault, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadPattern) as caught:
        check_pattern(pattern)
    assert caught.value.fault is fault
    with pytest.raises(BadPattern):
        compile_policy([], [], [pattern])
    assert capfd.readouterr().err == ""  # RE2 itself would write there


def test_what_can_be_used_is_returned() -> None:
    assert check_term(" naked *") == Term("naked *")
    assert check_pattern("fo+") == Pattern("fo+")


def test_a_policy_is_a_value_and_threads_may_share_it() -> None:
    assert compile_policy(["nude"]) == compile_policy(["nude"])
    assert hash(compile_policy(["nude"])) == hash(compile_policy(["nude"]))
    assert compile_policy(["nude"]) != compile_policy(["naked"])
    texts = [text for text, _ in DISGUISED] + list(INNOCENT)
    alone = [POLICY.screen(text) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(POLICY.screen, texts * 4)) == alone * 4


def test_halves_of_surrogate_pairs_are_read_over() -> None:
    policy = compile_policy(["nude"], [], ["fo+bar"])
    assert policy.screen("nu\ud800de").term == "nude"
    assert not policy.screen("\udfff\ud800").blocked
