"""A file of lines that never grows beyond its size: when it is full it is renamed, and the oldest of these goes.

Several processes may write the same one: a line is one write at the file's end, and one of them renames.
"""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 2 << 20
FILES = 5


class Files:
    """`cambist.log`, and what was it before: `cambist.log.1` to `cambist.log.4`. For one thread."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES, files: int = FILES) -> None:
        self.path, self._max_bytes, self._files = path, max_bytes, files
        self._descriptor: int | None = None
        self._torn = False
        """Whether the last line was cut short: the next one must not go on in it."""

    def append(self, line: bytes) -> None:
        """Writes a line and its end. Raises `OSError` if not all of it could be written."""
        data = (b"\n" if self._torn else b"") + line + b"\n"
        try:
            descriptor = self._open()
            if os.fstat(descriptor).st_size + len(data) > self._max_bytes:
                descriptor = self._rotated(len(data))
            written = os.write(descriptor, data)
        except OSError:
            self.close()
            raise
        self._torn = written < len(data)
        if self._torn:
            self.close()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def close(self) -> None:
        """Closes it; the next line opens it anew."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _open(self) -> int:
        """Returns the file that has the name now: another process may have renamed ours."""
        if self._descriptor is not None and self._renamed(self._descriptor):
            self.close()
        if self._descriptor is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._descriptor

    def _renamed(self, descriptor: int) -> bool:
        try:
            found = os.stat(self.path)  # noqa: PTH116  # as cheap as it can be, for each line
        except FileNotFoundError:
            return True
        own = os.fstat(descriptor)
        return (found.st_dev, found.st_ino) != (own.st_dev, own.st_ino)

    def _rotated(self, more: int) -> int:
        """Renames the file, unless another process just did, and returns the new one."""
        lock = os.open(self._numbered("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fstat(self._open()).st_size + more > self._max_bytes:
                for number in range(self._files - 1, 0, -1):
                    older = self.path if number == 1 else self._numbered(number - 1)
                    if older.exists():
                        older.replace(self._numbered(number))
            return self._open()
        finally:
            os.close(lock)

    def _numbered(self, what: object) -> Path:
        return self.path.with_name(f"{self.path.name}.{what}")
