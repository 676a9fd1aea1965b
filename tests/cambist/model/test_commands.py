"""Each command is of one union, says who handles it, and keeps the bytes that records always had."""

from typing import get_args

import pytest

from cambist.model import commands
from cambist.model.commands import (
    Arm,
    ClearHalt,
    Command,
    Disarm,
    Halt,
    Handler,
    HubCommand,
    InjectPrice,
    LiveHubCommand,
    LiveRecordCommand,
    Measured,
    PlaybackCommand,
    RecordCommand,
    RecordedCommand,
    SetRule,
    SwitchEngine,
    ViewCommand,
    name_of,
    parse,
    recorded,
)
from cambist.model.opportunity import encode

RECORDED = (
    (Halt(), b'{"name":"halt","args":{}}'),
    (Halt("operator"), b'{"name":"halt","args":{"reason":"operator"}}'),
    (ClearHalt(), b'{"name":"clear_halt","args":{}}'),
    (Disarm("disk full"), b'{"name":"disarm","args":{"reason":"disk full"}}'),
    (Arm(), b'{"name":"arm","args":{}}'),
    (Measured("okx", 3, 40), b'{"name":"measured","args":{"venue":"okx","p50_ns":"3","p90_ns":"40"}}'),
    (SwitchEngine("reference"), b'{"name":"engine","args":{"name":"reference"}}'),
    (SetRule("hops <= 3"), b'{"name":"rule","args":{"text":"hops <= 3"}}'),
    (SetRule(), b'{"name":"rule","args":{"text":""}}'),
    (InjectPrice("So1", 1.5), b'{"name":"inject_price","args":{"mint":"So1","price":"1.5"}}'),
)
"""As sessions of before typed commands hold them."""


def test_every_type_of_the_module_is_in_the_union_once_and_under_its_handler() -> None:
    made = {each for each in vars(commands).values() if isinstance(each, type) and hasattr(each, "HANDLER")}
    assert made == set(get_args(Command))
    for handler, union in (
        (Handler.RECORD, RecordCommand),
        (Handler.HUB, HubCommand),
        (Handler.VIEW, ViewCommand),
    ):
        assert {each for each in made if each.HANDLER is handler} == set(get_args(union))
    assert all(each.LIVE or each.REPLAY for each in made)
    for handler, union, knows in (
        (Handler.RECORD, LiveRecordCommand, (True, False)),
        (Handler.HUB, LiveHubCommand, (True, False)),
        (Handler.HUB, PlaybackCommand, (False, True)),
    ):
        alike = {each for each in made if each.HANDLER is handler and knows == (each.LIVE, each.REPLAY)}
        assert alike == set(get_args(union))
    names = [each.__struct_config__.tag for each in made]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("command", "body"), RECORDED)
def test_a_record_keeps_its_bytes_and_is_read_again(command: RecordCommand, body: bytes) -> None:
    assert encode(recorded(command)) == body
    assert parse(recorded(command)) == command


def test_the_bytes_of_every_recorded_command_are_pinned() -> None:
    assert {type(command) for command, _ in RECORDED} == set(get_args(RecordCommand))


@pytest.mark.parametrize(
    ("name", "args", "why"),
    [
        ("self_destruct", {}, "self_destruct"),
        ("play", {}, "play"),
        ("engine", {"name": "gpu"}, "gpu"),
        ("inject_price", {"mint": "So1"}, "price"),
        ("inject_price", {"mint": "So1", "price": "dear"}, "price"),
        ("self_destruct", {"act": "halt"}, "self_destruct"),
    ],
)
def test_what_is_no_recorded_command_is_refused_by_name(name: str, args: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(RecordedCommand(name, args))


def test_arguments_that_no_command_has_change_nothing() -> None:
    assert parse(RecordedCommand("halt", {"colour": "red"})) == Halt()
    assert name_of(SwitchEngine()) == "engine"
