"""The built-in node types, one file a family. The list below is the palette's."""

from ..models.digests import fingerprint
from ..models.origins import machine, origins
from ..prompts import styles, wildcards
from ..schema import registry
from .adjust import adjust_color, blend, compare, composite, crop, edges, mask_from, pad, resize_image, rotate
from .audio import speech_to_text, text_to_music, text_to_sound, text_to_speech
from .collection import column, contact_sheet, count_items, count_up, join_lists, list_folder, load_folder, pick_item
from .control import control
from .files import (
    load_audio,
    load_image,
    load_table,
    load_text,
    load_video,
    save_audio,
    save_image,
    save_table,
    save_text,
    save_video,
)
from .film import add_audio, change_speed, concat_video, frames_to_video, interpolate, trim_video, video_to_frames
from .finetuning import train_lora
from .image import image_to_image, inpaint, outpaint, text_to_image, upscale
from .language import chat, classify_text, expand_prompt, language_server, summarize, translate
from .logic import choose, combine_flags, compare_values, contains_text, first_that_works, not_, switch
from .model import (
    add_embedding,
    add_ip_adapter,
    add_lora,
    complaints_of_model,
    load_model,
    lora_stack,
    set_scheduler,
)
from .prompt import (
    negative_preset,
    prompt,
    prompt_from_image,
    prompt_schedule,
    prompt_style,
    prompt_template,
    prompt_variants,
)
from .sound import mix_audio, normalize_audio, resample_audio, trim_audio
from .text import join_text, json_extract, regex, split_text, template, template_rows
from .values import note, number, seed
from .video import image_to_video, text_to_video
from .vision import caption, clip_score, depth, remove_background, segment, visual_question

__all__ = [
    "add_audio",
    "add_embedding",
    "add_ip_adapter",
    "add_lora",
    "adjust_color",
    "blend",
    "caption",
    "change_speed",
    "chat",
    "choose",
    "classify_text",
    "clip_score",
    "column",
    "combine_flags",
    "compare",
    "compare_values",
    "composite",
    "concat_video",
    "contact_sheet",
    "contains_text",
    "control",
    "count_items",
    "count_up",
    "crop",
    "depth",
    "edges",
    "expand_prompt",
    "first_that_works",
    "frames_to_video",
    "image_to_image",
    "image_to_video",
    "inpaint",
    "interpolate",
    "join_lists",
    "join_text",
    "json_extract",
    "language_server",
    "list_folder",
    "load_audio",
    "load_folder",
    "load_image",
    "load_model",
    "load_table",
    "load_text",
    "load_video",
    "lora_stack",
    "mask_from",
    "mix_audio",
    "negative_preset",
    "normalize_audio",
    "not_",
    "note",
    "number",
    "outpaint",
    "pad",
    "pick_item",
    "prompt",
    "prompt_from_image",
    "prompt_schedule",
    "prompt_style",
    "prompt_template",
    "prompt_variants",
    "regex",
    "remove_background",
    "resample_audio",
    "resize_image",
    "rotate",
    "save_audio",
    "save_image",
    "save_table",
    "save_text",
    "save_video",
    "seed",
    "segment",
    "set_scheduler",
    "speech_to_text",
    "split_text",
    "summarize",
    "switch",
    "template",
    "template_rows",
    "text_to_image",
    "text_to_music",
    "text_to_sound",
    "text_to_speech",
    "text_to_video",
    "train_lora",
    "translate",
    "trim_audio",
    "trim_video",
    "upscale",
    "video_to_frames",
    "visual_question",
]

# A model handle is identified by the files behind it, too, and looked at before anything runs.
registry.fingerprints["model"] = fingerprint
registry.fingerprints["wildcards"] = wildcards.fingerprint
registry.fingerprints["styles"] = styles.fingerprint
registry.checks["model"] = complaints_of_model
registry.origins["model"] = origins
registry.machine |= machine
