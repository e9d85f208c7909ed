from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from impasto.cluster.source import Row, Source
from impasto.errors import InputError, OptionError


@pytest.fixture
def tree(tmp_path: Path) -> Any:
    for name in ("1.jpg", "a/2.PNG", "a/b/3.jpg", "a/film.mp4", "a/notes.txt", ".hidden.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(address: Any) -> Any:
    return [row.name for row in Source(str(address)).rows()]


def test_folders_and_patterns(tree: Path) -> None:
    assert names(tree) == ["1.jpg", "a/2.PNG", "a/b/3.jpg", "a/film.mp4"]
    assert names(tree / "a") == ["2.PNG", "b/3.jpg", "film.mp4"]
    assert names(tree / "**/*.jpg") == ["1.jpg", "a/b/3.jpg"]
    assert names(tree / "a/*") == ["2.PNG", "film.mp4"]
    assert names(tree / "a/[0-9].*") == ["2.PNG"]
    assert names(tree / "a/film.mp4") == ["film.mp4"]
    assert names(tree / "nowhere") == []
    (tree / "a").rename(tree / "[a]")
    assert names(tree / "[a]") == ["2.PNG", "b/3.jpg", "film.mp4"]
    assert names(tree / "[a]/2.PNG") == ["2.PNG"]


def test_paths_are_of_the_manifests_folder_or_absolute(tree: Path) -> None:
    (tree / "list.csv").write_text("path\na/2.PNG\n/data/x.jpg\ns3://bucket/y.jpg\n../z.jpg\n")
    rows = list(Source(str(tree / "list.csv")).rows())
    assert [row.path for row in rows] == [
        f"{tree}/a/2.PNG", "/data/x.jpg", "s3://bucket/y.jpg", f"{tree.parent}/z.jpg"
    ]  # fmt: skip
    outside = f"{tree.parent}/z.jpg".lstrip("/")
    assert [row.name for row in rows] == ["a/2.PNG", "data/x.jpg", "bucket/y.jpg", outside]


def test_rows_have_options_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        'path,style,strength,seed,invert_mask,regions\n1.jpg,udnie,0.5,3,true,"[""subject:udnie""]"\n'
        "2.jpg,,,,,\n"
    )
    first, second = Source(str(tmp_path / "list.csv")).rows()
    assert first.options == {
        "style": "udnie", "strength": 0.5, "seed": 3, "invert_mask": True,
        "regions": ["subject:udnie"],
    }  # fmt: skip
    assert second.options == {}
    table = pa.table({"path": ["1.jpg", "2.jpg"], "strength": [0.5, None]})
    pq.write_table(table, tmp_path / "list.parquet")
    rows = Source(str(tmp_path / "list.parquet")).rows()
    assert [row.options for row in rows] == [{"strength": 0.5}, {}]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("path,stile\n1.jpg,udnie\n", "unknown column 'stile'"),
        ("path,engine\n1.jpg,opencv\n", "unknown column 'engine'"),
        ("photo\n1.jpg\n", "has no column 'path'"),
        ("path,style\n,udnie\n", "row 1 has no path"),
        ("path\n\xff", "is no CSV"),
    ],
)
def test_manifests_that_are_wrong(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "list.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises((InputError, OptionError), match=problem):
        list(Source(str(tmp_path / "list.csv")).rows())


def test_names_are_functions_of_the_row() -> None:
    assert Row("x/1.JPG", "1.JPG").output() == "1.JPG"
    assert Row("x/1.JPG", "1.JPG").output(".webp") == "1.JPG.webp"
    assert Row("x/1.heic", "1.heic").output() == "1.heic.jpg"
    assert Row("x/1.avi", "1.avi").output(".webp") == "1.avi.mp4"
    assert Row("1.jpg", "1.jpg", {"style": "udnie"}).output() == "1-udnie.jpg"
    marked = [Row("1.jpg", "1.jpg", {"strength": each}).output() for each in (0.5, 0.6, 0.5)]
    assert marked[0] == marked[2] != marked[1]
