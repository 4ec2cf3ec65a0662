"""The cards in the moderators' channel: what they say, and that Discord takes them whatever a member wrote."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from errors import AlreadyDecided, DraftGone
from generation.case_sheets import AppealSheet, ReviewSheet
from generation.screening import PromptVerdict, View
from generation.strikes import Strike, StrikeCause, StrikeSheet
from models import FailureReason, Job, JobStatus, VerdictReason
from moderation import OUTCOMES, Case, CaseKind, CaseOutcome, ReviewMark, Suspension
from parameters import PROMPT_MAX_CHARACTERS
from recipes import Recipe
from tests.builders import GUILD_ID, MESSAGE_ID, NOW, USER_ID, later, make_job, make_request, make_verdict
from tests.ui.test_cards import WORST_PROMPTS, buttons_of, checked, text_of, walked
from ui import cards, case_cards, wording
from ui.language import speaking
from ui.wording import cases as words

LONGEST_CATEGORY = "@" * 60
FILES = tuple(f"picture-{number}.png" for number in range(10))


def make_case(kind: CaseKind = CaseKind.REVIEW, outcome: CaseOutcome | None = None, **changes: Any) -> Case:
    values: dict[str, Any] = {
        "case_id": 12,
        "guild_id": GUILD_ID,
        "kind": kind,
        "user_id": USER_ID,
        "opened_at": NOW,
        "expires_at": later(3600) if kind is CaseKind.REVIEW else None,
        "outcome": outcome,
        "decided_by": None if outcome is None else 77,
        "decided_at": None if outcome is None else later(60),
    }
    return Case(**(values | changes))


def make_waiting(prompt: str = "a red fox", *, sent: str | None = None, **changes: Any) -> Job:
    values: dict[str, Any] = {
        "request": make_request(sent or prompt, num_images=4),
        "recipe": Recipe(prompt=prompt),
        "status": JobStatus.IN_REVIEW,
        "message_id": MESSAGE_ID,
        "settled_micros": 360_000,
        "images_produced": 4,
    }
    return make_job(**(values | changes))


def review(
    case: Case | None = None, job: Job | None = None, *, files: tuple[str, ...] = FILES, **changes: Any
) -> cards.Card:
    values: dict[str, Any] = {"verdicts": (make_verdict(),), "images": (), "marked": None}
    sheet = ReviewSheet(job=job or make_waiting(), **(values | changes))
    return case_cards.review_card(case or make_case(), sheet, files, spoiler=False)


def make_strike(**changes: Any) -> Strike:
    values: dict[str, Any] = {
        "strike_id": 3,
        "guild_id": GUILD_ID,
        "user_id": USER_ID,
        "interaction_id": 4,
        "at": NOW,
        "cause": StrikeCause.BLOCKED_PROMPT,
        "weight": 2,
        "category": "hats",
        "term": "fedora",
        "reading": "leet",
        "prompt": "a f3d0ra",
    }
    return Strike(**(values | changes))


def make_sheet(*strikes: Strike) -> StrikeSheet:
    return StrikeSheet(
        user_id=USER_ID,
        strikes=strikes,
        number=1,
        pages=1,
        count=len(strikes),
        total=5,
        counts_from=NOW - timedelta(days=30),
        days=30,
        next_step=-1,
        gives=True,
        suspension=Suspension(until=None, at=NOW, by_id=0),
    )


def colour(card: cards.Card) -> object:
    return checked(card, *FILES)[0]["accent_color"]


def shown(card: cards.Card) -> str:
    return "\n".join(part["content"] for part in walked(checked(card, *FILES)) if part["type"] == 10)


@pytest.mark.parametrize("locale", ["en-US", "de"])
@pytest.mark.parametrize("prompt", WORST_PROMPTS, ids=["stars", "ats", "foxes"])
async def test_every_review_fits_whatever_the_prompt_holds(prompt: str, locale: str) -> None:
    worst = Recipe(prompt=prompt, preset="*" * 32, loras=tuple("*" * 32 for _ in range(5)))
    marked = PromptVerdict(review=True, term="*" * 200, category=LONGEST_CATEGORY, view=View.LEET, views=(View.LEET,))
    with speaking(locale):
        for outcome, status in itertools.product([None, *OUTCOMES[CaseKind.REVIEW]], JobStatus):
            job = make_waiting(sent=prompt[:-1] + "x", recipe=worst, status=status, review_mark=ReviewMark.PROMPT)
            card = review(make_case(outcome=outcome), job, marked=marked)
            said = shown(card)
            assert len(said) <= 4000
            assert len(said.encode()) <= 10_000
            assert said.splitlines()[-1] == "-# case 12"


@pytest.mark.parametrize("words_", WORST_PROMPTS, ids=["stars", "ats", "foxes"])
async def test_every_appeal_and_every_list_of_strikes_fits(words_: str) -> None:
    strike = make_strike(term="@" * 200, category=LONGEST_CATEGORY, prompt=words_)
    suspension = Suspension(until=None, reason="*" * 200, at=NOW, by_id=5)
    for outcome in (None, CaseOutcome.GRANTED, CaseOutcome.DENIED, CaseOutcome.EXPIRED):
        case = make_case(CaseKind.APPEAL, outcome, strike_id=3, words=words_[:1000])
        said = text_of(case_cards.appeal_card(case, AppealSheet(strike=strike, prompt=words_, suspension=suspension)))
        assert len(said) <= 4000
    sheet = make_sheet(*(make_strike(strike_id=number, prompt=words_, term="*" * 200) for number in range(30)))
    for ended in (None, CaseOutcome.LIFTED, CaseOutcome.KEPT):
        said = text_of(case_cards.strikes_card(make_case(CaseKind.STRIKES, ended), sheet))
        assert len(said) <= 4000


async def test_a_review_says_whose_where_what_and_why() -> None:
    job = make_waiting("a *red* fox", sent="a *red* fox, oil on canvas")
    verdicts = (make_verdict(0), make_verdict(1, VerdictReason.FLAGGED))
    assert shown(review(job=job, verdicts=verdicts)) == (
        "### 🔎 A picture waits for your approval\n"
        f"<@{USER_ID}> in <#{job.origin.channel_id}>\n"
        "> a \\*red\\* fox\n"
        "Sent as:\n"
        "> a \\*red\\* fox, oil on canvas\n"
        "**Why:** this server approves every picture first.\n"
        "-# 1 more picture was held back by the safety check and is not shown to anybody.\n"
        "-# 1024\u00d7768 · 4 pictures · 28 steps · guidance 3.5 · PNG\n"
        f"-# $0.36 · asked <t:1795348800:R> · job `{job.job_id}` · expires <t:1795352400:R>\n"
        "-# case 12"
    )


@pytest.mark.parametrize(
    ("mark", "marked", "said"),
    [
        (None, None, "this server approves every picture first."),
        (ReviewMark.NEW_MEMBER, None, "the member is new to this server."),
        (ReviewMark.PROMPT, None, "the prompt filter marked these words for review."),
        (
            ReviewMark.PROMPT,
            PromptVerdict(review=True, category="hats", term="fedora", view=View.PLAIN, views=(View.PLAIN,)),
            "the prompt filter marks such words for review. hats · **fedora**",
        ),
        (
            ReviewMark.PROMPT,
            PromptVerdict(review=True, category="hats", term="fedora", view=View.LEET, views=(View.LEET,)),
            "the prompt filter marks such words for review. hats · **fedora** · behind digits and signs for letters",
        ),
    ],
)
async def test_why_it_waits_is_said(mark: ReviewMark | None, marked: PromptVerdict | None, said: str) -> None:
    lines = shown(review(job=make_waiting(review_mark=mark), marked=marked)).splitlines()
    assert f"**Why:** {said}" in lines


@pytest.mark.parametrize("kind", [CaseKind.REVIEW, CaseKind.APPEAL, CaseKind.STRIKES])
async def test_an_open_case_has_buttons_and_a_decided_one_has_none(kind: CaseKind) -> None:
    def card(outcome: CaseOutcome | None) -> cards.Card:
        case = make_case(kind, outcome)
        match kind:
            case CaseKind.REVIEW:
                return review(case, files=())
            case CaseKind.APPEAL:
                return case_cards.appeal_card(case, AppealSheet(strike=make_strike(), prompt="x", suspension=None))
            case _:
                return case_cards.strikes_card(case, make_sheet(make_strike()))

    wanted = {
        CaseKind.REVIEW: ["easel:reviewapprove:12", "easel:reviewreject:12", "easel:reviewsuspend:12"],
        CaseKind.APPEAL: ["easel:appealgrant:12", "easel:appealdeny:12"],
        CaseKind.STRIKES: ["easel:strikeslift:12", "easel:strikeskeep:12"],
    }
    assert buttons_of(card(None)) == wanted[kind]
    for outcome in OUTCOMES[kind]:
        assert buttons_of(card(outcome)) == []
        assert "by <@77>, <t:1795348860:R>" in text_of(card(outcome))


async def test_the_colour_says_how_it_stands() -> None:
    colours = {
        outcome: colour(review(make_case(outcome=outcome), files=())) for outcome in (None, *OUTCOMES[CaseKind.REVIEW])
    }
    assert len(set(colours.values())) == 4
    assert colours[None] == case_cards.AMBER


@pytest.mark.parametrize(
    ("outcome", "status", "reason", "said"),
    [
        (CaseOutcome.APPROVED, JobStatus.IN_REVIEW, None, "[To the picture]("),
        (CaseOutcome.APPROVED, JobStatus.DELIVERED, None, "[To the picture]("),
        (CaseOutcome.APPROVED, JobStatus.UNDELIVERABLE, FailureReason.CARD_GONE, "only its author can still see it"),
        (CaseOutcome.APPROVED, JobStatus.EXPIRED, FailureReason.PICTURES_LOST, "it was lost meanwhile"),
        (CaseOutcome.EXPIRED, JobStatus.EXPIRED, FailureReason.PICTURES_LOST, "It was lost while it waited"),
    ],
)
async def test_a_decided_card_says_what_came_of_it(
    outcome: CaseOutcome, status: JobStatus, reason: FailureReason | None, said: str
) -> None:
    card = review(make_case(outcome=outcome), make_waiting(status=status, reason=reason), files=())
    assert said in text_of(card)


@pytest.mark.parametrize("outcome", [CaseOutcome.REJECTED, CaseOutcome.EXPIRED])
async def test_what_was_not_approved_has_no_way_to_a_picture(outcome: CaseOutcome) -> None:
    assert "https://" not in text_of(review(make_case(outcome=outcome), files=()))


async def test_what_ended_by_itself_names_nobody() -> None:
    card = review(make_case(outcome=CaseOutcome.EXPIRED, decided_by=0), files=())
    assert "by " not in text_of(card).splitlines()[1]


async def test_an_erased_moderator_is_named_in_words() -> None:
    case = make_case(outcome=CaseOutcome.REJECTED, decided_by=None)
    assert "by somebody whose data was deleted" in text_of(review(case, files=()))


async def test_an_appeal_of_forgotten_words_or_of_a_suspension_says_so() -> None:
    case = make_case(CaseKind.APPEAL, strike_id=3, words="please")
    forgotten = text_of(case_cards.appeal_card(case, AppealSheet(strike=make_strike(), prompt=None, suspension=None)))
    assert "What was asked for is not kept any more." in forgotten
    case = make_case(CaseKind.APPEAL, words="please")
    over = text_of(case_cards.appeal_card(case, AppealSheet(strike=None, prompt=None, suspension=None)))
    assert "appeals against a suspension:" in over
    assert "The suspension is over by now." in over


async def test_a_flagged_picture_is_said_to_be_one() -> None:
    case = make_case(CaseKind.APPEAL, strike_id=3, words="please")
    strike = make_strike(cause=StrikeCause.FLAGGED_IMAGE, term=None, reading=None, category=None, weight=1)
    said = text_of(case_cards.appeal_card(case, AppealSheet(strike=strike, prompt="a fox", suspension=None)))
    assert "**Refused:** a picture that the safety check flagged.\n-# strike #3, weighs 1" in said


@pytest.mark.parametrize("outcome", CaseOutcome)
async def test_every_outcome_has_its_words_for_whoever_was_too_late(outcome: CaseOutcome) -> None:
    said = wording.refusal(AlreadyDecided(outcome, by_id=77, at=NOW))
    assert "<t:1795348800:R>" in said
    assert ("<@77>" in said) is (outcome is not CaseOutcome.EXPIRED)


def test_an_outcome_of_another_release_is_said_in_general() -> None:
    assert "<@77> has decided already" in words.already("promoted", by_id=77, at=NOW)


@pytest.mark.parametrize("argument", ["", "x", "1.2", "-1", "9" * 19, "٣"])
def test_what_names_no_case_is_refused(argument: str) -> None:
    with pytest.raises(DraftGone):
        case_cards.read_case_id(argument)


@pytest.mark.parametrize("status", [status for status in JobStatus if status is not JobStatus.DELIVERED])
async def test_a_marked_prompt_is_on_no_card_before_its_picture_is(status: JobStatus) -> None:
    job = make_job(status=status, review_mark=ReviewMark.PROMPT, recipe=Recipe(preset="fox preset"))
    assert "fox" not in text_of(cards.for_job(job, place=1))
    assert not cards.shows_words(job)


async def test_while_a_moderator_looks_nobodys_prompt_is_on_the_card() -> None:
    for mark in (None, ReviewMark.NEW_MEMBER):
        assert "fox" not in text_of(cards.for_job(make_job(status=JobStatus.IN_REVIEW, review_mark=mark)))
        assert "fox" in text_of(cards.for_job(make_job(status=JobStatus.QUEUED, review_mark=mark)))


def test_the_longest_prompt_is_what_was_tried() -> None:
    assert all(len(prompt) == PROMPT_MAX_CHARACTERS for prompt in WORST_PROMPTS)
