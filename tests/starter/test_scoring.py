import random
from pathlib import Path

import pytest

from pixelflow_widgets.starter import scoring
from pixelflow_widgets.starter.scenes import Object, Scene, draw, held_out, random_scene
from pixelflow_widgets.starter.scoring import Scores, judge, table, unseen


@pytest.mark.parametrize("pairs", [0, 1])
def test_the_judge_finds_drawn_scenes_right(pairs):
    rng = random.Random(5)
    scenes = [random_scene(rng, pairs) for _ in range(150)]
    scores = Scores.of([judge(draw(scene, rng), scene) for scene in scenes], seconds=0)
    assert min(scores.background, scores.colour, scores.shape, scores.size) >= 0.98
    assert scores.relation is None if pairs == 0 else scores.relation >= 0.98


def test_the_judge_sees_each_thing_that_is_wrong():
    rng = random.Random(6)
    image = draw(Scene("blue", (Object("small", "red", "circle"),)), rng)
    assert not judge(image, Scene("green", (Object("small", "red", "circle"),))).background
    assert not judge(image, Scene("blue", (Object("small", "white", "circle"),))).colour
    assert not judge(image, Scene("blue", (Object("small", "red", "ring"),))).shape
    assert not judge(image, Scene("blue", (Object("big", "red", "circle"),))).size
    star, square = Object("small", "green", "star"), Object("", "white", "square")
    assert not judge(
        draw(Scene("black", (star, square), "above"), rng), Scene("black", (star, square), "below")
    ).relation


def test_an_empty_picture_scores_nothing_but_its_background():
    scene = Scene("blue", (Object("", "red", "circle"), Object("", "black", "star")), "above")
    verdict = judge(draw(Scene("blue", (Object("", "white", "ring"),)), random.Random(7)), scene)
    assert verdict.background
    assert not (verdict.colour or verdict.shape or verdict.size or verdict.relation)


def test_the_prompts_of_the_score_are_held_out_and_all_different():
    single, double = unseen(80, 1, seed=1), unseen(50, 2, seed=1)
    assert len({scene.caption for scene in single}) == 80 and len(double) == 50
    assert all(held_out(scene) for scene in single + double)
    assert all(len(scene.objects) == 2 and scene.relation for scene in double)


def test_the_table_shows_shares_and_seconds():
    scene = Scene("blue", (Object("", "red", "circle"),))
    lines = table({"one object": Scores.of([judge(draw(scene, random.Random(8)), scene)], seconds=0.5)})
    assert lines.splitlines()[-1] == "| one object | 100.0% | 100.0% | 100.0% | 100.0% | - | 0.50 |"


SHIPPED = Path(scoring.__file__).with_name("text_to_image")


@pytest.mark.skipif(not SHIPPED.exists(), reason="the weights are not in this checkout")
def test_the_shipped_model_paints_the_demo_prompts():
    scenes = [Scene("blue", (Object("", "red", "circle"),)), Scene("white", (Object("", "green", "square"),))]
    images = scoring.paint(scoring.load(SHIPPED), [scene.caption for scene in scenes], seed=1)
    for image, scene in zip(images, scenes, strict=True):
        verdict = judge(image, scene)
        assert verdict.background and verdict.colour and verdict.shape and verdict.size


@pytest.mark.skipif(not SHIPPED.exists(), reason="the weights are not in this checkout")
def test_the_shipped_files_keep_within_their_budget():
    sizes = [path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()]
    assert max(sizes) <= 12e6 and sum(sizes) <= 11.5e6
    assert {path.suffix for path in SHIPPED.rglob("*") if path.is_file()} <= {".safetensors", ".json", ".md"}
