import subprocess
import sys

import pytest

import impasto
from impasto import errors

HEAVY = ("torch", "cv2", "openvino", "onnxruntime", "onnx", "PIL", "numpy", "safetensors", "av")


def test_all_is_sorted_and_true() -> None:
    assert list(impasto.__all__) == sorted(impasto.__all__)
    for name in impasto.__all__:
        assert getattr(impasto, name) is not None


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        impasto.nonsense  # noqa: B018


def test_importing_is_light() -> None:
    """Importing impasto loads nothing heavy; painting a photo never loads torch."""
    light = f"import sys, impasto; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", light], text=True).strip() == "[]"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("help(impasto)", "painting.jpg"),
        ("from impasto import *; print(paint.__name__)", "paint"),
        ("impasto.paint('photo.jpg', 'painting.jpg')", "impasto.paint needs"),
        ("impasto.learn('painting.jpg')", "impasto.learn needs"),
        ("impasto.PaintOptions()", "impasto.PaintOptions needs"),
    ],
)
def test_without_torch(line: str, expected: str) -> None:
    """All that the base install offers is there; what needs torch says so when it is called."""
    hidden = f"""
import sys
sys.modules["torch"] = None
import impasto
try:
    {line}
except impasto.MissingExtraError as error:
    print(error)
"""
    assert expected in subprocess.check_output([sys.executable, "-c", hidden], text=True)


def test_every_error_has_a_code_of_its_own() -> None:
    classes = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(cls, errors.ImpastoError) for cls in classes)
    assert len({cls.exit_code for cls in classes}) == len(classes)
    assert list(errors.__all__) == sorted(errors.__all__)


def test_an_error_says_what_and_what_to_do() -> None:
    error = errors.InputError("photo.jpg does not exist", "check the name")
    assert str(error) == "photo.jpg does not exist: check the name"
    assert "pip install 'impasto[learn]'" in str(errors.MissingExtraError("painting", "learn"))
