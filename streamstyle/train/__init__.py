"""The commands that make the weights: distil the loss network, learn a style."""
