"""Nothing that the starter learnt from is a crescent, and the judge of crescents can be trusted."""

from __future__ import annotations

import inspect
import random

from pixelflow_widgets.starter import scenes
from pixelflow_widgets.starter.scenes import SHAPES, draw, random_scene
from tests.crescents import EIGHT, WORD, is_crescent, picture, shape_of


def test_the_data_of_the_starter_never_shows_a_crescent_nor_its_word() -> None:
    chance = random.Random(8)
    shown = [random_scene(chance, pairs=0) for _ in range(600)]
    assert not [scene.caption for scene in shown if is_crescent(draw(scene, chance))]
    assert "crescent" not in SHAPES and WORD not in inspect.getsource(scenes)


def test_the_judge_knows_every_shape() -> None:
    chance = random.Random(9)
    assert all(is_crescent(picture(*scene, chance)) for scene in EIGHT for _ in range(5))
    shown = [random_scene(chance, pairs=0) for _ in range(120)]
    right = [shape_of(draw(scene, chance))[0] == scene.objects[0].shape for scene in shown]
    assert sum(right) >= 118
