"""Inputs of the nodes that paint which only some families have; each is an argument of diffusers' calls."""

from __future__ import annotations

from ..controls import Number, Prompt, Slider
from ..media import Image
from ..schema import Option

_UNETS = ("SD1.5", "SD2", "SDXL", "Starter")
_CROPPED = ("SDXL", "Starter")
_Edge = Number(min=8, max=8192, step=8, unit="px")

_CLIP_SKIP = Option(
    "clip_skip",
    int,
    Number(min=1, max=11, step=1),
    families=(*_UNETS, "SD3"),
    help="How many of the last layers of the text encoder are left out; empty is none.",
)
_RESCALE = Option(
    "guidance_rescale",
    float,
    Slider(0, 1, step=0.05),
    families=_UNETS,
    help="Takes back the contrast that strong guidance adds, from 0 (nothing) to 1; about 0.7 suits zero-SNR models.",
)
_RESCALE_XL = Option("guidance_rescale", float, Slider(0, 1, step=0.05), families=_CROPPED, help=_RESCALE.help)
_ETA = Option(
    "eta",
    float,
    Slider(0, 1, step=0.05),
    families=_UNETS,
    help="Fresh noise at each step of the scheduler ddim, from 0 (none) to 1; other schedulers have none.",
)
_SECOND_PROMPT = Option(
    "prompt_2",
    str,
    Prompt(lines=1),
    families=("SDXL", "SD3", "FLUX.1", "Starter"),
    help="What the second text encoder reads; empty is the prompt.",
)
_THIRD_PROMPT = Option(
    "prompt_3", str, Prompt(lines=1), families=("SD3",), help="What the third text encoder reads; empty is the prompt."
)
_TRUE_CFG = Option(
    "true_cfg",
    float,
    Slider(1, 20, step=0.1),
    families=("FLUX.1",),
    help="Above 1, each step is done twice and goes away from the negative prompt; empty is 1.",
)
_LONGEST = Option(
    "max_sequence_length",
    int,
    Number(min=16, max=512, step=1),
    families=("SD3", "FLUX.1", "Qwen-Image", "Z-Image"),
    help="How many tokens of the prompt are read at most; empty is what suits the family.",
)
_NORMALISATION = Option(
    "cfg_normalization",
    bool,
    families=("Z-Image",),
    help="Keeps what guidance adds from making the picture harsher; empty is off.",
)
_TRUNCATION = Option(
    "cfg_truncation",
    float,
    Slider(0, 1, step=0.05),
    families=("Z-Image",),
    help="From this part of the way on, from 0 to 1, there is no guidance; empty is 1: always.",
)
_SIZES = (
    Option(
        "original_width", int, _Edge, families=_CROPPED, help="Width of the photo it should look like it came from."
    ),
    Option("original_height", int, _Edge, families=_CROPPED, help="Height of that photo, in pixels."),
    Option(
        "crop_left",
        int,
        Number(min=0, max=8192, step=1, unit="px"),
        families=_CROPPED,
        help="How much it should look cut off at the left, in pixels; empty is 0.",
    ),
    Option(
        "crop_top",
        int,
        Number(min=0, max=8192, step=1, unit="px"),
        families=_CROPPED,
        help="How much it should look cut off at the top, in pixels; empty is 0.",
    ),
)
_REFERENCE = Option(
    "reference_image",
    Image,
    families=("SD1.5", "SDXL"),
    help="What the picture takes after; for models with an IP-Adapter, see add_ip_adapter.",
)
_CLOSE_UP = Option(
    "padding_mask_crop",
    int,
    Number(min=0, max=1024, step=8, unit="px"),
    families=("SD1.5", "SD2", "SDXL", "SD3", "FLUX.1", "Qwen-Image", "Starter"),
    help="Paints the masked part alone, enlarged, with so many pixels around it; empty is the whole picture.",
)
_GUESS = Option(
    "guess_mode",
    bool,
    families=_UNETS,
    help="The ControlNets alone say what is to be seen, even without a prompt; guidance of 3 to 5 suits it.",
)

_ALWAYS = (_CLIP_SKIP, _ETA, _SECOND_PROMPT, _THIRD_PROMPT, _TRUE_CFG, _LONGEST, *_SIZES, _REFERENCE)
_GUIDED = (_NORMALISATION, _TRUNCATION)

PAINTING = (*_ALWAYS, _RESCALE, *_GUIDED)
REPAINTING = (*_ALWAYS, _RESCALE_XL, *_GUIDED)
FILLING = (*REPAINTING, _CLOSE_UP)
CONTROLLED = (*_ALWAYS, _GUESS)
