"""Families that write: chat models, one that sees, one of GGUF, sequence to sequence, classifiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import Zoo, animal
from .tokenizers import CHAT_TEMPLATE, bert_tokenizer, qwen_tokenizer, sentences, t5_tokenizer

SPREAD = 0.3
"""Weights of text models differ so much that the likeliest token depends on what was read."""


@animal
def llama(folder: Path, _: Zoo) -> None:
    """A Llama that was taught to chat, as SmolLM2 is."""
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = chat_tokenizer()
    LlamaForCausalLM(LlamaConfig(**_decoder(tokenizer))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@animal
def llama_base(folder: Path, _: Zoo) -> None:
    """A Llama that only continues texts, as prompt expanders made of GPT-2 do: no chat template."""
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = chat_tokenizer()
    tokenizer.chat_template = None
    LlamaForCausalLM(LlamaConfig(**_decoder(tokenizer))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@animal
def llama_gguf(folder: Path, zoo: Zoo) -> Path:
    """The Llama as one GGUF file, with its tokenizer and its template inside."""
    import gguf
    import numpy as np
    from transformers import AutoTokenizer, LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(zoo("llama"))
    tokenizer = AutoTokenizer.from_pretrained(zoo("llama"))
    config, path = model.config, folder / "llama.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_vocab_size(len(tokenizer))
    _write_tokenizer(writer, tokenizer)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":  # the same as the embeddings
            continue
        stem, _, kind = name.rpartition(".")
        values = tensor.float().numpy()
        if stem.endswith(("q_proj", "k_proj")):
            heads = config.num_attention_heads if stem.endswith("q_proj") else config.num_key_value_heads
            values = values.reshape(heads, 2, -1, values.shape[1]).swapaxes(1, 2).reshape(values.shape)
        writer.add_tensor(f"{names.get_name(stem)}.{kind}", np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@animal
def llava(folder: Path, _: Zoo) -> None:
    """A LLaVA: a CLIP that looks, a Llama that speaks."""
    from transformers import LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = chat_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>", "<image>"]})
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = LlavaConfig(
        text_config={"model_type": "llama", **_decoder(tokenizer)},
        vision_config={"model_type": "clip_vision_model", **vision, "image_size": 32, "patch_size": 8},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=16,
    )
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    LlavaProcessor(
        CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=_LLAVA_TEMPLATE,
    ).save_pretrained(folder)


@animal
def t5(folder: Path, _: Zoo) -> None:
    """A T5 that summarises and translates."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = t5_tokenizer()
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=tokenizer.pad_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    model = spread(T5ForConditionalGeneration(config))
    with torch.no_grad():
        model.shared.weight.mul_(4)  # a T5 divides by the root of its width: each word would be about as likely
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@animal
def nllb(folder: Path, _: Zoo) -> None:
    """An NLLB, which begins its answer with the mark of a language."""
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    words = sorted({"▁" + word for sentence in sentences() for word in sentence.split()})
    letters = sorted({letter for word in words for letter in word})
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *letters, *words]
    tokenizer = NllbTokenizer(
        vocab={piece: place for place, piece in enumerate(dict.fromkeys(pieces))},
        merges=[],
        additional_special_tokens=["eng_Latn", "deu_Latn", "fra_Latn"],
    )
    config = M2M100Config(
        vocab_size=len(tokenizer),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_position_embeddings=256,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
    )
    spread(M2M100ForConditionalGeneration(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@animal
def marian(folder: Path, _: Zoo) -> None:
    """A Marian from English to German; its tokenizers are SentencePiece files."""
    _save_marian(folder, ())


@animal
def marian_of_many(folder: Path, _: Zoo) -> None:
    """A Marian from English to German and French, told by a mark before the text."""
    _save_marian(folder, (">>deu<<", ">>fra<<"))


@animal
def sentiment(folder: Path, _: Zoo) -> None:
    """A BERT that tells moods, with labels of its own."""
    _save_classifier(folder, ("NEGATIVE", "POSITIVE"))


@animal
def entailment(folder: Path, _: Zoo) -> None:
    """A BERT that tells whether a sentence follows from a text (MNLI)."""
    _save_classifier(folder, ("contradiction", "neutral", "entailment"))


def chat_tokenizer() -> Any:
    """Return a tokenizer of byte pairs that knows the marks of a chat."""
    tokenizer = qwen_tokenizer()
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.eos_token, tokenizer.pad_token = "<|im_end|>", "<|endoftext|>"
    return tokenizer


def spread(model: Any) -> Any:
    """Return a model whose weights differ so much that what it writes depends on what it reads."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, SPREAD)
    return model


_LLAVA_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] | upper }}: "
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %} {% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)


def _decoder(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "initializer_range": SPREAD,
        "tie_word_embeddings": True,
        "bos_token_id": tokenizer.convert_tokens_to_ids("<|im_start|>"),
        "eos_token_id": tokenizer.convert_tokens_to_ids("<|im_end|>"),
        "pad_token_id": tokenizer.convert_tokens_to_ids("<|endoftext|>"),
    }


def _write_tokenizer(writer: Any, tokenizer: Any) -> None:
    import json

    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    marks = set(tokenizer.all_special_tokens)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(pieces)
    writer.add_token_types([3 if piece in marks else 1 for piece in pieces])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]])
    writer.add_bos_token_id(tokenizer.convert_tokens_to_ids("<|im_start|>"))
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_chat_template(tokenizer.chat_template)


def _save_marian(folder: Path, marks: tuple[str, ...]) -> None:
    import json

    import sentencepiece
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences()), model_prefix=str(folder / "source"), vocab_size=70, minloglevel=2
    )
    (folder / "source.vocab").unlink()
    model = (folder / "source.model").rename(folder / "source.spm")
    (folder / "target.spm").write_bytes(model.read_bytes())
    reader = sentencepiece.SentencePieceProcessor(model_file=str(model))
    pieces = [reader.id_to_piece(number) for number in range(reader.get_piece_size())]
    words = ["</s>", "<unk>", *(piece for piece in pieces if piece not in ("<s>", "</s>", "<unk>")), *marks, "<pad>"]
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({word: place for place, word in enumerate(words)}), encoding="utf-8")
    tokenizer = MarianTokenizer(
        source_spm=str(model),
        target_spm=str(folder / "target.spm"),
        vocab=str(vocabulary),
        source_lang="en",
        target_lang=None if marks else "de",
    )
    config = MarianConfig(
        vocab_size=len(words),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_position_embeddings=256,
        pad_token_id=len(words) - 1,
        eos_token_id=0,
        decoder_start_token_id=len(words) - 1,
        forced_eos_token_id=0,
    )
    spread(MarianMTModel(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _save_classifier(folder: Path, labels: tuple[str, ...]) -> None:
    from transformers import BertConfig, BertForSequenceClassification

    tokenizer = bert_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
        pad_token_id=tokenizer.pad_token_id,
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
    )
    spread(BertForSequenceClassification(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
