"""The presets that everybody has, made for Flux.1-dev.

That model is guided by whole sentences, needs no praise ("masterpiece, 8k"), and takes "plastic" from too much
guidance: photographs do well at 2 to 3, drawings and lettering at 4 and above. Negative prompts act through NAG, so
they cost no second pass; they are given where a style tends to slip into its neighbour.
"""

from typing import Final

from parameters import ImageSize, Scheduler
from recipes import Preset, PresetScope, PresetValues


def _built_in(name: str, values: PresetValues) -> Preset:
    return Preset(scope=PresetScope.BUILT_IN, name=name, values=values)


BUILT_IN: Final[tuple[Preset, ...]] = (
    _built_in(
        "Photo",
        PresetValues(
            template="A candid photograph of {prompt}. Natural light, 50mm lens, realistic skin and fabric textures, "
            "slight film grain, unretouched.",
            negative_prompt="illustration, 3d render, airbrushed skin, oversaturated",
            num_inference_steps=32,
            guidance_scale=2.5,
        ),
    ),
    _built_in(
        "Film still",
        PresetValues(
            template="A still from a feature film: {prompt}. Anamorphic lens, motivated lighting, muted colours with "
            "teal shadows and warm highlights, shallow depth of field, 35mm film grain.",
            negative_prompt="text, subtitles, watermark, border",
            image_size=ImageSize.LANDSCAPE_16_9,
            num_inference_steps=32,
            guidance_scale=3.0,
        ),
    ),
    _built_in(
        "Portrait",
        PresetValues(
            template="A close portrait photograph of {prompt}. 85mm lens at f/1.8, soft window light from the side, "
            "eyes in sharp focus, plain dark background.",
            negative_prompt="airbrushed skin, doll, 3d render",
            image_size=ImageSize.PORTRAIT_4_3,
            num_inference_steps=32,
            guidance_scale=2.2,
        ),
    ),
    _built_in(
        "Watercolour",
        PresetValues(
            template="A loose watercolour painting of {prompt}. Transparent washes bleeding into one another, visible "
            "brush strokes, white paper left bare, soft edges, cold-pressed paper texture.",
            negative_prompt="photograph, 3d render, hard outlines",
            guidance_scale=3.5,
        ),
    ),
    _built_in(
        "Ink drawing",
        PresetValues(
            template="A black ink drawing of {prompt} on white paper. Confident varied line weight, cross-hatching for "
            "the shadows, no grey wash, no colour.",
            negative_prompt="colour, photograph, gradient",
            guidance_scale=4.5,
        ),
    ),
    _built_in(
        "Comic",
        PresetValues(
            template="A comic book panel of {prompt}. Bold ink outlines, flat colours, halftone dots in the shadows, "
            "dynamic composition.",
            negative_prompt="photograph, 3d render, speech bubble",
            guidance_scale=4.0,
        ),
    ),
    _built_in(
        "Pixel art",
        PresetValues(
            template="Pixel art of {prompt}, in the manner of a 16-bit console game. Large square pixels, a limited "
            "palette, crisp edges without anti-aliasing, simple dithering.",
            negative_prompt="blurry, smooth gradient, photograph",
            image_size=ImageSize.SQUARE_HD,
            guidance_scale=4.5,
        ),
    ),
    _built_in(
        "Isometric",
        PresetValues(
            template="An isometric miniature diorama of {prompt} on a plain pastel background. Seen from above at an "
            "angle, rounded clay-like shapes, soft studio shadows.",
            negative_prompt="perspective distortion, cluttered background",
            image_size=ImageSize.SQUARE_HD,
            guidance_scale=4.0,
        ),
    ),
    _built_in(
        "Product shot",
        PresetValues(
            template="A studio product photograph of {prompt}, centred on a seamless light backdrop. Large softbox "
            "from above, gentle reflection below, everything in focus, no text.",
            negative_prompt="hands, people, clutter, watermark",
            image_size=ImageSize.SQUARE_HD,
            num_inference_steps=35,
            guidance_scale=3.0,
            scheduler=Scheduler.DPMPP_2M,
        ),
    ),
    _built_in(
        "Poster",
        PresetValues(
            template="A screen-printed poster of {prompt}. Three flat colours on textured paper, strong silhouettes, "
            "generous empty space, slight misregistration of the inks.",
            negative_prompt="photograph, gradient, clutter",
            image_size=ImageSize.PORTRAIT_4_3,
            guidance_scale=4.5,
        ),
    ),
)
