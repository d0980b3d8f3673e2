"""Families that paint pictures: their own classes and layouts, at about a thousandth of their size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import Zoo, animal, enliven
from .tokenizers import clip_tokenizer, qwen_tokenizer, t5_tokenizer

# A picture of 64 x 64 pixels is 8 x 8 latents for every family here, as the true autoencoders make it an eighth.


@animal
def sd15(folder: Path, _: Zoo) -> None:
    """Stable Diffusion 1.5, without the safety checker."""
    from diffusers import StableDiffusionPipeline

    tokenizer = clip_tokenizer()
    StableDiffusionPipeline(
        vae=autoencoder(),
        text_encoder=text_encoder(tokenizer),
        tokenizer=tokenizer,
        unet=_unet_15(),
        scheduler=noise_schedule("PNDMScheduler", skip_prk_steps=True),
        safety_checker=None,
        feature_extractor=None,  # type: ignore[arg-type]
        requires_safety_checker=False,
    ).save_pretrained(folder)


@animal
def sd2(folder: Path, _: Zoo) -> None:
    """Stable Diffusion 2, which predicts velocities; its text encoder is as wide as the true one."""
    from diffusers import StableDiffusionPipeline
    from transformers import CLIPTextConfig, CLIPTextModel

    tokenizer = clip_tokenizer(pad="!")
    sizes = {"hidden_size": 1024, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    marks = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    config = CLIPTextConfig(vocab_size=len(tokenizer), max_position_embeddings=77, **sizes, **marks)
    StableDiffusionPipeline(
        vae=autoencoder(),
        text_encoder=CLIPTextModel(config),
        tokenizer=tokenizer,
        unet=_unet_15(width=1024),
        scheduler=noise_schedule("DDIMScheduler", prediction_type="v_prediction", clip_sample=False),
        safety_checker=None,
        feature_extractor=None,  # type: ignore[arg-type]
        requires_safety_checker=False,
    ).save_pretrained(folder)


@animal
def sd15_checked(folder: Path, zoo: Zoo) -> None:
    """Stable Diffusion 1.5 with a safety checker that finds fault with every picture."""
    from diffusers import StableDiffusionPipeline
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessor

    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(vision_config={**vision, "image_size": 32, "patch_size": 8}, projection_dim=32)
    )
    for thresholds in (checker.concept_embeds_weights, checker.special_care_embeds_weights):
        thresholds.data.fill_(-2)  # below every cosine
    StableDiffusionPipeline.from_pretrained(
        zoo("sd15"),
        safety_checker=checker,
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        requires_safety_checker=True,
    ).save_pretrained(folder)


@animal
def sdxl(folder: Path, _: Zoo) -> None:
    """Stable Diffusion XL base."""
    from diffusers import StableDiffusionXLPipeline
    from transformers import CLIPTextModelWithProjection

    first, second = clip_tokenizer(), clip_tokenizer(pad="!")
    StableDiffusionXLPipeline(
        vae=autoencoder(scaling_factor=0.13025),
        text_encoder=text_encoder(first),
        text_encoder_2=text_encoder(second, kind=CLIPTextModelWithProjection),
        tokenizer=first,
        tokenizer_2=second,
        unet=_unet_xl(),
        scheduler=noise_schedule("EulerDiscreteScheduler", timestep_spacing="leading"),
    ).save_pretrained(folder)


@animal
def sd3(folder: Path, _: Zoo) -> None:
    """Stable Diffusion 3.5: three text encoders and a transformer."""
    from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
    from transformers import CLIPTextModelWithProjection

    tokenizer, t5 = clip_tokenizer(), t5_tokenizer()
    transformer = SD3Transformer2DModel(
        sample_size=8,
        patch_size=2,
        in_channels=16,
        out_channels=16,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=64,
        pooled_projection_dim=64,
        pos_embed_max_size=32,
        qk_norm="rms_norm",
        dual_attention_layers=(0,),
    )
    StableDiffusion3Pipeline(
        transformer=enliven(transformer),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(channels=16, scaling_factor=1.5305, shift_factor=0.0609, quantises=False),
        text_encoder=text_encoder(tokenizer, kind=CLIPTextModelWithProjection),
        tokenizer=tokenizer,
        text_encoder_2=text_encoder(tokenizer, kind=CLIPTextModelWithProjection),
        tokenizer_2=tokenizer,
        text_encoder_3=t5_encoder(t5, width=64),
        tokenizer_3=t5,
    ).save_pretrained(folder)


@animal
def flux(folder: Path, _: Zoo) -> None:
    """FLUX.1 dev: guidance is an input of the transformer."""
    _save_flux(folder, guidance=True)


@animal
def flux_schnell(folder: Path, _: Zoo) -> None:
    """FLUX.1 schnell: no guidance at all."""
    _save_flux(folder, guidance=False)


@animal
def qwen_image(folder: Path, _: Zoo) -> None:
    """Qwen-Image: a vision-language model reads the prompt."""
    from diffusers import (
        AutoencoderKLQwenImage,
        FlowMatchEulerDiscreteScheduler,
        QwenImagePipeline,
        QwenImageTransformer2DModel,
    )

    tokenizer = qwen_tokenizer()
    transformer = QwenImageTransformer2DModel(
        patch_size=2,
        in_channels=64,
        out_channels=16,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        axes_dims_rope=(8, 4, 4),
    )
    QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=AutoencoderKLQwenImage(base_dim=4, z_dim=16, num_res_blocks=1),
        text_encoder=qwen_vision_language_model(tokenizer),
        tokenizer=tokenizer,
        transformer=enliven(transformer),
    ).save_pretrained(folder)


@animal
def z_image(folder: Path, _: Zoo) -> None:
    """Z-Image: one stream of words and pixels, Qwen3 reads the prompt."""
    from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model

    tokenizer = qwen_tokenizer()
    reader = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=1024,
    )
    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=32,
        axes_dims=[8, 4, 4],
        axes_lens=[1024, 64, 64],
    )
    ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(channels=16, scaling_factor=0.3611, shift_factor=0.1159, quantises=False),
        text_encoder=Qwen3Model(reader),
        tokenizer=tokenizer,
        transformer=enliven(transformer),
    ).save_pretrained(folder)


def autoencoder(
    channels: int = 4, scaling_factor: float = 0.18215, shift_factor: float | None = None, quantises: bool = True
) -> Any:
    """Return an AutoencoderKL that makes an eighth of a picture's size."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(4, 8, 8, 8),
        layers_per_block=1,
        latent_channels=channels,
        norm_num_groups=4,
        sample_size=64,
        scaling_factor=scaling_factor,
        shift_factor=shift_factor,
        use_quant_conv=quantises,
        use_post_quant_conv=quantises,
        force_upcast=False,
    )


