import pytest
import torch

from impasto.errors import InputError
from impasto.training.samples import FIELDS, Samples, read_samples, write_samples


def test_samples_are_written_and_read(tmp_path, samples_of):
    samples = samples_of(10)
    write_samples(tmp_path / "s.safetensors", samples, "this trunk")
    again = read_samples(tmp_path / "s.safetensors", "this trunk")
    for name in FIELDS:
        assert torch.equal(getattr(again, name), getattr(samples, name))
    with pytest.raises(InputError, match="another trunk"):
        read_samples(tmp_path / "s.safetensors", "that trunk")
    (tmp_path / "s.safetensors").write_bytes(b"no samples")
    with pytest.raises(InputError, match="no file of samples"):
        read_samples(tmp_path / "s.safetensors", "this trunk")


def test_samples_are_put_together_and_cut(samples_of):
    samples = samples_of(10)
    room = Samples.room_for(14, samples)
    room.put(0, samples.first(4))
    room.put(4, samples)
    assert len(room) == 14
    for name in FIELDS:
        first, last = getattr(room, name)[:4], getattr(room, name)[4:]
        assert torch.equal(first, getattr(samples, name)[:4])
        assert torch.equal(last, getattr(samples, name))
