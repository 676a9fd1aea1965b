"""What happens when networks, venues and nodes misbehave: each fault tried on the feeds and the engine.

    make chaos                       all rows, printed as they are measured, and build/chaos.json
    python -m cambist.fault_table 1 8 --short

`sink` turns what feeds tell into records of an engine; `line` joins an exchange and an engine without a network, `rig`
joins them over real sockets through a proxy that spoils connections. Rows are in `rows_*`, one function each.
"""
