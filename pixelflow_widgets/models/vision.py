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

METRES = ("zoedepth", "depth_pro")
"""Models that say how far things are; the others say how near."""
BACKGROUNDS = ("background", "backgrounds", "void", "__background__")
SHOWN = 20
"""Labels that an error names."""


class Segments(NamedTuple):
    """Is what a model found in a picture.

    Args:
        labels: What each of them shows.
        shares: float32 (n, height, width), from 0 to 1: how sure it is, pixel by pixel.
    """

    labels: list[str]
    shares: np.ndarray


# Scripts copy what takes a model and its processor as transformers has them.


def nearness(model: Any, processor: Any, image: Image) -> np.ndarray:
    """Return float32 (height, width), from 0 (the farthest) to 1 (the nearest)."""
    import torch

    inputs = processor(images=image.convert("RGB"), return_tensors="pt").to(model.device, model.dtype)
    with torch.inference_mode():
        found = processor.post_process_depth_estimation(model(**inputs), target_sizes=[(image.height, image.width)])
    depth = found[0]["predicted_depth"].float().cpu().numpy()
    if model.config.model_type in METRES or getattr(model.config, "depth_estimation_type", "") == "metric":
        depth = -depth
    low, high = float(depth.min()), float(depth.max())
    return (depth - low) / (high - low) if high > low else np.zeros_like(depth)


def found_by_words(model: Any, processor: Any, image: Image, words: Sequence[str]) -> np.ndarray:
    """Return where a model that reads finds each of some things: shares from 0 to 1 (n, height, width)."""
    import torch

    pictures = [image.convert("RGB")] * len(words)
    inputs = processor(text=list(words), images=pictures, padding=True, truncation=True, return_tensors="pt")
    inputs["pixel_values"] = inputs["pixel_values"].to(model.dtype)
    with torch.inference_mode():
        logits = model(**inputs.to(model.device)).logits
        logits = logits.reshape(len(words), 1, *logits.shape[-2:])
        shares = enlarged(logits.sigmoid(), image)[:, 0]
    return shares.float().cpu().numpy()


def found_by_label(model: Any, processor: Any, image: Image) -> Segments:
    """Return where a model finds each of the things that it knows; the shares of a pixel add up to 1."""
    import torch

    # Some processors cut out the middle, and what is at the border would stay unknown.
    options = {"do_center_crop": False} if getattr(processor, "do_center_crop", False) else {}
    inputs = processor(images=image.convert("RGB"), return_tensors="pt", **options).to(model.device, model.dtype)
    with torch.inference_mode():
        shares = enlarged(model(**inputs).logits, image).softmax(1)[0]
    names = model.config.id2label
    return Segments([str(names[place]) for place in range(len(shares))], shares.float().cpu().numpy())


def segmented_by_words(
    model: Any, processor: Any, image: Image, things: str, threshold: float | None = None
) -> Segments:
    """Return where a model that reads finds things, as shares of 0 and 1.

    Args:
        model: CLIPSeg.
        processor: Of the model.
        image: Any picture.
        things: What to look for, with commas between.
        threshold: How sure it has to be; None is 0.5.

    Raises:
        MediaError: There is nothing to look for.
    """
    words = words_of(things)
    if not words:
        raise MediaError("There is nothing to look for. Write what, or choose a model with labels, SegFormer say.")
    shares = found_by_words(model, processor, image, words)
    return Segments(words, (shares >= (0.5 if threshold is None else threshold)).astype(np.float32))


def segmented_by_label(
    model: Any, processor: Any, image: Image, things: str = "", threshold: float | None = None, smallest: float = 0.01
) -> Segments:
    """Return where things are that a model knows, as shares of 0 and 1.

    Args:
        model: One with labels.
        processor: Of the model.
        image: Any picture.
        things: What to look for, with commas between; empty is all that the model knows.
        threshold: How sure it has to be; None is that nothing is likelier.
        smallest: Of all that it knows, what covers less of the picture is left out.

    Raises:
        MediaError: The model does not know what is named.
    """
    labels, shares = found_by_label(model, processor, image)
    wins = shares.argmax(0)[None] == np.arange(len(labels))[:, None, None]
    found = Segments(labels, (wins if threshold is None else shares >= threshold).astype(np.float32))
    if words := words_of(things):
        return chosen(found, words)
    kept = [place for place, share in enumerate(found.shares) if share.mean() >= max(smallest, 1e-9)]
    return Segments([labels[place] for place in kept], found.shares[kept])


def reads_words(config: Any) -> bool:
    """Return whether a model finds what words say, rather than things from a list of its own."""
    return hasattr(config, "text_config")


def words_of(things: str) -> list[str]:
    """Return what stands between commas."""
    return [word.strip() for word in things.split(",") if word.strip()]


def chosen(segments: Segments, words: Sequence[str]) -> Segments:
    """Return those segments that words name.

    Args:
        segments: Everything that was found.
        words: Names of labels; "background" and "Background" are one.

    Raises:
        MediaError: The model knows no such thing; says what it knows.
    """
    known = {plain_label(label): place for place, label in enumerate(segments.labels)}
    known |= {plain_label(part): place for place, label in enumerate(segments.labels) for part in label.split(",")}
    missing = [word for word in words if plain_label(word) not in known]
    if missing:
        raise MediaError(
            f"This model knows no '{missing[0]}'.{nearest(missing[0], segments.labels)} "
            f"It knows {listed(segments.labels)}. For anything else choose a model that reads, CLIPSeg say."
        )
    places = [known[plain_label(word)] for word in words]
    return Segments([segments.labels[place] for place in places], segments.shares[places])


