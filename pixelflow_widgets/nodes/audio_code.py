"""How the nodes that speak, play, sound and listen are written into scripts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..errors import ModelError
from ..media import Model
from ..models import audio_generation, scripted_sounds, speech, transcription
from ..models.families import config_in
from ..models.languages import language_of
from ..models.loading import is_pipeline
from ..models.loan import Loan
from ..models.scripting import ScriptedPipeline, device_in, family_of_model, pipeline_in
from ..models.scripting.painting import generator_in
from ..models.scripting_networks import ScriptedNetwork, network_in
from ..models.weights import place_of
from ..schema.exporting import Writing

_BY_TOKENS = ("MusicGen", "MusicGen Melody")
_RATES = ("sampling_rate", "sample_rate", "output_sampling_rate")
_RATE_OF = {
    "Stable Audio": "vae.config.sampling_rate",
    "AudioLDM": "vocoder.config.sampling_rate",
    "AudioLDM 2": "vocoder.config.sampling_rate",
    "MusicLDM": "vocoder.config.sampling_rate",
}
"""Family → where a pipeline says its sample rate, if it is not on this machine."""


def _called(at: Writing, function: Any, *arguments: str) -> str:
    """Return a call of a function that is copied."""
    return f"{at.bring(function)}({', '.join(arguments)})"


def _option(at: Writing, port: str, *names: str) -> list[str]:
    """Return the arguments for an option of the model, if it is set."""
    return [f"{name}={at.code(f'options.{port}')}" for name in names] if at.is_set(f"options.{port}") else []


# Speech


def write_text_to_speech(at: Writing) -> None:
    """Write `text_to_speech`."""
    network = network_in(at, at.known("model"), "text_to_speech")
    kind = network.config.model_type
    if kind not in _VOICES:
        at.refuse(f"how a '{kind}' is made to speak is not known here. Choose one of these: {', '.join(_VOICES)}.")
    function, write = _VOICES[kind]
    arguments = [network.code, network.processor, at.code("text"), f"seed={at.code('seed')}", *write(at, network)]
    at.give(audio=_called(at, function, *arguments))


def _voice_of_vits(at: Writing, network: ScriptedNetwork) -> list[str]:
    count, voice = network.config.num_speakers, at.code("voice")
    options = [*_option(at, "noise_scale", "noise_scale"), *_option(at, "speaking_rate", "speaking_rate")]
    if at.is_fixed("voice"):
        loan = Loan(network.card, Path(network.title), "", None, network.family)
        try:
            speaker = speech.number_of_voice(loan, at.known("voice"), count)
        except ModelError as error:
            at.refuse(str(error))
        return [*([] if speaker is None else [f"speaker={speaker}"]), *options]
    return [*([f"speaker=int({voice} or 0)"] if count > 1 else []), *options]


def _voice_of_bark(at: Writing, _: ScriptedNetwork) -> list[str]:
    options = _option(at, "temperature", "semantic_temperature", "coarse_temperature")
    if at.is_fixed("voice"):
        voice = at.known("voice").strip()
        return [*([f"voice={voice!r}"] if voice else []), *options]
    return [f"voice={at.code('voice')}.strip() or None", *options]


def _voice_of_csm(at: Writing, _: ScriptedNetwork) -> list[str]:
    options = _option(at, "temperature", "temperature")
    if at.is_fixed("voice"):
        voice = at.known("voice").strip()
        if voice and not voice.isdecimal():
            at.refuse(f"its model calls its voices by numbers: 0, 1, 2 …; there is no '{voice}'.")
        return [*([f"voice={voice!r}"] if voice else []), *options]
    return [f"voice={at.code('voice')}.strip() or '0'", *options]


def _voice_of_speecht5(at: Writing, _: ScriptedNetwork) -> list[str]:
    vocoder = at.known("options.vocoder") if at.is_set("options.vocoder") else None
    lent = network_in(at, Model(speech.VOCODER) if vocoder is None else vocoder, "vocoder")
    return [
        f"vocoder={lent.code}",
        *_option(at, "speakers", "speakers"),
        *([f"voice={at.code('voice')}"] if at.is_set("voice") else []),
    ]


_VOICES = {
    "vits": (scripted_sounds.speech_of_vits, _voice_of_vits),
    "bark": (scripted_sounds.speech_of_bark, _voice_of_bark),
    "csm": (scripted_sounds.speech_of_csm, _voice_of_csm),
    "speecht5": (scripted_sounds.speech_of_speecht5, _voice_of_speecht5),
}


# Music and sounds


def write_text_to_music(at: Writing) -> None:
    """Write `text_to_music`."""
    _write_sound(at, "text_to_music")


def write_text_to_sound(at: Writing) -> None:
    """Write `text_to_sound`."""
    _write_sound(at, "text_to_sound")


def _write_sound(at: Writing, task: str) -> None:
    model = at.known("model")
    try:
        by_tokens = not is_pipeline(place_of(model))
    except ModelError:
        by_tokens = family_of_model(model) in _BY_TOKENS
    if by_tokens:
        _write_tokens(at, network_in(at, model, task))
    else:
        _write_diffusion(at, pipeline_in(at, model, task))


def _write_tokens(at: Writing, network: ScriptedNetwork) -> None:
    if network.config.model_type != "musicgen":
        at.refuse(f"a '{network.config.model_type}' is not known to make music here. Choose a MusicGen.")
    if at.is_set("negative_prompt") and (not at.is_fixed("negative_prompt") or at.known("negative_prompt").strip()):
        at.refuse(f"{network.title} takes no negative prompt. Leave it empty.")
    prompt = at.code("prompt")
    has_options = any(port.startswith("options.") for port in at.node_type.inputs)
    if has_options and at.is_set("options.continue_from"):
        function, before = scripted_sounds.music_after, [at.code("options.continue_from")]
    else:
        function, before = scripted_sounds.music_of, []
    options = _option(at, "temperature", "temperature") if has_options else []
    if at.known("guidance") is not None:
        options.append(f"guidance_scale={at.code('guidance')}")
    seconds, seed = f"seconds={at.code('seconds')}", f"seed={at.code('seed')}"
    at.give(audio=_called(at, function, network.code, network.processor, prompt, *before, seconds, seed, *options))


def _write_diffusion(at: Writing, pipeline: ScriptedPipeline) -> None:
    accepted = pipeline.accepted
    length = next((name for name in audio_generation.SECONDS if name in accepted), None)
    if length is None:
        at.refuse(f"its model is a {pipeline.made.__name__}, which makes no sound of a given length.")
    call = {"prompt": at.code("prompt"), length: at.code("seconds")}
    if "negative_prompt" in accepted and at.is_set("negative_prompt"):
        call["negative_prompt"] = at.code("negative_prompt") + ("" if at.is_fixed("negative_prompt") else " or None")
    usual = {"steps": "num_inference_steps", "guidance": "guidance_scale"}
    for port, name in usual.items():
        if name in accepted and (code := _wished(at, port, pipeline.defaults.get(port), accepted[name].default)):
            call[name] = code
    if "lyrics" in accepted and "options.lyrics" in at.node_type.inputs and at.is_set("options.lyrics"):
        call["lyrics"] = at.code("options.lyrics")
    call["generator"] = generator_in(at)
    call |= pipeline.arguments
    pipe = pipeline.code
    made = f"{pipe}({', '.join(f'{name}={code}' for name, code in call.items())}).audios"
    sound = _called(at, audio_generation.audio_of, made, _rate_in(at, pipeline), at.code("seconds"))
    at.give(audio=sound)


def _wished(at: Writing, port: str, card: Any, own: Any) -> str:
    """Return the expression of an input that may be left empty; empty where nothing need be said."""
    if at.known(port) is not None:
        return at.code(port)
    if at.is_fixed(port):
        return "" if card is None else repr(card)
    return f"{own if card is None else card!r} if {at.code(port)} is None else {at.code(port)}"


def _rate_in(at: Writing, pipeline: ScriptedPipeline) -> str:
    """Return the expression of the sample rate of what a pipeline makes."""
    try:
        folder = place_of(pipeline.model)
    except ModelError:
        known = _RATE_OF.get(pipeline.family)
        return f"{pipeline.code}.{known}" if known else _called(at, audio_generation.rate_of, pipeline.code)
    for part in ("vocoder", "vae"):
        settings: Mapping[str, Any] = config_in(folder / part, "config.json")
        for name in _RATES:
            if settings.get(name):
                return f"{pipeline.code}.{part}.config.{name}"
    return _called(at, audio_generation.rate_of, pipeline.code)


# What is heard


def write_speech_to_text(at: Writing) -> None:
    """Write `speech_to_text`."""
    network = network_in(at, at.known("model"), "speech_to_text")
    arguments = [network.code, network.processor, at.code("audio")]
    if network.config.model_type == "whisper":
        function = scripted_sounds.heard_by_whisper
        arguments += _wishes_of_whisper(at, network)
    else:
        if any(at.is_set(port) for port in ("language", "into_english", "hint")):
            at.refuse(f"{network.title} knows no other language, translation or hint. Leave these as they were.")
        function = scripted_sounds.heard_by_words if _writes(network) else scripted_sounds.heard_by_letters
    parts = at.local("parts")
    at.line(f"{parts} = {_called(at, function, *arguments)}")
    if at.is_read("text"):
        at.give(text=f'"".join(part.text for part in {parts}).strip()')
    if at.is_read("segments"):
        at.add_import("import pandas")
        at.give(segments=f"pandas.DataFrame({parts}, columns=['start', 'end', 'text'])")


def _writes(network: ScriptedNetwork) -> bool:
    """Return whether a model writes word by word, and does not hear a letter for each moment."""
    import transformers

    return getattr(transformers, network.made).can_generate()


def _wishes_of_whisper(at: Writing, network: ScriptedNetwork) -> list[str]:
    """Return the arguments for language, task and hint."""
    settings = config_in(network.here, "generation_config.json") if network.here else {}
    hears_many = bool(settings.get("is_multilingual")) if network.here else not network.title.endswith(".en")
    chosen = []
    if not hears_many:
        _check_english(at, network)
    else:
        chosen = [*_language(at, network, settings), f"task={_task(at)}"]
    if at.is_set("hint"):
        ids = f"{network.processor}.get_prompt_ids({{}}, return_tensors='pt').to({device_in(at)})"
        if at.is_fixed("hint"):
            hint = at.known("hint").strip()
            return [*chosen, f"prompt_ids={ids.format(repr(hint))}"] if hint else chosen
        hint = f"{at.code('hint')}.strip()"
        chosen.append(f"prompt_ids={ids.format(hint)} if {hint} else None")
    return chosen


def _check_english(at: Writing, network: ScriptedNetwork) -> None:
    loan = Loan(network.card, Path(network.title), "", None, network.family)
    loan.model = SimpleNamespace(generation_config=SimpleNamespace(is_multilingual=False))
    if not (at.is_fixed("language") and at.is_fixed("into_english")):
        at.refuse(f"{network.title} hears English only. Take 'language' and 'into_english' out of the flow's inputs.")
    try:
        transcription.wishes_of(loan, at.known("language"), at.known("into_english"), "")
    except ModelError as error:
        at.refuse(str(error))


def _language(at: Writing, network: ScriptedNetwork, settings: Mapping[str, Any]) -> list[str]:
    code = at.code("language")
    if not at.is_fixed("language"):
        known = _called(at, language_of, code)
        return [f"language=None if {code} == 'auto' else {known}.code"]
    if at.known("language") == "auto":
        return []
    try:
        wanted = language_of(at.known("language"))
    except ModelError as error:
        at.refuse(str(error))
    if network.here and f"<|{wanted.code}|>" not in settings.get("lang_to_id", {}):
        at.refuse(f"{network.title} was not taught {wanted.name}. Choose another model, or 'auto'.")
    return [f"language={wanted.code!r}"]


def _task(at: Writing) -> str:
    if at.is_fixed("into_english"):
        return "'translate'" if at.known("into_english") else "'transcribe'"
    return f"'translate' if {at.code('into_english')} else 'transcribe'"
