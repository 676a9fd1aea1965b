"""Addresses of Meteora DLMM."""

from __future__ import annotations

from cambist.engine.reference.chain import program

METEORA_DLMM = program.key("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo")
METEORA_DLMM_EVENTS = program.key("D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6")
