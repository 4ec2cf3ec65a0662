"""A guild's AutoMod rules, as far as they are about words: the stand-in keeps them and enforces none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.discord.errors import Json

# Trigger types of Discord's API.
KEYWORD: Final = 1
SPAM: Final = 3
KEYWORD_PRESET: Final = 4

_BLOCK_MESSAGE: Final = 1
_ALERT: Final = 2
_ON_MESSAGES: Final = 1
# Discord's own limits.
_KEYWORD_CHARACTERS: Final = 60
_PATTERN_CHARACTERS: Final = 260
_PATTERNS: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoModRule:
    """One rule. With `alert_channel_id` it only tells moderators; otherwise it keeps messages back."""

    id: int
    guild_id: int
    creator_id: int
    name: str
    trigger: int = KEYWORD
    keywords: Sequence[str] = ()
    patterns: Sequence[str] = ()
    allowed: Sequence[str] = ()
    enabled: bool = True
    alert_channel_id: int | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a rule that Discord would not take."""
        if any(len(words) > _KEYWORD_CHARACTERS for words in (*self.keywords, *self.allowed)):
            raise ValueError(f"a keyword has {_KEYWORD_CHARACTERS} characters at most")
        if len(self.patterns) > _PATTERNS or any(len(pattern) > _PATTERN_CHARACTERS for pattern in self.patterns):
            raise ValueError(f"a rule has {_PATTERNS} patterns of {_PATTERN_CHARACTERS} characters at most")
        if self.trigger == KEYWORD and not (self.keywords or self.patterns):
            raise ValueError("a rule about keywords has some")

    def payload(self) -> Json:
        """The rule object."""
        return {
            "id": str(self.id),
            "guild_id": str(self.guild_id),
            "creator_id": str(self.creator_id),
            "name": self.name,
            "event_type": _ON_MESSAGES,
            "trigger_type": self.trigger,
            "trigger_metadata": self._metadata(),
            "actions": [self._action()],
            "enabled": self.enabled,
            "exempt_roles": [],
            "exempt_channels": [],
        }

    def _metadata(self) -> Json:
        if self.trigger == KEYWORD:
            return {
                "keyword_filter": list(self.keywords),
                "regex_patterns": list(self.patterns),
                "allow_list": list(self.allowed),
            }
        return {"presets": [1], "allow_list": list(self.allowed)} if self.trigger == KEYWORD_PRESET else {}

    def _action(self) -> Json:
        if self.alert_channel_id is None:
            return {"type": _BLOCK_MESSAGE, "metadata": {}}
        return {"type": _ALERT, "metadata": {"channel_id": str(self.alert_channel_id)}}
