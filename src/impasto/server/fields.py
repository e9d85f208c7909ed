"""Fields of forms: options from texts and uploads, and what the OpenAPI document says of them.

No text of a request ever becomes a path: styles are names or mixtures of a gallery's, pictures are
uploads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile

from impasto.defaults import DEFAULT_FILE_QUALITY
from impasto.errors import OptionError, StyleError
from impasto.images import FORMATS
from impasto.masks.parse import BACKGROUND, REST, SUBJECT, split_regions
from impasto.options import PHOTOS_ONLY, StylizeOptions
from impasto.styles import Gallery, StyleRef
from impasto.video import VideoOptions, parse_timeline
from impasto.video.encoding import choose_encoding

Options = Mapping[str, Field[Any]]

# Without what could be a path, or the same text in many ways.
MIXTURE = re.compile(r"[\w -]+(:[\d.]+ *)?(\+[\w -]+(:[\d.]+ *)?)*")
AT = re.compile(r"@[\d:. ]+s? *$")
PLACES = (SUBJECT, BACKGROUND, REST)
SERVERS_OWN = ("gallery", "resume", "overwrite")
PICTURES = ("mask", "palette")


@dataclass(frozen=True)
class Form:
    """What was sent.

    Attributes:
        texts: fields by name; all of one name.
        files: uploads by name.
    """

    texts: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)

    def check(self, texts: Collection[str], files: Collection[str], needed: str) -> None:
        """Take no fields but these, and not without an upload that is needed.

        Raises:
            OptionError: there is another, one comes several times, or a text came as a file.
        """
        known = ", ".join(dict.fromkeys([*files, *texts]))
        for name in (*self.texts, *self.files):
            if name not in texts and name not in files:
                raise OptionError(f"there is no field {name[:80]!r}", f"give some of {known}")
            if name not in (files if name in self.files else texts):
                raise OptionError(
                    f"{name} came in the wrong way",
                    f"send it as {'a text' if name in self.files else 'an upload'}",
                )
            if len(self.texts.get(name, ())) > 1 and name != "regions":
                raise OptionError(f"{name} is given several times", "give it once")
        if needed not in self.files:
            raise OptionError(f"there is no {needed}", f"upload it as the field {needed}")


@dataclass(frozen=True)
class _FileFields:
    format: str = field(
        default="",
        metadata={"help": "Of the painting; the photo's if not given.", "choices": tuple(FORMATS)},
    )
    file_quality: int = field(
        default=DEFAULT_FILE_QUALITY,
        metadata={"help": "Of JPEG, WebP and AVIF.", "limits": (1, 100)},
    )
    longer_px: int = field(
        default=0,
        metadata={"help": "Reduce the photo to this longer side first.", "limits": (1, 65_535)},
    )


@dataclass(frozen=True)
class _LearnFields:
    name: str = field(default="", metadata={"help": "Of the style, by which it is known then."})
    minutes: float = field(
        default=10, metadata={"help": "About how long it may take.", "limits": (0.1, 24 * 60)}
    )


@dataclass(frozen=True)
class _BestFields:
    effect: str = field(
        default="balanced",
        metadata={
            "help": "How much of the painting: subtle, balanced or bold.",
            "choices": ("subtle", "balanced", "bold"),
        },
    )
    keep_colors: bool = field(default=False, metadata={"help": "Keep the photo's colours."})
    painting_scale: float = field(
        default=1.0, metadata={"help": "More makes larger strokes.", "limits": (0.1, 10)}
    )
    size_px: int = field(
        default=1024, metadata={"help": "The painting's longer side.", "limits": (32, 2048)}
    )
    steps: int = field(
        default=200, metadata={"help": "At the coarsest scale.", "limits": (1, 1000)}
    )
    seed: int = field(default=0, metadata={"help": "Of the search.", "limits": (0, 2**31)})


def _options(*kinds: Any, without: Collection[str] = ()) -> Options:
    left_out = {*SERVERS_OWN, *without}
    return {each.name: each for kind in kinds for each in fields(kind) if each.name not in left_out}


PAINT = _options(StylizeOptions)
FILE = _options(_FileFields)
VIDEO = _options(StylizeOptions, VideoOptions, without=(*PHOTOS_ONLY, "palette"))
LEARN = _options(_LearnFields)
BEST = _options(_BestFields)


def _truth(text: str) -> bool:
    return {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}[text]


def _size(text: str) -> tuple[int, int]:
    width, height = (int(side) for side in text.lower().split("x"))
    return width, height


READERS: dict[str, tuple[Callable[[str], Any], str, dict[str, Any]]] = {
    "float": (float, "a number", {"type": "number"}),
    "int": (int, "a whole number", {"type": "integer"}),
    "bool": (_truth, "true or false", {"type": "boolean"}),
    "tuple[int, int]": (_size, "WIDTHxHEIGHT", {"type": "string", "pattern": r"^\d+[xX]\d+$"}),
}
"""By an option's type: how a text is read, what it should be, and how OpenAPI says so."""


