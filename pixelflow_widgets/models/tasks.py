"""Which class serves which task: the one table of how models are loaded."""

from __future__ import annotations

# Node type → the diffusers class that finds the pipeline of any base model for it.
PIPELINES = {
    "text_to_image": "AutoPipelineForText2Image",
    "control": "AutoPipelineForText2Image",
    "image_to_image": "AutoPipelineForImage2Image",
    "inpaint": "AutoPipelineForInpainting",
    "outpaint": "AutoPipelineForInpainting",
}

# Node type → diffusers' tables in which the pipeline of a base model stands; where it is in none, its own class serves.
RELATED = {
    "text_to_video": "AUTO_TEXT2VIDEO_PIPELINES_MAPPING",
    "image_to_video": "AUTO_IMAGE2VIDEO_PIPELINES_MAPPING",
    "text_to_sound": "AUTO_TEXT2AUDIO_PIPELINES_MAPPING",
    "text_to_music": "AUTO_TEXT2AUDIO_PIPELINES_MAPPING",
}

# Node type → transformers' tables of classes that serve it, the best first; some classes stand in no table.
_SPEAKS = ("AutoModelForImageTextToText", "AutoModelForCausalLM")
_WRITES = ("AutoModelForSeq2SeqLM", *_SPEAKS)
NETWORKS = {
    "chat": _SPEAKS,
    "expand_prompt": _WRITES,
    "summarize": _WRITES,
    "translate": _WRITES,
    "classify_text": ("AutoModelForSequenceClassification", *_SPEAKS),
    "text_to_speech": ("AutoModelForTextToWaveform", "AutoModelForTextToSpectrogram"),
    "text_to_music": ("AutoModelForTextToWaveform",),
    "text_to_sound": ("AutoModelForTextToWaveform",),
    "speech_to_text": ("AutoModelForSpeechSeq2Seq", "AutoModelForCTC"),
    "upscale": ("AutoModelForImageToImage",),
    "depth": ("AutoModelForDepthEstimation",),
    "segment": (
        "AutoModelForSemanticSegmentation",
        "AutoModelForUniversalSegmentation",
        "AutoModelForInstanceSegmentation",
        "AutoModelForMaskGeneration",
        "CLIPSegForImageSegmentation",
    ),
    "remove_background": (
        "AutoModelForImageMatting",
        "AutoModelForSemanticSegmentation",
        "AutoModelForUniversalSegmentation",
        "AutoModelForMaskGeneration",
        "CLIPSegForImageSegmentation",
    ),
    "caption": ("AutoModelForImageTextToText",),
    "visual_question": ("AutoModelForVisualQuestionAnswering", "AutoModelForImageTextToText"),
    "clip_score": ("AutoModelForZeroShotImageClassification",),
}

# What another model of transformers is lent with → its one class; nothing prepares what it takes.
PARTS = {"vocoder": "SpeechT5HifiGan"}

# Family → the diffusers class that sets its pictures in motion, with a motion adapter.
MOTION = {"SD1.5": "AnimateDiffPipeline", "SDXL": "AnimateDiffSDXLPipeline", "Starter": "AnimateDiffSDXLPipeline"}
