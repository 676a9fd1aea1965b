import pytest

from cambist.engine.reference.book.order_book import ConsolidatedBook, NetLevel, VenueBook

MOST = (1 << 64) - 1


def test_a_book_whose_bid_meets_its_ask_is_none() -> None:
    ConsolidatedBook([VenueBook(0, [(9, 1)], [(10, 1)])])
    for bid in (10, 11):
        with pytest.raises(ValueError, match=f"venue 0: bid {bid} is not below ask 10"):
            ConsolidatedBook([VenueBook(0, [(bid, 1)], [(10, 1)])])


def test_prices_go_as_far_as_a_word_does() -> None:
    assert ConsolidatedBook([VenueBook(0, [(MOST, 1)], [])]).bids == [NetLevel(MOST, MOST, 1, 0)]
    assert ConsolidatedBook([VenueBook(1, [], [(MOST, 1)])]).asks == [NetLevel(MOST, MOST, 1, 0)]
    with pytest.raises(ValueError, match="venue 0: level 0"):
        ConsolidatedBook([VenueBook(0, [(MOST + 1, 1)], [])])


@pytest.mark.parametrize("prices", [(9, 9), (8, 9)])
def test_levels_fall_or_rise_strictly(prices: tuple[int, int]) -> None:
    levels = [(price, 1) for price in prices]
    with pytest.raises(ValueError, match="venue 0: level 1"):
        ConsolidatedBook([VenueBook(0, levels, [])])
    with pytest.raises(ValueError, match="venue 0: level 1"):
        ConsolidatedBook([VenueBook(0, [], [(18 - price, 1) for price in prices])])
