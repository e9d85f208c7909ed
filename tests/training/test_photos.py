import gc
import threading
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from impasto.errors import ImpastoError, InputError
from impasto.images import Picture, write_image
from impasto.perceptual.tensors import to_tensor
from impasto.training.photos import PhotoFolder


def no_skip(error: Any) -> None:
    pytest.fail(f"{error} skipped")


def test_crops_depend_on_seed_and_position_alone(photo_folder: Path) -> None:
    crops = PhotoFolder(photo_folder, seed=1, on_skip=no_skip)
    first = crops.crops(0, 12, 32)
    assert first.shape == (12, 3, 32, 32)
    assert first.dtype == torch.float32
    assert 0 <= first.min() <= first.max() <= 1
    again = PhotoFolder(photo_folder, seed=1, on_skip=no_skip)
    assert torch.equal(again.crops(7, 5, 32), first[7:])
    other = PhotoFolder(photo_folder, seed=2, on_skip=no_skip)
    assert not torch.equal(other.crops(0, 12, 32), first)


def test_every_photo_once_an_epoch(photo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crops = PhotoFolder(photo_folder, seed=0, on_skip=no_skip)
    read = Mock(wraps=crops._read)
    monkeypatch.setattr(crops, "_read", read)
    crops.crops(0, 10, 32)
    seen = [call.args[0] for call in read.call_args_list]
    assert sorted(seen[:5]) == sorted(seen[5:]) == sorted(crops.paths)
    assert seen[:5] != seen[5:]


def test_crops_larger_than_the_photos(photo_folder: Path) -> None:
    crops = PhotoFolder(photo_folder, seed=0, on_skip=no_skip)
    assert crops.crops(0, 5, 96).shape == (5, 3, 96, 96)


def test_photos_are_enlarged_up_to_what_is_asked_for(tmp_path: Path) -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    write_image(tmp_path / "stripes.png", Picture(stripes))

    def stripes_across(enlarge: Any) -> Any:
        """In each of some crops as large as the photo, which has 32."""
        crops = PhotoFolder(tmp_path, seed=0, on_skip=no_skip, enlarge=enlarge).crops(0, 24, 64)
        bright = (crops[:, 0, 32] > 0.5).int()
        return ((bright[:, 1:] - bright[:, :-1]) == 1).sum(dim=1)

    assert stripes_across(1).tolist() == pytest.approx([32] * 24, abs=1)
    enlarged = stripes_across(2)
    assert enlarged.min() == pytest.approx(16, abs=2)
    assert enlarged.max() > 25


def test_unreadable_photos_are_skipped_and_named_once(photo_folder: Path) -> None:
    (photo_folder / "bad.jpg").write_bytes(b"no picture")
    (photo_folder / "empty.png").touch()
    skipped: list[ImpastoError] = []
    crops = PhotoFolder(photo_folder, seed=0, on_skip=skipped.append)
    assert crops.crops(0, 21, 32).shape[0] == 21
    assert sorted(str(error).count("bad.jpg") for error in skipped) == [0, 1]
    assert len(skipped) == 2


def test_crops_made_ahead_are_the_same(photo_folder: Path) -> None:
    (photo_folder / "broken.jpg").write_bytes(b"not a picture")
    skipped: list[ImpastoError] = []
    alone: list[ImpastoError] = []
    crops = PhotoFolder(photo_folder, seed=3, on_skip=skipped.append, threads=3)
    plain = PhotoFolder(photo_folder, seed=3, on_skip=alone.append)
    for first, count, crop_px in [(0, 4, 32), (4, 4, 32), (8, 4, 48), (12, 4, 32), (2, 3, 32)]:
        wanted = plain.crops(first, count, crop_px)
        assert torch.equal(crops.crops(first, count, crop_px), wanted)
    assert len(skipped) == len(alone) == 1


def test_the_next_crops_are_made_before_they_are_asked_for(photo_folder: Path) -> None:
    crops = PhotoFolder(photo_folder, seed=0, on_skip=no_skip, threads=1)
    crops.crops(0, 2, 32)
    begun = [crops._begun[position, 32] for position in (2, 3)]
    assert crops._begin([(2, 32), (3, 32)]) == begun


def test_its_threads_end_with_it(photo_folder: Path) -> None:
    before = set(threading.enumerate())
    crops = PhotoFolder(photo_folder, seed=0, on_skip=no_skip, threads=2)
    crops.crops(0, 4, 32)
    threads = set(threading.enumerate()) - before
    assert len(threads) == 2
    gc.disable()  # it would come sometime, and hide that something holds the folder
    try:
        del crops
        for each in threads:
            each.join(timeout=20)
    finally:
        gc.enable()
    assert not any(each.is_alive() for each in threads)


def test_nothing_readable(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    crops = PhotoFolder(tmp_path, seed=0, on_skip=lambda error: None)
    with pytest.raises(InputError, match=r"no photograph in .* can be read"):
        crops.crops(0, 1, 32)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        PhotoFolder(tmp_path / "missing", 0, no_skip)
    with pytest.raises(InputError, match="holds no photographs"):
        PhotoFolder(tmp_path, 0, no_skip)


def test_to_tensor() -> None:
    import numpy as np

    pixels = np.array([[[0, 51, 255], [255, 0, 0]]], dtype=np.uint8)  # 1 x 2
    tensor = to_tensor(pixels)
    assert tensor.shape == (1, 3, 1, 2)
    assert torch.allclose(tensor[0, :, 0, 0], torch.tensor([0.0, 0.2, 1.0]))
