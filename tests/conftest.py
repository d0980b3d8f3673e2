"""What tests share: one tiny model in the starter's real format, one worker, registries that do not leak."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelflow_widgets.run.backends import WorkerBackend, shared_worker
from pixelflow_widgets.run.cache import MemoryCache
from tests.zoo import Zoo


@pytest.fixture(scope="session", autouse=True)
def no_results_on_disk() -> Iterator[None]:
    """No results on disk, and nothing confirmed: the user's are neither read nor written, and no test finds another's.

    What tests the disk names a folder of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIXELFLOW_CACHE", "none")
        patch.setenv("PIXELFLOW_DATA", "none")
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of random weights, in the format of Stable Diffusion XL, that samples in milliseconds."""
    from pixelflow_widgets.starter.architecture import build_pipeline
    from pixelflow_widgets.starter.training import publish

    folder = tmp_path_factory.mktemp("models") / "tiny"
    publish(build_pipeline(seed=1, tiny=True), folder, tiny=True)
    return folder


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """`zoo("sdxl")`: where a tiny model of that family lies; each is built once, when it is first asked for."""
    return Zoo(tmp_path_factory.mktemp("zoo"))


@pytest.fixture(scope="session")
def worker() -> Iterator[WorkerBackend]:
    """The worker process that all tests use which do not kill it on purpose."""
    backend = shared_worker()
    yield backend
    backend.close()


@pytest.fixture
def cache() -> MemoryCache:
    return MemoryCache()
