"""What an operator may do to a live run: decisions become records, the rest is done to recorder, feeds or mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from cambist.model.commands import (
    AddBookmark,
    Arm,
    ClearHalt,
    Disarm,
    Halt,
    InjectPrice,
    Measured,
    PlaybackCommand,
    RetryFeed,
    SetMode,
    SetRule,
    StartRecording,
    StopRecording,
    SwitchEngine,
)
from cambist.runtime.status import live_gates, rule_fault

if TYPE_CHECKING:
    from cambist.model.commands import HubCommand, RecordCommand
    from cambist.runtime.loading import Loading
    from cambist.runtime.run import Run
    from cambist.runtime.stepping import Stepper
    from cambist.runtime.ticks import Ticks
    from cambist.view import Gate


class Acts:
    """Does what an operator wants of a live run."""

    def __init__(self, run: Run, stepper: Stepper, ticks: Ticks, loading: Loading) -> None:
        self._run, self._stepper, self._ticks, self._loading = run, stepper, ticks, loading

    def decide(self, command: RecordCommand) -> None:
        """Puts an act into the record stream, once it is known that it can be stepped, here and in a replay."""
        match command:
            case SetRule():
                self._set_rule(command)
            case SwitchEngine():
                self._loading.ask(command)
            case Halt() | ClearHalt() | Disarm() | Arm() | Measured() | InjectPrice():
                self._run.record(command)
            case _:
                assert_never(command)

    def act(self, command: HubCommand) -> None:
        """Does what an operator wants of recorder, feeds or mode."""
        if isinstance(command, PlaybackCommand):
            return  # refused before it comes here
        match command:
            case StartRecording():
                self._run.recording.due_acts.append("begin")
            case StopRecording():
                self._run.recording.ask_stop("stopped by the operator")
            case AddBookmark():
                self._run.recording.mark(
                    self._run.clock.now_ns(), self._stepper.next_seq - 1, "bookmark", command.label
                )
            case RetryFeed():
                for feed in self._run.feeds.retry(command.feed):
                    self._ticks.forget_malformed(channel.id for channel in feed.channels())
            case SetMode(mode="live"):
                why = ", ".join(gate.label for gate in self.live_checks() if not gate.passed)
                self._run.hub.note("warn", "mode", f"stays on paper: {why}")
            case SetMode():
                pass  # paper is the only mode
            case _:
                assert_never(command)

    def live_checks(self) -> tuple[Gate, ...]:
        """Returns what stands between PAPER and LIVE."""
        return live_gates(self._run.kernel, recording=self._run.recording.on)

    def _set_rule(self, command: SetRule) -> None:
        """Checks the rule before the command becomes a record; it counts from that record on."""
        if fault := rule_fault(self._run.kernel, command.text):
            self._run.hub.note("warn", "rule", f"the rule stays as it was: {fault}")
            return
        self._run.record(command)
        self._run.hub.note("info", "rule", f"trades must be: {command.text}" if command.text else "trades need no rule")
