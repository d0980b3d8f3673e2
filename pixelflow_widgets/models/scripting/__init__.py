"""Models as a script loads and calls them: in diffusers' and transformers' own words, with nothing of this package."""

from .classes import class_for, family_of_model
from .painting import guided_in, options_in, painting_in, steps_in
from .pipelines import ScriptedPipeline, pipeline_in
from .places import Place, adapter_in, device_in, dtype_in, local_in, located, place_in, quoted, text_in
from .writing import Writing

__all__ = [
    "Place",
    "ScriptedPipeline",
    "Writing",
    "adapter_in",
    "class_for",
    "device_in",
    "dtype_in",
    "family_of_model",
    "guided_in",
    "local_in",
    "located",
    "options_in",
    "painting_in",
    "pipeline_in",
    "place_in",
    "quoted",
    "steps_in",
    "text_in",
]
