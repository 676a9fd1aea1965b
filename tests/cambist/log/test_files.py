"""The file that never grows beyond its size."""

import os
import threading
from pathlib import Path

import pytest

from cambist.log.files import Files


def kept(path: Path) -> list[bytes]:
    """Returns all lines that are kept, oldest first."""
    older = sorted(path.parent.glob(f"{path.name}.[0-9]"), reverse=True)
    return [line for file in (*older, path) for line in file.read_bytes().splitlines()]


def test_a_full_file_is_renamed_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "state" / "cambist.log"
    files = Files(path, max_bytes=1_000, files=3)
    for number in range(200):
        files.append(b"%05d %s" % (number, b"x" * 93))
    files.close()
    assert {p.name for p in path.parent.iterdir()} == {f"cambist.log{end}" for end in ("", ".1", ".2", ".lock")}
    assert all(p.stat().st_size <= 1_000 for p in path.parent.iterdir())
    assert [int(line[:5]) for line in kept(path)] == list(range(170, 200))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_there_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "cambist.log"
    for number in range(3):
        files = Files(path)
        files.append(b"%d" % number)
        files.close()
    assert path.read_bytes() == b"0\n1\n2\n"


def test_several_writers_lose_no_line_and_tear_none(tmp_path: Path) -> None:
    path = tmp_path / "cambist.log"

    def write(who: int) -> None:
        files = Files(path, max_bytes=5_000, files=9)
        for number in range(400):
            files.append(b"%d %04d %s" % (who, number, b"x" * 40))
        files.close()

    writers = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert all(p.stat().st_size <= 5_000 + 4 * 48 for p in tmp_path.iterdir()), "each may be a line ahead"
    lines = kept(path)
    assert len(lines) > 500
    assert {len(line) for line in lines} == {47}
    for who in range(4):
        numbers = [int(line[2:6]) for line in lines if line.startswith(b"%d " % who)]
        assert numbers == sorted(numbers)
        assert not numbers or numbers == list(range(numbers[0], 400))


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="no /dev/full here")
def test_a_full_disk_is_an_error_and_the_next_line_is_tried(tmp_path: Path) -> None:
    path = tmp_path / "cambist.log"
    path.symlink_to("/dev/full")
    files = Files(path)
    with pytest.raises(OSError, match="No space left"):
        files.append(b"lost")
    path.unlink()
    files.append(b"kept")
    files.close()
    assert path.read_bytes() == b"kept\n"
