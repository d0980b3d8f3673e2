from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run.cache import MemoryCache
from tests.run.test_executor import run
from tests.zoo import Zoo

from .sounds import tones
from .told import Told

text_to_speech, text_to_music = pf.nodes.text_to_speech, pf.nodes.text_to_music
text_to_sound, speech_to_text = pf.nodes.text_to_sound, pf.nodes.speech_to_text


def seconds_of(audio: pf.Audio) -> float:
    return audio.samples.shape[1] / audio.sample_rate


def alike(first: pf.Audio, second: pf.Audio) -> bool:
    return first.samples.tobytes() == second.samples.tobytes()


@pytest.mark.parametrize("family", ["vits", "bark", "csm"])
def test_speech_is_the_same_for_the_same_seed_and_never_louder_than_one(zoo: Zoo, family: str) -> None:
    said = [text_to_speech("a red circle", model=str(zoo(family)), seed=seed) for seed in (1, 1, 2)]
    assert alike(said[0], said[1])
    assert not alike(said[0], said[2])
    assert all(0 < np.abs(sound.samples).max() <= 1 for sound in said)


@pytest.mark.parametrize("family", ["vits", "bark", "csm"])
def test_each_sentence_is_told_and_what_was_said_is_played(zoo: Zoo, family: str) -> None:
    told = Told()
    sentence = "a red circle on a blue background above a green square. " * 2
    text = sentence + sentence + sentence
    text_to_speech(text, model=str(zoo(family)), progress=told.reporter)
    assert "Sentence 1 of 2" in told.notes
    assert [type(preview) for preview in told.previews] == [pf.Audio]
    assert {0.0, 0.5} <= set(told.fractions)


@pytest.mark.parametrize(("family", "voices"), [("vits_voices", "012"), ("csm", "01")])
def test_voices_have_numbers(zoo: Zoo, family: str, voices: str) -> None:
    model = str(zoo(family))
    said = {text_to_speech("a circle", voice=voice, model=model).samples.tobytes() for voice in voices}
    assert len(said) == len(voices)
    assert alike(text_to_speech("a circle", model=model), text_to_speech("a circle", voice="0", model=model))


def test_voices_of_bark_have_names(zoo: Zoo) -> None:
    voices = ("", "v2/en_speaker_0", "v2/en_speaker_1")
    said = {text_to_speech("a circle", voice=voice, model=str(zoo("bark"))).samples.tobytes() for voice in voices}
    assert len(said) == 3


@pytest.mark.parametrize(
    ("family", "voice", "words"),
    [
        ("vits", "1", "has one voice. Leave 'voice' empty"),
        ("vits_voices", "3", "has voices 0 to 2; there is no '3'"),
        ("bark", "anna", "has no voice 'anna'. Its voices: v2/en_speaker_0, v2/en_speaker_1"),
        ("csm", "anna", "calls its voices by numbers"),
    ],
)
def test_a_voice_that_is_not_there_is_named(zoo: Zoo, family: str, voice: str, words: str) -> None:
    with pytest.raises(pf.ModelError, match=words):
        text_to_speech("a circle", voice=voice, model=str(zoo(family)))


def test_speecht5_speaks_through_its_vocoder_with_the_voice_of_a_row(zoo: Zoo) -> None:
    def said(voice: str = "", speakers: object = None, seed: int = 0) -> pf.Audio:
        options = {"vocoder": str(zoo("speecht5_vocoder")), "speakers": speakers}
        return text_to_speech("a red circle", voice=voice, model=model, seed=seed, options=options)  # type: ignore[arg-type]

    model = str(zoo("speecht5"))
    assert alike(said(seed=1), said(seed=1))
    assert not alike(said(seed=1), said(seed=2))
    assert said().sample_rate == 16_000
    wide = pandas.DataFrame(np.eye(16)[:2])
    listed = pandas.DataFrame({"filename": ["anna", "ben"], "xvector": [*np.eye(16)[:2]]})
    assert alike(said("1", wide), said("1", listed))
    assert len({said(*given).samples.tobytes() for given in (("",), ("0", wide), ("1", wide))}) == 3
    for voice, speakers, words in (
        ("1", None, "no voices of its own. Leave 'voice' empty, or give a table of 'speakers'"),
        ("2", wide, "rows of 'speakers', 0 to 1; there is no '2'"),
        ("", wide[[0, 1]], "takes 16 numbers a speaker"),
        ("", pandas.DataFrame({"xvector": ["a b"]}), "takes 16 numbers a speaker"),
    ):
        with pytest.raises(pf.MediaError, match=words):
            said(voice, speakers)
    with pytest.raises(pf.MediaError, match="knows none of the letters of '你好'"):
        text_to_speech("你好", model=model, options={"vocoder": str(zoo("speecht5_vocoder"))})  # type: ignore[arg-type]


