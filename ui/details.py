"""The private page that shows everything about a picture: each setting, what it cost, and how to make it again."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Final

import discord

from generation import inputs
from generation.composing import recipe_options, words_of
from models import Job, Verdict
from ui import cards, text
from ui.wording import details

# Discord takes 4000 characters a message, and fails at about ten thousand bytes of them.
_PAGE_CHARACTERS: Final = 4000
_PAGE_BYTES: Final = 9500
# How much of a long text is quoted: as much as fits. The whole prompt is in the line to copy.
_QUOTED_CHARACTERS: Final = (1000, 600, 300, 120, 40)
_BLURPLE: Final = 0x5865F2

_Item = discord.ui.Item[Any]
# Paragraphs, which stand apart from one another.
_Section = tuple[str, ...]


def details_page(job: Job, verdicts: Sequence[Verdict], *, reader_id: int) -> cards.Card:
    """The page as this member may see it: negative prompts are their authors', and so are words of hidden pictures."""
    items: list[_Item] = []
    for section in _fitting(job, verdicts, reader_id):
        if items:
            items.append(discord.ui.Separator())
        items += [discord.ui.TextDisplay(paragraph) for paragraph in section]
    return cards.Card(*items, colour=_BLURPLE)


def card_link(job: Job) -> str | None:
    """The address of the job's card in Discord, where there is one."""
    if job.message_id is None or job.removed_at is not None:
        return None
    origin = job.origin
    return f"https://discord.com/channels/{origin.guild_id}/{origin.channel_id}/{job.message_id}"


def _fitting(job: Job, verdicts: Sequence[Verdict], reader_id: int) -> list[_Section]:
    """The page's sections, with as much of the quotations as fits.

    The line to copy is the longest of all and of no use where it is cut, so it is left out where it does not fit.
    """
    sections: list[_Section] = []
    for with_copy, characters in itertools.product((True, False), _QUOTED_CHARACTERS):
        sections = list(_sections(job, verdicts, reader_id, characters))
        if with_copy and words_of(job) and cards.may_read(job, reader_id):
            sections.append((_copy(job),))
        if _fits(sections):
            break
    return sections


def _fits(sections: Sequence[_Section]) -> bool:
    whole = "".join(itertools.chain.from_iterable(sections))
    return len(whole) <= _PAGE_CHARACTERS and len(whole.encode()) <= _PAGE_BYTES


def _sections(job: Job, verdicts: Sequence[Verdict], reader_id: int, characters: int) -> Iterator[_Section]:
    is_author = job.origin.user_id == reader_id
    yield (details.title(), *_words(job, characters, reader_id))
    yield (
        "\n".join((details.picture(job), details.sampler(job), details.nag(job))),
        "\n".join(_sources(job, is_author=is_author)),
    )
    facts = (
        details.state(job),
        details.cost(job),
        details.times(job),
        details.safety(verdicts, plainly=is_author),
        details.reference(job, card_link(job)),
    )
    yield ("\n".join(fact for fact in facts if fact),)


def _words(job: Job, characters: int, reader_id: int) -> Iterator[str]:
    typed = words_of(job)
    if not cards.may_read(job, reader_id):
        yield details.prompt_hidden()
    elif not typed:
        yield details.prompt_forgotten()
    else:
        yield details.prompt(text.quoted(typed, characters))
        if job.request.prompt != typed:
            yield details.sent_prompt(text.quoted(job.request.prompt, characters))
    if job.request.negative_prompt and job.removed_at is None and job.shows_negative_to(reader_id):
        yield details.negative(text.quoted(job.request.negative_prompt, characters))


def _sources(job: Job, *, is_author: bool) -> Iterator[str]:
    yield details.steering(job)
    if is_author:
        yield from (details.given(filename) for filename in sorted(inputs.names(job.request)))
    yield details.loras(job)
    yield details.preset(job)
    if job.recipe.parent_job_id is not None:
        yield details.parent(job.recipe.parent_job_id)


def _copy(job: Job) -> str:
    # Three backticks would end the block, so an invisible space keeps them apart.
    block = details.copy(recipe_options(job).replace("```", "`\u200b`\u200b`"))
    return f"{block}\n{details.copy_image()}" if inputs.names(job.request) else block
