"""Metrics of finished films: stability, artefacts, drift, sharpness, content and style."""
