"""Examples of the nodes that need no model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pixelflow_widgets.media.encoders import film_file, sound_file
from tests.zoo import Zoo

from .examples import Example, Varied
from .media_samples import film, picture, table, tone

ASKED = "It is asked only where nobody has picked."
PASSED = "It is passed on only where the condition is false."
SEPARATED = {"at": "separator"}


def simple(vary: dict[str, Any] | None = None, unchanged: dict[str, str] | None = None, **inputs: Any) -> Any:
    """Return a function that makes an example of plain values."""
    return lambda _: Example(inputs=inputs, vary=vary or {}, unchanged=unchanged or {})


def in_turn(zoo: Zoo) -> Example:
    sounds = [tone(300), tone(500, rate=4000)]
    overlapping = Varied(0.2, {"how": "in turn"})
    return {"inputs": {"audios": sounds}, "vary": {"volumes": [0.5, 0.1], "overlap": overlapping}}


def normalized(zoo: Zoo) -> Example:
    return {"inputs": {"audio": tone(), "loudness": -30.0}, "vary": {"peak": Varied(-3.0, {"to": "peak"})}}


def padded(zoo: Zoo) -> Example:
    return {"inputs": {"image": picture(), "left": 3}, "vary": {"top": 2, "right": 2, "bottom": 2}}


def masked(zoo: Zoo) -> Example:
    green, shape = {"by": "color", "color": "#808080"}, {"by": "rectangle", "width": 9, "height": 7}
    return {
        "inputs": {"image": picture()},
        "vary": {
            "color": Varied("#ff0000", {"by": "color"}),
            "tolerance": Varied(0.5, green),
            "left": Varied(3, shape),
            "top": Varied(3, shape),
            "width": Varied(4, shape),
            "height": Varied(4, shape),
        },
    }


def compared(zoo: Zoo) -> Example:
    return {
        "inputs": {"first": picture(1), "second": picture(2)},
        "vary": {"split": Varied(0.2, {"view": "slider"}), "gain": Varied(3.0, {"view": "difference"})},
    }


def blended(zoo: Zoo) -> Example:
    return {
        "inputs": {"image": picture(1), "over": picture(2)},
        "vary": {"mask": picture(3, mode="L"), "mode": "multiply"},
    }


def laid(zoo: Zoo) -> Example:
    return {
        "inputs": {"background": picture(1), "foreground": picture(2, (8, 8))},
        "vary": {"mask": picture(3, (8, 8), "L"), "scale": 2.0},
    }


def film_of_pictures(zoo: Zoo) -> Example:
    return {"inputs": {"images": [picture(1), picture(2, (8, 16))]}, "vary": {"audio": tone(seconds=0.2)}}


def films_in_turn(zoo: Zoo) -> Example:
    return {"inputs": {"videos": [film(), film(size=(16, 32), fps=4, sound=tone())]}, "vary": {"crossfade": 0.4}}


def sounding(**inputs: Any) -> Any:
    """Return a function that makes an example of a film with a sound."""
    return lambda _: Example(inputs={"video": film(sound=tone(seconds=1.0)), **inputs})


def added_sound(zoo: Zoo) -> Example:
    inputs = {"video": film(sound=tone(300, 1.0)), "audio": tone(500, 0.3)}
    return {"inputs": inputs, "vary": {"start": 0.4}}


def moving(zoo: Zoo) -> Example:
    return {"inputs": {"video": film(5, size=(64, 48), sound=tone())}, "vary": {"factor": 3}}


def two_files(first: str, second: str, write: Any, **vary: Any) -> Any:
    """Return a function that writes two files and makes an example of reading the first."""

    def make(_: Zoo) -> Example:
        write(Path(first), 1)
        write(Path(second), 2)
        return {"inputs": {"path": first}, "vary": {"path": second, **vary}}

    return make


def write_table(path: Path, number: int) -> None:
    path.write_text(f"a;b\n{number},5;2\n")


def write_film(path: Path, number: int) -> None:
    path.write_bytes(film_file(film(seed=number, sound=tone(seconds=1.0)), ".mp4"))


def folder_of_files(zoo: Zoo) -> Example:
    for folder in ("one", "two/inner"):
        Path(folder).mkdir(parents=True)
        for number in (1, 2):
            picture(number).save(Path(folder, f"{folder[:3]} {number}.png"))
    Path("one/words.txt").write_text("words")
    Path("two/broken.png").write_bytes(b"nothing")
    inner = {"folder": "two", "damaged": "skip"}
    return {
        "inputs": {"folder": "one"},
        "vary": {"folder": "two/inner", "kind": "texts", "most": 1, "subfolders": Varied(True, inner)},
        "unchanged": {"damaged": "Where a file is damaged, the run stops or passes over it; nothing else changes."},
    }


def listed(zoo: Zoo) -> Example:
    folder_of_files(zoo)
    vary = {"folder": "two/inner", "endings": ".png", "most": 1, "subfolders": Varied(True, {"folder": "two"})}
    return {"inputs": {"folder": "one"}, "vary": vary}


def saved(**inputs: Any) -> Any:
    """Return a function that makes an example of writing a file: what is written is looked at, too."""

    def make(_: Zoo) -> Example:
        ending = {"image": "png", "audio": "flac", "video": "webm", "text": "md", "table": "tsv"}[next(iter(inputs))]
        return {"inputs": inputs, "vary": {"path": f"else/where.{ending}"}}

    return make


EXAMPLES = {
    # text
    "join_text": simple(texts=["a", " ", "b"]),
    "template": simple(
        {"text": "{1} and {colour}!", "values": "colour: green", "missing": Varied("leave it", {"text": "{2}{no}"})},
        {"missing": "What is not given is an error where it does not say otherwise."},
        text="{1}, {colour}",
        values="colour: red",
        texts=["x"],
    ),
    "template_rows": simple(
        {"text": "{legs} of {animal}"},
        {"missing": "A column that is not there is an error."},
        text="{animal}",
        table=table(),
    ),
    "split_text": simple(
        {"at": "separator", "separator": Varied("|", SEPARATED), "length": Varied(4, {"at": "length"})},
        text="a,b|c\n\nd and e",
    ),
    "regex": simple(
        {
            "pattern": "(o)",
            "group": "1",
            "match_case": Varied(False, {"pattern": "(F)o"}),
            "by_line": Varied(True, {"pattern": "(^b)"}),
        },
        text="foo\nbar",
        pattern="(f)o",
    ),
    "json_extract": simple(
        {"text": '{"a": [3]}', "path": "a", "otherwise": Varied("none", {"text": "{}", "otherwise": "some"})},
        text='{"a": [1, 2]}',
        path="a[0]",
    ),
    "contains_text": simple({"text": "xyz", "match_case": Varied(True, {"part": "A"})}, text="abc", part="b"),
    "note": simple(unchanged={"text": "A note says something to the reader and gives nothing."}),
    # numbers and lists
    "number": simple(),
    "seed": simple(),
    "count_up": simple(),
    "count_items": simple(items=[1, 2]),
    "pick_item": simple({"items": [5, 6], "number": 1}, items=[1, 2]),
    "join_lists": simple(items=[1, 2]),
    "column": simple({"name": "legs", "table": table().iloc[1:]}, table=table(), name="animal"),
    # logic
    "switch": simple(
        {"condition": False, "on": "else", "off": Varied("b", {"condition": False})}, condition=True, on="a", off="x"
    ),
    "first_that_works": simple(
        {"first": "b"},
        dict.fromkeys(("second", "third", "fourth"), "The first one works, and nothing is asked behind it."),
        first="a",
        second="c",
    ),
    "choose": simple({"candidates": ["c", "d"], "pick": 1}, {"question": ASKED}, candidates=["a", "b"], pick=0),
    "compare_values": simple({"first": -1.0, "how": "less", "second": 5.0}, first=1.0),
    "not_": simple(flag=True),
    "combine_flags": simple({"flags": [True, True]}, flags=[True, False]),
    # pictures
    "crop": simple({"left": 2, "top": 2, "place": "center"}, image=picture(), width=8, height=8),
    "pad": padded,
    "rotate": simple({"expand": Varied(False, {"angle": 30.0})}, image=picture(), angle=45.0),
    "resize_image": simple({"height": 4}, image=picture(), width=12, height=12),
    "blend": blended,
    "composite": laid,
    "mask_from": masked,
    "adjust_color": simple(image=picture()),
    "edges": simple({"image": picture(2), "low": 0.01, "high": 0.9}, image=picture(), low=0.05, high=0.2),
    "compare": compared,
    "contact_sheet": simple({"labels": ["a", "b"], "columns": 1}, images=[picture(1), picture(2)], columns=2),
    # sounds
    "trim_audio": simple({"start": 0.1, "end": 0.3, "fade_in": 0.1, "fade_out": 0.1}, audio=tone()),
    "mix_audio": in_turn,
    "normalize_audio": normalized,
    "resample_audio": simple({"sample_rate": 4000}, audio=tone()),
    # films
    "video_to_frames": simple({"every": 2, "most": 3}, video=film(sound=tone())),
    "frames_to_video": film_of_pictures,
    "trim_video": sounding(start=0.25, end=0.75),
    "concat_video": films_in_turn,
    "change_speed": sounding(),
    "add_audio": added_sound,
    "interpolate": moving,
    # files
    "load_image": two_files("a.png", "b.png", lambda path, number: picture(number).save(path)),
    "load_audio": two_files(
        "a.wav", "b.wav", lambda path, number: path.write_bytes(sound_file(tone(99 * number), ".wav"))
    ),
    "load_video": two_files("a.mp4", "b.mp4", write_film, start=0.4, end=0.6, longest_edge=24),
    "load_text": two_files("a.txt", "b.txt", lambda path, number: path.write_text(str(number))),
    "load_table": two_files("a.csv", "b.csv", write_table, separator="comma"),
    "load_folder": folder_of_files,
    "list_folder": listed,
    "save_image": saved(image=picture()),
    "save_audio": saved(audio=tone()),
    "save_video": saved(video=film()),
    "save_text": saved(text="words"),
    "save_table": saved(table=table()),
}
