from streamstyle.api import StylisedPicture, stylise_film, stylise_frames, stylise_image
from streamstyle.errors import StreamstyleError
from streamstyle.settings import Settings

__version__: str

__all__ = [
    "Settings",
    "StreamstyleError",
    "StylisedPicture",
    "__version__",
    "stylise_film",
    "stylise_frames",
    "stylise_image",
]
