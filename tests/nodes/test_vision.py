from __future__ import annotations

from typing import Any

import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.nodes import (
    caption,
    clip_score,
    depth,
    remove_background,
    segment,
    upscale,
    visual_question,
)
from pixelflow_widgets.run.cache import MemoryCache
from tests.run.test_executor import run
from tests.zoo import Zoo
from tests.zoo.vision import LABELS

from .pictures import scene
from .told import Told


def handle(zoo: Zoo, name: str) -> pf.Model:
    return pf.Model(str(zoo(name)))


def test_enlarging_is_what_the_model_makes(zoo: Zoo) -> None:
    import torch
    from transformers import AutoImageProcessor, Swin2SRForImageSuperResolution

    given = scene(1, 40, 28)
    model = Swin2SRForImageSuperResolution.from_pretrained(zoo("swin2sr")).eval()
    inputs = AutoImageProcessor.from_pretrained(zoo("swin2sr"))(given, return_tensors="pt")
    with torch.no_grad():
        made = model(**inputs).reconstruction[0].clamp(0, 1).permute(1, 2, 0).numpy()
    expected = (made * 255).round().astype(np.uint8)[:56, :80]
    assert (np.asarray(upscale(given, model=handle(zoo, "swin2sr"))) == expected).all()


def test_enlarging_by_more_asks_again_and_by_less_shrinks(zoo: Zoo) -> None:
    given = scene(1, 20, 10)
    sizes = [upscale(given, model=handle(zoo, "swin2sr"), factor=factor).size for factor in (None, 1.5, 3.0, 4.0)]
    assert sizes == [(40, 20), (30, 15), (60, 30), (80, 40)]


def test_a_large_picture_is_enlarged_in_squares_that_report(zoo: Zoo) -> None:
    told = Told()
    given = scene(1, 80, 48)
    whole = upscale(given, model=handle(zoo, "swin2sr"), tile=256)
    parts = upscale(given, model=handle(zoo, "swin2sr"), tile=32, progress=told.reporter)
    assert parts.size == whole.size == (160, 96)
    assert told.fractions == [pytest.approx(number / 6) for number in range(1, 7)]
    assert told.previews[-1].tobytes() == parts.tobytes()
    assert np.abs(np.asarray(parts, int) - np.asarray(whole, int)).mean() < 2


def test_transparency_grows_with_the_picture(zoo: Zoo) -> None:
    given = scene(1, 16, 16)
    given.putalpha(128)
    made = upscale(given, model=handle(zoo, "swin2sr"))
    assert made.mode == "RGBA"
    assert made.getchannel("A").getextrema() == (128, 128)


def test_depth_goes_from_black_to_white_in_the_size_of_the_picture(zoo: Zoo) -> None:
    near = depth(scene(1, 50, 34), model=handle(zoo, "dpt"))
    far = depth(scene(1, 50, 34), model=handle(zoo, "dpt"), invert=True)
    assert (near.mode, near.size) == ("RGB", (50, 34))
    assert near.getchannel("R").getextrema() == (0, 255)
    assert np.abs(np.asarray(near, int) + np.asarray(far, int) - 255).max() <= 1


def test_labels_part_the_picture_and_each_thing_has_its_mask(zoo: Zoo) -> None:
    found = segment(scene(1, 50, 34), model=handle(zoo, "segformer"), smallest=0)
    assert set(found.labels) <= set(LABELS) and len(found.labels) > 1
    covered = sum(np.asarray(mask, int) for mask in found.masks)
    assert {mask.size for mask in found.masks} == {(50, 34)}
    assert (covered == 255).all()
    assert found.mask.getextrema() == (255, 255)


def test_named_things_are_found_in_their_order(zoo: Zoo) -> None:
    every = segment(scene(1), model=handle(zoo, "segformer"), smallest=0)
    masks = dict(zip(every.labels, every.masks, strict=True))
    first = every.labels[0]
    found = segment(scene(1), f"{every.labels[1]}, {first.upper()}", model=handle(zoo, "segformer"))
    assert found.labels == [every.labels[1], first]
    assert found.masks[1].tobytes() == masks[first].tobytes()


