import numpy as np
import pytest

from impasto.errors import OptionError
from impasto.evaluation import by_size
from impasto.evaluation.by_size import (
    SizedScore,
    SizedScorer,
    median_score,
    score_by_size,
)
from impasto.evaluation.scores import exact_vgg
from impasto.perceptual.hardware import choose_hardware
from tiny import picture

PAINTING = picture(160, 120, 1)
PHOTO = picture(120, 100, 2)


COMPARED_PX = (64, 128)


@pytest.fixture(autouse=True)
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """VGG-19 takes seconds at 512 px."""
    monkeypatch.setattr(by_size, "COMPARED_PX", COMPARED_PX)
    monkeypatch.setattr(by_size, "CONTENT_PX", 128)


@pytest.fixture
def scorer(small_sizes: None) -> SizedScorer:
    return SizedScorer(exact_vgg(choose_hardware("cpu", "f32")), PAINTING)


def test_the_painting_itself_has_all_of_the_style(scorer: SizedScorer) -> None:
    score = scorer(PAINTING, PAINTING)
    assert list(score.style) == list(COMPARED_PX)
    assert max(score.style.values()) < 1e-6
    assert score.content == score.similarity == 0
    assert score.repetition < 1e-6


def test_large_forms_are_missed_at_small_sizes_only(scorer: SizedScorer) -> None:
    """What changes only pixels side by side is seen at large sizes; what is reduced has lost it."""
    checks = np.indices(PAINTING.shape[:2]).sum(axis=0)[..., None] % 2 * 60
    checked = np.clip(PAINTING.astype(int) + checks - 30, 0, 255).astype(np.uint8)
    style = scorer(checked, PAINTING).style
    assert style[64] < style[128] / 4


def test_a_painting_in_other_colours_keeps_the_layout(scorer: SizedScorer) -> None:
    """Self-similarity minds a negative less than content by features does."""
    negative = scorer(255 - PHOTO, PHOTO)
    other = scorer(picture(120, 100, 3), PHOTO)
    assert negative.similarity < other.similarity


def test_medians_are_of_each_figure() -> None:
    scores = [
        SizedScore(dict.fromkeys(COMPARED_PX, number), number, -number, 2 * number)
        for number in (1.0, 5.0, 3.0)
    ]
    assert median_score(scores) == SizedScore(dict.fromkeys(COMPARED_PX, 3.0), 3.0, -3.0, 6.0)


def test_every_style_needs_a_painting() -> None:
    vgg = exact_vgg(choose_hardware("cpu", "f32"))
    painters = {"first": lambda photo: photo}
    with pytest.raises(OptionError, match="no painting for first"):
        score_by_size(vgg, painters, {}, {"photo": PHOTO})
    with pytest.raises(OptionError, match="nothing to evaluate"):
        score_by_size(vgg, {}, {}, {"photo": PHOTO})
