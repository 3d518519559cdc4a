"""Devices, our own kernels, CUDA graphs, and what to do when a GPU's memory does not suffice."""
