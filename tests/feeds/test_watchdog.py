import random

import pytest

from cambist.model.text import endpoint_label
from feeds.base import EndpointError, require_endpoint
from feeds.watchdog import Backoff, Breach, Watchdog


class HandClock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_each_stage_has_its_own_deadline():
    clock = HandClock()
    dog = Watchdog(clock)
    dog.sent("slot", 5, first_data_s=3, silence_s=2)
    clock.now += 4.9
    assert dog.overdue() == []
    dog.acked("slot")
    clock.now += 3
    assert dog.overdue() == [Breach("slot", "first_data", 3)]
    assert dog.overdue() == []
    dog.data("slot")
    clock.now += 1.9
    assert dog.overdue() == []
    dog.data("slot")
    clock.now += 2
    assert dog.overdue() == [Breach("slot", "silence", 2)]
    assert str(Breach("slot", "silence", 2)) == "slot silent for 2 s"


def test_an_unacknowledged_subscription_is_overdue_and_data_acknowledges():
    clock = HandClock()
    dog = Watchdog(clock)
    dog.sent("a", 5)
    dog.sent("b", 5)
    dog.data("b")
    clock.now += 5
    assert dog.overdue() == [Breach("a", "ack", 5)]
    assert len(dog) == 1
    dog.acked("a")
    dog.acked("never sent")
    assert len(dog) == 0


def test_backoff_is_at_once_then_jittered_and_bounded():
    backoff = Backoff(random.Random(1))
    delays = [backoff.delay() for _ in range(2000)]
    assert delays[0] == 0
    assert 0 < delays[1] <= 0.5
    for n, delay in enumerate(delays[:8]):
        assert delay <= 0.25 * 2**n
    assert 25 < max(delays) <= 30
    assert min(delays[20:]) < 1


def test_backoff_starts_over_only_after_steady_data():
    backoff = Backoff(random.Random(1))
    for _ in range(10):
        backoff.delay()
    backoff.data(0)
    backoff.data(29.9)
    assert backoff.delay() > 0
    backoff.data(50)
    backoff.data(80)
    assert backoff.delay() == 0


@pytest.mark.parametrize(
    "url",
    [
        "wss://stream.example",
        "ws://127.0.0.1:8900",
        "ws://localhost:1/x",
        "ws://[::1]:5/",
        "wss://10.0.0.1/key?api-key=k",
    ],
)
def test_usable_endpoints(url):
    assert require_endpoint(url, "ws") == url


@pytest.mark.parametrize(
    "url",
    [
        "ws://stream.example",
        "http://127.0.0.1",
        "wss://",
        "ftp://x",
        "wss://user:pass@host",
        "wss://169.254.169.254/latest",
        "wss://host/#x",
        "wss://[fe80::1]/",
        "wss://host:99999999/",
        "ws://0.0.0.0:1",
        "ws://127.0.0.1.example/",
    ],
)
def test_endpoints_that_are_refused_without_showing_their_secrets(url):
    with pytest.raises(EndpointError) as error:
        require_endpoint(url, "ws")
    assert "pass" not in str(error.value).replace("password", "")


def test_a_label_is_scheme_and_host():
    assert endpoint_label("wss://rpc.example:443/v1/SECRET?api-key=SECRET") == "wss://rpc.example:443"
    assert endpoint_label("https://[::1]:8899/x") == "https://[::1]:8899"