def test_a_vocoder_that_is_not_here_or_none_is_said(zoo: Zoo) -> None:
    with pytest.raises(pf.ModelError, match="pixelflow models get microsoft/speecht5_hifigan"):
        text_to_speech("a circle", model=str(zoo("speecht5")))
    with pytest.raises(pf.ModelError, match="is a VitsModel, which is no vocoder"):
        text_to_speech("a circle", model=str(zoo("speecht5")), options={"vocoder": str(zoo("vits"))})  # type: ignore[arg-type]
    with pf.Flow() as flow:
        text_to_speech("a circle", model=str(zoo("speecht5")), options={"vocoder": str(zoo("vits"))})  # type: ignore[arg-type]
    assert any("vits is no vocoder" in problem.sentence for problem in flow.problems())


def test_letters_that_nobody_can_say_are_named(zoo: Zoo) -> None:
    with pytest.raises(pf.MediaError, match="knows none of the letters of '你好'"):
        text_to_speech("你好", model=str(zoo("vits")))


def test_speech_goes_faster_where_that_is_asked_for(zoo: Zoo) -> None:
    slow, fast = (
        text_to_speech("a red circle", model=str(zoo("vits")), options={"speaking_rate": rate})  # type: ignore[arg-type]
        for rate in (0.5, 2.0)
    )
    assert seconds_of(slow) > 2 * seconds_of(fast)


@pytest.mark.parametrize("family", ["bark", "csm"])
def test_stop_ends_speech_between_two_tokens(zoo: Zoo, family: str) -> None:
    class Impatient(Told):
        def progress(self, fraction: float | None, note: str) -> None:
            super().progress(fraction, note)
            self.calls = getattr(self, "calls", 0) + 1
            if self.calls > 4:
                raise pf.Cancelled("enough")

    told = Impatient()
    with pytest.raises(pf.Cancelled):
        text_to_speech("a red circle", model=str(zoo(family)), progress=told.reporter)
    assert seconds_of(text_to_speech("a red circle", model=str(zoo(family)))) > 0


Make = Callable[..., pf.Audio]
MAKERS: list[tuple[Make, str, dict[str, Any]]] = [
    (text_to_music, "musicgen", {}),
    (text_to_music, "stable_audio", {"steps": 3}),
    (text_to_sound, "stable_audio", {"steps": 3}),
    (text_to_sound, "audioldm", {"steps": 3}),
]


@pytest.mark.parametrize(("make", "family", "settings"), MAKERS)
def test_sounds_last_as_long_as_was_asked_for(zoo: Zoo, make: Make, family: str, settings: dict[str, Any]) -> None:
    for seconds in (0.2, 0.4):
        made = make("a red circle", model=str(zoo(family)), seconds=seconds, **settings)
        assert seconds_of(made) == pytest.approx(seconds, abs=0.03)
        assert np.isfinite(made.samples).all()


@pytest.mark.parametrize(("make", "family", "settings"), MAKERS)
def test_each_step_of_a_sound_is_told_and_can_be_the_last(
    zoo: Zoo, make: Make, family: str, settings: dict[str, Any]
) -> None:
    told = Told()
    make("a red circle", model=str(zoo(family)), seconds=0.2, **settings, progress=told.reporter)
    assert told.fractions == sorted(told.fractions)
    assert told.fractions[-1] == 1.0
    assert len(told.fractions) >= 3
    if family != "musicgen":
        assert [preview.mode for preview in told.previews] == ["L"] * 3
        with pytest.raises(pf.Cancelled):
            stop = Told(stop_after=1)
            make("a red circle", model=str(zoo(family)), seconds=0.2, **settings, progress=stop.reporter)


def test_stable_audio_is_in_stereo_and_by_hand_the_same(zoo: Zoo) -> None:
    import torch
    from diffusers import StableAudioPipeline

    pipeline = StableAudioPipeline.from_pretrained(zoo("stable_audio"))
    pipeline.set_progress_bar_config(disable=True)
    expected = pipeline(
        prompt="rain",
        negative_prompt="music",
        audio_end_in_s=0.2,
        num_inference_steps=3,
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(7),
    ).audios[0]
    made = text_to_sound("rain", "music", model=str(zoo("stable_audio")), seconds=0.2, steps=3, guidance=4.0, seed=7)
    assert made.samples.shape == (2, 1600)
    expected = expected.numpy() / max(1.0, float(expected.abs().max()))
    assert np.array_equal(made.samples, expected)


