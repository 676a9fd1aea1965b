"""`python -m cambist`."""

import sys

from cambist.cli import main

sys.exit(main())
