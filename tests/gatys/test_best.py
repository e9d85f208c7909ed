import numpy as np
import pytest

import impasto
from impasto.errors import OptionError
from impasto.gatys import best
from impasto.gatys.best import paint_best
from impasto.images import Picture
from tiny import picture, tiny_gallery, tiny_two_part_trunk

PHOTO = Picture(picture(300, 200))


def test_the_draft_is_the_optimisations(tmp_path, monkeypatch):
    gallery = tiny_gallery(tmp_path, trunk=tiny_two_part_trunk())
    asked = []

    def optimise(photo, painting, short_px, effect, hardware):
        asked.append((photo.width, painting, short_px, effect))
        return Picture(picture(192, 128, 9))

    monkeypatch.setattr(best, "optimise_draft", optimise)
    with impasto.Stylizer("first", gallery=gallery, strength=1.5) as stylizer:
        painted = paint_best(stylizer, PHOTO, "painting.jpg")
        expected = stylizer.model.paint(PHOTO.pixels, draft=picture(192, 128, 9))
    assert asked == [(300, "painting.jpg", 128, "bold")]
    np.testing.assert_array_equal(painted.pixels, expected)


def test_a_live_style_is_refused(tmp_path):
    with (
        impasto.Stylizer("first", gallery=tiny_gallery(tmp_path)) as stylizer,
        pytest.raises(OptionError, match="no fine network"),
    ):
        paint_best(stylizer, PHOTO, "painting.jpg")
