"""Families that speak, play, sound and listen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import Zoo, animal, enliven
from .diffusion import noise_schedule, t5_encoder
from .text import spread
from .tokenizers import bert_tokenizer, qwen_tokenizer, sentences, t5_tokenizer

RATE = 16_000


@animal
def vits(folder: Path, _: Zoo) -> None:
    """A VITS of one voice, as MMS has them."""
    _save_vits(folder, speakers=1)


@animal
def vits_voices(folder: Path, _: Zoo) -> None:
    """A VITS of three voices."""
    _save_vits(folder, speakers=3)


@animal
def bark(folder: Path, _: Zoo) -> None:
    """A Bark with two voices."""
    import numpy as np
    from transformers import BarkModel, BarkProcessor

    tokenizer = bert_tokenizer()
    fill_codebooks(spread(BarkModel(_bark_config(len(tokenizer))))).save_pretrained(folder)
    limits = json.dumps(_bark_limits(len(tokenizer)).to_dict())  # it cannot save itself
    (folder / "generation_config.json").write_text(limits, encoding="utf-8")
    chance = np.random.default_rng(0)
    voices = folder / "speaker_embeddings"
    voices.mkdir()
    known: dict[str, Any] = {"repo_or_path": "suno/bark-small"}
    for name in ("v2/en_speaker_0", "v2/en_speaker_1"):
        known[name] = {}
        for part, shape in (("semantic_prompt", (12,)), ("coarse_prompt", (2, 8)), ("fine_prompt", (4, 8))):
            path = voices / f"{name.replace('/', '_')}_{part}.npy"
            np.save(path, chance.integers(0, 16, shape))
            known[name][part] = str(path.relative_to(folder))
    BarkProcessor(tokenizer).save_pretrained(folder)
    (folder / "speaker_embeddings_path.json").write_text(json.dumps(known), encoding="utf-8")


@animal
def csm(folder: Path, _: Zoo) -> None:
    """A CSM: a Llama that speaks through a Mimi."""
    from transformers import CsmConfig, CsmForConditionalGeneration, CsmProcessor, EncodecFeatureExtractor

    tokenizer = qwen_tokenizer()
    marks = ["<|AUDIO|>", "<|audio_eos|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": marks})
    tokenizer.pad_token = "<|endoftext|>"
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    small |= {"num_key_value_heads": 1, "num_codebooks": 4, "vocab_size": 64, "initializer_range": 0.3}
    mimi = {
        "model_type": "mimi",
        "hidden_size": 16,
        "num_filters": 4,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "intermediate_size": 32,
        "codebook_size": 64,
        "codebook_dim": 8,
        "vector_quantization_hidden_dimension": 8,
        "num_quantizers": 4,
        "num_semantic_quantizers": 1,
        "upsample_groups": 16,
        "upsampling_ratios": [8, 8, 8, 8],  # a quarter of the true number of moments a second
    }
    config = CsmConfig(
        **small,
        text_vocab_size=len(tokenizer),
        max_position_embeddings=512,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.convert_tokens_to_ids("<|im_start|>"),
        audio_token_id=tokenizer.convert_tokens_to_ids(marks[0]),
        audio_eos_token_id=tokenizer.convert_tokens_to_ids(marks[1]),
        codebook_pad_token_id=63,
        codebook_eos_token_id=0,
        depth_decoder_config={**small, "backbone_hidden_size": 32, "max_position_embeddings": 5},
        codec_config=mimi,
    )
    model = fill_codebooks(CsmForConditionalGeneration(config))
    model.generation_config.update(do_sample=True, max_new_tokens=6)
    model.depth_decoder.generation_config.update(do_sample=True, min_new_tokens=3, max_new_tokens=3)
    model.save_pretrained(folder)
    CsmProcessor(EncodecFeatureExtractor(sampling_rate=24_000), tokenizer, chat_template=_CSM_TEMPLATE).save_pretrained(
        folder
    )


@animal
def speecht5(folder: Path, _: Zoo) -> None:
    """A SpeechT5: says the pitches of a text, letter by letter; its vocoder is a model of its own."""
    import sentencepiece
    from transformers import (
        SpeechT5Config,
        SpeechT5FeatureExtractor,
        SpeechT5ForTextToSpeech,
        SpeechT5Processor,
        SpeechT5Tokenizer,
    )

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences()),
        model_prefix=str(folder / "spm_char"),
        model_type="char",
        vocab_size=32,
        hard_vocab_limit=False,
        pad_id=1,
        bos_id=0,
        eos_id=2,
        unk_id=3,
        minloglevel=2,
    )
    (folder / "spm_char.vocab").unlink()
    tokenizer = SpeechT5Tokenizer(str(folder / "spm_char.model"))
    config = SpeechT5Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        num_mel_bins=8,
        speech_decoder_prenet_units=16,
        speech_decoder_postnet_units=16,
        speech_decoder_postnet_layers=2,
        speaker_embedding_dim=16,
        max_text_positions=600,
        max_speech_positions=600,
    )
    model = spread(SpeechT5ForTextToSpeech(config))
    model.speech_decoder_postnet.prob_out.bias.data.fill_(-2)  # otherwise it ends where it begins
    model.save_pretrained(folder)
    SpeechT5Processor(SpeechT5FeatureExtractor(num_mel_bins=8), tokenizer).save_pretrained(folder)


@animal
def speecht5_vocoder(folder: Path, _: Zoo) -> None:
    """The HiFi-GAN that makes sound of what the SpeechT5 says."""
    from transformers import SpeechT5HifiGan

    spread(SpeechT5HifiGan(_vocoder())).save_pretrained(folder)


@animal
def musicgen(folder: Path, _: Zoo) -> None:
    """A MusicGen in mono."""
    from transformers import (
        EncodecConfig,
        EncodecFeatureExtractor,
        MusicgenConfig,
        MusicgenForConditionalGeneration,
        MusicgenProcessor,
        T5Config,
    )

    tokenizer = t5_tokenizer()
    reader = T5Config(vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
    codec = EncodecConfig(
        num_filters=4,
        num_lstm_layers=1,
        upsampling_ratios=[8, 5, 4, 2],
        codebook_size=64,
        codebook_dim=8,
        hidden_size=8,
        sampling_rate=RATE,
        target_bandwidths=[0.6],
    )
    player = {"model_type": "musicgen_decoder", "vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2}
    player |= {"num_attention_heads": 4, "ffn_dim": 64, "num_codebooks": 2, "max_position_embeddings": 128}
    player |= {"pad_token_id": 64, "bos_token_id": 64}
    model = MusicgenForConditionalGeneration(
        MusicgenConfig(
            text_encoder={**reader.to_dict(), "model_type": "t5"},
            audio_encoder={**codec.to_dict(), "model_type": "encodec"},
            decoder=player,
        )
    )
    spread(model.decoder)
    fill_codebooks(model)
    limits = {"decoder_start_token_id": 64, "pad_token_id": 64, "bos_token_id": 64}
    model.generation_config.update(**limits, guidance_scale=3.0, do_sample=True)
    model.save_pretrained(folder)
    MusicgenProcessor(EncodecFeatureExtractor(sampling_rate=RATE), tokenizer).save_pretrained(folder)


@animal
def stable_audio(folder: Path, _: Zoo) -> None:
    """A Stable Audio in stereo, at most half a second, as its folders have it."""
    from diffusers import (
        AutoencoderOobleck,
        CosineDPMSolverMultistepScheduler,
        StableAudioDiTModel,
        StableAudioPipeline,
        StableAudioProjectionModel,
    )

    tokenizer = t5_tokenizer()
    tokenizer.model_max_length = 32
    transformer = StableAudioDiTModel(
        sample_size=64,
        in_channels=8,
        out_channels=8,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        num_key_value_attention_heads=1,
        cross_attention_dim=32,
        time_proj_dim=16,
        global_states_input_dim=64,
        cross_attention_input_dim=32,
    )
    StableAudioPipeline(
        vae=AutoencoderOobleck(
            encoder_hidden_size=6,
            downsampling_ratios=[2, 4, 8],
            decoder_channels=6,
            decoder_input_channels=8,
            audio_channels=2,
            channel_multiples=[1, 2, 4],
            sampling_rate=8000,
        ),
        text_encoder=t5_encoder(tokenizer),
        projection_model=StableAudioProjectionModel(32, 32, min_value=0, max_value=32),
        tokenizer=tokenizer,
        transformer=enliven(transformer),
        scheduler=CosineDPMSolverMultistepScheduler(
            solver_order=2, prediction_type="v_prediction", sigma_data=1.0, sigma_schedule="exponential"
        ),
    ).save_pretrained(folder)


@animal
def audioldm(folder: Path, _: Zoo) -> None:
    """An AudioLDM: diffusion of a mel spectrogram, and a vocoder."""
    from diffusers import AudioLDMPipeline, AutoencoderKL, UNet2DConditionModel
    from transformers import ClapTextConfig, ClapTextModelWithProjection, SpeechT5HifiGan

    tokenizer = _roberta_tokenizer()
    reader = ClapTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=32,
        max_position_embeddings=80,
        pad_token_id=tokenizer.pad_token_id,
    )
    unet = UNet2DConditionModel(
        sample_size=32,
        block_out_channels=(16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=(16, 32),
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=32,
        class_embeddings_concat=True,
        attention_head_dim=4,
        norm_num_groups=4,
    )
    AudioLDMPipeline(
        vae=AutoencoderKL(
            in_channels=1,
            out_channels=1,
            down_block_types=("DownEncoderBlock2D",) * 3,
            up_block_types=("UpDecoderBlock2D",) * 3,
            block_out_channels=(8, 16, 16),
            latent_channels=4,
            norm_num_groups=4,
        ),
        text_encoder=spread(ClapTextModelWithProjection(reader)),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=noise_schedule("DDIMScheduler", clip_sample=False),
        vocoder=SpeechT5HifiGan(_vocoder()),
    ).save_pretrained(folder)


@animal
def whisper(folder: Path, _: Zoo) -> None:
    """A Whisper that knows English and German."""
    _save_whisper(folder, languages=("en", "de"))


@animal
def whisper_english(folder: Path, _: Zoo) -> None:
    """A Whisper that knows English only."""
    _save_whisper(folder, languages=("en",))


@animal
def wav2vec2(folder: Path, _: Zoo) -> None:
    """A Wav2Vec2 that hears letters."""
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    letters = ["<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz'"]
    path = folder / "vocab.json"
    path.write_text(json.dumps({letter: place for place, letter in enumerate(letters)}), encoding="utf-8")
    config = Wav2Vec2Config(
        vocab_size=len(letters),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        conv_dim=(16, 16, 16),
        conv_stride=(5, 8, 8),
        conv_kernel=(10, 8, 8),
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    spread(Wav2Vec2ForCTC(config)).save_pretrained(folder)
    Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), Wav2Vec2CTCTokenizer(str(path))).save_pretrained(folder)


def fill_codebooks(model: Any) -> Any:
    """Return a model whose codec gives each number a sound of its own.

    Codebooks are buffers and start as zeros; the steady parts of the decoder would drown what they say.
    """
    for name, values in model.named_buffers():
        if name.endswith((".embed", ".embed_sum")):
            values.normal_()
    for name, values in model.named_parameters():
        if ".decoder.layers." in name and name.endswith("conv.bias"):
            values.data.zero_()
    return model


_CSM_TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}{% if part['type'] == 'text' %}"
    "[{{ message['role'] }}]{{ part['text'] }}<|im_end|>{% else %}<|AUDIO|><|audio_eos|>{% endif %}"
    "{% endfor %}{% endfor %}"
)


def _save_vits(folder: Path, speakers: int) -> None:
    from transformers import VitsConfig, VitsModel, VitsTokenizer

    letters = ["_", *" abcdefghijklmnopqrstuvwxyz'-", "<unk>"]
    path = folder / "vocab.json"
    path.write_text(json.dumps({letter: place for place, letter in enumerate(letters)}), encoding="utf-8")
    tokenizer = VitsTokenizer(str(path), pad_token="_", unk_token="<unk>", phonemize=False, language="eng")
    config = VitsConfig(
        vocab_size=len(letters),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        ffn_dim=32,
        flow_size=16,
        spectrogram_bins=33,
        upsample_initial_channel=32,
        upsample_rates=[8, 8],
        upsample_kernel_sizes=[16, 16],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3, 5]],
        prior_encoder_num_flows=2,
        prior_encoder_num_wavenet_layers=2,
        posterior_encoder_num_wavenet_layers=2,
        duration_predictor_num_flows=2,
        duration_predictor_filter_channels=16,
        num_speakers=speakers,
        speaker_embedding_size=8 if speakers > 1 else 0,
        sampling_rate=RATE,
    )
    enliven(VitsModel(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


_BARK_PARTS = {"num_layers": 1, "num_heads": 2, "hidden_size": 16, "block_size": 256}


def _bark_config(words: int) -> Any:
    from transformers import BarkConfig, BarkFineConfig, EncodecConfig
    from transformers.models.bark.configuration_bark import BarkCoarseConfig, BarkSemanticConfig

    codec = EncodecConfig(
        num_filters=4,
        num_lstm_layers=1,
        upsampling_ratios=[8, 5, 4, 2],
        codebook_size=32,
        codebook_dim=8,
        hidden_size=8,
        sampling_rate=24_000,
        target_bandwidths=[1.5],
    )
    return BarkConfig(
        semantic_config=BarkSemanticConfig(
            **_BARK_PARTS, input_vocab_size=words + 100, output_vocab_size=words + 100
        ).to_dict(),
        coarse_acoustics_config=BarkCoarseConfig(**_BARK_PARTS, input_vocab_size=100, output_vocab_size=100).to_dict(),
        fine_acoustics_config=BarkFineConfig(
            **_BARK_PARTS, input_vocab_size=34, output_vocab_size=34, n_codes_total=4, n_codes_given=1
        ).to_dict(),
        codec_config={**codec.to_dict(), "model_type": "encodec"},
    )


def _bark_limits(words: int) -> Any:
    """Return how Bark's three parts speak to each other: which numbers are words, meanings, sounds and marks."""
    from transformers.models.bark.generation_configuration_bark import (
        BarkCoarseGenerationConfig,
        BarkFineGenerationConfig,
        BarkGenerationConfig,
        BarkSemanticGenerationConfig,
    )

    semantic = BarkSemanticGenerationConfig(
        semantic_vocab_size=16,
        semantic_pad_token=16,
        eos_token_id=16,
        text_encoding_offset=17,
        text_pad_token=words + 20,
        semantic_infer_token=words + 21,
        max_input_semantic_length=32,
        max_new_tokens=8,
        semantic_rate_hz=50,
        do_sample=True,
    )
    coarse = BarkCoarseGenerationConfig(
        coarse_semantic_pad_token=96,
        coarse_infer_token=97,
        coarse_rate_hz=75,
        n_coarse_codebooks=2,
        max_coarse_input_length=32,
        max_coarse_history=16,
        sliding_window_len=8,
        do_sample=True,
    )
    fine = BarkFineGenerationConfig(
        max_fine_history_length=8, max_fine_input_length=16, n_fine_codebooks=4, temperature=0.5
    )
    return BarkGenerationConfig.from_sub_model_configs(semantic, coarse, fine, sample_rate=24_000, codebook_size=32)


