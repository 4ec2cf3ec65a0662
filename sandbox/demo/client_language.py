"""What Discord's own client writes around messages, in the languages that its readers have here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLanguage:
    """The client's words in one language. Units are in the singular and in the plural, as they follow a number."""

    tag: str
    used: str
    only_you: str
    only_other: str
    edited: str
    deleted: str
    cancel: str
    submit: str
    choose: str
    months: tuple[str, ...]
    days: tuple[str, ...]
    long_date: str
    ahead: str
    ago: str
    units: Mapping[str, tuple[str, str]]

    def date(self, moment: datetime) -> str:
        """Day, month and year in words."""
        return self.long_date.format(day=moment.day, month=self.months[moment.month - 1], year=moment.year)

    def weekday(self, moment: datetime) -> str:
        """The day of the week."""
        return self.days[moment.weekday()]

    def distance(self, count: int, unit: str, *, ahead: bool) -> str:
        """So many of a unit from now: "in 3 hours"."""
        one, many = self.units[unit]
        span = f"{count} {one if count == 1 else many}"
        return (self.ahead if ahead else self.ago).format(span=span)


ENGLISH: Final = ClientLanguage(
    tag="en",
    used="{who} used {command}",
    only_you="Only you can see this",
    only_other="Only {who} can see this",
    edited="(edited)",
    deleted="deleted",
    cancel="Cancel",
    submit="Submit",
    choose="Make a selection",
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    long_date="{day} {month} {year}",
    ahead="in {span}",
    ago="{span} ago",
    units={
        "year": ("year", "years"),
        "month": ("month", "months"),
        "day": ("day", "days"),
        "hour": ("hour", "hours"),
        "minute": ("minute", "minutes"),
        "second": ("second", "seconds"),
    },
)  # fmt: skip
GERMAN: Final = ClientLanguage(
    tag="de",
    used="{who} hat {command} verwendet",
    only_you="Nur du kannst das sehen",
    only_other="Nur {who} kann das sehen",
    edited="(bearbeitet)",
    deleted="gelöscht",
    cancel="Abbrechen",
    submit="Absenden",
    choose="Wähle etwas aus",
    months=(
        "Januar", "Februar", "März", "April", "Mai", "Juni",
        "Juli", "August", "September", "Oktober", "November", "Dezember",
    ),
    days=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    long_date="{day}. {month} {year}",
    ahead="in {span}",
    ago="vor {span}",
    units={
        "year": ("Jahr", "Jahren"),
        "month": ("Monat", "Monaten"),
        "day": ("Tag", "Tagen"),
        "hour": ("Stunde", "Stunden"),
        "minute": ("Minute", "Minuten"),
        "second": ("Sekunde", "Sekunden"),
    },
)  # fmt: skip
