"""A wish that waits for its member's confirming press, as a draft keeps it."""

from collections.abc import Mapping
from typing import Any, Final

from models import GenerationRequest
from recipes import Recipe
from storage.codec import decode_recipe, decode_request, encode_parameters, encode_recipe

DRAFT_KIND: Final = "confirm"


def content_of(request: GenerationRequest, recipe: Recipe) -> dict[str, Any]:
    """The wish as JSON's kinds of values."""
    return {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "parameters": encode_parameters(request),
        "recipe": encode_recipe(recipe),
    }


def wish_of(content: Mapping[str, Any]) -> tuple[GenerationRequest, Recipe]:
    """The wish that `content_of` kept."""
    request = decode_request(content["prompt"], content["negative_prompt"], content["parameters"])
    return request, decode_recipe(content["recipe"])
