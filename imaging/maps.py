"""Control maps: what a ControlNet is to follow of a picture. For the worker's process only.

The API uses control images as they are, so what they should show must be worked out beforehand. Sizes are kept, and
the same picture always gives the same map: what a member saw in the preview is what is sent.
"""

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike
from PIL import Image

from imaging.protocol import THRESHOLD_MAX

# More threads would take the second core from the bot, to save a few milliseconds.
cv2.setNumThreads(1)

# The threshold of a sure edge as a share of the median level, so that a dark picture has lines as well. On a bright
# one the share would leave nothing, and on a black one everything: bounds tried on photos, drawings and night scenes.
_MEDIAN_SHARE: Final = 0.8
_AUTO_HIGH: Final = (50, 120)
# A weaker edge counts where it continues a sure one.
_LOW_SHARE: Final = 0.4

# The standard deviation as a share of the longer side: a face loses its features and keeps its shape.
_BLUR_SHARE: Final = 0.01
# Tile control paints detail into a picture that has lost its own: a quarter of the size, and back up.
_TILE_FACTOR: Final = 4
# Low quality is what a picture looks like after years of being passed on: small, noisy and squeezed.
_POOR_FACTOR: Final = 3
_POOR_NOISE_LEVELS: Final = 8.0
_POOR_JPEG_QUALITY: Final = 25


def make(
    image: Image.Image, method: str, *, low: int | None = None, high: int | None = None
) -> tuple[Image.Image, int | None, int | None]:
    """The map of an RGB picture, and the thresholds used where it is `canny`."""
    pixels = np.asarray(image)
    if method == "canny":
        low, high = _thresholds(_calm_grey(pixels), low, high)
        return Image.fromarray(_canny(pixels, low, high)), low, high
    return Image.fromarray(_PLAIN[method](pixels)), None, None


def _canny(pixels: MatLike, low: int, high: int) -> MatLike:
    """White lines on black."""
    return cv2.cvtColor(cv2.Canny(_calm_grey(pixels), low, high), cv2.COLOR_GRAY2RGB)


def _gray(pixels: MatLike) -> MatLike:
    """The light without the colours, in three equal channels: loaders differ over files with one."""
    return cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def _blur(pixels: MatLike) -> MatLike:
    """Shapes and colours without detail."""
    return cv2.GaussianBlur(pixels, (0, 0), max(pixels.shape) * _BLUR_SHARE)


def _tile(pixels: MatLike) -> MatLike:
    """The picture as if it had been enlarged: soft, with everything in its place."""
    return _enlarged(_reduced(pixels, _TILE_FACTOR), pixels)


def _low_quality(pixels: MatLike) -> MatLike:
    """The picture degraded: enlarged from a small, noisy JPEG."""
    small = _reduced(pixels, _POOR_FACTOR)
    noise = np.random.default_rng(0).normal(0.0, _POOR_NOISE_LEVELS, small.shape)
    noisy = np.clip(small + noise, 0, 255).astype(np.uint8)
    # OpenCV takes the channels for blue, green, red; both ways alike, so they come back as they were.
    _, squeezed = cv2.imencode(".jpg", noisy, (cv2.IMWRITE_JPEG_QUALITY, _POOR_JPEG_QUALITY))
    restored = cv2.imdecode(squeezed, cv2.IMREAD_COLOR)
    assert restored is not None  # it was encoded just now
    return _enlarged(restored, pixels)


# By their names in `protocol.METHODS`.
_PLAIN: Final[Mapping[str, Callable[[MatLike], MatLike]]] = {
    "gray": _gray,
    "blur": _blur,
    "tile": _tile,
    "low-quality": _low_quality,
}


def _calm_grey(pixels: MatLike) -> MatLike:
    # A photo's grain and a JPEG's blocks would be edges too.
    return cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (3, 3), 0)


def _thresholds(grey: MatLike, low: int | None, high: int | None) -> tuple[int, int]:
    """Those given, and for the others what suits them or the picture."""
    if high is None:
        fitting = np.median(grey) * _MEDIAN_SHARE if low is None else low / _LOW_SHARE
        bounds = _AUTO_HIGH if low is None else (0, THRESHOLD_MAX)
        high = round(float(np.clip(fitting, *bounds)))
    return (round(high * _LOW_SHARE) if low is None else low), high


def _reduced(pixels: MatLike, factor: int) -> MatLike:
    height, width = pixels.shape[:2]
    return cv2.resize(pixels, (width // factor, height // factor), interpolation=cv2.INTER_AREA)


def _enlarged(pixels: MatLike, like: MatLike) -> MatLike:
    height, width = like.shape[:2]
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
