"""Renders the film of `streamstyle demo`: python -m tools.demo_film [OUTPUT]."""

import sys
from pathlib import Path

from tools.demo_film import render_demo

ASSET = Path(__file__).parents[2] / "streamstyle" / "assets" / "demo.mkv"

if __name__ == "__main__":
    render_demo(Path(sys.argv[1]) if len(sys.argv) > 1 else ASSET)
