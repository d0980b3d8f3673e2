"""The house of ARCHITECTURE.md: who may import whom, and how large things may grow."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import pixelflow_widgets

PACKAGE = Path(pixelflow_widgets.__file__).parent
ROOT = PACKAGE.parent
EVERYTHING = "*"

# Room → the rooms it may import, besides `errors`. "models.cards" allows one module of a room.
MAY_IMPORT = {
    "errors": "flow.problems",  # for its types only
    "secrets": "",
    "media": "",
    "controls": "",
    "schema": "media controls",
    "flow": "schema media",
    "run": "flow schema media",
    "models": "media",
    "prompts": "media models",
    "finetuning": "models prompts media",
    "nodes": "schema controls media models prompts finetuning",
    "usage": "flow run schema media models.cards models.weights prompts",
    "export": "flow schema nodes media",
    "serve": "flow run schema usage export prompts models.cards models.weights models.digests media",
    "widget": "flow run schema usage prompts export media serve "
    "models.cards models.detecting models.estimates models.getting models.memory models.taught models.weights",
    "starter": "models media finetuning",
    "playground": EVERYTHING,
    "training": EVERYTHING,
    "comparison": EVERYTHING,
    "templates": EVERYTHING,
    "public": EVERYTHING,
    "cli": EVERYTHING,
    "__init__": EVERYTHING,
}
TORCH_FREE = ("flow", "schema", "run", "controls", "errors", "widget", "serve", "usage", "export")
# media/codecs.py reads and writes latents, which are torch tensors, inside the functions that do so.
HEAVY = {
    "torch",
    "diffusers",
    "transformers",
    "peft",
    "accelerate",
    "ipywidgets",
    "anywidget",
    "fastapi",
    "pandas",
    "av",
}
# Torch modules, not functions: only the insides of functions, and rooms that are heavy anyway, may import them.
LATE = {"models/sketch.py": "pixelflow_widgets.models.sketch"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "base", "services", "manager", "misc"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield (dotted module, whether it stands at the top level) for each import, relative ones made absolute."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = {id(node) for node in tree.body}
    package = [PACKAGE.name, *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top
        elif isinstance(node, ast.ImportFrom):
            parts = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*parts, *(node.module or "").split(".")]).strip(".")
            yield module, id(node) in top
            if module == PACKAGE.name or (node.level and not node.module):
                yield from ((f"{module}.{alias.name}", id(node) in top) for alias in node.names)


def own(module: str) -> str | None:
    name, _, rest = module.partition(".")
    return rest if name == PACKAGE.name and rest else None


def test_every_room_is_in_the_table() -> None:
    assert {room_of(path) for path in modules()} <= set(MAY_IMPORT)


def test_rooms_import_only_what_the_table_allows() -> None:
    wrong = []
    for path in modules():
        room = room_of(path)
        allowed = MAY_IMPORT[room]
        if allowed == EVERYTHING:
            continue
        for module, _ in imports(path):
            target = own(module)
            if target is None or target.split(".")[0] in (room, "errors", "secrets"):
                continue
            if not any(target == name or target.startswith(f"{name}.") for name in allowed.split()):
                wrong.append(f"{path.relative_to(PACKAGE)} imports {target}")
    assert wrong == []


def test_nothing_heavy_is_imported_at_the_top_of_a_module_that_every_flow_needs() -> None:
    light = {"errors", "media", "controls", "schema", "flow", "run", "nodes", "public", "cli", "__init__", "models"}
    wrong = [
        f"{path.relative_to(PACKAGE)}: {module}"
        for path in modules()
        if room_of(path) in light and path.relative_to(PACKAGE).as_posix() not in LATE
        for module, is_top in imports(path)
        if is_top and (module.partition(".")[0] in HEAVY or module in LATE.values())
    ]
    assert wrong == []


def test_flow_schema_and_run_never_import_torch() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}: {module}"
        for path in modules()
        if room_of(path) in TORCH_FREE
        for module, _ in imports(path)
        if module.partition(".")[0] in {"torch", "diffusers", "transformers", "peft"}
    ]
    assert wrong == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_have_at_most_400_lines_and_functions_at_most_40(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = node.body[0] if ast.get_docstring(node) else None
            told = docstring.end_lineno - docstring.lineno + 1 if docstring and docstring.end_lineno else 0
            assert (node.end_lineno or 0) - node.lineno + 1 - told <= 40, node.name


def test_front_end_modules_have_at_most_400_lines() -> None:
    for path in (ROOT / "js" / "src").rglob("*.ts*"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


def test_no_room_is_a_drawer() -> None:
    names = {part.removesuffix(".py") for path in modules() for part in path.relative_to(PACKAGE).parts}
    assert not names & FORBIDDEN_NAMES


def tracked() -> list[Path]:
    found = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if found.returncode:
        pytest.skip("not a git checkout")
    return [path for name in found.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def test_the_checkout_and_the_weights_stay_small() -> None:
    sizes = {path: path.stat().st_size for path in tracked()}
    assert sum(sizes.values()) <= 56 * 1024**2
    weights = {path: size for path, size in sizes.items() if path.suffix in (".safetensors", ".gguf", ".bin")}
    assert sum(weights.values()) <= 36e6
    assert all(size <= 12e6 for size in weights.values())


def test_no_file_names_a_registry_or_a_path_of_the_build_machine() -> None:
    words = ["/" + "work/", "/" + "farm/", "registry." + "npmjs", "pypi." + "org", "files.python" + "hosted"]
    for path in tracked():
        if path.suffix in (".safetensors", ".png"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [word for word in words if word in text], path
