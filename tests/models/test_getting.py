from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from threading import Event

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import Adapter
from pixelflow_widgets.models.digests import fingerprint
from pixelflow_widgets.models.getting import asked, get, missing
from pixelflow_widgets.models.weights import is_here, place_of
from tests.models.conftest import weights
from tests.models.hub_server import COMMIT, Hub

PIPELINE = {
    "model_index.json": json.dumps(
        {
            "_class_name": "StableDiffusionPipeline",
            "unet": ["diffusers", "UNet2DConditionModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "safety_checker": [None, None],
        }
    ),
    "unet/config.json": '{"_class_name": "UNet2DConditionModel"}',
    "unet/diffusion_pytorch_model.safetensors": weights(name="plain"),
    "unet/diffusion_pytorch_model.fp16.safetensors": weights(name="half"),
    "unet/diffusion_pytorch_model.non_ema.safetensors": weights(name="other"),
    "unet/diffusion_pytorch_model.bin": b"\x80\x02pickle",
    "unet/modeling.py": "raise SystemExit",
    "tokenizer/tokenizer.json": "{}",
    "safety_checker/model.safetensors": weights(),
    "v1-5-pruned.safetensors": weights(),
    "v1-5-pruned.ckpt": b"\x80\x02pickle",
    "LICENSE.md": "Be good.",
    "picture.png": b"x",
}


def transformers_model(name: str = "weight") -> dict[str, bytes | str]:
    return {"config.json": '{"model_type": "clip"}', "model.safetensors": weights(name=name)}


def test_only_what_a_pipeline_needs_is_fetched_and_no_pickle_or_code(hub: Hub) -> None:
    hub.add("some/pipeline", PIPELINE)
    place = get("some/pipeline")
    assert sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()) == [
        "LICENSE.md",
        "model_index.json",
        "tokenizer/tokenizer.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
    ]
    assert place_of("some/pipeline") == place


def test_the_precision_that_was_asked_for_is_fetched_and_no_other(hub: Hub) -> None:
    hub.add("some/pipeline", PIPELINE)
    place = get(pf.Model("some/pipeline", {"variant": "fp16"}))
    assert [path.name for path in place.rglob("*.safetensors")] == ["diffusion_pytorch_model.fp16.safetensors"]