def _vocoder() -> Any:
    from transformers import SpeechT5HifiGanConfig

    return SpeechT5HifiGanConfig(
        model_in_dim=8,
        sampling_rate=RATE,
        upsample_initial_channel=16,
        upsample_rates=[4, 4],
        upsample_kernel_sizes=[8, 8],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3, 5]],
        normalize_before=False,
    )


def _roberta_tokenizer() -> Any:
    from tokenizers import pre_tokenizers
    from transformers import RobertaTokenizer

    marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    pieces = [*marks, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    return RobertaTokenizer(vocab={piece: place for place, piece in enumerate(pieces)}, merges=[], model_max_length=64)


def _save_whisper(folder: Path, languages: tuple[str, ...]) -> None:
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
    )

    tokenizer = _whisper_tokenizer(languages)
    place = tokenizer.convert_tokens_to_ids
    end = place("<|endoftext|>")
    marks = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end}
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_target_positions=64,
        decoder_start_token_id=place("<|startoftranscript|>"),
        suppress_tokens=None,
        begin_suppress_tokens=None,
        **marks,
    )
    model = spread(WhisperForConditionalGeneration(config))
    known: dict[str, Any] = {"is_multilingual": len(languages) > 1}
    if len(languages) > 1:
        known["lang_to_id"] = {f"<|{name}|>": place(f"<|{name}|>") for name in languages}
        known["task_to_id"] = {name: place(f"<|{name}|>") for name in ("transcribe", "translate")}
    model.generation_config = GenerationConfig(
        **marks,
        **known,
        no_timestamps_token_id=place("<|notimestamps|>"),
        prev_sot_token_id=place("<|startofprev|>"),
        decoder_start_token_id=place("<|startoftranscript|>"),
        max_length=24,
        return_timestamps=False,
    )
    model.save_pretrained(folder)
    WhisperProcessor(WhisperFeatureExtractor(), tokenizer).save_pretrained(folder)


def _whisper_tokenizer(languages: tuple[str, ...]) -> Any:
    from transformers import WhisperTokenizer

    pairs = json.loads(qwen_tokenizer().backend_tokenizer.to_str())["model"]
    tokenizer = WhisperTokenizer(
        vocab={piece: place for piece, place in pairs["vocab"].items() if not piece.startswith("<|")},
        merges=[tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in pairs["merges"]],
    )
    moments = [f"<|{tick * 0.02:.2f}|>" for tick in range(1501)]
    tasks = ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    marks = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{name}|>" for name in languages), *tasks]
    tokenizer.add_tokens(marks, special_tokens=True)
    tokenizer.add_tokens(moments)
    tokenizer.bos_token = tokenizer.eos_token = tokenizer.pad_token = tokenizer.unk_token = "<|endoftext|>"
    return tokenizer
