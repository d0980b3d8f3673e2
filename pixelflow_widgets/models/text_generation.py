"""Text from language models, token by token: chats, pictures to talk about, continuations, sequence to sequence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import MediaError, ModelError
from ..media import Image
from .following import each_word, until, used
from .quiet import quiet
from .seeding import seeded

if TYPE_CHECKING:
    from .json_answers import Form
    from .loading import Loan, Report

UNLIMITED = 1_000_000
"""Tokenizers that know no longest text name a number far above this."""
MOST_ENDS, LONGEST_END = 16, 200
SERVED_WINDOW = 16_000
"""Tokens that a model on a server is taken to keep in view; none of today keeps fewer, and servers do not say."""
_LETTERS_A_TOKEN = 3
"""In bytes, of models whose tokenizer is not here; rather too few than too many."""
_THOUGHTS = re.compile(r"<think>.*?</think>\s*", re.DOTALL)


@dataclass(frozen=True)
class Sampling:
    """Says how the next token is chosen.

    Args:
        max_tokens: The longest answer.
        temperature: 0 always takes the likeliest token; higher is more surprising.
        top_p: Only the likeliest tokens are drawn from, that together have this share.
        repetition_penalty: Above 1, what was said before becomes less likely.
        seed: The same seed draws the same tokens.
        beams: How many answers are followed at once, of which the likeliest stands; for sequence to sequence.
        stop: Texts before which the answer ends.
    """

    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 0
    beams: int = 1
    stop: tuple[str, ...] = ()

    @property
    def arguments(self) -> dict[str, Any]:
        """Return it as `generate` of transformers wants it."""
        chosen: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        if self.temperature > 0:
            chosen = {"do_sample": True, "temperature": self.temperature, "top_p": self.top_p, "top_k": 0}
        return chosen | {"repetition_penalty": self.repetition_penalty, "num_beams": self.beams}


def answers_instructions(loan: Loan) -> bool:
    """Return whether a model was taught to chat: it has a template for it, or a server that asks it."""
    return loan.server is not None or any(
        getattr(part, "chat_template", None) is not None for part in (loan.processor, tokenizer_of(loan)) if part
    )


def is_sequence_to_sequence(loan: Loan) -> bool:
    """Return whether a model reads a whole text and writes another one, as T5 does."""
    return loan.server is None and bool(getattr(loan.model.config, "is_encoder_decoder", False))


def tokenizer_of(loan: Loan) -> Any:
    """Return what makes numbers of text and text of numbers."""
    return getattr(loan.processor, "tokenizer", loan.processor)


def title_of(loan: Loan) -> str:
    """Return what a person calls the model."""
    return loan.card.title if loan.card else loan.folder.name


def window_of(loan: Loan) -> int | None:
    """Return how many tokens a model can keep in view, or None where that is not known."""
    if loan.server is not None:
        return SERVED_WINDOW
    config = loan.model.config.get_text_config()
    known = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    if known is None or getattr(config, "relative_attention_num_buckets", None):  # T5: as long as it was trained on
        length = tokenizer_of(loan).model_max_length
        known = length if length < UNLIMITED else None
    return known


def answer(
    loan: Loan,
    prompt: str,
    sampling: Sampling,
    report: Report,
    *,
    system: str = "",
    images: Sequence[Image] = (),
    form: Form | None = None,
) -> str:
    """Return what a chat model answers, without the thoughts that it wrote down before.

    Args:
        loan: The model.
        prompt: What the user says.
        sampling: How tokens are chosen.
        report: Told of each token, with the text so far; may raise to stop.
        system: How the model is to behave; empty is as it was made.
        images: What the user shows; only vision-language models can look at it.
        form: The JSON that the answer shall be.

    Raises:
        AnswerBroken: The answer is not of that form; or a server broke off.
        ModelError: The model cannot chat, cannot look at pictures, or keeps less in view than it is given.
    """
    if not answers_instructions(loan):
        raise ModelError(
            f"{title_of(loan)} has no chat template: it was not taught to follow instructions. "
            "Choose an instruction model: its name mostly ends in 'Instruct' or 'it'."
        )
    if images and not _looks_at_pictures(loan):
        raise ModelError(
            f"{title_of(loan)} reads text only. Choose a vision-language model, LLaVA say, or take the pictures away."
        )
    system = f"{system}\n\n{form.words}".strip() if form else system
    if loan.server is not None:
        text = _served(loan, prompt, sampling, report, system, images, form)
    else:
        text = generated(loan, _chat_inputs(loan, prompt, system, images), sampling, report)
    text = _THOUGHTS.sub("", text).strip()
    return form.checked(text) if form else text


def _served(
    loan: Loan, prompt: str, sampling: Sampling, report: Report, system: str, images: Sequence[Image], form: Form | None
) -> str:
    from .served import Asked, answer_of

    asked = Asked(
        prompt,
        system,
        images,
        sampling.max_tokens,
        sampling.temperature,
        sampling.top_p,
        sampling.repetition_penalty,
        sampling.seed,
        sampling.stop,
        form.schema if form else None,
    )
    return answer_of(loan.server, asked, report)


def continuation(loan: Loan, text: str, sampling: Sampling, report: Report) -> str:
    """Return what a model that only continues texts writes next, one line of it.

    Args:
        loan: The model.
        text: The beginning.
        sampling: How tokens are chosen.
        report: Told of each token; may raise to stop.
    """
    inputs = tokenizer_of(loan)(text, return_tensors="pt")
    return generated(loan, inputs, sampling, report).split("\n")[0].rstrip()


def rewritten(loan: Loan, text: str, sampling: Sampling, report: Report, *, first_token: int | None = None) -> str:
    """Return what a sequence-to-sequence model makes of a text.

    Args:
        loan: The model.
        text: What it reads, with the words that say what to do where it wants such.
        sampling: How tokens are chosen.
        report: Told of each token; may raise to stop.
        first_token: What the answer begins with: the mark of a language.
    """
    inputs = tokenizer_of(loan)(text, return_tensors="pt")
    extra = {} if first_token is None else {"forced_bos_token_id": first_token}
    return generated(loan, inputs, sampling, report, **extra).strip()


def generated(loan: Loan, inputs: Mapping[str, Any], sampling: Sampling, report: Report, **options: Any) -> str:
    """Return what a model writes after its inputs.

    Args:
        loan: The model.
        inputs: Tensors by name, "input_ids" among them.
        sampling: How tokens are chosen.
        report: Told of each token, with the text so far; may raise to stop.
        options: More for `generate`.

    Raises:
        ModelError: The inputs leave no room for an answer.
    """
    import torch

    tokenizer, device = tokenizer_of(loan), loan.model.device
    given = 0 if is_sequence_to_sequence(loan) else inputs["input_ids"].shape[1]
    most = _room(loan, inputs["input_ids"].shape[1], sampling.max_tokens)
    follow = each_word(tokenizer, report, given, most, sampling.stop)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    with torch.inference_mode(), seeded(sampling.seed), quiet():
        tokens = loan.model.generate(
            **{name: _placed(value, device, loan.model.dtype) for name, value in inputs.items()},
            **sampling.arguments,
            max_new_tokens=most,
            stopping_criteria=[follow],
            pad_token_id=pad,
            **options,
        )
    read, written = inputs["input_ids"].shape[1], tokens.shape[1] - given
    used(report, model=loan.source, input_tokens=read, output_tokens=written)
    return until(tokenizer.decode(tokens[0, given:], skip_special_tokens=True), sampling.stop)


def pieces_of(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Return a text in pieces that fit, cut between paragraphs, else sentences, else words.

    Args:
        text: Any text.
        fits: Says whether a piece is short enough; one letter always is.
    """
    if len(text) < 2 or fits(text):
        return [text]
    for cut in (r"(?<=\n)", r"(?<=[.!?…。！？])\s+", r"\s+"):
        parts = [part for part in re.split(cut, text) if part]
        if len(parts) > 1:
            return _joined_while(parts, fits, "" if cut == r"(?<=\n)" else " ")
    middle = len(text) // 2  # one long word
    return [*pieces_of(text[:middle], fits), *pieces_of(text[middle:], fits)]


