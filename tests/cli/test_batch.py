import importlib.util
from pathlib import Path

import pytest

from cli.calls import Run
from impasto.images import Picture, write_image
from tiny import picture


def test_without_ray_one_line_says_how_to_get_it(
    impasto: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ray" else find(name)
    )
    ran = impasto("batch", "s3://bucket/photos", "-o", "s3://bucket/paintings")
    assert ran.code == 7
    assert ran.err.endswith("pip install 'impasto[cluster]'\n")
    assert ran.err.count("\n") == 1


@pytest.mark.filterwarnings("ignore")  # of Ray's
def test_what_is_wrong_is_said_before_ray_starts(
    impasto: Run, gallery: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ray")
    write_image(tmp_path / "1.png", Picture(picture(40, 30)))
    quick = ["--gallery", gallery, "--style", "first", "--engine", "opencv"]
    for arguments, code, problem in [
        (["nowhere", "-o", "out", *quick], 3, "nowhere holds nothing to paint"),
        (["1.png", "-o", str(tmp_path), *quick], 4, "holds files that no batch has left"),
        (["1.png", "-o", "out", *quick, "--style", "nobody"], 5, "no style 'nobody'"),
        (["1.png", "-o", "out", *quick, "--format", "txt"], 2, "--format txt is no format"),
        (["1.png", "-o", "nosuch://out", *quick], 2, "nosuch://out is no place"),
        (["1.png", "-o", "out", *quick, "--address", "127.0.0.1:1"], 2, "no Ray answers"),
    ]:
        ran = impasto("batch", *arguments)
        assert (ran.code, problem in ran.err) == (code, True), ran.err
