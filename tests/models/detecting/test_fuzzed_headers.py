"""Headers that chance made of real ones: `detect` says what they are or refuses them, and never anything else.

PIXELFLOW_SOAK=10 tries 100,000 of them; a failure prints the seed and the number of the header.
"""

from __future__ import annotations

import json
import math
import os
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.detecting import detect
from pixelflow_widgets.models.families import family

from ..layouts import Layout, adapters
from ..layouts import originals as makers
from .test_parts import PARTS

SOAK = int(os.environ.get("PIXELFLOW_SOAK", "1"))
SEED = int(os.environ.get("PIXELFLOW_SEED", "20260401"))
COUNT = 1_500 if SOAK == 1 else 10_000 * SOAK
MOST = 40
"""Tensors of a header, so that a hundred thousand of them take minutes."""
KINDS = {"model", "lora", "controlnet", "vae", "embedding", "ip_adapter", "motion", "text_encoder", "unknown"}
LARGEST = 2**40

WORDS = [
    ".weight",
    ".bias",
    ".alpha",
    "lora_unet_",
    "unet.",
    "0",
    "-1",
    "99999999999",
    ".lora_down",
    ".lora_A",
    "",
    ".",
    "_",
    "ä\u0000",
]
LENGTHS: list[Any] = [
    0,
    1,
    2,
    3,
    64,
    320,
    768,
    1024,
    2048,
    3072,
    -1,
    2**31,
    2**62,
    2**63,
    10**30,
    1.5,
    True,
    None,
    "8",
    [],
    {},
]
TEXTS = [
    "",
    "sdxl",
    "sd_v1",
    "flux-1-dev",
    "1024x1024",
    "(1,1)",
    "nan",
    "-1e400",
    "[" * 5000,
    '{"a": {"b": 3}}',
    "[[]]",
    "\ud800",
    "²",
    "9" * 5000,
]
ENTRIES = [
    *("ss_base_model_version", "modelspec.architecture", "modelspec.resolution", "ss_resolution", "ss_network_alpha"),
    *("ss_tag_frequency", "ss_dataset_dirs", "modelspec.trigger_phrase", "lora_adapter_metadata"),
    *("pixelflow.base_model", "pixelflow.trigger_words"),
]
Header = dict[str, Any]
Mutation = Callable[[random.Random, Header], None]


def real() -> list[Layout]:
    """Excerpts of real layouts, each with the names that tell what it is."""
    xl = adapters.layers(makers.unet(**makers.XL), adapters.ALL_LINEAR)
    whole: list[Layout] = [
        *(make() for make, *_ in PARTS.values()),
        *(adapters.kohya(xl), adapters.loha(xl), adapters.lokr(xl), adapters.dora(xl), adapters.glora(xl)),
        *(adapters.oft(xl), adapters.ia3(xl), adapters.peft(xl, "unet."), adapters.processors(xl), adapters.xlabs()),
        adapters.kohya(adapters.layers(makers.flux(), adapters.STREAMS)),
        adapters.kohya(adapters.layers(makers.sd3(), adapters.JOINT)),
        adapters.peft(adapters.layers(makers.wan(), adapters.WAN), "diffusion_model."),
        adapters.kohya(adapters.layers(makers.clip(), adapters.ENCODER), "lora_te_"),
        adapters.peft(
            {"layers.0.attention.qkv": (11520, 3840), "layers.1.attention.out": (3840, 3840)}, "diffusion_model."
        ),
        *(makers.sd15(), makers.sdxl(), makers.flux(), makers.sd3(), makers.wan(), makers.vae(), makers.wan_vae()),
        *(makers.controlnet(), makers.clip(), makers.open_clip()),
    ]
    return [dict(list(layout.items())[:MOST]) for layout in whole]


def packed(layout: Layout) -> Header:
    header: Header = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in layout.items():
        start, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [start, end]}
    return header


def names(header: Header) -> list[str]:
    return [name for name, entry in header.items() if name != "__metadata__" and isinstance(entry, dict)]


def rename(chance: random.Random, header: Header) -> None:
    old = chance.choice(names(header))
    parts = old.split(".")
    change = chance.randrange(4)
    if change == 0:
        parts[chance.randrange(len(parts))] = chance.choice(WORDS)
    elif change == 1:
        chance.shuffle(parts)
    new = ".".join(parts) + (chance.choice(WORDS) if change == 2 else "")
    header[old[: chance.randrange(len(old) + 1)] if change == 3 else new] = header.pop(old)


def reshape(chance: random.Random, header: Header) -> None:
    entry = header[chance.choice(names(header))]
    shape = entry.get("shape")
    if not isinstance(shape, list) or not shape or chance.random() < 0.3:
        entry["shape"] = [chance.choice(LENGTHS[:10]) for _ in range(chance.randrange(6))]
    else:
        shape[chance.randrange(len(shape))] = chance.choice(LENGTHS)


