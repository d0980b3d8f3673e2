"""Examples of the nodes that speak, play, sound and listen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas

from tests.zoo import Zoo

from .examples import Example
from .sounds import tones

_SOUND: dict[str, Any] = {
    "prompt": "a red circle",
    "negative_prompt": "blue",
    "seconds": 0.2,
    "steps": 3,
    "guidance": 4.0,
    "seed": 1,
}


def _text_to_speech(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("vits_voices")), "text": "a red circle", "voice": "1", "seed": 1},
        "vary": {"model": str(zoo("csm")), "voice": "2", "options.speaking_rate": 2.0, "options.noise_scale": 0.1},
    }


def _speech_of_bark(zoo: Zoo) -> Example:
    inputs = {"model": str(zoo("bark")), "text": "a red circle", "voice": "v2/en_speaker_0"}
    return {"inputs": inputs, "vary": {"options.temperature": 0.1}, "only": ("options.temperature",)}


def _speech_of_speecht5(zoo: Zoo) -> Example:
    only = {"options.vocoder": str(zoo("speecht5_vocoder_other")), "options.speakers": pandas.DataFrame(np.eye(16)[:1])}
    inputs = {"model": str(zoo("speecht5")), "text": "a red circle", "options.vocoder": str(zoo("speecht5_vocoder"))}
    return {"inputs": inputs, "vary": only, "only": tuple(only)}


def _text_to_music(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("stable_audio")), **_SOUND},
        "vary": {"model": str(zoo("stable_audio_other")), "seconds": 0.3, "steps": 4},
        "only": ("model", *_SOUND),
        "unchanged": {"options.lyrics": "Only ACE-Step sings, and there is no tiny one."},
    }


def _music_of_tokens(zoo: Zoo) -> Example:
    inputs = {"model": str(zoo("musicgen")), "prompt": "a red circle", "seconds": 0.2}
    only = {"options.temperature": 0.2, "options.continue_from": tones(0.2)}
    return {"inputs": inputs, "vary": only, "only": tuple(only)}


def _text_to_sound(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("stable_audio")), **_SOUND},
        "vary": {"model": str(zoo("audioldm")), "seconds": 0.3, "steps": 4},
    }


def _speech_to_text(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("whisper")), "audio": tones(0.5), "language": "English"},
        "vary": {"model": str(zoo("whisper_english")), "language": "German", "audio": tones(0.5, 700.0)},
    }


EXAMPLES = {
    "text_to_speech": _text_to_speech,
    "text_to_speech:bark": _speech_of_bark,
    "text_to_speech:speecht5": _speech_of_speecht5,
    "text_to_music": _text_to_music,
    "text_to_music:musicgen": _music_of_tokens,
    "text_to_sound": _text_to_sound,
    "speech_to_text": _speech_to_text,
}
