"""Marks pictures as made by a model, and puts the recipe in: bytes around the picture change, its pixels never.

The mark is the IPTC's digital source type, an XMP property (IPTC Photo Metadata Standard, Extension schema). The
recipe goes where such tools look for it: a PNG's text `parameters`, a JPEG's or WebP's Exif user comment.
"""

import html
import shutil
from typing import BinaryIO, Final

from imaging import containers
from imaging.containers import OddFile, Part, Span
from imaging.exif import exif_block

_COPY_BYTES: Final = 1 << 18

CREATOR_TOOL: Final = "Easel"
TRAINED_ALGORITHMIC_MEDIA: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

_XMP: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <xmp:CreatorTool>{tool}</xmp:CreatorTool>
   <Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType>{description}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
_XMP_DESCRIPTION: Final = """
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt></dc:description>"""


def write_metadata(
    source: BinaryIO, into: BinaryIO, media_type: str, *, recipe: str | None = None, description: str | None = None
) -> bool:
    """Write the picture of `source` to `into` with the mark, and with `recipe` and `description` where given.

    Metadata that was in it is dropped, colour profiles stay. Returns False where the file was copied unchanged
    instead: its type is another than PNG, JPEG and WebP, its structure is odd, a text does not fit, or it is signed
    (C2PA) and would not be what was signed any more. Reads the whole of `source`, writes from where `into` stands.
    Raises OSError. Blocks on both files, so it belongs on a thread.
    """
    try:
        parts = _parts(source, media_type, recipe=recipe, description=description)
    except OddFile:
        source.seek(0)
        shutil.copyfileobj(source, into)
        return False
    for part in parts:
        if isinstance(part, bytes):
            into.write(part)
        else:
            _copy(source, part, into)
    return True


def xmp_packet(description: str | None = None) -> bytes:
    """The XMP packet that says that a model made the picture."""
    text = None if description is None else html.escape("".join(filter(_is_in_xml, description)), quote=False)
    return _XMP.format(
        tool=CREATOR_TOOL,
        source_type=TRAINED_ALGORITHMIC_MEDIA,
        description="" if text is None else _XMP_DESCRIPTION.format(text=text),
    ).encode()


def _parts(source: BinaryIO, media_type: str, *, recipe: str | None, description: str | None) -> list[Part]:
    xmp = xmp_packet(description)
    if media_type == "image/png":
        return containers.png_parts(source, xmp=xmp, recipe=recipe)
    exif = exif_block(software=CREATOR_TOOL, description=description, comment=recipe)
    if media_type == "image/jpeg":
        return containers.jpeg_parts(source, xmp=xmp, exif=exif)
    if media_type == "image/webp":
        return containers.webp_parts(source, xmp=xmp, exif=exif)
    raise OddFile(media_type)


def _copy(source: BinaryIO, span: Span, into: BinaryIO) -> None:
    source.seek(span.start)
    left = span.end - span.start
    while left and (data := source.read(min(left, _COPY_BYTES))):
        into.write(data)
        left -= len(data)


def _is_in_xml(character: str) -> bool:
    """Whether XML 1.0 has the character: no control characters, no halves of pairs."""
    return character in "\t\n\r" or (
        character >= " " and not "\ud800" <= character <= "\udfff" and character not in "\ufffe\uffff"
    )
