from cambist.engine.reference.book.order_book.used import Used


def test_a_finer_scale_takes_used_levels_along_and_drops_those_beyond_the_most() -> None:
    used = Used()
    used.add(100, 50, 20)
    used.add(101, 50, 20)
    used.refine(1_000, 100_000)
    assert used.parts() == [(100_000, 50, 20)]
    assert (used.left(100_000, 50), used.left(100, 50)) == (30, 50)


def test_a_level_that_is_gone_or_shows_another_quantity_is_used_no_more() -> None:
    used = Used()
    used.add(100, 1, 1)
    used.add(101, 7, 3)
    used.add(102, 7, 3)
    used.end_changed({101: 7, 102: 6})
    assert used.parts() == [(101, 7, 3)]
