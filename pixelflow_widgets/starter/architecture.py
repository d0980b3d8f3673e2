"""The parts of the starter model: Stable Diffusion XL's own classes and layout, at a five-hundredth of its size."""

import itertools
import json
from typing import TYPE_CHECKING

from .scenes import COLOURS, RELATIONS, SHAPES, SIZES, Object, Scene

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

PIXELS = 64
POSITIONS = 32
BOS, EOS = "<|startoftext|>", "<|endoftext|>"


def build_pipeline(seed: int = 0, tiny: bool = False) -> "StableDiffusionXLPipeline":
    """Builds the whole pipeline with random weights; `tiny` gives one of about 0.2 M parameters, for tests."""
    import torch
    from diffusers import StableDiffusionXLPipeline

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        tokenizer = build_tokenizer()
        first, second = build_text_encoders(tokenizer, tiny)
        return StableDiffusionXLPipeline(
            vae=build_autoencoder(tiny),
            text_encoder=first,
            text_encoder_2=second,
            tokenizer=tokenizer,
            tokenizer_2=tokenizer,
            unet=build_unet(tiny),
            scheduler=build_scheduler(),
            # The empty prompt is encoded like any other, so that no negative prompt and an empty one mean the same.
            force_zeros_for_empty_prompt=False,
        )


def build_autoencoder(tiny: bool = False) -> "AutoencoderKL":
    """Builds the VAE: 64 x 64 RGB to 16 x 16 latents of 4 channels."""
    from diffusers import AutoencoderKL

    channels = (8, 8, 8) if tiny else (16, 32, 32)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=PIXELS,
        mid_block_add_attention=False,
        force_upcast=False,
    )


def build_unet(tiny: bool = False) -> "UNet2DConditionModel":
    """Builds the UNet: 16 x 16 latents, attention at 8 x 8, both text encoders side by side as its context."""
    from diffusers import UNet2DConditionModel

    first, second = (16, 16) if tiny else (64, 128)
    return UNet2DConditionModel(
        sample_size=PIXELS // 4,
        block_out_channels=(8, 16) if tiny else (64, 128),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=first + second,
        attention_head_dim=2 if tiny else 4,  # For this class of UNet the name means the number of heads.
        norm_num_groups=8,
        use_linear_projection=True,
        time_embedding_dim=32 if tiny else 256,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + second,
    )


def build_text_encoders(
    tokenizer: "CLIPTokenizer", tiny: bool = False
) -> tuple["CLIPTextModel", "CLIPTextModelWithProjection"]:
    """Builds both CLIP text encoders; the pipeline reads the last layer but one of each, hence three layers."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    def config(width: int) -> CLIPTextConfig:
        return CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=width * 4,
            projection_dim=width,
            num_hidden_layers=2 if tiny else 3,
            num_attention_heads=2 if tiny else 4,
            max_position_embeddings=POSITIONS,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )

    first, second = (16, 16) if tiny else (64, 128)
    return CLIPTextModel(config(first)), CLIPTextModelWithProjection(config(second))


def build_scheduler() -> "DDIMScheduler":
    """Builds the noise schedule: v-prediction with zero terminal SNR and trailing steps (arXiv 2305.08891)."""
    from diffusers import DDIMScheduler

    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )


def build_tokenizer() -> "CLIPTokenizer":
    """Trains CLIP's byte-pair tokenizer on the scenes' captions; any other word falls to smaller pieces, none is lost.

    The layout is OpenAI's: 256 bytes, 256 bytes that end a word, the merged pieces, then start and end of text.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import CLIPTokenizer

    bpe = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token=EOS))
    bpe.normalizer = normalizers.Lowercase()
    words = pre_tokenizers.Split(Regex(r"\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=letters, end_of_word_suffix="</w>", show_progress=False
    )
    bpe.train_from_iterator(_captions(), trainer)

    learnt = json.loads(bpe.to_str())["model"]
    single = letters + [letter + "</w>" for letter in letters]
    pieces = [piece for piece in learnt["vocab"] if piece not in set(single)]
    vocabulary = {piece: number for number, piece in enumerate([*single, *pieces, BOS, EOS])}
    merges = [tuple(merge) for merge in learnt["merges"]]
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=POSITIONS)


def _captions() -> list[str]:
    """Lists captions that together hold every word of the scenes."""
    things = itertools.product(SIZES, COLOURS, SHAPES)
    single = [Scene(background, (Object(*thing),)) for background, thing in itertools.product(COLOURS, things)]
    thing = single[0].objects[0]
    return [scene.caption for scene in single + [Scene("red", (thing, thing), word) for word in RELATIONS]]
