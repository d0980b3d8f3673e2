"""PixelFlow in a notebook: a node editor in a cell, run by the kernel.

The public names, loaded on first use: importing the package loads no torch, diffusers, transformers or ipywidgets.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import media, models, nodes, prompts, templates
    from .comparison import Comparison, compare
    from .controls import (
        Advanced,
        Choices,
        Colour,
        Control,
        File,
        ModelPicker,
        Number,
        Prompt,
        Seed,
        Slider,
        Text,
        Toggle,
        Upload,
    )
    from .errors import (
        AnswerBroken,
        BudgetExceeded,
        CallFailed,
        Cancelled,
        DatasetRefused,
        ExportError,
        FlowFileError,
        FlowProblems,
        MediaError,
        ModelError,
        NodeFailed,
        NodeTypeError,
        OperationRejected,
        PixelFlowError,
        PublishRefused,
        RatesError,
        RecordingError,
        RunError,
        SecretError,
        TrainingError,
        WebhookError,
        WorkerLost,
    )
    from .flow.problems import Problem
    from .media import Adapter, Audio, Image, Latents, Mask, Model, Table, Video
    from .playground import Playground
    from .prompts import styles
    from .public import Flow, edit, inspect
    from .schema import Ask, Complaint, Lazy, Option, Options, Progress, Record, node, registry
    from .secrets import secrets
    from .serve.client import AsyncClient, Client
    from .serve.webhooks.webhooks import verify_webhook
    from .training import Dataset, Training, train, trainings
    from .usage.budgets import Budget
    from .usage.table import used

__version__ = "0.1.0"

_HOMES = {
    "public": "Flow edit inspect",
    "playground": "Playground",
    "comparison": "Comparison compare",
    "training": "Dataset Training train trainings",
    "schema": "Ask Complaint Lazy Option Options Progress Record node registry",
    "media": "Adapter Audio Image Latents Mask Model Table Video",
    "controls": "Advanced Choices Colour Control File ModelPicker Number Prompt Seed Slider Text Toggle Upload",
    "flow.problems": "Problem",
    "prompts": "styles",
    "serve.client": "AsyncClient Client",
    "serve.webhooks.webhooks": "verify_webhook",
    "usage.budgets": "Budget",
    "usage.table": "used",
    "errors": "AnswerBroken BudgetExceeded CallFailed Cancelled DatasetRefused ExportError FlowFileError "
    "FlowProblems MediaError ModelError NodeFailed NodeTypeError OperationRejected PixelFlowError PublishRefused "
    "RatesError RecordingError RunError SecretError TrainingError WebhookError WorkerLost",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
_ROOMS = ("media", "models", "nodes", "prompts", "secrets", "templates")

__all__ = [
    "Adapter",
    "Advanced",
    "AnswerBroken",
    "Ask",
    "AsyncClient",
    "Audio",
    "Budget",
    "BudgetExceeded",
    "CallFailed",
    "Cancelled",
    "Choices",
    "Client",
    "Colour",
    "Comparison",
    "Complaint",
    "Control",
    "Dataset",
    "DatasetRefused",
    "ExportError",
    "File",
    "Flow",
    "FlowFileError",
    "FlowProblems",
    "Image",
    "Latents",
    "Lazy",
    "Mask",
    "MediaError",
    "Model",
    "ModelError",
    "ModelPicker",
    "NodeFailed",
    "NodeTypeError",
    "Number",
    "OperationRejected",
    "Option",
    "Options",
    "PixelFlowError",
    "Playground",
    "Problem",
    "Progress",
    "Prompt",
    "PublishRefused",
    "RatesError",
    "Record",
    "RecordingError",
    "RunError",
    "SecretError",
    "Seed",
    "Slider",
    "Table",
    "Text",
    "Toggle",
    "Training",
    "TrainingError",
    "Upload",
    "Video",
    "WebhookError",
    "WorkerLost",
    "compare",
    "edit",
    "inspect",
    "media",
    "models",
    "node",
    "nodes",
    "prompts",
    "registry",
    "secrets",
    "styles",
    "templates",
    "train",
    "trainings",
    "used",
    "verify_webhook",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOME_OF:
        from .errors import nearest

        raise AttributeError(f"pixelflow_widgets has no '{name}'.{nearest(name, __all__)}")
    try:
        home = importlib.import_module(f".{_HOME_OF[name]}", __name__)
    except ModuleNotFoundError:
        from .serve.extra import needed_by

        with needed_by(f"pf.{name}"):
            raise
    value = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