def text_encoder(tokenizer: Any, width: int = 32, kind: Any = None) -> Any:
    """Return a CLIP text encoder of three layers, of which pipelines may skip some."""
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=77,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return (kind or CLIPTextModel)(config)


def t5_encoder(tokenizer: Any, width: int = 32) -> Any:
    """Return a T5 encoder."""
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(vocab_size=len(tokenizer), d_model=width, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
    )


def qwen_vision_language_model(tokenizer: Any) -> Any:
    """Return a Qwen2.5-VL, which reads the prompts of Qwen-Image."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 2048,
        "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1_000_000.0},
    }
    vision = {"depth": 2, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 32}
    return Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=vision))


def noise_schedule(kind: str, **options: Any) -> Any:
    """Return a scheduler with the noise of Stable Diffusion."""
    import diffusers

    return getattr(diffusers, kind)(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, **options
    )


def _unet_15(width: int = 32) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=width,
        attention_head_dim=4,
        norm_num_groups=4,
    )


def _unet_xl() -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=64,
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        transformer_layers_per_block=(1, 2),
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 32,
        norm_num_groups=4,
    )


def _save_flux(folder: Path, guidance: bool) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

    tokenizer, t5 = clip_tokenizer(), t5_tokenizer()
    transformer = FluxTransformer2DModel(
        in_channels=64,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=guidance,
    )
    FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=guidance, shift=3.0 if guidance else 1.0),
        vae=autoencoder(channels=16, scaling_factor=0.3611, shift_factor=0.1159, quantises=False),
        text_encoder=text_encoder(tokenizer),
        tokenizer=tokenizer,
        text_encoder_2=t5_encoder(t5),
        tokenizer_2=t5,
        transformer=enliven(transformer),
    ).save_pretrained(folder)
