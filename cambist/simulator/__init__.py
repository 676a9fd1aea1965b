"""The embedded market, named DEMO everywhere: a loopback Solana node and exchanges, in a process of its own.

`prices` moves hidden fair prices; `traders` trade through the pools of `world` and rivals `race` for the gaps, in ticks
that `chain` orders into slots and `execution` runs; `books` follow the fair price. `venues` has one room per pool
program and their table, `core_programs` what runs around their swaps; `exchanges` has one room per exchange and their
table. `market` steps all of it in simulated time and opens no socket; `node` serves it: `rpc` and `pubsub` as a Solana
node does, `exchanges` as those do, with scripted faults; `direct` reaches them without sockets. `process` starts it and
ends it with its parent. `chaos` is a proxy that spoils connections. One seed gives the same slots while nobody else
trades.
"""
