from __future__ import annotations

import numpy as np
import PIL.Image

import pixelflow_widgets as pf
from pixelflow_widgets.run.cache import MemoryCache, Value, size_of


def picture(edge: int = 100) -> dict[str, Value]:
    return {"image": Value(PIL.Image.new("RGB", (edge, edge)), "digest")}


def test_the_least_recently_used_goes_first() -> None:
    cache = MemoryCache(limit=90_000)
    cache.put("a", picture())
    cache.put("b", picture())
    assert cache.get("a") is not None
    cache.put("c", picture())
    assert cache.get("b") is None
    assert cache.get("a") is not None and cache.get("c") is not None


def test_what_is_larger_than_the_cache_is_not_kept_and_evicts_nothing() -> None:
    cache = MemoryCache(limit=90_000)
    cache.put("a", picture())
    cache.put("large", picture(1000))
    assert cache.get("large") is None
    assert cache.get("a") is not None


def test_bytes_are_counted_once_when_a_key_is_put_again() -> None:
    cache = MemoryCache()
    for _ in range(5):
        cache.put("a", picture())
    assert cache.used == size_of(picture()["image"].data)
    cache.clear()
    assert (cache.used, len(cache)) == (0, 0)


def test_sizes_are_those_of_the_pixels_samples_and_letters() -> None:
    assert size_of(PIL.Image.new("RGB", (100, 10))) >= 4000  # what Pillow holds
    assert size_of(PIL.Image.new("L", (100, 10))) >= 1000
    audio = pf.Audio(np.zeros((2, 500), np.float32), 16000)
    assert size_of(audio) == 4000
    assert size_of(pf.Video(np.zeros((2, 4, 5, 3), np.uint8), 8, audio)) == 4120
    assert size_of("x" * 1000) >= 1000
