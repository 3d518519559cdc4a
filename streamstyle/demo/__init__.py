"""A small film of our own: a landscape that moves by known amounts, rendered and not downloaded."""

from streamstyle.demo.file import render_demo
from streamstyle.demo.film import FRAME_RATE, TrueMotion, cuts, demo_frames, frame_count, true_motion

__all__ = ["FRAME_RATE", "TrueMotion", "cuts", "demo_frames", "frame_count", "render_demo", "true_motion"]
