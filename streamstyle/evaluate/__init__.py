"""Metrics of finished films: stability, drift, sharpness, content and style."""
