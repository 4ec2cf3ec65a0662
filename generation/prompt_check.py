"""The prompt filter's part in the one gate: a wish's words are screened, and blocked ones have their consequences."""

import logging
from dataclasses import dataclass
from typing import Protocol

from errors import EaselError, FilterUnreadable, JobNotFound, PromptBlocked, Suspended
from generation.filter_terms import OTHER, known_category
from generation.filters import FilterBook
from generation.observer import Observer
from generation.screening import PromptVerdict, Screening
from models import GenerationRequest, GuildSettings, Origin
from recipes import Recipe
from storage import jobs
from storage.database import Database

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a member wants made; `confirmed` where they have seen its price."""

    origin: Origin
    request: GenerationRequest
    recipe: Recipe
    draft_id: str | None = None
    confirmed: bool = False

    @property
    def typed(self) -> str:
        """The member's own words, without what a preset or a LoRA adds."""
        return self.request.prompt if self.recipe.prompt is None else self.recipe.prompt

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything in it that is sent to be painted, or that the channel sees. Negative prompts are neither."""
        return (self.request.prompt, self.typed, self.recipe.preset or "")


class BlockedPrompts(Protocol):
    """Told of every wish that is refused for words that its member chose."""

    async def note_blocked(self, origin: Origin, verdict: PromptVerdict, prompt: str) -> PromptBlocked | Suspended:
        """Keep what follows from it, once for each interaction, and give the refusal that says so.

        That is Suspended where another wish has suspended the member in the meantime. `prompt` is what the member
        typed. Raises StorageError.
        """


class NoStrikes:
    """Nothing follows from a blocked prompt but its refusal."""

    async def note_blocked(self, _origin: Origin, verdict: PromptVerdict, _prompt: str) -> PromptBlocked:
        return PromptBlocked(verdict.category or OTHER)


class PromptCheck:
    """Screens wishes before they are accepted."""

    def __init__(
        self, *, filters: FilterBook, database: Database, observer: Observer, blocked: BlockedPrompts | None = None
    ) -> None:
        self._filters = filters
        self._database = database
        self._observer = observer
        self._blocked = blocked or NoStrikes()

    async def screened(self, wish: Wish) -> Screening | FilterUnreadable:
        """What the prompt filter says of the wish; that it can't be read is a refusal among others, in its turn."""
        try:
            return await self._filters.screen(wish.origin.guild_id, wish.texts)
        except FilterUnreadable as error:
            return error

    def outdated(self, guild: GuildSettings, operator: GuildSettings) -> None:
        """The filter has changed: what is not of these versions is to be read again."""
        self._filters.forget_older(guild.guild_id, guild.filter_version)
        self._filters.forget_older(operator.guild_id, operator.filter_version)

    async def refusal_of(self, wish: Wish, refusal: PromptBlocked) -> PromptBlocked | Suspended:
        """The refusal of blocked words as the member gets it; what else follows is for those who chose them.

        The words of a preset, of a LoRA, or of the picture that this one was to be made from, may have been put on
        the list since: nobody is to blame for pressing a button. Where it can't be kept, it is a refusal all the same.
        """
        self._observer.blocked(known_category(refusal.category))
        try:
            own = await self._filters.screen(wish.origin.guild_id, [wish.typed])
            if own.verdict.blocked and not await self._is_borrowed(wish):
                return await self._blocked.note_blocked(wish.origin, own.verdict, wish.typed)
        except EaselError as error:
            log.error("a blocked prompt has no consequences: %r", error)
        return refusal

    async def _is_borrowed(self, wish: Wish) -> bool:
        """Whether the words are exactly those of the job that this one was to be made from."""
        if wish.recipe.parent_job_id is None:
            return False
        try:
            parent = await jobs.find(self._database, wish.recipe.parent_job_id)
        except JobNotFound:
            return False
        return parent.typed_prompt == wish.typed
