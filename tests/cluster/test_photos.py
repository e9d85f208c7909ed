import json
from pathlib import Path

import pyarrow as pa
import pytest

from impasto.cluster.photos import BatchOptions, PhotoPainter
from impasto.cluster.places import Place
from impasto.images import Picture, read_image, write_image
from impasto.options import StylizeOptions
from impasto.stylizer import stylize
from tiny import picture, tiny_gallery


@pytest.fixture
def options(tmp_path: Path) -> BatchOptions:
    tiny_gallery(tmp_path / "gallery")
    write_image(tmp_path / "1.png", Picture(picture(40, 30)))
    gallery = str(tmp_path / "gallery")
    return BatchOptions(StylizeOptions("first", gallery=gallery, engine="opencv"), longer_px=32)


@pytest.mark.parametrize("scheme", ["", "local://"])
def test_rows_of_their_own(tmp_path: Path, options: BatchOptions, scheme: str) -> None:
    """A row that is wrong is no other row's business."""
    asked = [
        ("1.png", "a.png", {}),
        ("1.png", "b.png", {"style": "second"}),
        ("1.png", "c.png", {"style": "second", "strength": 0.5}),
        ("1.png", "d.png", {"style": "nobody"}),
        ("1.png", "e.png", {"strength": 7}),
        ("gone.png", "f.png", {}),
    ]
    rows = [
        {"path": f"{scheme}{tmp_path}/{path}", "output": output, "options": json.dumps(own)}
        for path, output, own in asked
    ]
    table = pa.Table.from_pylist([{**row, "done": row["output"] == "b.png"} for row in rows])
    painter = PhotoPainter(Place(f"{scheme}{tmp_path}/out"), options)
    told = {row["output"]: row for row in painter(table).to_pylist()}
    statuses = [told[output]["status"] for _, output, _ in asked]
    assert statuses == ["painted", "skipped", "painted", "failed", "failed", "failed"]
    assert (told["a.png"]["width"], told["a.png"]["height"]) == (32, 24)
    for output, problem in {
        "d.png": "nobody",
        "e.png": "strength is 7",
        "f.png": "gone.png",
    }.items():
        assert problem in told[output]["error"]
    assert sorted(path.name for path in Path(tmp_path, "out").iterdir()) == ["a.png", "c.png"]
    look = options.look.changed({"style": "second", "strength": 0.5})
    photo = read_image(tmp_path / "1.png").shrunk(32)
    assert (read_image(tmp_path / "out/c.png").pixels == stylize(photo, look).pixels).all()


def test_whatever_a_row_meets_is_told(
    tmp_path: Path, options: BatchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("impasto.cluster.photos.paint_photo", fail)
    row = {"path": f"{tmp_path}/1.png", "output": "a.png", "options": "{}", "done": False}
    told = PhotoPainter(Place(f"{tmp_path}/out"), options)(pa.Table.from_pylist([row]))
    assert told["error"].to_pylist() == ["unexpected MemoryError (no room)"]
