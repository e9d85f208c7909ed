import numpy as np
import pytest
import torch

from impasto.images import Picture, write_image
from impasto.perceptual.picture_losses import STYLE_LAYERS
from impasto.training.emulator import SKETCH
from impasto.training.samples import Samples
from tiny import picture


@pytest.fixture
def photo_folder(tmp_path):
    """Five small photographs of different shapes, one of them in a folder below."""
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    for number, (width, height) in enumerate([(48, 40), (40, 64), (33, 33), (100, 50)]):
        write_image(folder / f"{number}.png", Picture(picture(width, height, number)))
    write_image(folder / "below" / "4.png", Picture(picture(60, 45, 4)))
    return folder


@pytest.fixture
def painting_files(tmp_path):
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


@pytest.fixture
def samples_of():
    """Makes so many samples for an emulator, by a seed."""
    return make_samples


def make_samples(count, seed=0):
    """Pictures whose Gram matrices are a smooth function of code and photo."""
    photo_count, code_size = 3, 4
    random = torch.Generator().manual_seed(seed)
    fixed = torch.Generator().manual_seed(99)
    codes = torch.randn(count, code_size, generator=random)
    photos = torch.randint(photo_count, (count,), generator=random)
    directions = torch.randn(len(STYLE_LAYERS), code_size, SKETCH, generator=fixed)
    own = torch.randn(photo_count, len(STYLE_LAYERS), SKETCH, generator=fixed)
    painted = torch.einsum("nk,lks->nls", torch.tanh(codes), directions) + 4 + own[photos]
    wanted = painted.roll(1, dims=0)
    contents = 0.5 + 0.1 * torch.tanh(codes[:, 0]) + 0.1 * photos
    return Samples(wanted, codes, photos, painted, contents)
