import json
from pathlib import Path

import pytest

from impasto.errors import InputError
from impasto.styles import StyleCard
from impasto.training.paintings import find_painting, read_paintings


def test_a_folder(painting_files: dict[str, Path]) -> None:
    folder = painting_files["bold"].parent
    paintings = read_paintings(folder)
    assert list(paintings) == ["bold", "calm", "dark"]
    assert paintings["calm"].card == StyleCard(title="calm", painting="calm.png")


def test_one_picture_with_an_awkward_name(tmp_path: Path, painting_files: dict[str, Path]) -> None:
    path = painting_files["bold"].rename(tmp_path / "Café  Terrace (1888).png")
    assert list(read_paintings(path)) == ["caf-terrace-1888"]


def test_two_pictures_of_one_name(painting_files: dict[str, Path]) -> None:
    folder = painting_files["bold"].parent
    painting_files["calm"].rename(folder / "Bold.png")
    with pytest.raises(InputError, match="same style name"):
        read_paintings(folder)


def test_a_list_with_credits(tmp_path: Path, painting_files: dict[str, Path]) -> None:
    entries = [
        {"name": "Dark Days", "painting": "dark.png", "title": "Dark", "artist": "X", "year": 1900}
    ]
    source = tmp_path / "list.json"
    source.write_text(json.dumps(entries))
    paintings = read_paintings(source, painting_files["dark"].parent)
    assert paintings["dark-days"].card == StyleCard("Dark", "X", "1900", "", "dark.png")
    assert paintings["dark-days"].share == 1
    with pytest.raises(InputError, match=r"dark\.png of style dark-days does not exist"):
        read_paintings(source)


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", "[1]", '[{"name": "a"}]', '[{"nam": 1}]'])
def test_not_a_list(tmp_path: Path, text: str) -> None:
    source = tmp_path / "list.json"
    source.write_text(text)
    with pytest.raises(InputError, match=r"list\.json"):
        read_paintings(source)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_paintings(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no paintings"):
        read_paintings(tmp_path)


def test_find_painting(painting_files: dict[str, Path]) -> None:
    folder = painting_files["bold"].parent
    assert find_painting(StyleCard(painting="calm.png"), "bold", folder) == painting_files["calm"]
    assert find_painting(StyleCard(painting="gone.png"), "bold", folder) == painting_files["bold"]
    with pytest.raises(InputError, match=r"put gone\.png there"):
        find_painting(StyleCard(painting="gone.png"), "none", folder)


def test_a_list_with_shares(tmp_path: Path, painting_files: dict[str, Path]) -> None:
    folder = painting_files["dark"].parent
    source = tmp_path / "list.json"
    source.write_text(
        json.dumps([{"name": "dark", "painting": "dark.png", "share": 2.5, "size": 256}])
    )
    painting = read_paintings(source, folder)["dark"]
    assert (painting.share, painting.size_px) == (2.5, 256)
    source.write_text(json.dumps([{"name": "dark", "painting": "dark.png", "share": "more"}]))
    with pytest.raises(InputError, match="not a list of paintings"):
        read_paintings(source, folder)
