"""What the cogs work with."""

from dataclasses import dataclass

from charting.studio import Studio
from clock import Clock
from generation.access_lists import AccessLists
from generation.drafts import Drafts
from generation.guild_settings import GuildChoices
from generation.history import History
from generation.input_images import InputImages
from generation.kept_pictures import KeptPictures
from generation.limit_book import LimitBook
from generation.loras import LoraCatalogue
from generation.overview import Overview
from generation.pauses import Pauses
from generation.preferences import Preferences
from generation.presets import PresetBook
from generation.reports import Reports
from generation.service import GenerationService
from generation.spending import Spending
from generation.spool import Spool
from generation.unresolved import Unresolved
from ui.acceptance import Acceptor
from ui.client import EaselClient
from ui.delivery import DiscordDelivery
from ui.notices import OwnerNotices


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What `/about` says of this installation, and what a picture costs."""

    version: str
    price_micros: int
    retention_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What members and guilds keep."""

    presets: PresetBook
    loras: LoraCatalogue
    history: History
    drafts: Drafts
    reports: Reports
    preferences: Preferences
    guilds: GuildChoices
    access: AccessLists


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What those who run a guild, or the whole bot, steer it with."""

    pauses: Pauses
    limits: LimitBook
    unresolved: Unresolved
    overview: Overview
    spending: Spending
    studio: Studio


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that a cog may call."""

    client: EaselClient
    service: GenerationService
    acceptor: Acceptor
    delivery: DiscordDelivery
    library: Library
    office: Office
    images: InputImages
    spool: Spool
    kept: KeptPictures
    notices: OwnerNotices
    facts: Facts
    clock: Clock
