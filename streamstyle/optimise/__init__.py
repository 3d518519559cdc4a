"""Optimisation of one frame: losses, gradient, objectives and L-BFGS."""
