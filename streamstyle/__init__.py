"""streamstyle turns a whole film into a painting that moves."""

import os

__version__ = "0.1.0"

# OpenCV reads it once, when it is loaded, and compares with it what the header of an image says, before decoding.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(200_000_000))
