import json
import shutil
from pathlib import Path

import pytest

from cli.calls import Run
from converters.write_t7 import johnson, write_t7
from impasto.evaluation.by_size import SHEET_TILE_PX
from impasto.images import Picture, read_image, write_image
from impasto.networks.encoder import write_encoder
from impasto.styles import ENCODER_FILE, Gallery
from tiny import picture, tiny_encoder
from video.clips import make_clip

pytestmark = pytest.mark.usefixtures("quick_torch")


@pytest.fixture
def paintings(tmp_path: Path) -> Path:
    (tmp_path / "paintings").mkdir()
    for seed, name in enumerate(("first", "second")):
        write_image(tmp_path / "paintings" / f"{name}.png", Picture(picture(70, 66, seed)))
    return tmp_path / "paintings"


SMALL = ["--size", "64", "--painting-size", "48"]


def test_evaluate_as_a_table(impasto: Run, photo: Path, paintings: Path, gallery: Path) -> None:
    arguments = ["evaluate", photo, "--paintings", paintings, "--gallery", gallery, *SMALL]
    ran = impasto(*arguments, "--papers")
    assert ran.code == 0, ran.err
    assert all(word in ran.out for word in ("first", "second", "relu5_1"))


def test_evaluate_makes_a_sheet_and_scores_by_size(
    impasto: Run,
    photo: Path,
    paintings: Path,
    gallery: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("impasto.evaluation.by_size.COMPARED_PX", (64, 128))
    arguments = ["evaluate", photo, "--paintings", paintings, "--gallery", gallery]
    arguments += ["--size", "64", "--sheet-sizes", "48,96", "-s", "first"]
    ran = impasto(*arguments)
    assert ran.code == 0, ran.err
    assert all(word in ran.out for word in ("first", "S at 64 px", "S at 128 px", "R"))
    sheet = read_image(tmp_path / "evaluation.jpg")
    assert sheet.width == 4 * SHEET_TILE_PX + 3 * 8  # painting, photo, two sizes
    (row,) = json.loads(impasto(*arguments, "--json", "-").out)
    ((_, score),) = row["photos"].items()
    assert sorted(score) == ["content", "repetition", "similarity", "style"]
    assert (tmp_path / "evaluation-2.jpg").exists()  # nothing is replaced
    ran = impasto(*arguments, "--sheet-sizes", "512,large")
    assert (ran.code, "--sheet-sizes has 'large'" in ran.err) == (2, True)


def test_evaluate_as_json_with_a_reference(
    impasto: Run, photo: Path, paintings: Path, gallery: Path, tmp_path: Path
) -> None:
    arguments = ["evaluate", photo, "--paintings", paintings, "--gallery", gallery, *SMALL]
    arguments += ["--style", "second", "--reference", 3, "--cache", tmp_path / "curves.json"]
    rows = json.loads(impasto(*arguments, "--json", "-").out)
    assert [row["style"] for row in rows] == ["second"]
    assert len(rows[0]["reference"]) == 3
    assert rows[0]["lbfgs_iterations"] in range(4)
    assert impasto(*arguments, "--json", tmp_path / "out.json").code == 0
    assert json.loads((tmp_path / "out.json").read_text()) == rows


def test_evaluate_styles_of_every_kind(
    impasto: Run, photo: Path, paintings: Path, gallery: Path, tmp_path: Path
) -> None:
    """Whatever --style takes; a network's painting has the name of its file, or is the only one."""
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "scream.t7").write_bytes(write_t7({"model": johnson()}))
    (paintings / "scream.png").write_bytes((paintings / "first.png").read_bytes())
    arguments = [
        "evaluate",
        photo,
        "--gallery",
        gallery,
        *SMALL,
        "--papers",
        "--json",
        "-",
        "--paintings",
    ]
    styles = ["first", "first:0.5+second:0.5", "nets/scream.t7"]
    chosen = [part for each in styles for part in ("-s", each)]
    ran = impasto(*arguments, paintings / "first.png", *chosen)
    assert ran.code == 0, ran.err
    rows = json.loads(ran.out)
    assert [row["style"] for row in rows] == styles
    assert len({row["J"] for row in rows}) == 3
    (alone,) = json.loads(impasto(*arguments, paintings, "-s", "nets/scream.t7").out)
    assert alone == rows[2]
    (paintings / "scream.png").unlink()
    ran = impasto(*arguments, paintings, "-s", "nets/scream.t7")
    assert (ran.code, "no painting for scream: put scream.jpg there" in ran.err) == (3, True)


def test_a_style_and_the_prediction_from_a_painting_of_its_name(
    impasto: Run, photo: Path, paintings: Path, gallery: Path, tmp_path: Path
) -> None:
    own = Gallery(shutil.copytree(gallery, tmp_path / "own"))
    write_encoder(own.folder / ENCODER_FILE, tiny_encoder(own.trunk))
    styles = ["first", "paintings/first.png"]
    chosen = [part for each in [*styles, "First"] for part in ("-s", each)]
    arguments = ["--paintings", paintings, "--gallery", own.folder, *SMALL, "--json", "-"]
    ran = impasto("evaluate", photo, "--papers", *arguments, *chosen)
    assert ran.code == 0, ran.err
    rows = json.loads(ran.out)
    assert [row["style"] for row in rows] == styles
    assert rows[0]["J"] != rows[1]["J"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["hollow", "--paintings", "paintings"], 3, "holds no photos"),
        (["photo.png", "--paintings", "hollow"], 3, "no painting for first"),
        (["photo.png", "--paintings", "paintings", "-s", "thrid"], 5, "no style 'thrid'"),
        (["none.png", "--paintings", "paintings"], 3, "none.png does not exist"),
    ],
)
def test_evaluate_what_is_not_there(
    impasto: Run,
    photo: Path,
    paintings: Path,
    gallery: Path,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    (tmp_path / "hollow").mkdir()
    ran = impasto("evaluate", *arguments, "--gallery", gallery)
    assert ran.code == code, ran.err
    assert says in ran.err
    assert ran.err.count("\n") == 1


def test_evaluate_videos_by_a_network(impasto: Run, paintings: Path, tmp_path: Path) -> None:
    (tmp_path / "first.t7").write_bytes(write_t7({"model": johnson()}))
    clip = make_clip(tmp_path / "clip.mp4", frames=3)
    ran = impasto(
        *("evaluate", clip, "--video", "--paintings", paintings, *SMALL, "-s", "first.t7"),
        *("--frames", 2, "--json", "-"),
    )
    assert ran.code == 0, ran.err
    assert [row["style"] for row in json.loads(ran.out)] == ["first.t7"] * 3


def test_evaluate_videos(impasto: Run, paintings: Path, gallery: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=4)
    arguments = ["evaluate", clip, "--video", "--paintings", paintings, "--gallery", gallery]
    arguments += [*SMALL, "-s", "first", "--frames", 3]
    ran = impasto(*arguments, "--json", "-")
    assert ran.code == 0, ran.err
    rows = json.loads(ran.out)
    assert [row["way"] for row in rows] == [
        "frame by frame",
        "video: stability 0.4",
        "live: stability 0.4",
    ]
    assert all(row["warping_error"] > 0 and row["style_loss"] > 0 for row in rows)
    ran = impasto(*arguments)
    assert "of frame by frame" in ran.out
    assert "100%" in ran.out
    ran = impasto(*arguments, "--stability", 2)
    assert (ran.code, "stability is 2" in ran.err) == (2, True)
