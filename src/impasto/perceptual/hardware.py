"""Which device computes, in which precision, and how the machine is made the most of."""

from __future__ import annotations

import ctypes
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn

from impasto._util.cpu import usable_cores
from impasto.errors import OptionError

Precision = Literal["auto", "bf16", "f32"]

MOST_LOADER_THREADS = 16
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # names and numbers of malloc.h


@dataclass(frozen=True)
class Hardware:
    """A device, and the type in which convolutions are computed.

    Gram matrices, normalisation statistics, weights and optimisers stay in float32 in any case.

    Attributes:
        device: of all tensors.
        dtype: of convolutions, float32 or bfloat16.
        compiles: networks in training are compiled first, which needs a C++ compiler on a CPU
            (`has_compiler`), takes up to a minute and saves a sixth of every step.
    """

    device: torch.device
    dtype: torch.dtype
    compiles: bool = False

    def __str__(self) -> str:
        return f"{self.device.type} in {'bf16' if self.dtype == torch.bfloat16 else 'f32'}"

    @property
    def loader_threads(self) -> int:
        """Number of threads that load photos while the device computes: none beside a CPU, which
        has its cores for the steps.
        """
        return 0 if self.device.type == "cpu" else min(usable_cores(), MOST_LOADER_THREADS)

    def compiled(self, network: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
        """Return the network as it is called in training; itself unless the hardware `compiles`."""
        if not self.compiles:
            return network
        # A compiler that fails costs speed, not the run.
        torch._dynamo.config.suppress_errors = True
        return cast("Callable[[Tensor, Tensor], Tensor]", torch.compile(network, dynamic=False))

    def autocast(self) -> torch.autocast:
        """Return a context in which convolutions run in ``dtype``; without effect for float32."""
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16
        )


def choose_hardware(
    device: str = "auto", precision: Precision = "auto", compiles: bool = False
) -> Hardware:
    """Pick a device and a precision.

    Args:
        device: ``auto`` takes CUDA, then Apple's MPS, then the CPU; or torch's own name.
        precision: ``auto`` takes bfloat16 where the hardware multiplies it natively (emulated, it
            is slower than float32).
        compiles: see `Hardware`.

    Raises:
        OptionError: torch does not have that device, or the precision is unknown.
    """
    if device == "auto":
        if torch.cuda.is_available():
            device = "cuda"
        else:
            device = "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        chosen = torch.device(device)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise OptionError(f"no device {device!r} ({reason})", "try cpu") from error
    if precision not in ("auto", "bf16", "f32"):
        raise OptionError(f"unknown precision {precision!r}", "one of auto, bf16, f32")
    bf16 = precision == "bf16" or (precision == "auto" and _has_native_bf16(chosen))
    return Hardware(chosen, torch.bfloat16 if bf16 else torch.float32, compiles)


def has_compiler() -> bool:
    """Return whether networks can be compiled for the CPU."""
    return any(shutil.which(name) for name in ("c++", "g++", "clang++"))


def keep_freed_memory() -> None:
    """Have the C library reuse what tensors give back, instead of returning it to the kernel.

    By default, glibc maps every large block anew, and the kernel clears its pages one by one: a
    quarter of a training step goes there. The process keeps its peak of memory until it ends. Other
    systems than Linux are left as they are.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, -1)  # never


def _has_native_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False
