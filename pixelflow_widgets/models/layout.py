"""How weights lie in folders and repositories: which files a model consists of, and whether all of them are there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from .families import config_in

INDEX = "model_index.json"
CONFIGS = (INDEX, "config.json", "adapter_config.json")
"""Files of which one stands at the top of every folder that diffusers, transformers or peft wrote."""
WEIGHTS = (".safetensors", ".gguf")
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".npy", ".msgpack", ".h5", ".nemo")
"""Files that can run code when they are loaded, or that nothing here reads; never fetched, never opened."""
_PLAIN = (".json", ".txt", ".model", ".jinja", ".tiktoken")
_LICENCES = re.compile(r"(licen[cs]e|notice)[^/]*", re.IGNORECASE)
_SHARD = re.compile(r"-\d{5}-of-(\d{5})$")
_MAIN = ("model", "diffusion_pytorch_model", "adapter_model", "pytorch_lora_weights", "openvino_model")


def wanted_files(names: Iterable[str], index: Mapping[str, Any] | None, variant: str | None = None) -> list[str]:
    """Return which files of a repository a model consists of.

    Args:
        names: All files of the repository.
        index: What its model_index.json holds; None where it has none.
        variant: Which precision is wanted where there are several: "fp16".

    Returns:
        Weights in one precision, as safetensors, and what goes with them. No weights where there are only pickles.
    """
    names = list(names)
    if index is None:
        return _of_folder(names, "", variant)
    wanted = [name for name in names if "/" not in name and (name == INDEX or _LICENCES.fullmatch(name))]
    for part in parts_of(index):
        wanted += _of_folder(names, f"{part}/", variant)
    return wanted


def parts_of(index: Mapping[str, Any]) -> list[str]:
    """Return the folders that a model_index.json names."""
    return [name for name, entry in index.items() if isinstance(entry, list) and len(entry) == 2 and all(entry)]


def files_within(names: Iterable[str], folder: str) -> list[str]:
    """Return which files of one folder of a repository are fetched with a single file beside it."""
    return _of_folder(list(names), f"{folder}/", None)


def _of_folder(names: list[str], folder: str, variant: str | None) -> list[str]:
    """Return the files directly in a folder that are configuration, vocabulary, licence, or one set of weights."""
    here = [name for name in names if name.startswith(folder) and "/" not in name.removeprefix(folder)]
    weights = _one_set([name for name in here if name.endswith(WEIGHTS)], variant)
    plain = [
        name
        for name in here
        if (name.endswith(_PLAIN) and ".index." not in name) or _LICENCES.fullmatch(name.removeprefix(folder))
    ]
    return [*plain, *(name for name in here if ".index." in name and _indexes(name, weights)), *weights]


def _named(name: str) -> tuple[str, str, bool]:
    """Return (stem, variant, whether it is one of several) of a file of weights."""
    stem = PurePosixPath(name).name.rpartition(".")[0]
    shard = _SHARD.search(stem)
    stem = stem[: shard.start()] if shard else stem
    plain, dot, variant = stem.partition(".")
    return (plain, variant, bool(shard)) if dot and plain in _MAIN else (stem, "", bool(shard))


def _one_set(weights: list[str], variant: str | None) -> list[str]:
    """Return the files of one precision, where several stand side by side: the one asked for, else the plain one."""
    sets: dict[tuple[str, str, bool], list[str]] = {}
    for name in weights:
        if name.endswith(".safetensors"):
            sets.setdefault(_named(name), []).append(name)
    order = [*([variant] if variant else []), "", "fp16", "bf16"]

    def rank(key: tuple[str, str, bool]) -> tuple[bool, int, int, bool]:
        stem, precision, is_shard = key
        main = _MAIN.index(stem) if stem in _MAIN else len(_MAIN)
        return precision not in order, order.index(precision) if precision in order else 0, main, is_shard

    known = [key for key in sets if key[0] in _MAIN]
    if known:
        return sets[min(known, key=rank)]
    return [name for group in sets.values() for name in group] if len(sets) == 1 else []


def _indexes(index: str, weights: list[str]) -> bool:
    """Return whether an index of shards belongs to the weights that were chosen."""
    stem, _, rest = PurePosixPath(index).name.partition(".safetensors.index")
    if not rest or not weights:
        return False
    plain, variant, is_shard = _named(weights[0])
    return is_shard and stem.partition(".")[0] == plain and rest == (f".{variant}.json" if variant else ".json")


def weights_at_top(names: Iterable[str]) -> list[str]:
    """Return the files of weights at the top of a repository, for one that neither diffusers nor transformers wrote."""
    return [name for name in names if "/" not in name and name.endswith(WEIGHTS)]


def single_file_in(folder: Path) -> Path | None:
    """Return the file of weights in a folder, if there is exactly one."""
    found = [path for path in folder.iterdir() if path.suffix in WEIGHTS] if folder.is_dir() else []
    return found[0] if len(found) == 1 else None


def is_whole(folder: Path) -> bool:
    """Return whether nothing is missing in a folder of weights; a fetch that was stopped leaves one that is not."""
    return not missing_in(folder)


def missing_in(folder: Path) -> list[str]:
    """Return what a folder of weights lacks, in words; nothing where it is whole."""
    if (folder / INDEX).is_file():
        parts = parts_of(config_in(folder, INDEX))
        found = [f"the folder {part}" for part in parts if not _has_files(folder / part)]
        return found + [f"{part}/{what}" for part in parts for what in _missing_weights(folder / part)]
    return _missing_weights(folder)


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() for path in folder.iterdir())


def _missing_weights(folder: Path) -> list[str]:
    """Return the files of weights that a folder should have and does not."""
    weights = [path.name for path in folder.glob("*") if path.suffix in WEIGHTS] if folder.is_dir() else []
    indexes = list(folder.glob("*.safetensors.index*.json"))
    for index in indexes:
        places = config_in(folder, index.name).get("weight_map")
        shards = {shard for shard in places.values() if isinstance(shard, str)} if isinstance(places, dict) else set()
        missing = sorted(shard for shard in shards if not (folder / shard).is_file())
        if missing:
            return missing
    config = config_in(folder, "config.json")
    is_model = "model_type" in config or "architectures" in config or "_class_name" in config
    return ["weights as safetensors"] if is_model and not weights else []
