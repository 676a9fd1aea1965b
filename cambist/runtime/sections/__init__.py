"""The sections of the View, made from what kernel and engine know: a module for each panel, and one for details."""

AGE_STEP_NS = 200_000_000
"""Ages are counted in these steps: a row that merely got older by less stays as it was."""
