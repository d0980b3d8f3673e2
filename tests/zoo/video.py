"""Families that make films, of words and of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import Zoo, animal, enliven
from .diffusion import autoencoder, noise_schedule, t5_encoder, text_encoder
from .tokenizers import clip_tokenizer, t5_tokenizer


@animal
def ltx_video(folder: Path, _: Zoo) -> None:
    """LTX-Video: 32 x 32 pixels and 8 frames are one latent; packed, a row for each."""
    from diffusers import (
        AutoencoderKLLTXVideo,
        FlowMatchEulerDiscreteScheduler,
        LTXPipeline,
        LTXVideoTransformer3DModel,
    )

    tokenizer = t5_tokenizer()
    transformer = LTXVideoTransformer3DModel(
        in_channels=16,
        out_channels=16,
        num_attention_heads=2,
        attention_head_dim=16,
        cross_attention_dim=32,
        num_layers=1,
        caption_channels=32,
    )
    vae = AutoencoderKLLTXVideo(
        latent_channels=16,
        block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1, 1),
    )
    LTXPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=vae,
        text_encoder=t5_encoder(tokenizer),
        tokenizer=tokenizer,
        transformer=enliven(transformer),
    ).save_pretrained(folder)


@animal
def wan(folder: Path, _: Zoo) -> None:
    """Wan 2.1 from words: 8 x 8 pixels and 4 frames are one latent."""
    from diffusers import WanPipeline

    WanPipeline(**_wan_parts(channels=16)).save_pretrained(folder)


@animal
def wan_image_to_video(folder: Path, _: Zoo) -> None:
    """Wan 2.1 from a picture: beside the noise stand the picture's latents and what of them is fixed."""
    _save_wan_of_pictures(folder)


@animal
def wan_first_last(folder: Path, _: Zoo) -> None:
    """Wan 2.1 from the first and the last picture, which its transformer tells apart by their places."""
    _save_wan_of_pictures(folder, pos_embed_seq_len=2 * 17)


def _save_wan_of_pictures(folder: Path, **options: Any) -> None:
    from diffusers import WanImageToVideoPipeline
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

    looker = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=32,
        patch_size=8,
    )
    WanImageToVideoPipeline(
        **_wan_parts(channels=36, image_dim=32, added_kv_proj_dim=24, **options),
        image_encoder=CLIPVisionModel(looker),
        image_processor=CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
    ).save_pretrained(folder)


@animal
def motion_sd15(folder: Path, _: Zoo) -> None:
    """A motion adapter (AnimateDiff) for the Stable Diffusion 1.5 of the zoo, for at most 16 frames."""
    from diffusers import MotionAdapter

    adapter = MotionAdapter(
        block_out_channels=(16, 32),
        motion_layers_per_block=1,
        motion_norm_num_groups=4,
        motion_num_attention_heads=4,
        motion_max_seq_length=16,
    )
    enliven(adapter).save_pretrained(folder)


@animal
def sd15_of_32(folder: Path, _: Zoo) -> None:
    """Stable Diffusion 1.5 whose widths are multiples of 32, as those are for which motion adapters are published."""
    from diffusers import StableDiffusionPipeline, UNet2DConditionModel

    tokenizer = clip_tokenizer()
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("CrossAttnDownBlock2D", *("DownBlock2D",) * 3),
        up_block_types=(*("UpBlock2D",) * 3, "CrossAttnUpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=32,
        attention_head_dim=4,
    )
    StableDiffusionPipeline(
        vae=autoencoder(),
        text_encoder=text_encoder(tokenizer),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=noise_schedule("DDIMScheduler", clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)


@animal
def motion_of_32(folder: Path, _: Zoo) -> None:
    """A motion adapter for it, with as many heads and groups as published ones have."""
    from diffusers import MotionAdapter

    adapter = MotionAdapter(block_out_channels=(32,) * 4, motion_layers_per_block=1, motion_max_seq_length=16)
    enliven(adapter).save_pretrained(folder)


@animal
def animatediff(folder: Path, zoo: Zoo) -> None:
    """AnimateDiff as one folder, with its motion adapter inside."""
    from diffusers import AnimateDiffPipeline, MotionAdapter, StableDiffusionPipeline

    still = StableDiffusionPipeline.from_pretrained(zoo("sd15"))
    adapter = MotionAdapter.from_pretrained(zoo("motion_sd15"))
    AnimateDiffPipeline(
        vae=still.vae,
        text_encoder=still.text_encoder,
        tokenizer=still.tokenizer,
        unet=still.unet,
        motion_adapter=adapter,
        scheduler=noise_schedule("DDIMScheduler", clip_sample=False),
    ).save_pretrained(folder)


@animal
def modelscope(folder: Path, _: Zoo) -> None:
    """ModelScope's text to video: a UNet in three dimensions."""
    from diffusers import TextToVideoSDPipeline, UNet3DConditionModel

    tokenizer = clip_tokenizer()
    unet = UNet3DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        layers_per_block=1,
        cross_attention_dim=32,
        attention_head_dim=4,
        norm_num_groups=4,
    )
    TextToVideoSDPipeline(
        vae=autoencoder(),
        text_encoder=text_encoder(tokenizer),
        tokenizer=tokenizer,
        unet=enliven(unet),
        scheduler=noise_schedule("DDIMScheduler", clip_sample=False),
    ).save_pretrained(folder)


@animal
def svd(folder: Path, _: Zoo) -> None:
    """Stable Video Diffusion: reads no words."""
    from diffusers import (
        AutoencoderKLTemporalDecoder,
        EulerDiscreteScheduler,
        StableVideoDiffusionPipeline,
        UNetSpatioTemporalConditionModel,
    )
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    looker = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        projection_dim=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=224,  # the pipeline shows it pictures of this size
        patch_size=32,
    )
    unet = UNetSpatioTemporalConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        layers_per_block=1,
        cross_attention_dim=32,
        num_attention_heads=(2, 4),
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=24,
        num_frames=4,
    )
    StableVideoDiffusionPipeline(
        vae=AutoencoderKLTemporalDecoder(
            down_block_types=("DownEncoderBlock2D",) * 4,
            block_out_channels=(32, 32, 32, 32),
            layers_per_block=1,
            force_upcast=False,
        ),
        image_encoder=CLIPVisionModelWithProjection(looker),
        unet=unet,
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            prediction_type="v_prediction",
            timestep_type="continuous",
            use_karras_sigmas=True,
            sigma_min=0.002,
            sigma_max=700.0,
        ),
        feature_extractor=CLIPImageProcessor(),
    ).save_pretrained(folder)


def _wan_parts(channels: int, **options: Any) -> dict[str, Any]:
    from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanTransformer3DModel
    from transformers import UMT5Config, UMT5EncoderModel

    tokenizer = t5_tokenizer()
    transformer = WanTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=channels,
        out_channels=16,
        text_dim=32,
        freq_dim=64,
        ffn_dim=32,
        num_layers=2,
        rope_max_seq_len=64,
        **options,
    )
    reader = UMT5Config(vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
    return {
        "tokenizer": tokenizer,
        "text_encoder": UMT5EncoderModel(reader),
        "vae": AutoencoderKLWan(base_dim=4, num_res_blocks=1),
        "scheduler": UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        "transformer": enliven(transformer),
    }
