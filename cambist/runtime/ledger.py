"""Puts what a step decided about money into the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cambist.kernel import Effects
    from storage.journal import Journal


def enter(journal: Journal, effects: Effects) -> bool:
    """Notes what a step decided, in the order it happened; False if the journal can't take it."""
    seq, taken = effects.last_seq, True
    for intent in effects.intents:
        taken &= journal.note_intent(seq, intent.opportunity.recv_ns, intent)
    at = {intent.id: intent.opportunity.recv_ns for intent in effects.intents}
    for refused in effects.refusals:
        taken &= journal.note_refused(seq, at.get(refused.intent_id, 0), refused)
    for order in effects.orders:
        taken &= journal.note_order(seq, order.sent_ns, order)
    for number, times in effects.times.items():
        taken &= journal.note_times(seq, number, times)
    for change in effects.stages:
        taken &= journal.note_stage(seq, change)
    for _, fill in effects.fills:
        taken &= journal.note_fill(seq, fill)
    for entry in effects.entries:
        taken &= journal.note_entry(seq, entry)
    if effects.risk is not None:
        taken &= journal.note_risk(seq, effects.risk)
    for rule_seq, text in effects.rules:
        taken &= journal.note_rule(rule_seq, text)
    for at_ns, reason in effects.halts:
        taken &= journal.note_halt(seq, at_ns, reason) if reason else journal.clear_halt(seq, at_ns)
    return taken
