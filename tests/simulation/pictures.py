"""What the provider paints: files that the gate has to tell apart, each with bytes of its own."""

import hashlib
import io
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from PIL import Image

Kind = Literal["good", "flagged", "unchecked", "blank", "broken"]
KINDS: Final[tuple[Kind, ...]] = ("flagged", "unchecked", "blank", "broken")
SIDE_PX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture of a result: `kind` is what is the matter with it."""

    kind: Kind
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def flag(self) -> bool | None:
        """What the provider's checker says of it."""
        return None if self.kind == "unchecked" else self.kind == "flagged"


def paint(kind: Kind, name: str) -> Picture:
    """A picture of that kind; no two names give the same bytes."""
    file = _files()["blank" if kind == "blank" else "good"]
    # What follows a PNG's end is shown by nobody; one cut short can't be decoded.
    content = file[:40] + name.encode() if kind == "broken" else file + name.encode()
    return Picture(kind=kind, content=content)


@cache
def _files() -> dict[str, bytes]:
    shaded = Image.new("L", (SIDE_PX, SIDE_PX))
    shaded.putdata([(at * 3) % 256 for at in range(SIDE_PX * SIDE_PX)])
    return {"good": _png(shaded), "blank": _png(Image.new("L", (SIDE_PX, SIDE_PX)))}


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
