"""`cambist bench`: the figures of this machine."""

from __future__ import annotations

from cambist.commands.console import OK, UNUSABLE, Stop, put, say


def bench(*parts: str, json: bool = False, memory: bool = False) -> int:
    """Measure this machine: the figures of BENCHMARKS.md.

    Args:
        parts: What to measure of `engine`, `demo`, `import` and `screen`; all of it if none is named.
        json: Print one JSON object at the end; without it each row is printed as it is measured.
        memory: Measure peak memory alone, each engine in a process of its own.
    """
    from cambist.bench import suite as benches

    if memory:
        from cambist.bench import memory as bench_memory

        peaks = bench_memory.rows()
        if json:
            put({"schema": 1, "machine": benches.machine(), "rows": peaks})
        else:
            for peak in peaks:
                print(bench_memory.line(peak))
        return OK
    plan = benches.Plan(parts=parts or benches.PARTS)
    try:
        result = benches.run(say, plan, lambda row: None if json else print(benches.line(row), flush=True))
    except ValueError as error:
        raise Stop(UNUSABLE, str(error)) from error
    if json:
        put(result)
    return OK
