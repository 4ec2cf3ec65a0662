"""What the cogs work with."""

from collections.abc import Mapping
from dataclasses import dataclass

from charting.studio import Studio
from clock import Clock
from generation.access_lists import AccessLists
from generation.appeals import Appeals
from generation.attachments import AttachmentFetcher
from generation.audit_log import AuditLog
from generation.case_book import CaseBook
from generation.drafts import Drafts
from generation.filters import FilterBook
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
from generation.privacy import Privacy
from generation.removal import Removal
from generation.reports import Reports
from generation.service import GenerationService
from generation.spending import Spending
from generation.spool import Spool
from generation.strikes import Strikes
from generation.unresolved import Unresolved
from moderation import CaseKind
from ui.acceptance import Acceptor
from ui.case_cards import CaseView
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
class Desk:
    """What a guild's moderators work with, and what members say to them."""

    filters: FilterBook
    attachments: AttachmentFetcher
    strikes: Strikes
    appeals: Appeals
    log: AuditLog
    cases: CaseBook
    privacy: Privacy
    removal: Removal
    views: Mapping[CaseKind, CaseView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that a cog may call."""

    client: EaselClient
    service: GenerationService
    acceptor: Acceptor
    delivery: DiscordDelivery
    library: Library
    office: Office
    desk: Desk
    images: InputImages
    spool: Spool
    kept: KeptPictures
    notices: OwnerNotices
    facts: Facts
    clock: Clock
