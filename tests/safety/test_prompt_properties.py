"""What must hold of the filter for any text and any list."""

# ruff: noqa: RUF001 - look-alike characters are what the filter is about

from hypothesis import assume, example, given
from hypothesis import strategies as st

from safety import glyphs
from safety.prompts import BadTerm, CompiledPolicy, PromptVerdict, check_term, compile_policy, screen

WORDS = ("blocked", "nude", "ass", "blow job", "*cock*", "naked woman", "a$$", "18+", "секс", "🍆", "l", "good")
POLICY = compile_policy(WORDS, ("naked mole-rat",), ("fo+bar",))

# What the reading cares about turns up often, and everything else now and then.
_TELLING = st.one_of(
    st.sampled_from("abcdeiklnopst IlO01345789@$!|+()[]{}<>*_~`'-.,:#/\\\n\téßﬁ裸ก🔥ⓝ🇳𝓊ｄаоѕԁ"),
    st.sampled_from(
        ("\u200b", "\u00ad", "\u202e", "\u202c", "\u2800", "\u0301", "\ud800", "nude", "blow", "job", " ass")
    ),
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(_TELLING, max_size=40).map("".join))
_DISGUISED = (
    *(
        "nude",
        "n u d e",
        "n.u.d.e",
        "nu-de",
        "b10cked",
        "bl**ock**ed",
        "\u202eedun\u202c",
        "пudе",
        "a$$",
        "nuuude",
        "18+",
    ),
    *("blow-job", "n a k e d  w o m a n", "peacocks", "foooobar", "f o o b a r", "🍆", "секс", "|<nude"),
)
BLOCKED = st.tuples(TEXTS, st.sampled_from(_DISGUISED), TEXTS).map(" ".join)
INVISIBLE = st.sampled_from("\u200b\u200c\u2060\ufeff\u00ad\u034f\ufe0f\u180e\U000e0061\U000e0100\u0007")


@given(TEXTS)
@example("\u202e" * 40)
@example("|\\/|ph|<()vv" * 5)
def test_no_text_raises_and_the_verdict_is_whole(text: str) -> None:
    verdict = POLICY.screen(text)
    if verdict.blocked:
        assert verdict.term in {*WORDS, "fo+bar"}
        assert verdict.view is verdict.views[0]
        assert verdict.found
        assert verdict.found in text
    else:
        assert verdict == PromptVerdict()


@given(TEXTS)
def test_the_same_text_gives_the_same_verdict(text: str) -> None:
    assert POLICY.screen(text) == CompiledPolicy(POLICY.block, POLICY.allow, POLICY.patterns).screen(text)


@given(st.text(min_size=1, max_size=30), st.sampled_from(["{}", "a {} b", "foo,\n{}. Bar", "({})"]))
@example("ss", "{}")
@example("a b c", "a {} b")
@example("0", "{}")
@example("٣", "{}")
@example("é\u0301", "{}")
@example("∪", "{}")
@example("🇳🇺", "{}")
@example("q q", "{}")
@example("ßa", "{}")
def test_a_term_between_spaces_is_found(term: str, around: str) -> None:
    try:
        check_term(term)
    except BadTerm:
        assume(False)
    assert screen(around.format(f" {term.strip().strip('*')} "), block=[term], allow=[], patterns=[]).blocked


@given(BLOCKED, st.sampled_from(["woman", "x", "bl", "the"]))
def test_one_more_term_never_unblocks(text: str, term: str) -> None:
    assume(POLICY.screen(text).blocked)
    assert compile_policy([*WORDS, term], POLICY.allow, POLICY.patterns).screen(text).blocked


@given(TEXTS)
def test_one_more_allowed_phrase_never_blocks(text: str) -> None:
    assume(not POLICY.screen(text).blocked)
    assert not compile_policy(WORDS, (*POLICY.allow, "nude", "blow job"), POLICY.patterns).screen(text).blocked


@given(BLOCKED, st.data())
def test_an_invisible_character_never_unblocks(text: str, data: st.DataObject) -> None:
    verdict = POLICY.screen(text)
    assume(verdict.blocked and "I" not in text and "l" not in text)
    at = data.draw(st.integers(0, len(text)))
    assert POLICY.screen(text[:at] + data.draw(INVISIBLE) + text[at:]).blocked


@given(st.sampled_from(["nude", "blocked", "naked woman", "dildo", "milf"]), st.data())
def test_case_never_unblocks(term: str, data: st.DataObject) -> None:
    policy = compile_policy(["nude", "blocked", "naked woman", "dildo", "milf"])
    text = "".join(data.draw(st.sampled_from([c.upper(), c])) for c in term)
    assert policy.screen(f"some {text} there").term == term


@given(st.text(alphabet=st.characters(max_codepoint=0x2FFFF), max_size=200))
def test_folding_leaves_no_invisible_character_and_no_case(text: str) -> None:
    folded = "".join(map(glyphs.FOLDED.__getitem__, text))
    assert not any(map(glyphs.is_invisible, folded.replace("\n", "")))
    assert folded == folded.casefold()
