"""Sound by models: speech, music, sounds, and the text of speech."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from ..controls import Advanced, Choices, ModelPicker, Number, Prompt, Seed, Slider, Text
from ..media import Audio, Model, Table
from ..models import languages
from ..models.text_generation import wanted_text
from ..prompts.conditioning import tell_used
from ..schema import Option, Options, Progress, node
from .audio_code import write_speech_to_text, write_text_to_music, write_text_to_sound, write_text_to_speech

Seconds = Number(min=0.1, max=600, step=0.1, unit="s")
Steps = Number(min=1, max=1000, step=1)
Guidance = Slider(0, 20, step=0.1)


@node(
    export=write_text_to_speech,
    options=(
        Option(
            "speaking_rate",
            float,
            Slider(0.25, 4, step=0.05),
            families=("VITS",),
            help="How fast, where 1 is the model's own pace; what it was made with where it is empty.",
        ),
        Option(
            "noise_scale",
            float,
            Slider(0, 2, step=0.01),
            families=("VITS",),
            help="How lively: 0 says each sentence in one way; mostly 0.667 where it is empty.",
        ),
        Option(
            "temperature",
            float,
            Slider(0.05, 2, step=0.05),
            families=("Bark", "CSM"),
            help="How surprising: low is flat, high is theatrical; what the model was made with where it is empty.",
        ),
        Option(
            "vocoder",
            Model,
            ModelPicker("vocoder"),
            families=("SpeechT5",),
            help="The HiFi-GAN that makes sound of what it says; microsoft/speecht5_hifigan where it is empty.",
        ),
        Option(
            "speakers",
            Table,
            families=("SpeechT5",),
            help="A row for each speaker, with the numbers of an x-vector in the column 'xvector'; empty is nobody's "
            "voice.",
        ),
    ),
)
def text_to_speech(
    text: Annotated[str, Text(lines=4, placeholder="Good morning!")],
    voice: Annotated[str, Text(placeholder="v2/en_speaker_6")] = "",
    model: Annotated[Model, ModelPicker("text_to_speech")] = "mms-tts",  # type: ignore[assignment]
    seed: Annotated[int, Seed()] = 0,
    options: Options = Options(),
    progress: Progress = Progress(),
) -> Audio:
    """Says a text aloud.

    Args:
        text: Any length; it is said sentence by sentence.
        voice: A number (VITS with several speakers, CSM, a row of SpeechT5's speakers) or a name (Bark); empty is the
            first one, or any.
        model: A VITS (MMS speaks 1,100 languages, one a model), Bark, CSM or SpeechT5.
        seed: The same seed says it the same way.
    """
    from ..models.loading import lend
    from ..models.speech import spoken

    wanted_text(text, "text")
    with lend(model, "text_to_speech", progress) as loan:
        made = spoken(loan, text, voice, seed, options, progress)
    tell_used(progress, model, text, images=0)
    return made


@node(
    export=write_text_to_music,
    options=(
        Option(
            "temperature",
            float,
            Slider(0.05, 2, step=0.05),
            families=("MusicGen",),
            help="How surprising: 1 where it is empty.",
        ),
        Option(
            "continue_from",
            Audio,
            families=("MusicGen",),
            help="Music that goes on; it stands at the beginning of the result. Empty begins anew.",
        ),
        Option("lyrics", str, Text(lines=4), families=("ACE-Step",), help="What is sung; empty is none."),
    ),
)
def text_to_music(
    prompt: Annotated[str, Prompt(placeholder="slow lo-fi hip hop with a warm bass")],
    negative_prompt: Annotated[str, Prompt(lines=1, negative=True)] = "",
    model: Annotated[Model, ModelPicker("text_to_music")] = "musicgen",  # type: ignore[assignment]
    seconds: Annotated[float, Seconds] = 8.0,
    steps: Annotated[int | None, Steps, Advanced()] = None,
    guidance: Annotated[float | None, Guidance] = None,
    seed: Annotated[int, Seed()] = 0,
    options: Options = Options(),
    progress: Progress = Progress(),
) -> Audio:
    """Makes music of what a prompt says.

    Args:
        prompt: Genre, instruments, tempo, mood.
        negative_prompt: What is not to be heard; MusicGen takes none.
        model: A MusicGen, Stable Audio or ACE-Step.
        seconds: How long; MusicGen makes at most 30 seconds at once, Stable Audio 47.
        steps: How many times the noise is reduced; empty is what suits the model. MusicGen has no steps.
        guidance: How strictly the prompt is followed; empty is what suits the model.
        seed: The same seed gives the same music.
    """
    from ..models.audio_generation import sounded
    from ..models.loading import lend

    wanted_text(prompt, "prompt")
    with lend(model, "text_to_music", progress) as loan:
        made = sounded(
            loan,
            prompt,
            negative_prompt,
            seconds=seconds,
            steps=steps,
            guidance=guidance,
            seed=seed,
            options=options,
            report=progress,
        )
    tell_used(progress, model, prompt, negative_prompt, images=0)
    return made


@node(export=write_text_to_sound)
def text_to_sound(
    prompt: Annotated[str, Prompt(placeholder="heavy rain on a tin roof")],
    negative_prompt: Annotated[str, Prompt(lines=1, negative=True)] = "",
    model: Annotated[Model, ModelPicker("text_to_sound")] = "stable-audio-open",  # type: ignore[assignment]
    seconds: Annotated[float, Seconds] = 5.0,
    steps: Annotated[int | None, Steps] = None,
    guidance: Annotated[float | None, Guidance] = None,
    seed: Annotated[int, Seed()] = 0,
    progress: Progress = Progress(),
) -> Audio:
    """Makes a sound of what a prompt says: rain, steps, an engine.

    Args:
        prompt: What is heard.
        negative_prompt: What is not to be heard.
        model: Stable Audio (wants the extra `audio`), AudioLDM, AudioLDM 2.
        seconds: How long; Stable Audio Open makes at most 47 seconds.
        steps: How many times the noise is reduced; empty is what suits the model.
        guidance: How strictly the prompt is followed; empty is what suits the model.
        seed: The same seed gives the same sound.
    """
    from ..models.audio_generation import sounded
    from ..models.loading import lend

    wanted_text(prompt, "prompt")
    with lend(model, "text_to_sound", progress) as loan:
        made = sounded(
            loan,
            prompt,
            negative_prompt,
            seconds=seconds,
            steps=steps,
            guidance=guidance,
            seed=seed,
            options={},
            report=progress,
        )
    tell_used(progress, model, prompt, negative_prompt, images=0)
    return made


class Transcript(NamedTuple):
    """Is what `speech_to_text` hears."""

    text: str
    segments: Table


@node(export=write_speech_to_text)
def speech_to_text(
    audio: Audio,
    language: Annotated[str, Choices(("auto", *languages.NAMES))] = "auto",
    into_english: bool = False,
    hint: Annotated[str, Text(placeholder="Names and words that may occur"), Advanced()] = "",
    model: Annotated[Model, ModelPicker("speech_to_text")] = "whisper-tiny",  # type: ignore[assignment]
    progress: Progress = Progress(),
) -> Transcript:
    """Writes down what is said, and when.

    Args:
        audio: Of any length, sample rate and number of channels.
        language: What is spoken; auto listens for it.
        into_english: Translate what is said into English.
        hint: Names and words that may occur, as they are written.
        model: A Whisper; others that hear speech know no times, languages and translation.

    Returns:
        The text, and a table of its parts: start and end in seconds, and the text between.
    """
    import pandas

    from ..models.loading import lend
    from ..models.transcription import transcribed

    with lend(model, "speech_to_text", progress) as loan:
        segments = transcribed(loan, audio, language, into_english, hint, progress)
    table = pandas.DataFrame([part._asdict() for part in segments], columns=["start", "end", "text"])
    return Transcript("".join(part.text for part in segments).strip(), table)  # type: ignore[arg-type]
