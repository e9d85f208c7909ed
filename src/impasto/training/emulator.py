"""An emulator of a trunk and VGG-19: what a code would be painted like, without painting.

A step of `EncoderTrainer` paints photos, looks at them through VGG-19, and forgets both. Here that
is done once for some thousand codes (`emulated.gather_samples`), and a small network learns from
these samples what Gram matrices and content loss a code leads to (`fit_emulator`). An encoder that
is trained by the emulator takes a hundred steps in the time of ten. It is nobody's paper: Ghiasi et
al. 2017 train by the losses alone, on accelerators.

Gram matrices are compared as random sketches: products of two random combinations of features, with
signs for weights, keep distances between matrices in the mean (Johnson & Lindenstrauss 1984), and
some hundred of them stand for a quarter of a million numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.perceptual.losses import gram_matrix
from impasto.perceptual.picture_losses import STYLE_LAYERS, STYLE_WEIGHT
from impasto.training.samples import Samples

__all__ = ["Emulator", "GramSketch", "fit_emulator", "fit_step"]

CHANNELS = dict(zip(STYLE_LAYERS, (64, 128, 256, 512), strict=True))
SKETCH = 512  # products a layer: distances are right to a tenth or so
COMPONENTS = 128  # of a layer's sketches, which keep 98 % or more of them
HIDDEN = 512
MEMBERS = 2  # trained alike; what one gets wrong by chance, an encoder is not to profit from
FIT_STEPS, FIT_BATCH, FIT_RATE, FIT_DECAY = 4000, 128, 2e-3, 0.05
LARGE_ERROR = 0.1  # relative; of those beyond, only the logarithm counts
KEPT_OUT = 0.1  # of the samples, to tell how good an emulator is
QUIET = 0.05  # least size of a layer's Gram matrices, relative to the mean
FAR = 3.0  # deviations of the samples' codes: beyond, an emulator knows nothing
TINY = 1e-6


class GramSketch:
    """Sketches of Gram matrices, the same for the same seed.

    Args:
        device: of the features.
        seed: of the signs.
    """

    def __init__(self, device: torch.device, seed: int = 0) -> None:
        random = torch.Generator().manual_seed(seed)
        self._signs = {
            layer: [
                torch.randn(CHANNELS[layer], SKETCH, generator=random).sign().to(device)
                for _ in range(2)
            ]
            for layer in STYLE_LAYERS
        }

    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        """Sketch the Gram matrices of `STYLE_LAYERS`.

        Args:
            features: of each layer, N x C x H x W.

        Returns:
            float32 N x layers x `SKETCH`. Their squared distances are those of the matrices
            (`losses.gram_matrix`), in the mean over signs.
        """
        sketches = []
        for layer in STYLE_LAYERS:
            first, second = self._signs[layer]
            # The mean product of two combinations of features, first' x and second' x.
            products = (first * (gram_matrix(features[layer]) @ second)).sum(dim=1)
            sketches.append(products / SKETCH**0.5)
        return torch.stack(sketches, dim=1)


class _Guess(nn.Module):
    """One member: from a code and a photo's number to sketches and content loss."""

    def __init__(self, code_size: int, photo_count: int, outputs: int) -> None:
        super().__init__()
        inputs = code_size + photo_count
        self.straight = nn.Linear(inputs, outputs)
        self.first = nn.Linear(inputs, HIDDEN)
        self.second = nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, outputs)
        with torch.no_grad():
            self.last.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.silu(self.first(x))
        hidden = hidden + F.silu(self.second(hidden))
        total: Tensor = self.straight(x) + self.last(hidden)
        return total


