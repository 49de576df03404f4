from array import array

import numpy as np
import pytest
from digits_client import ImageError
from digits_client.images import MESSAGE_BYTES, encode, encode_pixels


def test_bytes_are_an_encoded_file():
    """Bytes travel unchanged as a file."""
    assert encode(b"\x89PNG").encoded == b"\x89PNG"


@pytest.mark.parametrize(
    "buffer",
    [
        pytest.param(bytearray(b"GIF8"), id="bytearray"),
        pytest.param(memoryview(b"GIF8"), id="memoryview"),
        pytest.param(np.frombuffer(b"GIF8", np.uint8), id="array"),
    ],
)
def test_one_dimension_of_bytes_is_an_encoded_file(buffer):
    """Whatever exposes one dimension of bytes holds a file."""
    assert encode(buffer).encoded == b"GIF8"


def test_a_path_is_read(tmp_path):
    """A path, as str or PathLike, stands for the file's content, empty or not."""
    file = tmp_path / "digit.png"
    file.write_bytes(b"content")

    assert encode(file).encoded == encode(str(file)).encoded == b"content"


@pytest.mark.parametrize("path", ["missing.png", "", ".", "nul\0byte.png"])
def test_a_file_that_cannot_be_read_is_an_image_error(path):
    """A path that names no readable file fails as the picture's fault."""
    with pytest.raises(ImageError, match="cannot be read") as caught:
        encode(path)

    assert caught.value.reason == "UNREADABLE_FILE"
    assert caught.value.field == "image"


@pytest.mark.parametrize(
    ("shape", "channels"),
    [
        pytest.param((5, 7), 1, id="grey"),
        pytest.param((5, 7, 1), 1, id="grey with an axis"),
        pytest.param((5, 7, 3), 3, id="RGB"),
        pytest.param((5, 7, 4), 4, id="RGBA"),
    ],
)
def test_an_array_is_sent_raw(shape, channels):
    """An array of two or three dimensions is pixels, rows first."""
    values = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)

    raw = encode(values).raw

    assert (raw.width, raw.height, raw.channels) == (7, 5, channels)
    assert raw.data == values.tobytes()


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(lambda a: a[::-1, ::2], id="strided"),
        pytest.param(np.asfortranarray, id="column order"),
        pytest.param(lambda a: a.T, id="transposed"),
    ],
)
def test_the_layout_in_memory_does_not_matter(view):
    """A view of an array is sent as it is seen, row by row."""
    values = view(np.arange(42, dtype=np.uint8).reshape(6, 7))

    assert encode(values).raw.data == bytes(values.ravel().tolist())


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool", "int8", "uint16"])
def test_another_type_of_array_names_the_cure(dtype):
    """An array that is not uint8 is refused with the conversion to make."""
    with pytest.raises(ImageError, match="astype\\('uint8'\\)") as caught:
        encode(np.zeros((28, 28), dtype))

    assert caught.value.reason == "UNSUPPORTED_FORMAT"


def test_a_float_buffer_of_one_dimension_is_no_file():
    """Only bytes can be a file."""
    with pytest.raises(ImageError, match="'d'"):
        encode(array("d", [0.5]))


@pytest.mark.parametrize("shape", [(28, 28, 2), (3, 28, 28), (1, 28, 28, 3)])
def test_another_shape_of_array_names_the_shapes(shape):
    """An array that is not a picture's is refused with the shapes that are."""
    with pytest.raises(ImageError, match="height, width") as caught:
        encode(np.zeros(shape, np.uint8))

    assert caught.value.reason == "WRONG_SIZE"


@pytest.mark.parametrize("thing", [7, ["a.png"], [[0, 255]], object(), None])
def test_anything_else_is_a_type_error(thing):
    """What is no picture at all is the program's mistake."""
    with pytest.raises(TypeError, match="uint8 array"):
        encode(thing)


def test_a_picture_larger_than_a_message_is_refused(tmp_path):
    """Files and arrays that no message can hold fail before they are sent."""
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(100 * MESSAGE_BYTES)

    for picture in (huge, bytes(MESSAGE_BYTES), np.zeros((8192, 4096), np.uint8)):
        with pytest.raises(ImageError, match="33,554,432") as caught:
            encode(picture)
        assert caught.value.reason == "IMAGE_TOO_LARGE"


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(bytes(range(196)) * 4, id="bytes"),
        pytest.param(np.frombuffer(bytes(range(196)) * 4, np.uint8), id="flat"),
        pytest.param(np.frombuffer(bytes(range(196)) * 4, np.uint8).reshape(28, 28), id="square"),
    ],
)
def test_pixels_are_784_bytes(pixels):
    """Values of MNIST's kind travel unchanged, flat or square."""
    assert encode_pixels(pixels).pixels == bytes(range(196)) * 4


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(783), id="short"),
        pytest.param(np.zeros((14, 56), np.uint8), id="another shape"),
    ],
)
def test_another_number_of_pixels_is_refused(pixels):
    """What is not 28 x 28 is refused with the cure."""
    with pytest.raises(ImageError, match="784") as caught:
        encode_pixels(pixels)

    assert caught.value.reason == "WRONG_SIZE"
    assert caught.value.field == "image.pixels"