def displace(chance: random.Random, header: Header) -> None:
    entry = header[chance.choice(names(header))]
    entry["data_offsets"] = [chance.choice(LENGTHS), chance.choice(LENGTHS)][: chance.choice([2, 2, 2, 1])]


def retype(chance: random.Random, header: Header) -> None:
    entry = header[chance.choice(names(header))]
    entry[chance.choice(["dtype", "shape", "data_offsets"])] = chance.choice(
        ["F32", "BF16", "F4", "X9", None, 5, [], {}, "U8"]
    )


def drop(chance: random.Random, header: Header) -> None:
    for name in chance.sample(names(header), min(len(names(header)), chance.randrange(1, 6))):
        del header[name]


def mix(chance: random.Random, header: Header) -> None:
    other = packed(chance.choice(LAYOUTS))
    for name in chance.sample(list(other), min(len(other), chance.randrange(1, 12))):
        header[name] = other[name]


def claim(chance: random.Random, header: Header) -> None:
    said = {chance.choice(ENTRIES): chance.choice(TEXTS) for _ in range(chance.randrange(1, 4))}
    header["__metadata__"] = said if chance.random() < 0.95 else chance.choice([[], 5, {"a": 5}, None, "x"])


def wrap(chance: random.Random, header: Header) -> None:
    prefix = chance.choice(
        ["model.diffusion_model.", "diffusion_model.", "unet.", "transformer.", "base_model.model.", "vae."]
    )
    for name in names(header):
        header[prefix + name] = header.pop(name)


def mend(header: Header) -> None:
    """Give every tensor the place that its shape wants, so that what is odd reaches the telling."""
    end = 0
    for name in names(header):
        entry = header[name]
        shape = entry.get("shape")
        if isinstance(shape, list) and all(type(length) is int and 0 <= length < 2**20 for length in shape):
            start, end = end, end + 2 * math.prod(shape)
            entry |= {"dtype": "F16", "data_offsets": [start, end]}


LAYOUTS = real()
MUTATIONS: list[Mutation] = [rename, rename, reshape, reshape, displace, retype, drop, mix, claim, wrap]


def fuzzed(chance: random.Random) -> tuple[bytes, int]:
    """Bytes of a file's beginning, and how long the whole is."""
    header = json.loads(json.dumps(packed(chance.choice(LAYOUTS))))
    for _ in range(chance.randrange(1, 6)):
        if names(header):
            chance.choice(MUTATIONS)(chance, header)
    if chance.random() < 0.7:
        mend(header)
    content = json.dumps(header, ensure_ascii=True).encode()
    places = [entry.get("data_offsets") for entry in header.values() if isinstance(entry, dict)]
    ends = [place[-1] for place in places if isinstance(place, list) and place]
    size = max((end for end in ends if type(end) is int and 0 <= end < LARGEST), default=0)
    length = len(content)
    if chance.random() < 0.15:
        damaged = bytearray(content)
        for _ in range(chance.randrange(1, 9)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        content = bytes(damaged[: chance.choice([length, length, chance.randrange(length)])])
    if chance.random() < 0.05:
        length = chance.choice([0, 1, length - 1, length + 1, 2**63, 2**32])
    beginning = struct.pack("<Q", length) + content
    return beginning, len(beginning) + max(0, size + chance.choice([0] * 20 + [-1, 1, 999]))


def test_the_real_ones_are_sound_before_chance_damages_them(tmp_path: Path) -> None:
    path = tmp_path / "real.safetensors"
    for layout in LAYOUTS:
        content = json.dumps(packed(layout)).encode()
        with path.open("wb") as file:
            file.write(struct.pack("<Q", len(content)) + content)
            file.truncate(8 + len(content) + sum(2 * math.prod(shape) for shape in layout.values()))
        assert detect(path).kind in KINDS


@pytest.mark.soak
def test_no_header_breaks_it(tmp_path: Path) -> None:
    path = tmp_path / "fuzzed.safetensors"
    told, refused = 0, 0
    for number in range(COUNT):
        beginning, size = fuzzed(random.Random(f"{SEED} {number}"))
        with path.open("wb") as file:
            file.write(beginning)
            file.truncate(max(size, 0))
        try:
            found = detect(path)
        except pf.ModelError as refusal:
            refused += 1
            assert path.name in str(refusal) and "\ufffe" not in str(refusal)
            continue
        except BaseException as error:
            raise AssertionError(f"header {number} of seed {SEED}: {type(error).__name__}: {error}") from error
        told += 1
        assert found.kind in KINDS and found.reason.endswith("."), (number, SEED)
        assert not found.base_model or family(found.base_model), (number, SEED)
        found.reason.encode()  # can be sent to a page
        json.dumps([found.trigger_words, found.alpha, found.rank, found.resolution], allow_nan=False)
    assert told > COUNT / 5 and refused > COUNT / 5  # both happen, or the chances are set wrongly
