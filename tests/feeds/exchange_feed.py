"""What tests ask of a feed of any exchange."""

from tests.feeds.fake_venues import FAKES, SYMBOLS

ALL = sorted(FAKES)


def fake(name):
    return FAKES[name](*SYMBOLS[name])


def states(feed):
    return {} if feed._subscribed is None else feed._subscribed.states()


def live(feed, count=2):
    return sum(state == "live" for key, state in states(feed).items() if key != "heartbeats") == count


def says(sink, text):
    return any(text in line for _, _, line in sink.notes)
