-- One recording. application_id and user_version are set by the writer before this script runs.
-- Blobs come last in their row, so an index scan never reads them.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE channel (
    id   INTEGER PRIMARY KEY,
    json TEXT NOT NULL              -- cambist.model.events.Channel
) STRICT;

CREATE TABLE chunk (
    first_seq INTEGER PRIMARY KEY,
    last_seq  INTEGER NOT NULL,
    first_ns  INTEGER NOT NULL,
    last_ns   INTEGER NOT NULL,
    records   INTEGER NOT NULL,
    codec     TEXT    NOT NULL,     -- 'zstd'
    crc32     INTEGER NOT NULL,     -- of the block before compression
    raw_size  INTEGER NOT NULL,     -- bytes of the block before compression
    digest    TEXT    NOT NULL,     -- running decision digest after last_seq; '' where the border has none
    keyframe  INTEGER NOT NULL DEFAULT 0,  -- 1: a keyframe follows, and later digests begin from sha256(digest)
    blob      BLOB    NOT NULL
) STRICT;

-- What is on disk before its chunk is: a block that journal rows wait for, and those before it. Its chunk deletes it.
CREATE TABLE tail (
    first_seq INTEGER PRIMARY KEY,
    last_seq  INTEGER NOT NULL,
    first_ns  INTEGER NOT NULL,
    last_ns   INTEGER NOT NULL,
    records   INTEGER NOT NULL,
    crc32     INTEGER NOT NULL,     -- of the block
    raw_size  INTEGER NOT NULL,     -- bytes of the block
    digest    TEXT    NOT NULL,     -- as a chunk's
    keyframe  INTEGER NOT NULL,     -- 1: the digests after it begin from sha256(digest); its keyframe comes with its chunk
    blob      BLOB    NOT NULL      -- the block, not compressed
) STRICT;

CREATE TABLE keyframe (
    first_seq INTEGER PRIMARY KEY,  -- of the chunk that goes on from it
    recv_ns   INTEGER NOT NULL,     -- of the last record before it
    step_ns   INTEGER NOT NULL,     -- time it took to step the records since the one before
    codec     TEXT    NOT NULL,     -- 'zstd'
    crc32     INTEGER NOT NULL,     -- of the body before compression
    raw_size  INTEGER NOT NULL,     -- bytes of the body before compression
    blob      BLOB    NOT NULL      -- cambist.kernel.keyframe
) STRICT;

CREATE TABLE marker (
    id    INTEGER PRIMARY KEY,
    at_ns INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    kind  TEXT    NOT NULL,         -- 'fill', 'loss', 'gap', 'halt', 'bookmark', 'cut'
    label TEXT    NOT NULL
) STRICT;
