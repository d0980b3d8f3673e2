"""Tokenizers as they lie beside weights, opened by the library `tokenizers` alone: no model is loaded for them."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..models.families import config_in
from ..models.text_generation import UNLIMITED

FILE = "tokenizer.json"
_SETTINGS = "tokenizer_config.json"
_OLD = ("vocab.json", "merges.txt")
"""What folders of CLIP on the Hub have in place of one file."""
_LARGEST = 200_000_000
_START, _END = "<|startoftext|>", "<|endoftext|>"
_CLIP_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def tokenizer_in(folder: Path) -> Any:
    """Return the tokenizer of a folder, or None where there is none that `tokenizers` reads.

    Args:
        folder: Holds tokenizer.json, or vocab.json and merges.txt of CLIP.
    """
    state = tuple(_state(folder / name) for name in (FILE, *_OLD, _SETTINGS))
    return _opened(folder, state) if state[0] or all(state[1:3]) else None


def longest_in(folder: Path) -> int | None:
    """Return how many tokens a tokenizer says that may be read at once, or None where it does not say."""
    length = config_in(folder, _SETTINGS).get("model_max_length")
    return length if isinstance(length, int) and not isinstance(length, bool) and 0 < length < UNLIMITED else None


def clip_tokenizer(
    pieces: Mapping[str, int], merges: Sequence[tuple[str, str]], start: str = _START, end: str = _END
) -> Any:
    """Return CLIP's tokenizer.

    Args:
        pieces: Number of each piece; those that end a word end in "</w>".
        merges: Which pieces become one, the first first.
        start: Mark of the beginning.
        end: Mark of the end.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    model = models.BPE(
        vocab=dict(pieces),
        merges=list(merges),
        end_of_word_suffix="</w>",
        continuing_subword_prefix="",
        fuse_unk=False,
        unk_token=end,
    )
    made = Tokenizer(model)
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    split = pre_tokenizers.Split(Regex(_CLIP_WORDS), behavior="removed", invert=True)
    made.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.add_special_tokens([AddedToken(mark, normalized=False) for mark in (start, end)])
    first, last = ((mark, made.token_to_id(mark) or 0) for mark in (start, end))
    made.post_processor = processors.RobertaProcessing(last, first, False, False)
    return made


def _state(path: Path) -> tuple[int, ...]:
    """Return (size, time) of a file; nothing where it is not there, or too large to be read."""
    try:
        stat = path.stat()
    except OSError:
        return ()
    return (stat.st_size, stat.st_mtime_ns) if stat.st_size <= _LARGEST else ()


@functools.lru_cache(8)
def _opened(folder: Path, _: object) -> Any:
    """Return a tokenizer that neither cuts nor fills up; each is read once for a state of its files."""
    from tokenizers import Tokenizer

    try:
        made = Tokenizer.from_file(str(folder / FILE)) if (folder / FILE).is_file() else _of_clip(folder)
        made.no_truncation()
        made.no_padding()
    except BaseException as error:  # the library, written in Rust, panics at some files; that is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        return None
    return made


def _of_clip(folder: Path) -> Any:
    settings = config_in(folder, _SETTINGS)
    pieces = json.loads((folder / _OLD[0]).read_text(encoding="utf-8"))
    lines = (folder / _OLD[1]).read_text(encoding="utf-8").splitlines()
    merges = [(first, second) for first, _, second in (line.partition(" ") for line in lines) if second]
    if merges and lines[0].startswith("#version"):
        merges = merges[1:]
    if "</w>" not in "".join(list(pieces)[-2000:]):
        raise ValueError("It is no tokenizer of CLIP's kind.")
    return clip_tokenizer(pieces, merges, _mark(settings, "bos_token", _START), _mark(settings, "eos_token", _END))


def _mark(settings: Mapping[str, Any], name: str, usual: str) -> str:
    """Return the mark of begin or end as a folder's settings name it; transformers heeds nothing else of it."""
    said = settings.get(name, usual)
    said = said.get("content", usual) if isinstance(said, dict) else said
    return said if isinstance(said, str) else usual
