import pytest

from storage.catalogue import list_sessions, remove, retain, session_path
from storage.session import SessionWriter, add_bookmark
from tests.storage.blocks import START_NS, put, session

SECOND = 1_000_000_000


async def four(tmp_path):
    for n, name in enumerate(["a", "b", "c", "d"]):
        meta = {"started_ns": str(START_NS + n * 3600 * SECOND), "demo": "1"}
        await session(tmp_path / f"{name}.cambist", chunks=1, meta=meta | ({"imported": "1"} if name == "b" else {}))
    add_bookmark(tmp_path / "c.cambist", START_NS, 1)


async def test_sessions_are_listed_newest_first(tmp_path):
    await four(tmp_path)
    (tmp_path / "foreign.cambist").write_text("text")
    rows = list_sessions(tmp_path)
    assert [row.name for row in rows] == ["d", "c", "b", "a"]
    assert [row.bookmarks for row in rows] == [0, 1, 0, 0]
    assert [row.imported for row in rows] == [False, False, True, False]
    assert all(row.complete and row.demo and not row.open and row.records == 50 for row in rows)
    assert rows[0].seconds == pytest.approx(0.049)
    assert list_sessions(tmp_path / "missing") == ()


async def test_retention_by_size_spares_bookmarked_imported_and_open(tmp_path):
    await four(tmp_path)
    writer = await SessionWriter.open(tmp_path / "0.cambist", meta={"started_ns": "1"}, min_free_bytes=0)
    put(writer, 1, 1)
    await writer.flush()
    assert [row.name for row in list_sessions(tmp_path) if row.open] == ["0"]
    removed = retain(tmp_path, START_NS + 5 * 3600 * SECOND, max_bytes=0)
    assert [entry.name for entry in removed] == ["a", "d"]
    assert [row.name for row in list_sessions(tmp_path)] == ["c", "b", "0"]
    assert not remove(writer.path)
    await writer.close()


async def test_retention_by_age_and_only_as_much_as_needed(tmp_path):
    await four(tmp_path)
    now = START_NS + 5 * 3600 * SECOND
    assert retain(tmp_path, now) == ()
    assert [entry.name for entry in retain(tmp_path, now, max_age_ns=4 * 3600 * SECOND)] == ["a"]
    total = sum(row.bytes for row in list_sessions(tmp_path))
    assert [entry.name for entry in retain(tmp_path, now, max_bytes=total - 1)] == ["d"]


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "../x", "x" * 65, "naïve", "a b", "a\x00", "a\n"])
def test_names_that_could_leave_the_folder_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="session name"):
        session_path(tmp_path, name)


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("x")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.cambist").symlink_to(outside)
    with pytest.raises(ValueError, match="leads out"):
        session_path(folder, "link")
    assert session_path(folder, "fine-1.2_x") == folder / "fine-1.2_x.cambist"
    assert session_path(folder, "fine.cambist") == folder / "fine.cambist"
