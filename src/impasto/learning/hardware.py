"""Which device computes, and in which precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from impasto.errors import OptionError

__all__ = ["Hardware", "Precision", "choose_hardware"]

Precision = Literal["auto", "bf16", "f32"]


@dataclass(frozen=True)
class Hardware:
    """A device, and the type in which convolutions are computed.

    Gram matrices, normalisation statistics, weights and optimisers stay in float32 in any case.
    """

    device: torch.device
    dtype: torch.dtype

    def __str__(self) -> str:
        return f"{self.device.type} in {'bf16' if self.dtype == torch.bfloat16 else 'f32'}"

    def autocast(self) -> torch.autocast:
        """Context in which convolutions run in ``dtype``; without effect for float32."""
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16
        )


def choose_hardware(device: str = "auto", precision: Precision = "auto") -> Hardware:
    """Pick a device and a precision.

    Args:
        device: ``auto`` takes CUDA, then Apple's MPS, then the CPU; or torch's own name.
        precision: ``auto`` takes bfloat16 where the hardware multiplies it natively (emulated, it
            is slower than float32).

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
    return Hardware(chosen, torch.bfloat16 if bf16 else torch.float32)


def _has_native_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False