class Emulator(nn.Module):
    """Style loss and content loss of what a trunk would paint, differentiable by the code.

    Args:
        samples: to take scales and principal components from; `fit_emulator` trains on them.
    """

    components: Tensor
    sizes: Tensor
    mean_code: Tensor
    spread: Tensor
    usual_contents: Tensor

    def __init__(self, samples: Samples) -> None:
        super().__init__()
        self.photo_count = int(samples.photos.max()) + 1
        layers = len(STYLE_LAYERS)
        both = torch.cat([samples.wanted, samples.painted])
        count = min(COMPONENTS, len(both), SKETCH)
        self.register_buffer("sizes", samples.wanted.norm(dim=2).mean(dim=0).clamp_min(TINY))
        components = []
        for layer in range(layers):
            sketches = both[:, layer]
            # A loud picture is to have no more to say about the directions than a quiet one.
            directions = sketches / sketches.norm(dim=1, keepdim=True).clamp_min(TINY)
            rows = torch.linalg.svd(directions, full_matrices=False)[2][:count]
            components.append(rows.T / self.sizes[layer])
        self.register_buffer("components", torch.stack(components))
        self.register_buffer("mean_code", samples.codes.mean(dim=0))
        self.register_buffer("spread", samples.codes.std(dim=0).clamp_min(TINY))
        of_photo = F.one_hot(samples.photos, self.photo_count).float()
        usual = (of_photo.T @ samples.contents) / of_photo.sum(dim=0).clamp_min(1)
        self.register_buffer("usual_contents", usual)
        self.members = nn.ModuleList(
            _Guess(samples.codes.shape[1], self.photo_count, layers * count + 1)
            for _ in range(MEMBERS)
        )

    def reduced(self, sketches: Tensor) -> Tensor:
        """Sketches as their principal components, N x layers x components, of a size about 1."""
        return torch.einsum("nlk,lkc->nlc", sketches, self.components)

    def guess(self, codes: Tensor, photos: Tensor, member: int) -> tuple[Tensor, Tensor]:
        """What one member thinks of codes.

        Args:
            codes: N x code size.
            photos: N numbers of the practised photos.
            member: 0 or 1.

        Returns:
            `reduced` sketches of the pictures, and N content losses.
        """
        scaled = (codes - self.mean_code) / self.spread
        one_hot = F.one_hot(photos, self.photo_count).to(scaled.dtype)
        outputs = self.members[member](torch.cat([scaled, one_hot], dim=1))
        return outputs[:, :-1].reshape(len(codes), len(STYLE_LAYERS), -1), outputs[:, -1]

    def losses(
        self, codes: Tensor, photos: Tensor, wanted: Tensor, member: int
    ) -> tuple[Tensor, Tensor]:
        """Content and style losses, N each, of what would be painted.

        Content is no less than a photo's mean over the samples. It hardly depends on codes, so that
        an encoder found codes which are told to have half of it, and have not.

        Args:
            codes, photos, member: as `guess` takes them.
            wanted: sketches of the paintings, N x layers x `SKETCH`.
        """
        painted, content = self.guess(codes, photos, member)
        # What the components leave out of a painting counts as not reached.
        whole = (wanted.norm(dim=2) / self.sizes).square().clamp_min(QUIET**2)
        target = self.reduced(wanted)
        left_out = (whole - target.square().sum(dim=2)).clamp_min(0)
        style = ((painted - target).square().sum(dim=2) + left_out) / whole
        return content.maximum(self.usual_contents[photos]), style.mean(dim=1)

    def objective(
        self, codes: Tensor, photos: Tensor, wanted: Tensor, member: int
    ) -> tuple[Tensor, dict[str, float]]:
        """What codes are to make smaller: the mean of log J, so that all paintings count alike,
        those that are hard to paint like, too; and the codes' `strangeness`.

        Args:
            codes, photos, wanted, member: as `losses` takes them.

        Returns:
            a number, and figures to tell of it.
        """
        content, style = self.losses(codes, photos, wanted, member)
        j = content + STYLE_WEIGHT * style
        means = {"content": content, "style": style, "J": j}
        figures = {name: each.mean().item() for name, each in means.items()}
        return j.log().mean() + self.strangeness(codes), figures

    def strangeness(self, codes: Tensor) -> Tensor:
        """How far codes are beyond all that was sampled; 0 for those within."""
        beyond = ((codes - self.mean_code) / self.spread).abs() - FAR
        return beyond.clamp_min(0).square().mean()


def fit_emulator(
    samples: Samples, seed: int = 0, on_step: Callable[[int, int], None] = lambda done, total: None
) -> tuple[Emulator, float]:
    """Train an emulator on samples.

    Args:
        samples: some thousand; a tenth is kept out.
        seed: of weights and batches.
        on_step: told of steps done, and of all there are.

    Returns:
        the emulator, which stays as it is from now on; and how much it gets wrong, the style loss
        between a picture of a sample that it has not seen and its guess, median over those.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        emulator = Emulator(samples)
        order = torch.randperm(len(samples))
        test, seen = order[: round(KEPT_OUT * len(order))], order[round(KEPT_OUT * len(order)) :]
        target = emulator.reduced(samples.painted)
        whole = target.square().sum(dim=2, keepdim=True).clamp_min(QUIET**2)

        def wrong(rows: Tensor, member: int) -> tuple[Tensor, Tensor]:
            guess, content = emulator.guess(samples.codes[rows], samples.photos[rows], member)
            style = ((guess - target[rows]).square() / whole[rows]).sum(dim=2)
            return style, (content - samples.contents[rows]).square().mean()

        optimiser = torch.optim.AdamW(emulator.parameters(), weight_decay=FIT_DECAY)
        for step in range(FIT_STEPS):
            batch = seen[torch.randint(len(seen), (FIT_BATCH,))]
            terms = [wrong(batch, member) for member in range(MEMBERS)]
            # Some codes far out are painted flat. Relative to them, a guess is wrong by a hundred;
            # for their sake, plain means of squared errors would have all others guessed badly.
            loss = torch.stack(
                [
                    LARGE_ERROR * (style / LARGE_ERROR).log1p().mean() + 0.1 * content
                    for style, content in terms
                ]
            ).sum()
            fit_step(optimiser, loss, FIT_RATE, step, FIT_STEPS)
            on_step(step + 1, FIT_STEPS)
    emulator.requires_grad_(False)
    errors = torch.stack([wrong(test, member)[0].mean(dim=1) for member in range(MEMBERS)])
    return emulator, errors.median().item()


def fit_step(
    optimiser: torch.optim.Optimizer, loss: Tensor, rate: float, step: int, steps: int
) -> None:
    """One step of many on samples; the rate rises for a hundred, then falls to nothing."""
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for group in optimiser.param_groups:
        group["lr"] = rate * min(1.0, (step + 1) / 100) * (1 - step / steps)
    optimiser.step()
