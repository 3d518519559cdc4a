"""Make one style of several trainings of it: `python -m tools.blend_styles OUT.safetensors A.safetensors:0.6 …`.

The weights of networks that were trained from one another are averaged (`styles/blending.py`), which lies between them
in looks: so how strong a style is can be chosen after training. A part may be an image: the network that the style
predictor makes for it. Image, title and painter are those of the first file; the metadata holds the commands of all.
"""

from __future__ import annotations

import sys
from pathlib import Path

from safetensors.torch import load_file

from streamstyle.models.metadata import STYLE_IMAGE, THUMBNAIL, read_metadata
from streamstyle.models.weights import save_weights, style_metadata
from streamstyle.styles.blending import NetworkLoader, blend_weights, normalise_weights
from streamstyle.train.provenance import training_commands, training_metadata


def blend_styles(output: Path, parts: dict[Path, float]) -> None:
    """Write the weighted mean of styles as one style; raises StyleError if they differ in shape."""
    network = blend_weights(NetworkLoader().networks([*parts]), normalise_weights([*parts.values()]))
    first = next(iter(parts))
    facts = {key: value for key, value in read_metadata(first).items() if key not in ("kind", "network")}
    command = ["python", "-m", "tools.blend_styles", output.name, *(f"{p.name}:{w:g}" for p, w in parts.items())]
    facts |= training_metadata(command, facts["trained_on"])
    styles = [part for part in parts if part.suffix == ".safetensors"]
    facts["previous_training"] = "; ".join(f"{style.stem}: {training_commands(style)}" for style in styles)
    images = {name: tensor.numpy() for name, tensor in load_file(first).items() if name in (THUMBNAIL, STYLE_IMAGE)}
    save_weights(output, network, style_metadata(network, **facts | {"name": output.stem}), images=images)


def main(arguments: list[str]) -> None:
    """Blend the files that the arguments name."""
    parts = dict(argument.rsplit(":", 1) for argument in arguments[1:])
    blend_styles(Path(arguments[0]), {Path(path): float(weight) for path, weight in parts.items()})


if __name__ == "__main__":
    main(sys.argv[1:])
