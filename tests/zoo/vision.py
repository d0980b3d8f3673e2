"""Models that look at pictures: captions, questions, likeness, enlarging, depth, segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import Zoo, animal
from .tokenizers import bert_tokenizer, clip_tokenizer

_NARROW = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
# Of Pascal VOC, as far as it goes.
LABELS = ("background", "bird", "cat", "dog", "person")


@animal
def blip(folder: Path, _: Zoo) -> None:
    """BLIP that writes captions."""
    _save_blip(folder, "BlipForConditionalGeneration")


@animal
def blip_vqa(folder: Path, _: Zoo) -> None:
    """BLIP that answers questions."""
    _save_blip(folder, "BlipForQuestionAnswering")


@animal
def vilt(folder: Path, _: Zoo) -> None:
    """ViLT: picks the answer to a question from those that it knows."""
    from transformers import ViltConfig, ViltForQuestionAnswering, ViltImageProcessor, ViltProcessor

    tokenizer = bert_tokenizer()
    answers = {"id2label": {0: "yes", 1: "no", 2: "red"}, "label2id": {"yes": 0, "no": 1, "red": 2}}
    config = ViltConfig(
        **_NARROW, **answers, vocab_size=len(tokenizer), max_position_embeddings=512, image_size=64, patch_size=16
    )
    ViltForQuestionAnswering(config).save_pretrained(folder)
    ViltProcessor(ViltImageProcessor(size={"shortest_edge": 64}, size_divisor=16), tokenizer).save_pretrained(folder)


@animal
def clip(folder: Path, _: Zoo) -> None:
    """CLIP: how well words and pictures go together."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    tokenizer = clip_tokenizer()
    CLIPModel(CLIPConfig(**_clip_parts(tokenizer), projection_dim=32)).save_pretrained(folder)
    images = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(images, tokenizer).save_pretrained(folder)


@animal
def clipseg(folder: Path, _: Zoo) -> None:
    """CLIPSeg: finds what words say."""
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation, CLIPSegProcessor, ViTImageProcessor

    tokenizer = clip_tokenizer()
    config = CLIPSegConfig(
        **_clip_parts(tokenizer),
        projection_dim=32,
        extract_layers=[0, 1],
        reduce_dim=16,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
    )
    CLIPSegForImageSegmentation(config).save_pretrained(folder)
    CLIPSegProcessor(ViTImageProcessor(size={"height": 32, "width": 32}), tokenizer).save_pretrained(folder)


@animal
def segformer(folder: Path, _: Zoo) -> None:
    """SegFormer: says for each pixel which of some things it belongs to."""
    from transformers import SegformerConfig, SegformerForSemanticSegmentation, SegformerImageProcessor

    config = SegformerConfig(
        depths=(1, 1, 1, 1),
        hidden_sizes=(8, 8, 16, 16),
        num_attention_heads=(1, 1, 2, 2),
        mlp_ratios=(2, 2, 2, 2),
        decoder_hidden_size=16,
        initializer_range=0.5,
        **_labels(),
    )
    SegformerForSemanticSegmentation(config).save_pretrained(folder)
    SegformerImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)


@animal
def mobilevit(folder: Path, _: Zoo) -> None:
    """MobileViT with DeepLabV3: tells things from the background, in a square cut out of the middle."""
    from transformers import MobileViTConfig, MobileViTForSemanticSegmentation, MobileViTImageProcessor

    config = MobileViTConfig(
        image_size=64,
        hidden_sizes=(16, 16, 16),
        neck_hidden_sizes=(8, 8, 8, 16, 16, 16, 16),
        aspp_out_channels=16,
        initializer_range=0.3,
        output_stride=16,
        **_labels(),
    )
    model = MobileViTForSemanticSegmentation(config)
    model.segmentation_head.classifier.convolution.weight.data *= 50  # otherwise all labels are about as likely
    model.save_pretrained(folder)
    processor = MobileViTImageProcessor(size={"shortest_edge": 72}, crop_size={"height": 64, "width": 64})
    processor.save_pretrained(folder)


@animal
def dpt(folder: Path, _: Zoo) -> None:
    """DPT: how near everything is."""
    from transformers import DPTConfig, DPTForDepthEstimation, DPTImageProcessor

    config = DPTConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=4,
        num_attention_heads=4,
        image_size=32,
        patch_size=8,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 16, 16],
        fusion_hidden_size=16,
        is_hybrid=False,
        initializer_range=0.3,
    )
    DPTForDepthEstimation(config).save_pretrained(folder)
    DPTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)


@animal
def swin2sr(folder: Path, _: Zoo) -> None:
    """Swin2SR: twice the size."""
    from transformers import Swin2SRConfig, Swin2SRForImageSuperResolution, Swin2SRImageProcessor

    config = Swin2SRConfig(
        image_size=16, embed_dim=8, depths=[1, 1], num_heads=[2, 2], window_size=4, upscale=2, upsampler="pixelshuffle"
    )
    Swin2SRForImageSuperResolution(config).save_pretrained(folder)
    Swin2SRImageProcessor().save_pretrained(folder)


def _labels() -> dict[str, Any]:
    return {"id2label": dict(enumerate(LABELS)), "label2id": {label: place for place, label in enumerate(LABELS)}}


def _clip_parts(tokenizer: Any) -> dict[str, Any]:
    ends = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    return {
        "text_config": {**_NARROW, **ends, "vocab_size": len(tokenizer), "max_position_embeddings": 77},
        "vision_config": {**_NARROW, "image_size": 32, "patch_size": 8},
    }


def _save_blip(folder: Path, kind: str) -> None:
    import transformers
    from transformers import BlipConfig, BlipImageProcessor, BlipProcessor

    tokenizer = bert_tokenizer()
    tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    text = {
        **_NARROW,
        "vocab_size": len(tokenizer),
        "projection_dim": 32,
        "encoder_hidden_size": 32,
        "max_position_embeddings": 512,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.15,
    }
    vision = {**_NARROW, "image_size": 64, "patch_size": 16, "initializer_range": 0.15}
    made = getattr(transformers, kind)(BlipConfig(text_config=text, vision_config=vision, projection_dim=32))
    for name, parameter in made.named_parameters():
        if "crossattention" in name and "LayerNorm" not in name:
            parameter.data *= 8  # otherwise what is seen hardly shows in what is said
    made.save_pretrained(folder)
    images = BlipImageProcessor(size={"height": 64, "width": 64})
    BlipProcessor(images, tokenizer).save_pretrained(folder)
