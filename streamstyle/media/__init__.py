"""Video and image files through PyAV and OpenCV, and the cache of optical flow on disk."""