def test_what_is_here_is_never_asked_for_again(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("some/clip", transformers_model())
    place = get("some/clip")
    hub.asked.clear()
    assert get("some/clip") == place
    assert hub.asked == []


def test_the_progress_is_told_in_bytes_and_the_licence_first(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 100_000)
    hub.add("some/clip", {**transformers_model(), "model.safetensors": weights(megabytes=1)}, licence="apache-2.0")
    told: list[tuple[int, int, str]] = []
    get("some/clip", lambda *words: told.append(words))
    total = sum(len(content) for content in hub.repositories["some/clip"].values())
    assert told[0] == (0, total, "some/clip, 1.0 MB, licence apache-2.0")
    done = [here for here, _, _ in told]
    assert len(set(done)) > 8 and done == sorted(done) and done[-1] == total
    assert {of for _, of, _ in told} == {total}


def test_a_cut_connection_goes_on_where_it_was(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 50_000)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    hub.add("some/clip", {**transformers_model(), "model.safetensors": weights(megabytes=1)})
    hub.cut_after = [250_000, 300_000]
    place = get("some/clip")
    assert hub.ranges()[:2] == ["bytes=250000-", "bytes=550000-"]
    assert (place / "model.safetensors").read_bytes() == hub.repositories["some/clip"]["model.safetensors"]


def test_what_was_stopped_is_kept_and_goes_on_from_there_another_day(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 50_000)
    hub.add("some/clip", {**transformers_model(), "model.safetensors": weights(megabytes=1)})
    stop = Event()

    def stop_at_half(done: int, total: int, _: str) -> None:
        if done > total / 2:
            stop.set()

    with pytest.raises(pf.Cancelled, match="some/clip was stopped; what came so far is kept"):
        get("some/clip", stop_at_half, stop=stop)
    assert not is_here("some/clip")
    begun: list[int] = []
    place = get("some/clip", lambda done, *_: begun.append(done))
    start = int(hub.ranges()[0].removeprefix("bytes=").removesuffix("-"))
    assert 500_000 <= start <= 600_000
    assert begun[1] > 500_000
    assert (place / "model.safetensors").read_bytes() == hub.repositories["some/clip"]["model.safetensors"]


def test_a_server_that_sends_everything_again_gives_the_same_file(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 50_000)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    hub.ignores_ranges = True
    hub.add("some/clip", {**transformers_model(), "model.safetensors": weights(megabytes=1)})
    hub.cut_after = [400_000]
    assert (get("some/clip") / "model.safetensors").read_bytes() == hub.repositories["some/clip"]["model.safetensors"]


def test_a_gated_model_says_what_to_do_and_comes_with_a_token(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("some/clip", transformers_model())
    hub.gated.add("some/clip")
    with pytest.raises(pf.ModelError, match=r"gated: its makers .*127\.0\.0\.1:\d+/some/clip .* HF_TOKEN"):
        get("some/clip")
    monkeypatch.setenv("HF_TOKEN", "of somebody else")
    with pytest.raises(pf.ModelError, match="your token does not open it"):
        get("some/clip")
    monkeypatch.setenv("HF_TOKEN", "good")
    assert get("some/clip").is_dir()


def test_a_repository_that_is_not_there_is_told(hub: Hub) -> None:
    with pytest.raises(pf.ModelError, match="Hub has no model 'some/nothing'.* HF_TOKEN"):
        get("some/nothing")
    hub.add("some/clip", transformers_model())
    with pytest.raises(pf.ModelError, match="not its revision 'v9'"):
        get(pf.Model("some/clip", {"revision": "v9"}))
    with pytest.raises(pf.ModelError, match="no model 'startr'"):
        get("startr")


def test_a_hub_that_cannot_be_reached_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(pf.ModelError, match=r"127\.0\.0\.1:9 cannot be reached .*Check the network"):
        get("some/clip")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(pf.ModelError, match="HF_HUB_OFFLINE is set"):
        get("some/clip")


def test_too_little_room_is_told_before_anything_is_fetched(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    hub.add("some/clip", {**transformers_model(), "model.safetensors": weights(megabytes=1)})
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=200_500_000))
    with pytest.raises(pf.ModelError, match=r"1\.0 MB are to come, and 200\.5 MB are free .* HF_HOME"):
        get("some/clip")
    assert hub.fetched() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_becomes_full_is_told(hub: Hub, hub_cache: Path) -> None:
    content = weights(megabytes=1)
    hub.add("some/clip", {**transformers_model(), "model.safetensors": content})
    part = hub_cache / "models--some--clip" / "blobs" / f"{hashlib.sha256(content).hexdigest()}.incomplete"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(pf.ModelError, match="disk is full, so some/clip is not all here .*goes on"):
        get("some/clip")


def test_what_is_not_what_was_announced_is_refused_and_removed(hub: Hub, hub_cache: Path) -> None:
    hub.add("some/clip", transformers_model())
    hub.announced["model.safetensors"] = "ab" * 32
    with pytest.raises(pf.ModelError, match="'model.safetensors' came damaged"):
        get("some/clip")
    assert not list(hub_cache.rglob("blobs/*"))


def test_a_digest_that_is_a_path_is_refused(hub: Hub, hub_cache: Path) -> None:
    hub.add("some/clip", transformers_model())
    hub.announced["model.safetensors"] = "../../../../escaped"
    with pytest.raises(pf.ModelError, match="is no SHA-256"):
        get("some/clip")
    assert not hub_cache.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x80\x04\x95 a pickle", "'model.safetensors' is refused: it is a pickle, and loading one can run code"),
        (b"PK\x03\x04 an archive", "it is a zip archive, which is how PyTorch saves pickles"),
        (weights()[:-4], "it is cut off"),
    ],
)
def test_what_calls_itself_safetensors_and_is_not_is_refused(
    hub: Hub, hub_cache: Path, content: bytes, reason: str
) -> None:
    hub.add("some/clip", {**transformers_model(), "model.safetensors": content})
    with pytest.raises(pf.ModelError, match=reason):
        get("some/clip")
    assert not is_here("some/clip")
    assert not list(hub_cache.rglob("blobs/*"))


def test_a_repository_with_pickles_only_is_refused_before_anything_is_fetched(hub: Hub) -> None:
    hub.add("some/clip", {"config.json": "{}", "pytorch_model.bin": b"\x80\x02"})
    with pytest.raises(pf.ModelError, match="pickles only .pytorch_model.bin., and loading one can run code"):
        get("some/clip")
    assert hub.fetched() == []


def test_a_single_file_of_a_repository_is_fetched_alone(hub: Hub) -> None:
    hub.add("some/loras", {"a.safetensors": weights(), "b.safetensors": weights(), "c.bin": b"\x80"})
    with pytest.raises(pf.ModelError, match="name one of them: some/loras/a.safetensors, some/loras/b.safetensors"):
        get("some/loras")
    place = get("some/loras/b.safetensors")
    assert place.read_bytes() == hub.repositories["some/loras"]["b.safetensors"]
    assert hub.fetched() == ["b.safetensors"]
    with pytest.raises(pf.ModelError, match="no such file in this repository. Its weights: a.safetensors"):
        get("some/loras/d.safetensors")
    with pytest.raises(pf.ModelError, match=r"only \.safetensors and \.gguf"):
        get("some/loras/c.bin")


