"""Which of several labels fits a text: by classifiers, by models of entailment, and by language models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import MediaError, ModelError
from .text_generation import is_sequence_to_sequence, title_of, tokenizer_of

if TYPE_CHECKING:
    from .loading import Loan, Report

_SYSTEM = "You say what a text is about. Answer with one sentence."


def scores_of(loan: Loan, text: str, labels: Sequence[str], sentence: str, report: Report) -> dict[str, float]:
    """Return the share of each label; together they are 1.

    A classifier without labels from outside tells its own. One of entailment (MNLI) says how well the sentence about
    each label follows from the text; a language model how likely it is that it would say that sentence.

    Args:
        loan: The model.
        text: What is labelled.
        labels: What it may be; empty is what the model was trained on.
        sentence: What is said of each label, with {} where the label stands.
        report: Told how many labels are done; may raise to stop.

    Raises:
        MediaError: The sentence has no place for the label.
        ModelError: The model cannot label, or not with labels from outside.
    """
    if labels and "{}" not in sentence:
        raise MediaError("The sentence has no {} where the label stands. Write, say, 'This text is about {}.'")
    classifies = "SequenceClassification" in type(loan.model).__name__
    if not labels:
        if not classifies:
            raise ModelError(f"{title_of(loan)} has no labels of its own. Write some, or choose a text classifier.")
        return shares_of(labels_of(loan.model), logits_of(loan.model, tokenizer_of(loan), text))
    sentences = [sentence.replace("{}", label) for label in labels]
    if classifies:
        _check_entails(loan)
        likelihoods = entailments(loan.model, tokenizer_of(loan), text, sentences, report)
    elif is_sequence_to_sequence(loan):
        raise ModelError(f"{title_of(loan)} rewrites texts. Choose a text classifier or a chat model.")
    else:
        likelihoods = likelihoods_of(loan.model, tokenizer_of(loan), text, sentences, report)
    return shares_of(labels, likelihoods)


def labels_of(model: Any) -> list[str]:
    """Return the labels that a classifier was trained on, in the order of what it gives."""
    names = model.config.id2label
    return [names[place] for place in range(len(names))]


def _check_entails(loan: Loan) -> None:
    if place_of_entailment(loan.model) is None:
        known = ", ".join(loan.model.config.id2label.values())
        raise ModelError(
            f"{title_of(loan)} knows its own labels only: {known}. Take yours away to see those, or choose a model of "
            "entailment (MNLI) or a chat model."
        )


def place_of_entailment(model: Any) -> int | None:
    """Return which number of a classifier says that a sentence follows from a text."""
    names = model.config.id2label.items()
    return next((place for place, name in names if name.casefold().startswith("entail")), None)


def entailments(model: Any, tokenizer: Any, text: str, sentences: Sequence[str], report: Report) -> list[float]:
    """Return how well each sentence follows from a text."""
    follows = place_of_entailment(model)
    found = []
    for number, sentence in enumerate(sentences):
        report(number / len(sentences))
        found.append(logits_of(model, tokenizer, text, sentence)[follows])  # type: ignore[index]
    return found


def logits_of(model: Any, tokenizer: Any, *texts: str) -> list[float]:
    """Return what a classifier gives for a text, or for two."""
    import torch

    inputs = tokenizer(*texts, return_tensors="pt", truncation=True).to(model.device)
    with torch.inference_mode():
        return model(**inputs).logits[0].float().tolist()


def likelihoods_of(model: Any, tokenizer: Any, text: str, sentences: Sequence[str], report: Report) -> list[float]:
    """Return how likely each sentence is as an answer about a text.

    That is the mean log-likelihood of its tokens.
    The mean, because the likelihood of a whole sentence falls with its length, whatever it says.
    """
    import torch

    asked = f"{text}\n\nWhat is this text about?"
    question = _as_chat(tokenizer, asked) if getattr(tokenizer, "chat_template", None) else f"{asked}\n"
    given = tokenizer(question, add_special_tokens=False, return_tensors="pt")["input_ids"]
    found = []
    for number, sentence in enumerate(sentences):
        report(number / len(sentences))
        told = tokenizer(sentence, add_special_tokens=False, return_tensors="pt")["input_ids"]
        tokens = torch.cat([given, told], dim=1).to(model.device)
        with torch.inference_mode():
            logits = model(input_ids=tokens).logits[0, given.shape[1] - 1 : -1].float()
        chosen = logits.log_softmax(-1).gather(1, told[0, :, None].to(logits.device))
        found.append(chosen.mean().item())
    return found


def _as_chat(tokenizer: Any, asked: str) -> str:
    messages = [{"role": "user", "content": f"{_SYSTEM}\n\n{asked}"}]
    return tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)


def shares_of(labels: Sequence[str], logits: Sequence[float]) -> dict[str, float]:
    """Return the share of each label; together they are 1."""
    import numpy as np

    weights = np.exp(np.asarray(logits) - max(logits))
    return dict(zip(labels, (weights / weights.sum()).tolist(), strict=True))