def _joined_while(parts: list[str], fits: Callable[[str], bool], between: str) -> list[str]:
    pieces: list[str] = []
    for part in parts:
        joined = pieces[-1] + between + part if pieces else ""
        if joined and fits(joined):
            pieces[-1] = joined
        else:
            pieces += [part] if fits(part) else pieces_of(part, fits)
    return pieces


def length_of(loan: Loan, text: str) -> int:
    """Return how many tokens a text has; about, where only a server knows."""
    if loan.server is not None:
        return len(text.encode(errors="replace")) // _LETTERS_A_TOKEN + 1
    return len(tokenizer_of(loan)(text)["input_ids"])


def _looks_at_pictures(loan: Loan) -> bool:
    return loan.server is not None or getattr(loan.processor, "image_processor", None) is not None


def _chat_inputs(loan: Loan, prompt: str, system: str, images: Sequence[Image]) -> Mapping[str, Any]:
    """Return the tensors of a chat; a template that knows no system role gets its words with the prompt."""
    from jinja2 import TemplateError

    try:
        return _templated(loan, _messages(loan, prompt, system, len(images)), images)
    except TemplateError:
        if not system:
            raise
        return _templated(loan, _messages(loan, f"{system}\n\n{prompt}", "", len(images)), images)


def _messages(loan: Loan, prompt: str, system: str, images: int) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": prompt})
    if not _looks_at_pictures(loan):
        return messages
    for message in messages:  # templates of such models go through the parts of what is said
        message["content"] = [{"type": "text", "text": message["content"]}]
    messages[-1]["content"][:0] = [{"type": "image"}] * images
    return messages