def test_a_repository_with_one_file_of_weights_is_that_file(hub: Hub) -> None:
    hub.add("some/lora", {"pytorch_lora_weights.safetensors": weights(), "README.md": "x"})
    assert get("some/lora").name == "pytorch_lora_weights.safetensors"


def test_shards_come_with_their_index_and_a_missing_one_is_noticed(hub: Hub) -> None:
    shards = {f"model-0000{number}-of-00002.safetensors": weights(name=f"w{number}") for number in (1, 2)}
    index = {"weight_map": {f"w{number}": f"model-0000{number}-of-00002.safetensors" for number in (1, 2)}}
    half = {"model.fp16.safetensors": weights(), "model.safetensors.index.fp16.json": "{}"}
    plain = {"config.json": '{"model_type": "t5"}', "model.safetensors.index.json": json.dumps(index)}
    hub.add("some/t5", {**plain, **shards, **half})
    place = get("some/t5")
    assert sorted(path.name for path in place.iterdir()) == sorted([*plain, *shards])
    (place / "model-00002-of-00002.safetensors").unlink()
    assert not is_here("some/t5")
    hub.asked.clear()
    assert get("some/t5") == place
    assert hub.fetched() == []  # its content was still there
    assert is_here("some/t5")


def test_a_card_is_fetched_at_its_commit_and_with_what_it_needs_beside_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from pixelflow_widgets.models.cards import _by_name, card_of

    card = card_of("ip-adapter-sdxl")
    assert card
    monkeypatch.setitem(_by_name(), card.name, replace(card, revision=COMMIT))
    file = "sdxl_models/ip-adapter_sdxl_vit-h.safetensors"
    encoder = {"models/image_encoder/config.json": "{}", "models/image_encoder/model.safetensors": weights()}
    hub.add("h94/IP-Adapter", {file: weights(), **encoder, "models/other.safetensors": weights()})
    place = get("ip-adapter-sdxl")
    assert place.name == Path(file).name
    assert sorted(hub.fetched()) == sorted([file, *encoder])
    assert {f"/api/models/h94/IP-Adapter/revision/{COMMIT}"} == {p for _, p, _ in hub.asked if "/api/" in p}
    (place.parents[1] / "models/image_encoder/config.json").unlink()
    assert not is_here("ip-adapter-sdxl")


def test_the_hub_is_asked_for_what_only_it_knows(hub: Hub) -> None:
    hub.add("some/clip", transformers_model(), licence="cc-by-4.0")
    hub.gated.add("some/clip")
    card = asked("some/clip")
    assert (card.licence, card.gated, card.name) == ("cc-by-4.0", True, "some/clip")
    assert card.megabytes == pytest.approx(sum(map(len, hub.repositories["some/clip"].values())) / 1e6)
    assert hub.fetched() == []


def test_everything_that_a_model_handle_lacks_is_listed_once(hub: Hub) -> None:
    hub.add("some/vae", transformers_model())
    get("some/vae")
    adapters = (Adapter("lcm-lora-sdxl", 1.0), Adapter("some/lora", 0.5))
    model = pf.Model("sdxl", {"vae": "some/vae"}, adapters)
    found = missing([model, "sdxl", "starter", pf.Model("starter"), "nonsense"])
    assert [card.name for card in found] == ["sdxl", "lcm-lora-sdxl", "some/lora"]
    assert found[0].size == "6.9 GB" and found[2].size == "unknown size"


def test_fetching_changes_the_fingerprint_and_two_at_once_fetch_a_file_once(hub: Hub) -> None:
    import threading

    hub.add("some/clip", {**transformers_model(), "model.safetensors": weights(megabytes=1)})
    before = fingerprint(pf.Model("some/clip"))
    errors: list[BaseException] = []

    def fetch() -> None:
        try:
            get("some/clip")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert hub.fetched().count("model.safetensors") == 1
    assert fingerprint(pf.Model("some/clip")) != before


def test_the_environment_names_another_hub_in_a_process_of_its_own(hub: Hub, hub_cache: Path) -> None:
    import os
    import subprocess
    import sys

    hub.add("some/clip", transformers_model())
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(hub_cache), "HF_HUB_OFFLINE": "0"}
    with contextlib.suppress(KeyError):
        del environment["HF_TOKEN"]
    command = [sys.executable, "-m", "pixelflow_widgets.cli", "models", "get", "some/clip"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"some/clip: {place_of('some/clip')}"
    assert "licence mit" in done.stderr