def test_sounds_longer_than_a_model_makes_are_refused(zoo: Zoo) -> None:
    with pytest.raises(pf.MediaError, match="at most 0.51 seconds; 5 are asked for"):
        text_to_sound("rain", model=str(zoo("stable_audio")), seconds=5.0)
    with pytest.raises(pf.MediaError, match="seconds at once; 50 are asked for"):
        text_to_music("a song", model=str(zoo("musicgen")), seconds=50.0)


def test_musicgen_says_that_it_takes_no_negative_prompt(zoo: Zoo) -> None:
    with pytest.raises(pf.ModelError, match="takes no negative prompt"):
        text_to_music("a song", "drums", model=str(zoo("musicgen")), seconds=0.2)


def test_music_goes_on_from_music_of_any_rate(zoo: Zoo) -> None:
    def made(**options: Any) -> pf.Audio:
        return text_to_music("a song", model=str(zoo("musicgen")), seconds=0.2, options=options)  # type: ignore[arg-type]

    longer = made(continue_from=tones(0.2, rate=44_100, channels=2))
    assert seconds_of(longer) > 1.8 * seconds_of(made())


def test_speech_in_any_rate_and_number_of_channels_is_heard(zoo: Zoo) -> None:
    told = Told()
    text, segments = speech_to_text(
        tones(1.0, rate=44_100, channels=2), model=str(zoo("whisper")), progress=told.reporter
    )
    assert list(segments.columns) == ["start", "end", "text"]
    assert "".join(segments["text"]).strip() == text
    assert (segments["start"] <= segments["end"]).all()
    assert segments["end"].max() <= 1.0
    assert told.previews


def test_what_is_longer_than_half_a_minute_is_heard_to_its_end(zoo: Zoo) -> None:
    told = Told()
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 16_000 * 65)).astype(np.float32)
    _, segments = speech_to_text(pf.Audio(noise, 16_000), model=str(zoo("whisper")), progress=told.reporter)
    assert segments["start"].is_monotonic_increasing
    assert told.fractions == sorted(told.fractions)
    assert told.fractions[-1] > 0.4


def test_language_task_and_hint_reach_whisper(zoo: Zoo) -> None:
    def heard(**settings: Any) -> str:
        return speech_to_text(tones(0.5), model=str(zoo("whisper")), **settings).text

    said = [heard(language="English"), heard(language="de"), heard(language="English", into_english=True)]
    assert len({*said, heard(language="English", hint="Zoe")}) == 4


def test_what_a_model_was_not_taught_is_said(zoo: Zoo) -> None:
    with pytest.raises(pf.ModelError, match="was not taught French"):
        speech_to_text(tones(0.2), language="French", model=str(zoo("whisper")))
    with pytest.raises(pf.ModelError, match="hears English only"):
        speech_to_text(tones(0.2), language="German", model=str(zoo("whisper_english")))
    with pytest.raises(pf.ModelError, match="knows no other language"):
        speech_to_text(tones(0.2), into_english=True, model=str(zoo("wav2vec2")))
    with pytest.raises(pf.MediaError, match="nothing to hear"):
        speech_to_text(pf.Audio(np.zeros((1, 0), np.float32), 16_000), model=str(zoo("whisper")))


def test_models_of_letters_hear_one_long_part(zoo: Zoo) -> None:
    text, segments = speech_to_text(tones(1.0, rate=8000), model=str(zoo("wav2vec2")))
    assert segments.to_dict("records") == [{"start": 0.0, "end": 1.0, "text": text}]


def test_stop_ends_listening(zoo: Zoo) -> None:
    with pytest.raises(pf.Cancelled):
        speech_to_text(tones(1.0), model=str(zoo("whisper")), progress=Told(stop_after=2).reporter)


def test_speech_is_made_and_heard_in_one_flow(zoo: Zoo, worker: object) -> None:
    with pf.Flow("parrot") as flow:
        said = text_to_speech("a red circle", model=str(zoo("vits")))
        heard = speech_to_text(said, model=str(zoo("whisper")))
        flow.output("text", heard.text)
    result = run(flow, MemoryCache(), backend="worker").result()
    assert isinstance(result["text"], str)
