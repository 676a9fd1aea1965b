"""`python -m cambist`."""

import sys

try:
    from cambist.cli import main
except KeyboardInterrupt:  # Ctrl-C while modules load
    sys.exit(130)

sys.exit(main())