def test_a_thing_that_a_model_does_not_know_is_refused_in_words(zoo: Zoo) -> None:
    with pytest.raises(pf.MediaError, match="knows no 'catt'. Did you mean 'cat'\\? It knows background, bird, cat"):
        segment(scene(1), "catt", model=handle(zoo, "segformer"))


def test_a_model_that_reads_finds_any_words(zoo: Zoo) -> None:
    found = segment(scene(1), "a cat, the sky", model=handle(zoo, "clipseg"), threshold=0.4)
    assert found.labels == ["a cat", "the sky"]
    assert len(found.masks) == 2
    with pytest.raises(pf.MediaError, match="nothing to look for"):
        segment(scene(1), model=handle(zoo, "clipseg"))


def test_a_wide_picture_is_looked_at_to_its_borders(zoo: Zoo) -> None:
    wide = scene(1, 160, 40)
    changed = wide.copy()
    changed.paste((255, 0, 255), (0, 0, 12, 40))
    before, after = (remove_background(image, model=handle(zoo, "mobilevit")).mask for image in (wide, changed))
    difference = np.abs(np.asarray(before, int) - np.asarray(after, int))
    assert difference[:, :12].max() > 0


def test_what_is_cut_out_keeps_its_colours_and_the_rest_is_transparent(zoo: Zoo) -> None:
    given = scene(1, 50, 34)
    cut = remove_background(given, "cat", model=handle(zoo, "mobilevit"))
    assert cut.image.mode == "RGBA"
    assert cut.image.convert("RGB").tobytes() == given.tobytes()
    assert cut.image.getchannel("A").tobytes() == cut.mask.tobytes()
    sharp = remove_background(given, "cat", model=handle(zoo, "mobilevit"), threshold=0.2)
    assert set(np.unique(np.asarray(sharp.mask))) <= {0, 255}


def test_background_is_what_the_label_says_or_what_the_words_leave(zoo: Zoo) -> None:
    every = remove_background(scene(1), model=handle(zoo, "mobilevit")).mask
    named = remove_background(scene(1), "bird, cat, dog, person", model=handle(zoo, "mobilevit")).mask
    assert np.abs(np.asarray(every, int) - np.asarray(named, int)).max() <= 1
    reading = [remove_background(scene(1), words, model=handle(zoo, "clipseg")).mask for words in ("", "a cat")]
    assert reading[0].tobytes() != reading[1].tobytes()


def test_a_caption_is_what_blip_writes(zoo: Zoo) -> None:
    import torch
    from transformers import AutoProcessor, BlipForConditionalGeneration

    processor = AutoProcessor.from_pretrained(zoo("blip"))
    model = BlipForConditionalGeneration.from_pretrained(zoo("blip")).eval()
    told = Told()
    for begin in ("", "a red"):
        text = {"text": begin} if begin else {}
        with torch.no_grad():
            tokens = model.generate(**processor(scene(1), return_tensors="pt", **text), max_new_tokens=6, num_beams=3)
        written = caption(scene(1), begin, model=handle(zoo, "blip"), longest=6, progress=told.reporter)
        assert written == processor.decode(tokens[0], skip_special_tokens=True).strip()
        assert written.startswith(begin) and written != begin
    assert told.fractions and all(0 < fraction <= 1 for fraction in told.fractions)
    assert isinstance(told.previews[-1], str)


