from pathlib import Path

from impasto.evaluation.scored_styles import find_scored_styles
from impasto.images import Picture, write_image
from impasto.styles import open_gallery
from impasto.stylizer import Stylizer
from impasto.two_part_model import TwoPartModel
from tiny import picture


def test_a_gallerys_style_is_painted_by_its_name(tmp_path: Path) -> None:
    """As photos are: a style's vector would be painted by the network that it is of."""
    write_image(tmp_path / "x.png", Picture(picture(70, 66)))
    (scored,) = find_scored_styles(["udnie"], open_gallery(), tmp_path / "x.png")
    with Stylizer(scored.style) as stylizer:
        assert isinstance(stylizer.model, TwoPartModel)
