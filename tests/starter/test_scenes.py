import random

import pytest

from pixelflow_widgets.starter.scenes import (
    COLOURS,
    RELATIONS,
    SHAPES,
    SIZES,
    Object,
    Scene,
    draw,
    held_out,
    random_scene,
    training_scene,
)

DEMO = {
    "a red circle on a blue background": Scene("blue", (Object("", "red", "circle"),)),
    "a green square on a white background": Scene("white", (Object("", "green", "square"),)),
}


def test_a_caption_names_everything_in_the_scene():
    scene = Scene("black", (Object("small", "green", "star"), Object("", "white", "square")), "left of")
    assert scene.caption == "a small green star left of a white square on a black background"


@pytest.mark.parametrize("caption", DEMO)
def test_the_demo_prompts_are_scenes_of_the_training(caption):
    assert DEMO[caption].caption == caption
    assert not held_out(DEMO[caption])


def test_the_words_are_many_and_no_shape_is_a_crescent():
    assert len(COLOURS) >= 8 and len(SHAPES) >= 6 and len(SIZES) == 3 and len(RELATIONS) == 4
    assert not {"crescent", "moon"} & set(SHAPES)


def test_about_a_tenth_of_one_object_scenes_is_held_out():
    rng = random.Random(0)
    share = sum(held_out(random_scene(rng, pairs=0)) for _ in range(5000)) / 5000
    assert 0.05 < share < 0.15


def test_held_out_combinations_never_come_out_of_the_training_generator():
    rng = random.Random(1)
    for _ in range(3000):
        scene = training_scene(rng)
        assert not held_out(scene)
        assert not any(held_out(Scene(scene.background, (thing,))) for thing in scene.objects)


def test_objects_stay_on_the_canvas_and_apart():
    rng = random.Random(2)
    for _ in range(300):
        scene = random_scene(rng, pairs=1)
        image = draw(scene, rng)
        border = {image.getpixel((i, j)) for k in range(64) for i, j in ((0, k), (63, k), (k, 0), (k, 63))}
        assert not border & {COLOURS[thing.colour] for thing in scene.objects}
        axis = 0 if scene.relation in ("left of", "right of") else 1
        first, second = (
            {(x, y)[axis] for x in range(64) for y in range(64) if image.getpixel((x, y)) == COLOURS[thing.colour]}
            for thing in scene.objects
        )
        before = scene.relation in ("left of", "above")
        assert max(first) < min(second) if before else min(first) > max(second)


def test_the_same_seed_draws_the_same_picture():
    scene = random_scene(random.Random(3))
    assert draw(scene, random.Random(4)).tobytes() == draw(scene, random.Random(4)).tobytes()
    assert draw(scene, random.Random(4)).tobytes() != draw(scene, random.Random(5)).tobytes()
