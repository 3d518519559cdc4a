import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamstyle.cli.main import exit_code
from streamstyle.contact_sheet import arrange_in_grid, read_picture
from streamstyle.errors import StyleError
from tests.films import write_film


@pytest.mark.parametrize(
    ("cells", "rows", "columns"), [(1, 1, 1), (3, 1, 3), (4, 2, 2), (5, 3, 2), (8, 2, 4), (11, 4, 3)]
)
def test_cells_fill_a_grid_of_about_square_shape(cells: int, rows: int, columns: int) -> None:
    sheet = arrange_in_grid([np.full((10, 20, 3), 7, np.uint8)] * cells)
    assert sheet.shape == (10 * rows, 20 * columns, 3)
    assert (sheet == 7).all(2).sum() == 200 * cells


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    picture = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "frame.png"), cv2.resize(picture, (160, 96), interpolation=cv2.INTER_CUBIC))
    return tmp_path / "frame.png"


def test_a_sheet_shows_the_frame_in_the_given_styles(frame: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["styles", "--sheet", str(frame), "--style", "wave", "--style", "wave:1,the_scream:1", "--json"]
    assert exit_code(asked) == 0
    sheet = cv2.imread(json.loads(capsys.readouterr().out)["sheet"])
    assert sheet.shape[:2] == (96 + 2 * 12 + 26, 3 * (160 + 2 * 12))
    first, second, third = (sheet[12:72, left + 12 : left + 172].astype(int) for left in (0, 184, 368))
    assert np.abs(first - second).mean() > 10
    assert np.abs(second - third).mean() > 5


def test_the_sheet_of_a_film_shows_the_frame_in_its_middle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grey = np.repeat(np.linspace(20, 200, 10).astype(np.uint8), 96 * 64 * 3).reshape(10, 64, 96, 3)
    film = write_film(tmp_path / "film.mkv", grey)
    assert read_picture(film).mean() == pytest.approx(120, abs=12)
    assert exit_code(["styles", "--sheet", str(film), "--style", "wave"]) == 0
    assert (tmp_path / "film.styles.jpg").exists()
    (tmp_path / "text.mkv").write_text("no film")
    with pytest.raises(StyleError, match="is not an image"):
        read_picture(tmp_path / "text.mkv")


def test_a_sheet_does_not_replace_a_file_without_yes(frame: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (frame.parent / "frame.styles.jpg").write_bytes(b"mine")
    assert exit_code(["styles", "--sheet", str(frame), "--style", "wave", "--json"]) == 4
    assert (frame.parent / "frame.styles.jpg").read_bytes() == b"mine"


def test_a_frame_or_output_that_is_not_an_image_is_refused(
    tmp_path: Path, frame: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    assert exit_code(["styles", "--sheet", str(tmp_path / "text.png")]) == 5
    assert exit_code(["styles", "--style", "wave"]) == 2
    assert exit_code(["styles", "--sheet", str(frame), "-o", str(tmp_path / "sheet.txt")]) == 4
