import sys

import grpc
import pytest
import typer
from digits_client import Client, ImageError, ModelNotFound, ServerUnavailable
from digits_client.reading import CALLS_IN_FLIGHT, outcomes, read, reader


@pytest.fixture
def client(address):
    """A client of the fake."""
    with Client(address) as client:
        yield client


@pytest.fixture
def paths(tmp_path) -> list[str]:
    """Thirty files, whose first bytes the fake answers with."""
    files = [tmp_path / str(index) for index in range(30)]
    for index, file in enumerate(files):
        file.write_bytes(bytes([index]))
    return list(map(str, files))


def test_numbers_keep_the_files_order(client, fake, paths):
    """Several calls are under way at once, and the answers come as the files do."""
    fake.delay = 0.02
    texts = [number.text for number in outcomes(client, paths)]

    assert texts == [str(index % 10) for index in range(30)]
    assert 1 < fake.most_under_way <= CALLS_IN_FLIGHT


def test_a_bad_picture_fails_alone(client, paths, tmp_path):
    """Whether the server or the file system says so."""
    (tmp_path / "bad").write_bytes(b"bad")
    found = list(outcomes(client, [paths[1], str(tmp_path / "bad"), "missing", paths[2]]))

    assert [found[0].text, found[3].text] == ["1", "2"]
    assert [type(each) for each in found[1:3]] == [ImageError, ImageError]
    assert [each.reason for each in found[1:3]] == ["CORRUPT_IMAGE", "UNREADABLE_FILE"]


def test_what_ails_the_server_ends_the_run(client, fake, paths):
    """Calls that are not under way yet are never made."""
    fake.delay = 0.02
    fake.fail(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", "going")
    for _ in range(200):
        fake.fail(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", "going")

    with pytest.raises(ServerUnavailable):
        list(outcomes(client, paths))

    assert not [each for each in fake.requests if each.image.encoded > bytes([20])]


def test_whoever_stops_early_is_not_kept_waiting(client, paths):
    """The rest of the files is not read."""
    numbers = outcomes(client, paths)
    first = next(numbers)
    numbers.close()

    assert first.text == "0"


def test_without_pillow_the_cure_is_named(monkeypatch):
    """Before anything is asked; nothing of ours is on a package index to install it with."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(typer.BadParameter, match="`pip install pillow`"):
        read(["a.png"], annotate="out.png")


def test_a_server_without_a_reader_is_named(client, address):
    """Before anything is asked."""
    with pytest.raises(ModelNotFound, match=address):
        reader(client)