def _reader(option: Field[Any]) -> tuple[Callable[[str], Any], str, dict[str, Any]]:
    kind = str(option.type).removesuffix(" | None")
    return READERS.get(kind, (str, "a text", {"type": "string"}))


def read_options(form: Form, options: Options) -> dict[str, Any]:
    """Return those of some options that were sent as texts.

    Raises:
        OptionError: one is no number, say, or beyond its limits.
    """
    values = {}
    for name in form.texts.keys() & options.keys():
        read, kind, _ = _reader(options[name])
        text, about = form.texts[name][0], options[name].metadata
        low, high = about.get("limits", (None, None))
        try:
            values[name] = read(text)
            if low is not None and not low <= values[name] <= high:
                kind = f"{kind} from {low:g} to {high:g}"
                raise ValueError(kind)
        except (ValueError, KeyError) as error:
            raise OptionError(f"{name} is {text[:80]!r}", f"give {kind}") from error
        if "choices" in about and values[name] not in about["choices"]:
            known = ", ".join(str(each) for each in about["choices"] if each is not None)
            raise OptionError(f"{name} is {text[:80]!r}", f"give one of {known}")
    return values


def check_style(text: str, gallery: Gallery) -> None:
    """Take a gallery's style, or a mixture of such; nothing that could be a file is looked at.

    Raises:
        OptionError: it can be neither.
        StyleError: the gallery has no such style.
    """
    if not MIXTURE.fullmatch(text):
        raise OptionError(f"style {text[:80]!r} is no style's name", "GET /v1/styles has the names")
    for name, _ in StyleRef.parse(text).parts:
        if not (gallery.has(name) or (gallery.fine and gallery.fine.has(name))):
            raise StyleError(f"no style {name!r}", "GET /v1/styles has the names")


def paint_options(form: Form, gallery: Gallery, pictures: Mapping[str, bytes]) -> StylizeOptions:
    """Return how to paint a photo, as a form says.

    Args:
        form: what was sent.
        gallery: has the styles.
        pictures: the content of its uploads `PICTURES`.

    Raises:
        OptionError, StyleError: an option has an impossible value.
    """
    values = read_options(form, {name: each for name, each in PAINT.items() if name != "regions"})
    for name in values.keys() & PICTURES:
        if name != "mask" or values[name] not in (SUBJECT, BACKGROUND):
            raise OptionError(f"{name} is {values[name][:80]!r}", "upload a picture")
    values |= pictures
    values["regions"] = form.texts.get("regions", [])
    for region in values["regions"]:
        if region.partition(":")[0] not in PLACES:
            raise OptionError(f"region {region[:80]!r} has no place", f"one of {', '.join(PLACES)}")
    rest, placed = split_regions(values["regions"])
    for style in (values.get("style"), rest, *(style for _, style in placed)):
        if style is not None:
            check_style(style, gallery)
    if values.get("quality") == "best":
        raise OptionError("quality best takes long", "POST it to /v1/jobs, as kind=best")
    return StylizeOptions(**values, gallery=gallery)


def video_options(form: Form, gallery: Gallery, output: Path) -> dict[str, Any]:
    """Return the keywords of `impasto.stylize_video` that a form says.

    Raises:
        OptionError, StyleError: an option has an impossible value.
    """
    values = read_options(form, VIDEO)
    if "style" in values:
        # Before the timeline's parser sees the text, for it may look for a file of that name.
        for part in re.split(r"\.\.|,", values["style"]):
            check_style(AT.sub("", part).strip(), gallery)
        parse_timeline(values["style"])
    video, look = VideoOptions.split(values)
    StylizeOptions(**look, gallery=gallery).for_frames()
    choose_encoding(output, video.codec, video.crf)
    return values


def schema(
    options: Options, files: Mapping[str, str], texts: Mapping[str, str], required: Collection[str]
) -> dict[str, Any]:
    """Return what OpenAPI says of a form.

    Args:
        options: of a dataclass, which carry their help and limits.
        files: what each upload is.
        texts: what each other field is.
        required: of the files and texts, those that cannot be left out.
    """
    described: dict[str, Any] = {}
    for name, each in options.items():
        about = {**_reader(each)[2], "description": each.metadata.get("help", "")}
        if "limits" in each.metadata:
            about["minimum"], about["maximum"] = each.metadata["limits"]
        elif "least" in each.metadata:
            about["minimum"] = each.metadata["least"]
        if about["type"] == "string" and "choices" in each.metadata:
            about["enum"] = [each for each in each.metadata["choices"] if each is not None]
        described[name] = {"type": "array", "items": about} if name == "regions" else about
    for name, text in texts.items():
        described[name] = {"type": "string", "description": text}
    for name, text in files.items():
        described[name] = {"type": "string", "format": "binary", "description": text}
    form = {"type": "object", "properties": described, "required": list(required)}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}}}
