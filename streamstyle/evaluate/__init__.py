"""Measures of finished video: stability, drift, sharpness, content and style."""
