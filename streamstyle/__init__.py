"""streamstyle turns a whole film into a painting that moves."""

import os

__version__ = "0.1.0"

# OpenCV reads it once, when it is loaded, and compares with it what the header of an image says, before decoding.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(200_000_000))

if "OMP_WAIT_POLICY" not in os.environ:
    # OpenMP reads these once, when torch loads it, so this comes before any import of torch; child processes inherit
    # them. By default its threads spin while they wait, and take the cores from whatever the others wait for.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ.setdefault("KMP_BLOCKTIME", "0")  # Intel's library
