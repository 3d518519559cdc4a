"""Devices, CPU and CUDA kernels, CUDA graphs, and fallbacks for too little GPU memory."""
