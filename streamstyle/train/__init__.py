"""Training of the networks: loss networks, styles, the style predictor, the upscaler."""
