"""The embedded market, named DEMO everywhere: a loopback Solana node and exchanges, in a process of its own.

`prices` moves hidden fair prices; `traders` trade through the pools of `world`, which `chain` orders into slots and
`execution` runs with `programs` and `native`; `books` follow the fair price. `market` steps all of it in simulated time
and knows no sockets; `node` serves it: `rpc` and `pubsub` as a Solana node does, `exchanges` as five exchanges do, with
scripted faults. `process` starts it and ends it with its parent. `chaos` is a proxy that spoils connections. One seed
gives the same slots while nobody else trades.

Pools are of every venue that is watched. Their swaps end as the programs' own, those of Pump AMM as its
published formulas say.
"""
