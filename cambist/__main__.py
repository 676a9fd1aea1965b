"""`python -m cambist`."""

import os
import sys

if (
    __name__ == "__main__"
    and not sys.flags.safe_path
    and sys.path[0] != __file__.rpartition(f"{os.sep}cambist{os.sep}")[0]
):
    del sys.path[0]  # `-m` puts the current folder first; only that of a checkout is meant

try:
    from cambist.cli import main
except KeyboardInterrupt:  # Ctrl-C while modules load
    sys.exit(130)

sys.exit(main())
