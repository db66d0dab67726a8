"""Patches of images: what tables do not hold."""

import io

import joblib
import numpy as np
import pytest
import skiff
from sklearn.feature_extraction.image import PatchExtractor


def opened(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    return skiff.open(file.getvalue())


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
@pytest.mark.parametrize(
    "params",
    [
        {"patch_size": (2, 3)},
        {"patch_size": (2, 3), "max_patches": 5, "random_state": 0},
        {"patch_size": (2, 3), "max_patches": 0.3, "random_state": 7},
        {"patch_size": (2, 3), "max_patches": 1000, "random_state": 7},
        {"max_patches": 4, "random_state": np.random.RandomState(3)},
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
def test_patches_are_scikit_learns(params, channels, dtype):
    size = (12, 11)
    images = np.random.default_rng(0).integers(0, 255, size=(3, *size, *channels)).astype(dtype)
    estimator = PatchExtractor(**params).fit(images)
    ours = opened(estimator).transform(images)
    theirs = estimator.transform(images)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_what_is_no_image_is_refused():
    ours = opened(PatchExtractor(patch_size=(2, 2)))
    for wrong in [np.zeros((2, 4)), np.zeros((2, 1, 5))]:
        with pytest.raises(ValueError):
            ours.transform(wrong)
    with pytest.raises(skiff.SkiffError, match="random_state=None"):
        opened(PatchExtractor(patch_size=(2, 2), max_patches=2)).transform(np.zeros((2, 4, 4)))
