"""What earnings can be grouped by; apart, so that the command line knows it without loading a room."""

from typing import Literal

By = Literal["strategy", "venue", "pair", "route", "rule", "hour", "day"]
