"""From the paper to the file."""

import numpy as np
import pytest
from digits_core.image import decode
from digits_train import camera
from digits_train.drawings import drawing
from digits_train.texture import Texture

PICTURE = drawing(4, side=120)
FIELD = PICTURE.astype(np.float32)


def test_tilt_moves_by_little() -> None:
    """Another view of the same size, and still nearly the same ink; no strength, no change."""
    rng = np.random.default_rng(1)
    seen = camera.tilt(FIELD, 0.03, rng)

    assert seen.shape == FIELD.shape
    assert np.abs(seen - FIELD).max() > 50
    assert (seen < 128).sum() == pytest.approx((FIELD < 128).sum(), rel=0.25)
    assert np.allclose(camera.tilt(FIELD, 0, rng), FIELD, atol=1)


@pytest.mark.parametrize("length", [2, 5, 9])
def test_blur_keeps_the_light(length: int) -> None:
    """Out of focus or shaken, edges get softer and the mean stays."""
    for blurred in (
        camera.defocus(FIELD, length / 3),
        camera.shake(FIELD, length, np.random.default_rng(2)),
    ):
        assert blurred.mean() == pytest.approx(FIELD.mean(), abs=1)
        assert np.abs(np.diff(blurred)).max() < np.abs(np.diff(FIELD)).max()


def test_exposure_adds_the_noise_asked_for(texture: Texture) -> None:
    """Grey levels vary by `sigma`, round a level that stays; without it they are rounded."""
    rng = np.random.default_rng(3)
    grey = np.full((200, 200), 127.6, np.float32)
    noisy = camera.expose(grey, 9, texture, rng)

    assert noisy.dtype == np.uint8
    assert noisy.std() == pytest.approx(9, rel=0.1)
    assert noisy.mean() == pytest.approx(127.6, abs=1)
    assert np.unique(camera.expose(grey, 0, texture, rng)).tolist() == [128]
    assert np.unique(camera.expose(grey * 3, 0, texture, rng)).tolist() == [255]


def test_a_crop_lies_close_to_the_ink() -> None:
    """Within a twelfth of the ink's size on every side; at most a stroke's edge is cut."""
    rng = np.random.default_rng(6)
    rows, columns = np.nonzero(PICTURE < 128)
    left, top = int(columns.min()), int(rows.min())
    width, height = int(columns.max()) + 1 - left, int(rows.max()) + 1 - top
    cut = [camera.crop(PICTURE, (left, top, width, height), rng) for _ in range(40)]

    for side, asked in ((0, height), (1, width)):
        more = np.array([each.shape[side] for each in cut]) - asked
        assert more.min() >= -0.05 * height
        assert 0.05 * height < more.max() <= 0.17 * height
    ink = (PICTURE < 128).sum()
    assert all((each < 128).sum() > 0.9 * ink for each in cut)


def test_jpeg_costs_quality() -> None:
    """The file shows the picture, the better the larger it is."""
    good, bad = (camera.jpeg(PICTURE, quality) for quality in (95, 30))
    errors = [float(np.abs(decode(file).astype(int) - PICTURE).mean()) for file in (good, bad)]

    assert len(bad) < len(good)
    assert errors[0] < errors[1] < 12


def test_tint_keeps_the_brightness() -> None:
    """Coloured light changes the channels, not the grey that is made of them."""
    grey = np.full((10, 10), 120, np.uint8)
    tinted = camera.tint(grey, np.random.default_rng(4))

    assert np.ptp(tinted[0, 0].astype(int)) > 3
    assert tinted[0, 0] @ (0.114, 0.587, 0.299) == pytest.approx(120, abs=1.5)


@pytest.mark.parametrize("sides", [camera.THUMBNAILS, camera.CROPS])
def test_reduced_to_a_small_picture(sides: camera.Sides) -> None:
    """The longer side becomes the usual one half the time, else lies between two bounds.

    Nothing is enlarged.
    """
    rng = np.random.default_rng(5)
    usual, least, most = sides
    wide = np.zeros((90, 180), np.uint8)
    shapes = [camera.reduce(wide, rng, sides).shape for _ in range(200)]
    longer = np.array([width for _, width in shapes])

    assert least <= longer.min() < usual < longer.max() <= most
    assert np.mean(longer == usual) == pytest.approx(0.5, abs=0.12)
    assert all(abs(2 * height - width) <= 1 for height, width in shapes)
    assert camera.reduce(wide[:5, :10], rng, sides).shape == (5, 10)


def test_transparent_canvas_shows_its_ink() -> None:
    """Ink in the alpha channel alone comes back as ink on a ground, whatever its colour."""
    rng = np.random.default_rng(6)
    ink = PICTURE < 128

    for _ in range(12):
        seen = decode(camera.transparent(PICTURE, rng))
        assert seen.shape == PICTURE.shape
        assert abs(float(seen[ink].mean()) - float(seen[~ink].mean())) > 100


@pytest.mark.parametrize(("canvas", "share"), [(True, 0.12), (False, 0.3)])
def test_a_share_goes_through_a_file(canvas: bool, share: float) -> None:
    """The others stay as they are; a file keeps the size."""
    rng = np.random.default_rng(7)
    seen = [camera.filed(PICTURE, canvas, rng) for _ in range(300)]

    assert {picture.shape for picture in seen} == {PICTURE.shape}
    changed = np.mean([not np.array_equal(picture, PICTURE) for picture in seen])
    assert changed == pytest.approx(share, abs=0.06)
