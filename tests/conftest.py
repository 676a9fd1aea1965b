"""What holds for every test."""

import os

from hypothesis import settings

# A crowded machine is no reason to fail; Hypothesis's own profile for CI says so too.
settings.register_profile("desk", deadline=None)
if "CI" not in os.environ:
    settings.load_profile("desk")
