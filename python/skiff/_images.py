"""Images as rows of pixels, and patches of them as images again."""

from __future__ import annotations

from typing import Any

import numpy as np

from skiff._errors import WrongInputError


def patches(model: Any, X: Any) -> Any:
    """``PatchExtractor.transform`` of an array of three or four dimensions."""
    images = np.asarray(X)
    if images.ndim < 3:
        raise WrongInputError(
            f"expected images, an array of three or four dimensions, found {images.ndim}", code="wrong-input"
        )
    count, height, width = images.shape[:3]
    channels = int(np.prod(images.shape[3:]))
    size = (height // 10, width // 10) if model.patch_size is None else tuple(model.patch_size)
    found = model.transform(images.reshape(count, -1), image_height=height, image_width=width)
    return found.reshape(-1, *size, channels) if channels > 1 else found.reshape(-1, *size)
