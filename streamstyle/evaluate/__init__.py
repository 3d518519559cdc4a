"""Measures of finished video: stability and sharpness."""
