from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from streamstyle.errors import StyleError
from streamstyle.models.metadata import read_metadata
from streamstyle.styles import library
from streamstyle.styles.library import (
    find_style,
    image_digest,
    new_style_path,
    style_name,
    trained_styles,
    unknown_style_error,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of its own, and no built-in styles but those a test writes."""
    folder = tmp_path / "library"
    monkeypatch.setattr(library, "library_folder", lambda: folder)
    monkeypatch.setattr(library, "_ASSETS", tmp_path / "assets")
    return folder


def weights(path: Path, **metadata: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"weight": np.zeros(3, np.float16)}, path, metadata={"kind": "style", **metadata})
    return path


def picture(path: Path, content: bytes = b"not really a JPEG") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_built_in_style_is_found_by_its_file_name(tmp_path: Path) -> None:
    path = weights(tmp_path / "assets" / "wave.safetensors", title="The Great Wave", artist="Hokusai")
    weights(tmp_path / "assets" / "loss_network.safetensors", kind="loss_network")
    style = find_style("wave")
    assert style == library.Style("wave", path, "The Great Wave", "Hokusai", builtin=True)
    assert [style.name for style in library.all_styles()] == ["wave"]


def test_an_image_finds_its_style_by_content_not_by_name(tmp_path: Path) -> None:
    image = picture(tmp_path / "my painting.jpg")
    assert find_style(str(image)) is None
    weights(new_style_path(image), image_sha256=image_digest(image))
    moved = image.rename(tmp_path / "other name.png")
    found = find_style(str(moved))
    assert found is not None
    assert found.name == "my_painting"
    assert find_style("my_painting") == found
    moved.write_bytes(b"another picture")
    assert find_style(str(moved)) is None


def test_the_image_of_a_built_in_style_finds_that_style(tmp_path: Path) -> None:
    image = picture(tmp_path / "hokusai.jpg")
    weights(tmp_path / "assets" / "wave.safetensors", image_sha256=image_digest(image))
    assert find_style(str(image)) == find_style("wave")


def test_a_snapshot_is_not_a_style(tmp_path: Path) -> None:
    path = new_style_path(picture(tmp_path / "wave.jpg"))
    weights(path.with_name(f"{path.stem}.learning.safetensors"))
    assert trained_styles() == []


def test_a_trained_style_gets_another_name_if_its_name_is_taken(tmp_path: Path) -> None:
    weights(tmp_path / "assets" / "wave.safetensors")
    weights(new_style_path(picture(tmp_path / "a" / "wave.jpg", b"a")))
    weights(new_style_path(picture(tmp_path / "b" / "wave.jpg", b"b")))
    assert [style.name for style in trained_styles()] == ["wave_2", "wave_3"]
    found = find_style("wave")
    assert found is not None
    assert found.builtin


def test_a_new_built_in_style_does_not_hide_a_trained_one(tmp_path: Path) -> None:
    weights(new_style_path(picture(tmp_path / "delaunay.jpg")))
    weights(tmp_path / "assets" / "delaunay.safetensors")
    found = find_style("delaunay")
    assert found is not None
    assert not found.builtin


def test_a_weights_file_is_a_style_by_its_metadata(tmp_path: Path) -> None:
    mine = weights(tmp_path / "mine.safetensors", title="Mine")
    found = find_style(str(mine))
    assert found is not None
    assert (found.name, found.title) == ("mine", "Mine")
    with pytest.raises(StyleError, match="is not a style"):
        find_style(str(weights(tmp_path / "vgg.safetensors", kind="loss_network")))
    with pytest.raises(StyleError, match="there is no weights file"):
        find_style(str(tmp_path / "none.safetensors"))


def test_a_damaged_file_in_the_library_is_skipped(folder: Path) -> None:
    weights(folder / "good-0123456789abcdef.safetensors")
    for name, content in {"empty": b"", "short": b"\x10\0\0\0\0\0\0\0{}", "text": b"this is no weights file"}.items():
        picture(folder / f"{name}.safetensors", content)
        with pytest.raises(StyleError, match=name):
            read_metadata(folder / f"{name}.safetensors")
    assert [style.name for style in trained_styles()] == ["good"]


def test_the_error_for_an_unknown_style_suggests_the_most_similar_name(tmp_path: Path) -> None:
    for name in ("wave", "starry_night", "composition_vii"):
        weights(tmp_path / "assets" / f"{name}.safetensors")
    error = unknown_style_error("stary_nigth")
    assert "stary_nigth" in error.problem
    assert "Did you mean starry_night?" in error.next_step
    assert unknown_style_error("wav").next_step.startswith("Did you mean wave? `streamstyle styles` lists all;")
    assert unknown_style_error("zzz").next_step.startswith("`streamstyle styles` lists all;")


def test_the_error_for_an_unreadable_image_names_it(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match=r"gone\.jpg"):
        image_digest(tmp_path / "gone.jpg")


def test_the_name_of_a_style_leaves_out_the_digest() -> None:
    assert style_name(Path("my-own-style-0123456789abcdef.safetensors")) == "my-own-style"
    assert style_name(Path("wave.safetensors")) == "wave"