def test_an_answer_is_what_blip_says(zoo: Zoo) -> None:
    import torch
    from transformers import AutoProcessor, BlipForQuestionAnswering

    processor = AutoProcessor.from_pretrained(zoo("blip_vqa"))
    model = BlipForQuestionAnswering.from_pretrained(zoo("blip_vqa")).eval()
    question = "what colour is the cat?"
    with torch.no_grad():
        tokens = model.generate(**processor(scene(1), question, return_tensors="pt"), max_new_tokens=6, num_beams=3)
    answer = visual_question(scene(1), question, model=handle(zoo, "blip_vqa"), longest=6)
    assert answer == processor.decode(tokens[0], skip_special_tokens=True).strip() != ""
    with pytest.raises(pf.MediaError, match="There is no question"):
        visual_question(scene(1), " ", model=handle(zoo, "blip_vqa"))


def test_a_model_with_a_list_of_answers_picks_one(zoo: Zoo) -> None:
    assert visual_question(scene(1), "is it red?", model=handle(zoo, "vilt")) in ("yes", "no", "red")


def test_models_that_chat_caption_and_answer_too(zoo: Zoo) -> None:
    llava = handle(zoo, "llava")
    assert isinstance(caption(scene(1), model=llava, longest=3, beams=1), str)
    assert isinstance(visual_question(scene(1), "how many?", model=llava, longest=3, beams=1), str)


def test_writing_can_be_stopped(zoo: Zoo) -> None:
    told = Told(stop_after=1)
    with pytest.raises(pf.Cancelled):
        caption(scene(1), model=handle(zoo, "blip"), longest=40, progress=told.reporter)


def test_the_score_is_that_of_clip(zoo: Zoo) -> None:
    import torch
    from transformers import AutoProcessor, CLIPModel

    processor = AutoProcessor.from_pretrained(zoo("clip"))
    model = CLIPModel.from_pretrained(zoo("clip")).eval()
    scores = {}
    for text in ("a red circle", "a blue star in the rain", "word " * 200):
        with torch.no_grad():
            inputs = processor(text=[text], images=[scene(1)], return_tensors="pt", padding=True, truncation=True)
            logits = model(**inputs).logits_per_image / model.logit_scale.exp()
        scores[text] = clip_score(scene(1), text, model=handle(zoo, "clip"))
        assert scores[text] == pytest.approx(max(0.0, 100 * float(logits)), abs=1e-3)
    assert len(set(scores.values())) > 1


def test_a_model_for_another_task_is_refused_in_words(zoo: Zoo) -> None:
    with pytest.raises(pf.ModelError, match="depth"):
        depth(scene(1), model=handle(zoo, "clip"))


def test_pictures_of_any_mode_are_looked_at(zoo: Zoo) -> None:
    for mode in ("L", "RGBA", "P", "1", "LA"):
        given: Any = scene(1).convert(mode)
        assert depth(given, model=handle(zoo, "dpt")).size == given.size
        assert remove_background(given, "cat", model=handle(zoo, "mobilevit")).image.mode == "RGBA"


def test_looking_runs_in_a_flow_over_a_list(zoo: Zoo, worker: object) -> None:
    with pf.Flow("looking") as flow:
        pictures = flow.input("pictures", [scene(1), scene(2)])
        flow.output("depths", pf.nodes.depth(pictures, model=str(zoo("dpt"))))  # type: ignore[arg-type]
        flow.output("captions", pf.nodes.caption(pictures, model=str(zoo("blip")), longest=5))  # type: ignore[arg-type]
        flow.output("cut", pf.nodes.remove_background(pictures, "cat", model=str(zoo("mobilevit"))).image)  # type: ignore[arg-type]
    made = run(flow, MemoryCache(), backend="worker").result()
    alone = [depth(scene(seed), model=handle(zoo, "dpt")) for seed in (1, 2)]
    assert [image.tobytes() for image in made["depths"]] == [image.tobytes() for image in alone]
    assert made["captions"] == [caption(scene(seed), model=handle(zoo, "blip"), longest=5) for seed in (1, 2)]
    assert [image.mode for image in made["cut"]] == ["RGBA", "RGBA"]
    assert isinstance(made["depths"][0], PIL.Image.Image)