def _templated(loan: Loan, messages: list[dict[str, Any]], images: Sequence[Image]) -> Mapping[str, Any]:
    if not _looks_at_pictures(loan):
        return tokenizer_of(loan).apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
    text = loan.processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    pictures = {"images": [image.convert("RGB") for image in images]} if images else {}
    return loan.processor(text=[text], return_tensors="pt", **pictures)


def _room(loan: Loan, given: int, wanted: int) -> int:
    """Return how many tokens may be written."""
    window = window_of(loan)
    if window is None:
        return wanted
    if given > window or (given == window and not is_sequence_to_sequence(loan)):
        raise ModelError(
            f"The text has {given} tokens; {title_of(loan)} keeps {window} in view. "
            "Shorten the text, or choose a model with a longer context."
        )
    return min(wanted, window if is_sequence_to_sequence(loan) else window - given)


def _placed(value: Any, device: Any, dtype: Any) -> Any:
    if not hasattr(value, "to"):
        return value
    return value.to(device, dtype) if value.is_floating_point() else value.to(device)


def ends_of(stop: str) -> tuple[str, ...]:
    r"""Return the texts before which an answer ends.

    Args:
        stop: One a line; \n in a line is the end of one, and \t a tabulator.

    Raises:
        MediaError: They are too many, or too long.
    """
    lines = (line.replace("\\n", "\n").replace("\\t", "\t") for line in stop.splitlines())
    ends = tuple(dict.fromkeys(line for line in lines if line))
    if len(ends) > MOST_ENDS or any(len(end) > LONGEST_END for end in ends):
        raise MediaError(f"An answer has at most {MOST_ENDS} ends of {LONGEST_END} letters, one a line.")
    return ends


def wanted_text(text: str, what: str) -> str:
    """Return a text that is not empty.

    Raises:
        MediaError: It is.
    """
    if not text.strip():
        raise MediaError(f"There is no {what}. Write one, or connect it.")
    return text
