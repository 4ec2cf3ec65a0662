"""What is known of the provider in advance: addresses, price, durations, model paths. Reference data, no I/O.

[page] is the provider's own page for the Flux.1-dev ControlNet API, [seen] what its public samples and results
show, [host] the model host behind it (fal's `fal-ai/flux-general`). Parameters are in `parameters.py`.
"""

from dataclasses import dataclass
from typing import Final

SUBMIT_URL: Final = "https://gateway.pixazo.ai/flux-general/v1/flux-general/generateTextToImageRequest"  # [page]
STATUS_URL: Final = "https://gateway.pixazo.ai/flux-general-polling/flux-general/getStatus"  # [page], no /v1/

# Where results are served. [page] names the first, the others are [seen]; the bucket behind `r2.dev` has a
# name of its own, which nobody promises to keep.
RESULT_HOSTS: Final = (
    "storage.pixazo.ai",
    "*.r2.dev",
    "imagesai.appypie.com",
    "fal.media",
    "v3.fal.media",
    "v3b.fal.media",
)

# [page] "$0.09, All Resolutions". It does not say whether that is for an image or for a request, so count images.
PAGE_PRICE_MICROS: Final = 90_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A range of seconds."""

    low_seconds: float
    high_seconds: float


# [seen] and [host], at the default size and steps. The work grows with images and pixels; real CFG doubles it.
INFERENCE_TIME: Final = Span(low_seconds=2, high_seconds=10)
QUEUE_TIME: Final = Span(low_seconds=0, high_seconds=30)
COLD_MODEL_TIME: Final = Span(low_seconds=10, high_seconds=60)  # a LoRA or ControlNet that is not loaded yet
REAL_CFG_FACTOR: Final = 2

# Public models that this API is known to take, in Hugging Face's notation. [seen]
UNION_PATHS: Final = (
    "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro",
    "InstantX/FLUX.1-dev-Controlnet-Union",
)
CONTROLNET_PATHS: Final = {
    "canny": "InstantX/FLUX.1-dev-Controlnet-Canny",
    "depth": "Shakker-Labs/FLUX.1-dev-ControlNet-Depth",
    "surface_normals": "jasperai/Flux.1-dev-Controlnet-Surface-Normals",
    "upscaler": "jasperai/Flux.1-dev-Controlnet-Upscaler",
    "lineart": "promeai/FLUX.1-controlnet-lineart-promeai",
}
IP_ADAPTER_PATH: Final = "XLabs-AI/flux-ip-adapter"
IP_ADAPTER_ENCODER_PATH: Final = "openai/clip-vit-large-patch14"

# Where Union-Pro works best, of the 0 to 2 that `conditioning_scale` takes. [seen]
UNION_SCALE_LOW: Final = 0.3
UNION_SCALE_HIGH: Final = 0.8
