"""Tokenizers of the true kinds, made in a moment of a few sentences; any other word falls to smaller pieces.

The same in every process, for the weights of a model depend on how many words it knows: what the trainers of CLIP's and
T5's kinds in `tokenizers` make depends on the order of a hash table, so that theirs are made by hand.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import string
from collections import Counter
from typing import Any

_COLOURS = ["red", "green", "blue", "yellow", "orange", "purple", "pink", "black", "white", "gray", "brown", "cyan"]
_SHAPES = ["circle", "square", "triangle", "star", "ring", "cross", "cat", "dog", "house", "tree"]
_PLACES = ["left of", "right of", "above", "below", "on", "in", "under"]
# Of Qwen-Image, which leaves out the first 34 tokens of this: each word has to be one, as for the true tokenizer.
_TEMPLATE = (
    "system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, "
    "spatial relationships of the objects and background:\nuser\nassistant\n"
)


def sentences() -> list[str]:
    """Return sentences about coloured shapes, and a few questions."""
    pairs = itertools.product(_COLOURS, _SHAPES, _PLACES, _COLOURS)
    scenes = [f"a {colour} {shape} {place} a {other} background" for colour, shape, place, other in pairs]
    asked = [f"what colour is the {shape}? how many are there? yes no" for shape in _SHAPES]
    return scenes + asked + [_TEMPLATE] * 50


def clip_tokenizer(pad: str | None = None, positions: int = 77) -> Any:
    """Return CLIP's tokenizer in OpenAI's layout: 256 bytes, 256 bytes that end a word, merged pieces, start, end.

    Args:
        pad: The token that fills up; None is the end of text. The second of SDXL has "!".
        positions: The longest text.
    """
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = _merges(Counter(re.findall(r"[a-z]+|[^\sa-z]+", " ".join(sentences()).lower())))
    pieces = [*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in merges)]
    vocabulary = {piece: number for number, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}
    extra = {"pad_token": pad} if pad else {}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=positions, **extra)


def t5_tokenizer() -> Any:
    """Return T5's tokenizer: SentencePiece unigrams."""
    from transformers import T5Tokenizer

    words = Counter("▁" + word for sentence in sentences() for word in sentence.split())
    letters = sorted({letter for word in words for letter in word} | {*string.ascii_letters, *string.digits})
    pieces = [(special, 0.0) for special in ("<pad>", "</s>", "<unk>")]
    pieces += [(word, math.log(words[word] / words.total())) for word in sorted(words)]
    pieces += [(letter, -20.0) for letter in letters]  # a word is made of letters only where it is not known
    return T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=512)


def _merges(words: Counter[str]) -> list[tuple[str, str]]:
    """Return which pairs of pieces become one, those that stand side by side most often first; of equals the first."""
    split = {(*word[:-1], word[-1] + "</w>"): count for word, count in words.items()}
    merges: list[tuple[str, str]] = []
    while True:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, count in split.items():
            for pair in itertools.pairwise(word):
                pairs[pair] += count
        if not pairs:
            return merges
        merges.append(min(pairs, key=lambda pair: (-pairs[pair], pair)))
        split = {_merged(word, merges[-1]): count for word, count in split.items()}


def _merged(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    made: list[str] = []
    for piece in word:
        if made and (made[-1], piece) == pair:
            made[-1] += piece
        else:
            made.append(piece)
    return tuple(made)


def bert_tokenizer() -> Any:
    """Return BERT's tokenizer: whole words, and single letters of all others."""
    from transformers import BertTokenizer

    words = sorted({word for sentence in sentences() for word in sentence.replace("?", " ?").split()})
    letters = "abcdefghijklmnopqrstuvwxyz0123456789?"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *letters, *(f"##{letter}" for letter in letters)]
    return BertTokenizer(
        vocab={piece: place for place, piece in enumerate(dict.fromkeys(pieces))}, model_max_length=512
    )


CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def qwen_tokenizer() -> Any:
    """Return Qwen's tokenizer: byte pairs, and the marks of a chat."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import Qwen2Tokenizer
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    bpe = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated")
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([split, bytes_only])
    bpe.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bpe.train_from_iterator(
        sentences(), trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    )
    learnt = json.loads(bpe.to_str())["model"]
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocabulary = {piece: place for place, piece in enumerate([*learnt["vocab"], *marks])}
    made = Qwen2Tokenizer(vocab=vocabulary, merges=[tuple(merge) for merge in learnt["merges"]], model_max_length=2048)
    made.add_special_tokens({"additional_special_tokens": marks[1:]})
    made.chat_template = CHAT_TEMPLATE
    return made
