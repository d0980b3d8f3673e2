"""Scripts of the nodes that speak, play, sound and listen give what the executor gives, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import soundfile

import pixelflow_widgets as pf
from pixelflow_widgets.export.formatting import faults, formatted
from tests.nodes.sounds import tones
from tests.zoo import Zoo

from .test_script import holds, main_of

SENTENCE = "a red circle on a blue background above a green square. " * 2
SHORT: dict[str, Any] = {"seconds": 0.2, "steps": 3, "seed": 7}
SPOKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "VITS": ("vits", {"seed": 3}),
    "VITS, fast and flat": ("vits", {"options.speaking_rate": 2.0, "options.noise_scale": 0.1}),
    "the second voice of a VITS": ("vits_voices", {"voice": "1"}),
    "Bark": ("bark", {"seed": 3}),
    "a voice of Bark": ("bark", {"voice": " v2/en_speaker_1", "options.temperature": 0.3}),
    "CSM": ("csm", {"seed": 3}),
    "SpeechT5": ("speecht5", {"seed": 3}),
    "a voice of CSM": ("csm", {"voice": "1", "options.temperature": 0.3}),
}
PLAYED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "MusicGen": ("text_to_music", "musicgen", {"seconds": 0.2, "seed": 7}),
    "MusicGen, its own way": (
        "text_to_music",
        "musicgen",
        {"seconds": 0.2, "guidance": 2.0, "options.temperature": 0.5},
    ),
    "a sound of MusicGen": ("text_to_sound", "musicgen", {"seconds": 0.2}),
    "Stable Audio": ("text_to_music", "stable_audio", {**SHORT, "negative_prompt": "drums", "guidance": 4.0}),
    "a sound of Stable Audio": ("text_to_sound", "stable_audio", SHORT),
    "AudioLDM": ("text_to_sound", "audioldm", {**SHORT, "negative_prompt": "drums"}),
}
HEARD: dict[str, tuple[str, pf.Audio, dict[str, Any]]] = {
    "Whisper": ("whisper", tones(1.0, rate=44_100, channels=2), {}),
    "Whisper in German": ("whisper", tones(0.5), {"language": "German", "hint": " Zoe "}),
    "Whisper into English": ("whisper", tones(0.5), {"into_english": True}),
    "Whisper of one language": ("whisper_english", tones(0.5), {"language": "English"}),
    "letters": ("wav2vec2", tones(1.0, rate=8000), {}),
}
TEXTS = {"text_to_speech": "text", "text_to_music": "prompt", "text_to_sound": "prompt"}


def of(node_type: str, model: str, **values: Any) -> pf.Flow:
    """Return a flow of a node whose text is an input."""
    flow = pf.Flow("sounded")
    node = flow.add(node_type, {TEXTS[node_type]: flow.input("words", "a star"), "model": model, **values}, id="sound")
    flow.output("audio", node["audio"])
    return flow


def listening(model: str, **values: Any) -> pf.Flow:
    """Return a flow that writes down a sound, which is an input."""
    flow = pf.Flow("heard")
    node = flow.add("speech_to_text", id="hear", audio=flow.input("sound", type=pf.Audio), model=model, **values)
    flow.output("text", node["text"])
    flow.output("segments", node["segments"])
    return flow


def script_of(node_type: str, model: str, **values: Any) -> str:
    """Return the script of a model that need not be here, without the flow that rides along."""
    script = of(node_type, model, **values).to_script()
    assert faults(script) == ""
    assert formatted(script) == script
    return script.partition("\n# pixelflow: ")[0]


@pytest.mark.parametrize("case", SPOKEN)
def test_a_script_speaks_as_the_executor_does(zoo: Zoo, tmp_path: Path, case: str) -> None:
    model, values = SPOKEN[case]
    if model == "speecht5":
        values = {**values, "options.vocoder": str(zoo("speecht5_vocoder"))}
    script = holds(of("text_to_speech", str(zoo(model)), **values), tmp_path, words=SENTENCE * 3)
    assert "pixelflow" not in main_of(script)


def test_a_speaker_out_of_a_table_says_it_in_a_script_as_in_the_executor(zoo: Zoo, tmp_path: Path) -> None:
    pandas.DataFrame(np.eye(16)[:2]).to_csv(tmp_path / "speakers.csv", index=False)
    flow = pf.Flow("said")
    table = flow.add("load_table", path=str(tmp_path / "speakers.csv"))["table"]
    wishes = {"options.vocoder": str(zoo("speecht5_vocoder")), "options.speakers": table}
    said = flow.add("text_to_speech", text="a star", model=str(zoo("speecht5")), voice="1", **wishes)
    flow.output("audio", said["audio"])
    holds(flow, tmp_path)


@pytest.mark.parametrize("case", PLAYED)
def test_a_script_plays_as_the_executor_does(zoo: Zoo, tmp_path: Path, case: str) -> None:
    node_type, model, values = PLAYED[case]
    script = holds(of(node_type, str(zoo(model)), **values), tmp_path, words="rain")
    assert "pixelflow" not in main_of(script)


@pytest.mark.parametrize("case", HEARD)
def test_a_script_hears_what_the_executor_hears(zoo: Zoo, tmp_path: Path, case: str) -> None:
    model, sound, values = HEARD[case]
    holds(listening(str(zoo(model)), **values), tmp_path, sound=sound)


def test_what_is_longer_than_half_a_minute_is_heard_to_its_end(zoo: Zoo, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 16_000 * 31)).astype(np.float32)
    holds(listening(str(zoo("whisper"))), tmp_path, sound=pf.Audio(noise, 16_000))


def test_music_goes_on_from_a_sound_that_lies_beside_the_script(zoo: Zoo, tmp_path: Path) -> None:
    before = {"options.continue_from": tones(0.2, rate=44_100, channels=2)}
    holds(of("text_to_music", str(zoo("musicgen")), seconds=0.2, **before), tmp_path)


@pytest.mark.parametrize(("model", "voice"), [("vits_voices", "2"), ("csm", "1"), ("bark", "v2/en_speaker_0")])
def test_a_voice_that_is_an_argument_is_heeded_as_it_comes(zoo: Zoo, tmp_path: Path, model: str, voice: str) -> None:
    flow = of("text_to_speech", str(zoo(model)))
    flow.set("sound", voice=flow.input("voice", ""))
    for wanted in ("", voice):
        holds(flow, tmp_path, voice=wanted)


def test_wishes_that_are_arguments_are_heeded_as_they_come(zoo: Zoo, tmp_path: Path) -> None:
    flow = listening(str(zoo("whisper")))
    flow.set("hear", language=flow.input("language", "auto"), hint=flow.input("hint", ""))
    flow.set("hear", into_english=flow.input("into_english", False))
    for language, hint, into_english in (("auto", "", False), ("German", "Zoe", True)):
        holds(flow, tmp_path, sound=tones(0.5), language=language, hint=hint, into_english=into_english)
    flow = of("text_to_sound", str(zoo("stable_audio")), steps=2)
    flow.set("sound", seconds=flow.input("seconds", 0.2), negative_prompt=flow.input("against", ""))
    for seconds, against in ((0.2, ""), (0.3, "drums")):
        holds(flow, tmp_path, seconds=seconds, against=against)


def test_what_is_said_is_heard_in_one_script(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("parrot")
    said = flow.add("text_to_speech", text=flow.input("words", "a star"), model=str(zoo("vits")))
    heard = flow.add("speech_to_text", audio=said["audio"], model=str(zoo("whisper")))
    flow.output("audio", said["audio"])
    flow.output("text", heard["text"])
    script = holds(flow, tmp_path, words="a red circle")
    assert "pandas" not in script  # nobody wants the table of parts


def test_a_list_of_sounds_becomes_a_list_of_texts(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("heard")
    sounds = flow.input("sounds", type=list[pf.Audio])
    flow.output("texts", flow.add("speech_to_text", audio=sounds, model=str(zoo("whisper")))["text"])
    holds(flow, tmp_path, sounds=[tones(0.3), tones(0.5)])


def test_a_script_reads_and_writes_files_of_sound(tmp_path: Path) -> None:
    flow = pf.Flow("cut")
    flow.output("short", flow.add("trim_audio", audio=flow.input("sound", type=pf.Audio), end=0.5)["audio"])
    (tmp_path / "cut.py").write_text(flow.to_script(), encoding="utf-8")
    sound = tones(1.0, rate=8000, channels=2)
    soundfile.write(tmp_path / "given.wav", sound.samples.T, 8000, subtype="PCM_16")
    command = [sys.executable, "cut.py", "--sound", "given.wav"]
    subprocess.run(command, cwd=tmp_path, check=True)
    given, _ = soundfile.read(tmp_path / "given.wav", dtype="int16")
    made, rate = soundfile.read(tmp_path / "short.wav", dtype="int16")
    assert rate == 8000
    assert np.array_equal(made, given[:4000])


@pytest.mark.parametrize(
    ("node_type", "card", "words"),
    [
        ("text_to_speech", "mms-tts", 'VitsModel.from_pretrained(\n        "facebook/mms-tts-eng"'),
        ("text_to_speech", "csm", "CsmForConditionalGeneration"),
        (
            "text_to_music",
            "musicgen",
            'MusicgenForConditionalGeneration.from_pretrained(\n        "facebook/musicgen-small"',
        ),
        ("text_to_sound", "stable-audio-open", "pipe.vae.config.sampling_rate"),
    ],
)
def test_models_that_are_elsewhere_are_written_by_what_their_cards_say(node_type: str, card: str, words: str) -> None:
    assert words in script_of(node_type, card)


def test_what_cannot_be_written_is_said(zoo: Zoo) -> None:
    with pytest.raises(pf.ExportError, match="has one voice"):
        script_of("text_to_speech", str(zoo("vits")), voice="1")
    with pytest.raises(pf.ExportError, match="calls its voices by numbers"):
        script_of("text_to_speech", str(zoo("csm")), voice="anna")
    with pytest.raises(pf.ExportError, match="takes no negative prompt"):
        script_of("text_to_music", str(zoo("musicgen")), negative_prompt="drums")
    with pytest.raises(pf.ExportError, match="was not taught French"):
        listening(str(zoo("whisper")), language="French").to_script()
    with pytest.raises(pf.ExportError, match="hears English only"):
        listening(str(zoo("whisper_english")), language="German").to_script()
    with pytest.raises(pf.ExportError, match="knows no other language"):
        listening(str(zoo("wav2vec2")), into_english=True).to_script()
