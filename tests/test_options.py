from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto import Subject
from impasto.errors import ImpastoError, OptionError
from impasto.images import Picture, write_image
from impasto.masks.areas import Region
from impasto.options import StylizeKeywords, StylizeOptions
from impasto.stylizer import Stylizer
from tiny import picture, tiny_gallery


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "mask.png", Picture(picture(20, 10)))
    return tmp_path


def test_keywords_are_the_options() -> None:
    annotations = {each.name: each.type for each in fields(StylizeOptions)}
    annotations.pop("style")
    keywords = {
        name: each.__forward_arg__ for name, each in StylizeKeywords.__annotations__.items()
    }
    assert keywords == annotations


def test_every_option_has_help_and_a_possible_default() -> None:
    assert all(each.metadata["help"].endswith(".") for each in fields(StylizeOptions))
    assert StylizeOptions().given() == {}
    with pytest.raises(FrozenInstanceError):
        StylizeOptions().strength = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("style", 5, "style is 5: give a name, a file, or a Style"),
        ("style", None, "style is None"),
        ("strength", "0.5", "strength is '0.5': give a number from 0 to 1.5"),
        ("strength", -0.1, "strength is -0.1"),
        ("strength", 1.6, "strength is 1.6"),
        ("strength", float("nan"), "strength is nan"),
        ("strength", np.ones(3), "strength is array"),
        ("stroke", 3, "stroke is 3: give a number from 0.5 to 2"),
        ("detail", [0.5], "detail is .0.5."),
        ("protect_faces", True, "protect-faces is True"),
        ("seed", 1.5, "seed is 1.5: give a whole number from 0 up"),
        ("seed", -1, "seed is -1"),
        ("keep_colors", True, "keep-colors is True: give one of luminance, histogram, linear"),
        ("keep_colors", "histograms", "did you mean histogram"),
        ("invert_mask", "yes", "invert-mask is 'yes'"),
        ("quality", "good", "quality is 'good': give one of auto, live, fine, best"),
        ("engine", "openvin", "did you mean openvino"),
        ("precision", 8, "precision is 8"),
        ("regions", "sky.png:udnie", "give a list of regions"),
        ("regions", 7, "give a list of regions"),
        ("regions", [("sky.png", "udnie")], "a region is .*: give PLACE:STYLE, or a Region"),
    ],
)
def test_impossible_values(option: str, value: Any, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        StylizeOptions(**{option: value})


def test_unknown_options() -> None:
    with pytest.raises(OptionError, match="no option 'strenght': did you mean strength"):
        Stylizer("udnie", strenght=0.5)  # type: ignore[call-arg]
    with pytest.raises(OptionError, match="no option 'x': give one of style, strength"):
        StylizeOptions().changed({"x": 1})


def test_numbers_of_numpy() -> None:
    options = StylizeOptions(strength=np.float32(0.5), seed=np.int64(3), detail=1)
    assert [type(each) for each in (options.strength, options.seed)] == [float, int]
    assert options.given() == {"strength": 0.5, "seed": 3, "detail": 1.0}


def test_paths_are_names() -> None:
    assert StylizeOptions(Path("candy.onnx")).style == "candy.onnx"


def test_regions(home: Path) -> None:
    options = StylizeOptions(regions=["mask.png:second:1+first:2", "rest:first", "subject:second"])
    assert options.placed_styles() == (
        "first",
        [("mask.png", "second:1+first:2"), ("subject", "second")],
    )
    mask, regions = options.areas()
    assert mask is None
    assert [region.style for region in regions] == ["second:1+first:2", "second"]
    assert isinstance(regions[0].area, np.ndarray)
    assert regions[0].area.shape == (10, 20)
    assert regions[1].area == Subject()
    mixed = StylizeOptions(regions=[Region(Path("mask.png"), Path("a")), "background:b"])  # type: ignore[arg-type]
    assert mixed.placed_styles()[1] == [(Path("mask.png"), "a"), ("background", "b")]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"subject": "found"}, Subject()),
        ({"subject": "1,2,30,40"}, Subject((1, 2, 30, 40))),
        ({"subject": "1,2,30,40", "invert_mask": True}, Subject((1, 2, 30, 40), inverted=True)),
        ({"mask": "background"}, Subject(inverted=True)),
        ({"mask": "background", "invert_mask": True}, Subject()),
        ({"mask": Subject((1, 2, 30, 40)), "invert_mask": True}, Subject((1, 2, 30, 40), True)),
        ({"subject": "1,2,30,40", "regions": ("subject:second",)}, None),
    ],
)
def test_subjects(options: dict[str, Any], expected: Subject | None) -> None:
    mask, regions = StylizeOptions("first", **options).areas()
    assert mask == expected
    if regions:
        assert regions[0].area == Subject((1, 2, 30, 40))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"regions": ("mask.png",)}, "not PLACE:STYLE"),
        ({"regions": ("rest:first", "rest:second")}, "2 regions called rest"),
        ({"regions": ("mask.png:first:x",)}, "mixture"),
        ({"regions": ("lost.png:first",)}, "lost.png does not exist"),
        ({"subject": "1,2,3"}, "no box"),
        ({"subject": (1, 2, 30, 40)}, "no box"),
        ({"invert_mask": True}, "no mask to invert"),
        ({"mask": "lost.png"}, "lost.png does not exist"),
        ({"palette": "lost.png"}, "lost.png does not exist"),
        ({"palette": "mask.png", "keep_colors": "linear"}, "exclude each other"),
        ({"style": "a.onnx", "regions": ("mask.png:first",)}, "different kinds of networks"),
    ],
)
def test_what_makes_no_sense_is_named(home: Path, options: dict[str, Any], says: str) -> None:
    gallery = tiny_gallery(home / "gallery")
    with pytest.raises(ImpastoError, match=says):
        Stylizer(**{"style": "first", "gallery": gallery, **options})


def test_options_of_photos_are_refused_for_videos() -> None:
    options = StylizeOptions(strength=0.5, palette="a.png", seed=1)
    assert options.for_frames() == options.changed({"quality": "live"})
    assert StylizeOptions(quality="fine").for_frames().quality == "fine"
    with pytest.raises(OptionError, match="quality best takes seconds a picture"):
        StylizeOptions(quality="best").for_frames()
    with pytest.raises(OptionError, match="protect-faces is for photos, not for videos"):
        StylizeOptions(protect_faces=0.7).for_frames()
