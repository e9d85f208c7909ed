from pathlib import Path

import numpy as np
import pytest

from impasto.images import Picture, write_image
from tiny import picture


@pytest.fixture(autouse=True)
def quick_training(quick_torch: None) -> None:
    """In all these tests."""


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    """Five small photographs of different shapes, one of them in a folder below."""
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    for number, (width, height) in enumerate([(48, 40), (40, 64), (33, 33), (100, 50)]):
        write_image(folder / f"{number}.png", Picture(picture(width, height, number)))
    write_image(folder / "below" / "4.png", Picture(picture(60, 45, 4)))
    return folder


@pytest.fixture
def painting_files(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "paintings"
    folder.mkdir()
    files = {}
    for seed, name in enumerate(["bold", "calm", "dark"]):
        files[name] = folder / f"{name}.png"
        noise = np.random.default_rng(seed).integers(
            0, 256 - 60 * seed, (40, 52, 3), dtype=np.uint8
        )
        write_image(files[name], Picture(noise))
    return files
