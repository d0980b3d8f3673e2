"""Tokenizers of the true kinds, trained in a moment on a few sentences; any other word falls to smaller pieces."""

from __future__ import annotations

import itertools
import json
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
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import CLIPTokenizer

    end = "<|endoftext|>"
    bpe = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token=end))
    bpe.normalizer = normalizers.Lowercase()
    words = pre_tokenizers.Split(Regex(r"\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=letters, end_of_word_suffix="</w>", show_progress=False
    )
    bpe.train_from_iterator(sentences(), trainer)
    learnt = json.loads(bpe.to_str())["model"]
    single = letters + [letter + "</w>" for letter in letters]
    pieces = [piece for piece in learnt["vocab"] if piece not in set(single)]
    vocabulary = {piece: number for number, piece in enumerate([*single, *pieces, "<|startoftext|>", end])}
    merges = [tuple(merge) for merge in learnt["merges"]]
    extra = {"pad_token": pad} if pad else {}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=positions, **extra)


def t5_tokenizer() -> Any:
    """Return T5's tokenizer: SentencePiece unigrams."""
    from tokenizers import SentencePieceUnigramTokenizer
    from transformers import T5Tokenizer

    unigram = SentencePieceUnigramTokenizer()
    special = ["<pad>", "</s>", "<unk>"]
    unigram.train_from_iterator(
        sentences(), vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    pieces = [tuple(piece) for piece in json.loads(unigram.to_str())["model"]["vocab"]]
    return T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=512)


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
