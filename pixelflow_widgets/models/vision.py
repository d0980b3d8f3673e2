"""What models see in pictures: how near things are, where they are, what they are, and how well words fit them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import PIL.Image

from ..errors import MediaError, ModelError, nearest
from ..media import Image
from .following import each_word
from .text_generation import Sampling, answer, answers_instructions

if TYPE_CHECKING:
    from .loading import Loan, Report

_METRES = ("zoedepth", "depth_pro")
"""Models that say how far things are; the others say how near."""
_BACKGROUNDS = ("background", "backgrounds", "void", "__background__")
_FOREGROUND = "the main object in the foreground"
_SHOWN = 20
"""Labels that an error names."""
_HYPHEN_LIKE = str.maketrans("_-", "  ")


class Segments(NamedTuple):
    """Is what a model found in a picture.

    Args:
        labels: What each of them shows.
        shares: float32 (n, height, width), from 0 to 1: how sure it is, pixel by pixel.
    """

    labels: list[str]
    shares: np.ndarray


def nearness(loan: Loan, image: Image) -> np.ndarray:
    """Return float32 (height, width), from 0 (the farthest) to 1 (the nearest)."""
    import torch

    with torch.inference_mode():
        outputs = loan.model(**_seen(loan, image))
        found = loan.processor.post_process_depth_estimation(outputs, target_sizes=[(image.height, image.width)])
    depth = found[0]["predicted_depth"].float().cpu().numpy()
    config = loan.model.config
    if config.model_type in _METRES or getattr(config, "depth_estimation_type", "") == "metric":
        depth = -depth
    low, high = float(depth.min()), float(depth.max())
    return (depth - low) / (high - low) if high > low else np.zeros_like(depth)


def found_by_words(loan: Loan, image: Image, words: Sequence[str]) -> Segments:
    """Return where a model that reads (CLIPSeg) finds each of some things."""
    import torch

    inputs = loan.processor(
        text=list(words), images=[image.convert("RGB")] * len(words), padding=True, truncation=True, return_tensors="pt"
    )
    with torch.inference_mode():
        logits = loan.model(**_placed(loan, inputs)).logits
        logits = logits.reshape(len(words), 1, *logits.shape[-2:])
        shares = _enlarged(logits.sigmoid(), image)[:, 0]
    return Segments(list(words), shares.float().cpu().numpy())


def found_by_label(loan: Loan, image: Image) -> Segments:
    """Return where a model finds each of the things that it knows; the shares of a pixel add up to 1."""
    import torch

    # Some processors cut out the middle, and what is at the border would stay unknown.
    inputs = _seen(loan, image, do_center_crop=False) if _crops(loan.processor) else _seen(loan, image)
    with torch.inference_mode():
        shares = _enlarged(loan.model(**inputs).logits, image).softmax(1)[0]
    names = loan.model.config.id2label
    return Segments([str(names[place]) for place in range(len(shares))], shares.float().cpu().numpy())


def segmented(loan: Loan, image: Image, words: Sequence[str], threshold: float | None) -> Segments:
    """Return where things are, as shares of 0 and 1.

    Args:
        loan: A model that reads words, or one with labels.
        image: Any picture.
        words: What to look for; empty is all that a model with labels knows.
        threshold: How sure it has to be; None is 0.5 where it reads, and else that nothing is likelier.

    Raises:
        MediaError: There is nothing to look for, or the model does not know it.
    """
    if reads_words(loan):
        if not words:
            raise MediaError("There is nothing to look for. Write what, or choose a model with labels, SegFormer say.")
        found = found_by_words(loan, image, words)
        return Segments(found.labels, (found.shares >= (0.5 if threshold is None else threshold)).astype(np.float32))
    every = found_by_label(loan, image)
    wins = every.shares.argmax(0)[None] == np.arange(len(every.labels))[:, None, None]
    sure = wins if threshold is None else every.shares >= threshold
    found = Segments(every.labels, sure.astype(np.float32))
    return chosen(found, words) if words else found


def reads_words(loan: Loan) -> bool:
    """Return whether a model finds what words say, rather than things from a list of its own."""
    return hasattr(loan.model.config, "text_config")


def chosen(segments: Segments, words: Sequence[str]) -> Segments:
    """Return those segments that words name.

    Args:
        segments: Everything that was found.
        words: Names of labels; "background" and "Background" are one.

    Raises:
        MediaError: The model knows no such thing; says what it knows.
    """
    known = {_plain(label): place for place, label in enumerate(segments.labels)}
    known |= {_plain(part): place for place, label in enumerate(segments.labels) for part in label.split(",")}
    missing = [word for word in words if _plain(word) not in known]
    if missing:
        raise MediaError(
            f"This model knows no '{missing[0]}'.{nearest(missing[0], segments.labels)} "
            f"It knows {_listed(segments.labels)}. For anything else choose a model that reads, CLIPSeg say."
        )
    places = [known[_plain(word)] for word in words]
    return Segments([segments.labels[place] for place in places], segments.shares[places])


def foreground(loan: Loan, image: Image, subject: str) -> np.ndarray:
    """Return float32 (height, width), from 0 (background) to 1.

    Args:
        loan: A model that reads words, or one that knows a background.
        image: Any picture.
        subject: What is not background, in words; empty is the main thing.

    Raises:
        ModelError: The model has a list of things without a background, and none of them is named.
        MediaError: It does not know what is named.
    """
    words = [word.strip() for word in subject.split(",") if word.strip()]
    if reads_words(loan):
        return found_by_words(loan, image, words or [_FOREGROUND]).shares.max(0)
    segments = found_by_label(loan, image)
    if words:
        return chosen(segments, words).shares.sum(0)
    behind = [place for place, label in enumerate(segments.labels) if _plain(label) in _BACKGROUNDS]
    if not behind:
        raise ModelError(
            "This model knows no background. Name the subject, one of "
            f"{_listed(segments.labels)}; or choose another model."
        )
    return 1 - segments.shares[behind].sum(0)


def described(loan: Loan, image: Image, begin: str, longest: int, beams: int, report: Report) -> str:
    """Return a sentence about a picture.

    Args:
        loan: BLIP, or a vision-language model that chats.
        image: Any picture.
        begin: How the sentence begins; empty is as the model likes.
        longest: In tokens.
        beams: How many sentences are followed at once, of which the likeliest stands.
        report: Told of each token; may raise to stop.
    """
    if answers_instructions(loan):
        asked = f" Begin with: {begin}" if begin.strip() else ""
        prompt = f"Describe this picture in one sentence.{asked}"
        return answer(loan, prompt, Sampling(longest, beams=beams), report, images=[image])
    return _written(loan, image, begin, longest, beams, report)


def answered(loan: Loan, image: Image, question: str, longest: int, beams: int, report: Report) -> str:
    """Return the answer to a question about a picture; see `described`."""
    if answers_instructions(loan):
        return answer(loan, question, Sampling(longest, beams=beams), report, images=[image])
    if loan.model.config.model_type == "vilt":
        return _picked(loan, image, question)
    return _written(loan, image, question, longest, beams, report)


def fit_of_words(loan: Loan, image: Image, text: str) -> float:
    """Return 100 x the cosine between a picture and words, not below 0, as CLIPScore does (arXiv 2104.08718)."""
    import torch

    inputs = loan.processor(
        text=[text], images=[image.convert("RGB")], padding=True, truncation=True, return_tensors="pt"
    )
    with torch.inference_mode():
        outputs = loan.model(**_placed(loan, inputs))
        cosine = torch.nn.functional.cosine_similarity(outputs.image_embeds.float(), outputs.text_embeds.float())
    return max(0.0, 100 * float(cosine[0]))


def as_mask(shares: np.ndarray, threshold: float | None = None) -> Image:
    """Return shares from 0 to 1 as a mask; with a threshold, black and white only."""
    sharp = shares if threshold is None else shares >= threshold
    return PIL.Image.fromarray((sharp * np.float32(255)).round().astype(np.uint8))


def _listed(labels: Sequence[str]) -> str:
    """Return labels in words, the first ones of many."""
    more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
    return ", ".join(labels[:_SHOWN]) + more


def _plain(label: str) -> str:
    return " ".join(label.translate(_HYPHEN_LIKE).lower().split())


def _crops(processor: Any) -> bool:
    return bool(getattr(processor, "do_center_crop", False))


def _seen(loan: Loan, image: Image, **options: Any) -> dict[str, Any]:
    return _placed(loan, loan.processor(images=image.convert("RGB"), return_tensors="pt", **options))


def _placed(loan: Loan, inputs: Any) -> dict[str, Any]:
    """Return tensors where the model computes; pictures in its precision."""
    return {
        name: value.to(loan.device, loan.dtype) if value.is_floating_point() else value.to(loan.device)
        for name, value in inputs.items()
    }


def _enlarged(values: Any, image: Image) -> Any:
    """Return (n, channels, height, width) in a picture's size."""
    import torch

    return torch.nn.functional.interpolate(
        values.float(), (image.height, image.width), mode="bilinear", align_corners=False
    )


def _written(loan: Loan, image: Image, text: str, longest: int, beams: int, report: Report) -> str:
    """Return what a model writes to a picture and a text: BLIP takes it as a beginning, or as a question."""
    import torch

    inputs = loan.processor(images=image.convert("RGB"), text=text, truncation=True, return_tensors="pt")
    tokenizer = loan.processor.tokenizer
    given = 0 if "Question" in type(loan.model).__name__ else inputs["input_ids"].shape[1] - 1
    with torch.inference_mode():
        tokens = loan.model.generate(
            **_placed(loan, inputs),
            max_new_tokens=longest,
            num_beams=beams,
            do_sample=False,
            stopping_criteria=[each_word(tokenizer, report, given, longest)],
        )
    return tokenizer.decode(tokens[0], skip_special_tokens=True).strip()


def _picked(loan: Loan, image: Image, question: str) -> str:
    """Return the likeliest of the answers that a model knows."""
    import torch

    inputs = loan.processor(images=image.convert("RGB"), text=question, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        place = int(loan.model(**_placed(loan, inputs)).logits[0].argmax())
    return str(loan.model.config.id2label[place])
