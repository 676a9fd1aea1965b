"""Recordings: one SQLite file per session, written by `SessionWriter`, read by `SessionReader`."""

from storage.bookmark import add_bookmark
from storage.chunk import CHUNK_BYTES, MAX_RAW, Block
from storage.files import NAME, SUFFIX, Busy, SessionError
from storage.reader import Break, Chunk, ChunkInfo, SessionReader, StoredMarker
from storage.writer import SCHEMA, SessionWriter

__all__ = [
    "CHUNK_BYTES",
    "MAX_RAW",
    "NAME",
    "SCHEMA",
    "SUFFIX",
    "Block",
    "Break",
    "Busy",
    "Chunk",
    "ChunkInfo",
    "SessionError",
    "SessionReader",
    "SessionWriter",
    "StoredMarker",
    "add_bookmark",
]
