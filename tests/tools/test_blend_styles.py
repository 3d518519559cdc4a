"""One style of several trainings of it."""

from __future__ import annotations

from pathlib import Path

import torch

from streamstyle.models.metadata import read_metadata
from streamstyle.models.weights import load_style_net
from streamstyle.styles.library import get_style
from streamstyle.styles.style_image import read_style_image
from tools.blend_styles import main


def test_blend_is_between_its_parts_and_says_how_it_was_made(tmp_path: Path) -> None:
    wave, scream = get_style("wave").path, get_style("the_scream").path
    output = tmp_path / "both.safetensors"
    main([str(output), f"{wave}:3", f"{scream}:1"])
    parts = [load_style_net(path).state_dict() for path in (wave, scream)]
    for name, tensor in load_style_net(output).state_dict().items():
        expected = 0.75 * parts[0][name] + 0.25 * parts[1][name]
        assert torch.allclose(tensor, expected, atol=2e-3, rtol=2e-3)  # files hold half precision
    metadata = read_metadata(output)
    assert metadata["name"] == "both"
    assert metadata["title"] == read_metadata(wave)["title"]
    assert "wave.safetensors:3" in metadata["command"]
    assert all(read_metadata(path)["command"] in metadata["previous_training"] for path in (wave, scream))
    assert (read_style_image(output) == read_style_image(wave)).all()
