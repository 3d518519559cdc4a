"""Renders the demo film: landscapes of layers with known motion, so that the true optical flow is known.

`python -m tools.demo_film` renders `streamstyle/assets/demo.mkv`. Tests and benchmarks render it at other sizes and
lengths.
"""

from tools.demo_film.encode import render_demo
from tools.demo_film.film import FRAME_RATE, TrueMotion, cuts, demo_frames, frame_count, true_motion

__all__ = ["FRAME_RATE", "TrueMotion", "cuts", "demo_frames", "frame_count", "render_demo", "true_motion"]
