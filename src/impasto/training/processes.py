"""Several processes that train one network: ``torchrun`` starts them, each takes a share of every
batch.

Crops, grain and styles are functions of the seed and the place in the run, however many processes
there are; so their steps are those of one process, but for the order in which gradients are added.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn

from impasto.errors import TrainingError

WAIT = timedelta(minutes=10)
"""For each other in a step: time enough to compile a network."""


class LostProcessError(TrainingError):
    """Another process has ended; what this one has of the run is whole up to the last step."""


@contextmanager
def together(device: torch.device) -> Iterator[None]:
    """Meet the processes that ``torchrun`` has started with this one, if it has; part with them at
    the end.

    Args:
        device: where each of them computes; of several GPUs, each takes its own.

    Raises:
        TrainingError: they do not meet.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    on_gpu = device.type == "cuda"
    try:
        if on_gpu:
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=WAIT)
    except (RuntimeError, ValueError, KeyError) as error:
        raise TrainingError(
            f"the processes do not meet ({str(error).splitlines()[0]})", "start them by torchrun"
        ) from error
    try:
        yield
    finally:
        distributed.destroy_process_group()


def process_count() -> int:
    """Return how many processes train together."""
    return distributed.get_world_size() if _several() else 1


def writes() -> bool:
    """Tell whether this process writes what the run leaves: one of several does."""
    return not _several() or distributed.get_rank() == 0


def share_of(photo_count: int) -> range:
    """Return which photos of a batch are this process's; the first process always has some."""
    if not _several():
        return range(photo_count)
    rank, count = distributed.get_rank(), distributed.get_world_size()
    begin, end = (-(-each * photo_count // count) for each in (rank, rank + 1))
    return range(begin, end)


def add_up(parameters: Iterable[nn.Parameter], loss: Tensor, share: float) -> Tensor:
    """Put the whole batch's gradients in the place of those of this process's part of it.

    Args:
        parameters: some of which have gradients, the same in all processes.
        loss: of the part.
        share: of the part in the batch.

    Returns:
        the loss of the whole batch.

    Raises:
        LostProcessError: another process has ended.
    """
    if not _several():
        return loss
    trained = [each for each in parameters if each.requires_grad]
    gradients = [torch.zeros_like(each) if each.grad is None else each.grad for each in trained]
    flat = share * torch.cat([*(each.flatten() for each in gradients), loss.reshape(1)])
    try:
        distributed.all_reduce(flat)
    except RuntimeError as error:
        raise LostProcessError(
            f"another of the {process_count()} processes has ended", "see what it said; --resume"
        ) from error
    *sums, loss = torch.split(flat, [*(each.numel() for each in trained), 1])
    for parameter, total in zip(trained, sums, strict=True):
        parameter.grad = total.view_as(parameter)
    return loss[0]


def _several() -> bool:
    return distributed.is_available() and distributed.is_initialized()
