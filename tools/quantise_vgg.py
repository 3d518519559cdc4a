"""Make the VGG-16 that ships: `python -m tools.quantise_vgg vgg16.safetensors streamstyle/assets/vgg16.safetensors`.

The input has VGG-16's convolutions as `convN_M.weight` and `.bias`, for RGB in 0..255 minus the mean of ImageNet. Those
up to relu5_1, the last layer that a loss reads, are stored with weights of 8 bits.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from streamstyle.files import atomic_write
from streamstyle.models.quantised import SCALE_SUFFIX, quantise
from streamstyle.models.weights import load_loss_network

METADATA = {
    "kind": "loss_network",
    "title": "VGG-16, the convolutions up to relu5_1, weights of 8 bits",
    "source": "VGG_ILSVRC_16_layers by Karen Simonyan and Andrew Zisserman, Visual Geometry Group, University of "
    "Oxford, https://www.robots.ox.ac.uk/~vgg/research/very_deep/, trained on ImageNet (ILSVRC)",
    "licence": "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
    "changes": "conv1_1 takes RGB in place of BGR; the layers above relu5_1 are left out; weights are rounded "
    "to 8 bits with one scale for each output channel",
}


def write_quantised(source: Path, output: Path) -> None:
    """Write the loss network in `source` with weights of 8 bits, and with where it is from in its metadata."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in load_loss_network(source).state_dict().items():
        if name.endswith(".weight"):
            tensors[name], tensors[name + SCALE_SUFFIX] = quantise(tensor)
        else:
            tensors[name] = tensor
    command = f"python -m tools.quantise_vgg {source.name} {output.name}"
    atomic_write(output, save(tensors, {**METADATA, "command": command, "date": date.today().isoformat()}))


if __name__ == "__main__":
    write_quantised(Path(sys.argv[1]), Path(sys.argv[2]))
