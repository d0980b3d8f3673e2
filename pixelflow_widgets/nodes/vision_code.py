"""How the nodes that look at pictures are written into scripts."""

from __future__ import annotations

from ..media import Image
from ..media.masks import softened, widened
from ..models import scripted_texts, vision
from ..models.scripting_networks import ScriptedNetwork, network_in
from ..prompts import describing
from ..schema.exporting import Writing
from .text_code import as_code


def cut_out(image: Image, mask: Image) -> Image:
    """Return a picture that is transparent where a mask is black, and where it was so already."""
    from PIL import ImageChops

    cut = image.convert("RGB")
    cut.putalpha(ImageChops.darker(mask, image.getchannel("A")) if "A" in image.getbands() else mask)
    return cut


def write_remove_background(at: Writing) -> None:
    """Write `remove_background`."""
    network = network_in(at, at.known("model"), "remove_background")
    function = vision.foreground_by_words if vision.reads_words(network.config) else vision.foreground_by_label
    subject = [at.code("subject")] if at.is_set("subject") else []
    shares = f"{at.bring(function)}({', '.join([*_looking(at, network), *subject])})"
    mask = at.variable("mask")
    at.line(f"{mask} = {at.bring(vision.as_mask)}({', '.join([shares, *_set(at, 'threshold')])})")
    for port, change in (("grow", widened), ("blur", softened)):
        if at.is_set(port):
            at.line(f"{mask} = {at.bring(change)}({mask}, {at.code(port)})")
    at.give(image=f"{at.bring(cut_out)}({at.code('image')}, {mask})", mask=mask)


def write_depth(at: Writing) -> None:
    """Write `depth`."""
    network = network_in(at, at.known("model"), "depth")
    near = f"{at.bring(vision.nearness)}({', '.join(_looking(at, network))})"
    if not at.is_fixed("invert"):
        variable = at.local("near")
        at.line(f"{variable} = {near}")
        near = f"1 - {variable} if {at.code('invert')} else {variable}"
    elif at.known("invert"):
        near = f"1 - {near}"
    at.give(image=f"{at.bring(vision.as_mask)}({near}).convert('RGB')")


def write_segment(at: Writing) -> None:
    """Write `segment`."""
    network = network_in(at, at.known("model"), "segment")
    reads = vision.reads_words(network.config)
    if reads and at.is_fixed("things") and not vision.words_of(at.known("things")):
        at.refuse("its model finds what words say, and there are none. Write what to look for ('things').")
    function = vision.segmented_by_words if reads else vision.segmented_by_label
    arguments = [*_looking(at, network), *([at.code("things")] if at.is_set("things") else [])]
    arguments += _set(at, "threshold", *([] if reads else ["smallest"]))
    segments = at.local("segments")
    at.line(f"{segments} = {at.bring(function)}({', '.join(arguments)})")
    as_mask = at.bring(vision.as_mask)
    at.give(
        mask=f"{as_mask}({segments}.shares.max(0, initial=0))",
        masks=f"[{as_mask}(share) for share in {segments}.shares]",
        labels=f"{segments}.labels",
    )


def write_caption(at: Writing) -> None:
    """Write `caption`."""
    network = network_in(at, at.known("model"), "caption")
    if not _chats(network):
        at.give(text=_written(at, network, at.code("begin")))
    elif at.is_fixed("begin"):
        at.give(text=_said(at, network, repr(vision.wish_for(at.known("begin")))))
    else:
        at.give(text=_said(at, network, f"{at.bring(vision.wish_for)}({at.code('begin')})"))


def write_prompt_from_image(at: Writing) -> None:
    """Write `prompt_from_image`."""
    network = network_in(at, at.known("model"), "caption")
    style = at.known("style") if at.is_fixed("style") else None
    if _chats(network):
        wish = (
            as_code([(describing.wish_of(style), False)])
            if style
            else f"{at.bring(describing.wish_of)}({at.code('style')})"
        )
        at.give(text=f"{at.bring(describing.as_said)}({_said(at, network, wish, '3')})")
    elif style == "sentence":
        at.give(text=f"{at.bring(describing.as_said)}({_written(at, network, repr(''), '3')})")
    else:
        at.give(text=f"{at.bring(describing.shaped)}({_written(at, network, repr(''), '3')}, {at.code('style')})")


def write_visual_question(at: Writing) -> None:
    """Write `visual_question`."""
    network = network_in(at, at.known("model"), "visual_question")
    question = at.code("question")
    if _chats(network):
        at.give(text=_said(at, network, question))
    elif network.config.model_type == "vilt":
        at.give(text=f"{at.bring(vision.picked)}({', '.join([*_looking(at, network), question])})")
    else:
        at.give(text=_written(at, network, question))


def write_clip_score(at: Writing) -> None:
    """Write `clip_score`."""
    network = network_in(at, at.known("model"), "clip_score")
    at.give(number=f"{at.bring(vision.fit_of_words)}({', '.join([*_looking(at, network), at.code('text')])})")


def _looking(at: Writing, network: ScriptedNetwork) -> list[str]:
    """Return the arguments by which a model is shown a picture."""
    return [network.code, network.processor, at.code("image")]


def _set(at: Writing, *ports: str) -> list[str]:
    """Return the arguments for inputs that are not at their defaults, which the functions have, too."""
    return [f"{port}={at.code(port)}" for port in ports if at.is_set(port)]


def _written(at: Writing, network: ScriptedNetwork, text: str, beams: str = "") -> str:
    """Return the expression of what a model writes to a picture and a text."""
    arguments = [*_looking(at, network), text, at.code("longest"), beams or at.code("beams")]
    return f"{at.bring(vision.written)}({', '.join(arguments)})"


def _said(at: Writing, network: ScriptedNetwork, prompt: str, beams: str = "") -> str:
    """Return the expression of what a model that chats says of a picture."""
    if network.ready is not None and getattr(network.ready, "image_processor", None) is None:
        at.refuse("its model reads text only. Choose a vision-language model, LLaVA say.")
    arguments = [network.code, network.processor, prompt, f"images=[{at.code('image')}]"]
    arguments += [f"max_tokens={at.code('longest')}", "do_sample=False", "repetition_penalty=1.0"]
    arguments.append(f"num_beams={beams or at.code('beams')}")
    return f"{at.bring(scripted_texts.ask_about)}({', '.join(arguments)})"


def _chats(network: ScriptedNetwork) -> bool:
    """Return whether a model was taught to chat."""
    if network.ready is None:  # it is not on this machine
        return network.card is not None and "chat" in network.card.tasks
    parts = (network.ready, getattr(network.ready, "tokenizer", None))
    return any(getattr(part, "chat_template", None) is not None for part in parts)
