"""`python -m cambist.simulator`: the embedded market."""

import sys

from cambist.simulator.process import main

sys.exit(main())
