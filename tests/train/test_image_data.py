from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamstyle.errors import StyleError
from streamstyle.train.image_data import list_images, photo_crops, procedural_crops, read_image, resize_short_side


def write_picture(path: Path, height: int, width: int, seed: int = 0) -> None:
    cv2.imwrite(str(path), np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def test_images_are_read_as_rgb(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "red.png"), np.full((8, 8, 3), (0, 0, 255), np.uint8))
    assert (read_image(tmp_path / "red.png") == (255, 0, 0)).all()


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_the_error_for_a_file_that_is_not_an_image_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "style.jpg").write_bytes(content)
    with pytest.raises(StyleError, match=r"style\.jpg is not an image"):
        read_image(tmp_path / "style.jpg")
    with pytest.raises(StyleError, match=r"there is no image .*missing\.jpg"):
        read_image(tmp_path / "missing.jpg")


@pytest.mark.parametrize(("height", "width"), [(50, 80), (300, 70), (64, 64)])
def test_resize_sets_the_short_side(height: int, width: int) -> None:
    resized = resize_short_side(np.zeros((height, width, 3), np.uint8), 64)
    assert min(resized.shape[:2]) == 64
    assert abs(resized.shape[1] / resized.shape[0] - width / height) < 0.02


def test_every_photo_is_used_once_per_round(tmp_path: Path) -> None:
    for value in range(5):
        cv2.imwrite(str(tmp_path / f"{value}.png"), np.full((70, 90, 3), 40 * value, np.uint8))
    crops = photo_crops(list_images(tmp_path), 64, seed=3)
    seen = [int(crop.mean()) for crop in islice(crops, 5)]
    assert sorted(seen) == [0, 40, 80, 120, 160]


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match="has no images"):
        list_images(tmp_path)


def test_procedural_images_vary_and_are_reproducible() -> None:
    first, again = (list(islice(procedural_crops(64, seed=7), 4)) for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert all(picture.std() > 20 for picture in first)
    assert not np.array_equal(first[0], first[1])
