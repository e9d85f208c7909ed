from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cli.calls import Run
from impasto.gatys import optimize
from impasto.gatys.options import PaintOptions
from impasto.images import Picture, read_image, write_image
from tiny import picture

pytestmark = pytest.mark.usefixtures("quick_torch")

QUICK = ["--size", "64", "--coarsest", "64", "--steps", "3", "--precision", "f32"]


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    write_image(tmp_path / "wave.jpg", Picture(picture(60, 50, 7)))
    return tmp_path / "wave.jpg"


def test_it_paints(impasto: Run, photo: Path, painting: Path, tmp_path: Path) -> None:
    ran = impasto("paint", "photo.png", "wave.jpg", *QUICK)
    assert ran.code == 0
    assert ran.err == "photo.png -> photo-wave.png\n"
    assert read_image(tmp_path / "photo-wave.png").pixels.shape == (48, 64, 3)


def test_every_option_arrives(
    impasto: Run, photo: Path, painting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def paint(photo: NDArray[np.uint8], paintings: Any, options: Any, **more: Any) -> Any:
        seen.update(options=options, paintings=paintings, **more)
        return Picture(picture(8, 8))

    monkeypatch.setattr(optimize, "paint", paint)
    arguments = """--effect bold --content-weight 2 --style-weight 3
        --self-similarity-weight 8 --face-weight 9 --tv-weight 4 --content-layer relu3_1:0.5
        --content-layer relu4_2 --style-layer relu2_1 --losses paper --pooling max --steps 7
        --start noise --coarsest 99 --size 111 --seed 5
        --painting-scale 1.5 --keep-colors --painting-weight 1 --painting-weight 2 --tile 99"""
    ran = impasto("paint", photo, painting, photo, *arguments.split(), "-o", "out.png")
    assert ran.code == 0, ran.err
    assert seen["options"] == PaintOptions(
        effect="bold",
        content_weight=2,
        self_similarity_weight=8,
        face_weight=9,
        style_weight=3,
        tv_weight=4,
        content_layers={"relu3_1": 0.5, "relu4_2": 1.0},
        style_layers={"relu2_1": 1.0},
        losses="paper",
        pooling="max",
        steps=7,
        start="noise",
        size_px=111,
        coarsest_px=99,
        tile_px=99,
        painting_scale=1.5,
        keep_colors=True,
        seed=5,
    )
    assert seen["painting_weights"] == [1, 2]
    assert len(seen["paintings"]) == 2


def test_the_options_defaults_are_the_librarys(
    impasto: Run, photo: Path, painting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def paint(photo: NDArray[np.uint8], paintings: Any, options: Any, **more: Any) -> Any:
        seen.append(options)
        return Picture(picture(8, 8))

    monkeypatch.setattr(optimize, "paint", paint)
    assert impasto("paint", photo, painting).code == 0
    assert seen == [PaintOptions()]


def test_start_from_a_picture(impasto: Run, photo: Path, painting: Path, tmp_path: Path) -> None:
    ran = impasto("paint", photo, painting, *QUICK, "--start", "wave.jpg")
    assert ran.code == 0, ran.err


def test_intermediate_pictures(impasto: Run, photo: Path, painting: Path, tmp_path: Path) -> None:
    assert impasto("paint", photo, painting, *QUICK, "--save-every", "2").code == 0
    names = {path.name for path in tmp_path.glob("photo-wave*")}
    assert names == {"photo-wave.png", "photo-wave-0002.png"}
    (tmp_path / "photo-wave.png").unlink()
    ran = impasto("paint", photo, painting, *QUICK, "--save-every", "2")
    assert (ran.code, "photo-wave-0002.png exists already" in ran.err) == (4, True)


def test_an_interrupt_keeps_what_is_painted(
    impasto: Run, photo: Path, painting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def paint(
        photo: NDArray[np.uint8], paintings: Any, options: Any, *, on_iterate: Any, **_: object
    ) -> None:
        import torch

        pixels = torch.full((1, 3, 4, 5), 0.2)
        on_iterate(optimize.Iterate(1, 9, 5, 4, {"total": 1.0}, pixels))
        raise KeyboardInterrupt

    monkeypatch.setattr(optimize, "paint", paint)
    ran = impasto("paint", photo, painting)
    assert ran.code == 130
    assert "photo-wave.png has the painting after 1 steps" in ran.err
    assert (read_image(tmp_path / "photo-wave.png").pixels == 51).all()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.jpg", "wave.jpg"], 3, "nothing.jpg does not exist"),
        (["photo.png", "nothing.jpg"], 3, "nothing.jpg does not exist"),
        (["photo.png", "wave.jpg", "-o", "no/out.png"], 4, "there is no folder no"),
        (["photo.png", "wave.jpg", "-o", "wave.jpg", "--overwrite"], 2, "would replace"),
        (["photo.png", "wave.jpg", "-o", "old.png"], 4, "exists already"),
        (["photo.png", "wave.jpg", "-o", "out.doc"], 2, "no image format"),
        (["photo.png", "wave.jpg", "--content-layer", "conv9"], 2, "relu4_2"),
        (["photo.png", "wave.jpg", "--style-layer", "relu1_1:much"], 2, "no number"),
        (["photo.png", "wave.jpg", "--style-weight", "-1"], 2, "style_weight is -1"),
        (["photo.png", "wave.jpg", "--effect", "loud"], 2, "one of subtle, balanced, bold"),
        (["photo.png", "wave.jpg", "--device", "abacus"], 2, "no device 'abacus'"),
        (["photo.png", "wave.jpg", "--start", "nothing.png"], 3, "nothing.png does not exist"),
        (["photo.png", "wave.jpg", "--painting-weight", "0"], 2, "painting weights"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_goes_wrong_is_one_line(
    impasto: Run,
    photo: Path,
    painting: Path,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    (tmp_path / "old.png").write_bytes(b"precious")
    ran = impasto("paint", *arguments)
    assert ran.code == code, ran.err
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert (tmp_path / "old.png").read_bytes() == b"precious"


def test_masks_and_regions(impasto: Run, photo: Path, painting: Path, tmp_path: Path) -> None:
    mask = np.zeros((24, 32, 3), np.uint8)
    mask[:, :16] = 255
    write_image(tmp_path / "m.png", Picture(mask))
    for name, arguments in {
        "a": ["--mask", "m.png"],
        "b": ["--region", "m.png:photo.png"],
        "c": ["--mask", "background", "--subject", "8,8,16,16"],
    }.items():
        ran = impasto("paint", photo, painting, *arguments, "-o", f"{name}.png", *QUICK)
        assert ran.code == 0, ran.err
    a, b = (read_image(tmp_path / f"{name}.png").pixels for name in "ab")
    assert (a != b).any()
    for arguments, code, says in (
        (["--region", "rest:photo.png"], 2, "wave.jpg's already"),
        (["--region", "m.png"], 2, "not PLACE:STYLE"),
        (["--region", "m.png:lost.jpg"], 3, "lost.jpg does not exist"),
        (["--mask", "lost.png"], 3, "lost.png does not exist"),
        (["--region", "m.png:m.png", "-o", "m.png", "--overwrite"], 2, "would replace"),
    ):
        ran = impasto("paint", photo, painting, *arguments, *QUICK)
        assert (ran.code, says in ran.err) == (code, True), ran.err