def foreground_by_words(model: Any, processor: Any, image: Image, subject: str = "") -> np.ndarray:
    """Return float32 (height, width), from 0 (background) to 1, of a model that reads.

    Args:
        model: CLIPSeg.
        processor: Of the model.
        image: Any picture.
        subject: What is not background, with commas between; empty is the main thing.
    """
    words = words_of(subject) or ["the main object in the foreground"]
    return found_by_words(model, processor, image, words).max(0)


def foreground_by_label(model: Any, processor: Any, image: Image, subject: str = "") -> np.ndarray:
    """Return float32 (height, width), from 0 (background) to 1, of a model that knows a background.

    Args:
        model: One with labels.
        processor: Of the model.
        image: Any picture.
        subject: What is not background, with commas between; empty is everything else.

    Raises:
        ModelError: Its labels have no background among them, and none of them is named.
        MediaError: It does not know what is named.
    """
    segments = found_by_label(model, processor, image)
    if words := words_of(subject):
        return chosen(segments, words).shares.sum(0)
    behind = [place for place, label in enumerate(segments.labels) if plain_label(label) in BACKGROUNDS]
    if not behind:
        raise ModelError(
            "This model knows no background. Name the subject, one of "
            f"{listed(segments.labels)}; or choose another model."
        )
    return 1 - segments.shares[behind].sum(0)


def fit_of_words(model: Any, processor: Any, image: Image, text: str) -> float:
    """Return 100 x the cosine between a picture and words, not below 0, as CLIPScore does (arXiv 2104.08718)."""
    import torch

    inputs = processor(text=[text], images=[image.convert("RGB")], padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        outputs = model(**inputs.to(model.device, model.dtype))
        cosine = torch.nn.functional.cosine_similarity(outputs.image_embeds.float(), outputs.text_embeds.float())
    return max(0.0, 100 * float(cosine[0]))


def picked(model: Any, processor: Any, image: Image, question: str) -> str:
    """Return the likeliest of the answers that a model knows."""
    import torch

    inputs = asked(model, processor, image, question)
    with torch.inference_mode():
        place = int(model(**inputs).logits[0].argmax())
    return str(model.config.id2label[place])


def written(model: Any, processor: Any, image: Image, text: str, longest: int, beams: int, **options: Any) -> str:
    """Return what a model writes to a picture and a text: BLIP takes it as a beginning, or as a question."""
    import torch

    inputs = asked(model, processor, image, text)
    with torch.inference_mode():
        tokens = model.generate(**inputs, max_new_tokens=longest, num_beams=beams, do_sample=False, **options)
    return processor.tokenizer.decode(tokens[0], skip_special_tokens=True).strip()


def asked(model: Any, processor: Any, image: Image, text: str) -> Any:
    """Return a picture and a text as a model takes them."""
    inputs = processor(images=image.convert("RGB"), text=text, truncation=True, return_tensors="pt")
    return inputs.to(model.device, model.dtype)


def as_mask(shares: np.ndarray, threshold: float | None = None) -> Image:
    """Return shares from 0 to 1 as a mask; with a threshold, black and white only."""
    sharp = shares if threshold is None else shares >= threshold
    return PIL.Image.fromarray((sharp * np.float32(255)).round().astype(np.uint8))


def listed(labels: Sequence[str]) -> str:
    """Return labels in words, the first ones of many."""
    more = f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else ""
    return ", ".join(labels[:SHOWN]) + more


def plain_label(label: str) -> str:
    """Return a label without what people write in different ways."""
    return " ".join(label.replace("_", " ").replace("-", " ").lower().split())


def enlarged(values: Any, image: Image) -> Any:
    """Return (n, channels, height, width) in a picture's size."""
    import torch

    return torch.nn.functional.interpolate(
        values.float(), (image.height, image.width), mode="bilinear", align_corners=False
    )


# What is lent


def segmented(
    loan: Loan, image: Image, things: str = "", threshold: float | None = None, smallest: float = 0.01
) -> Segments:
    """Return where things are, as shares of 0 and 1; see `segmented_by_words` and `segmented_by_label`."""
    if reads_words(loan.model.config):
        return segmented_by_words(loan.model, loan.processor, image, things, threshold)
    return segmented_by_label(loan.model, loan.processor, image, things, threshold, smallest)


def foreground(loan: Loan, image: Image, subject: str) -> np.ndarray:
    """Return float32 (height, width), from 0 (background) to 1; see `foreground_by_words`, `foreground_by_label`."""
    found = foreground_by_words if reads_words(loan.model.config) else foreground_by_label
    return found(loan.model, loan.processor, image, subject)


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
        return answer(loan, wish_for(begin), Sampling(longest, beams=beams), report, images=[image])
    return _written(loan, image, begin, longest, beams, report)


def answered(loan: Loan, image: Image, question: str, longest: int, beams: int, report: Report) -> str:
    """Return the answer to a question about a picture; see `described`."""
    if answers_instructions(loan):
        return answer(loan, question, Sampling(longest, beams=beams), report, images=[image])
    if loan.model.config.model_type == "vilt":
        return picked(loan.model, loan.processor, image, question)
    return _written(loan, image, question, longest, beams, report)


def wish_for(begin: str) -> str:
    """Return what a model that chats is told that shall describe a picture in a sentence, with a beginning or none."""
    return f"Describe this picture in one sentence.{f' Begin with: {begin}' if begin.strip() else ''}"


def _written(loan: Loan, image: Image, text: str, longest: int, beams: int, report: Report) -> str:
    """Return what `written` does, and report."""
    tokenizer = loan.processor.tokenizer
    is_answer = "Question" in type(loan.model).__name__
    given = 0 if is_answer else asked(loan.model, loan.processor, image, text)["input_ids"].shape[1] - 1
    follow = each_word(tokenizer, report, given, longest)
    return written(loan.model, loan.processor, image, text, longest, beams, stopping_criteria=[follow])
