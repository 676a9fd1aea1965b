"""What this installation is."""

from __future__ import annotations

VERSION = "0.1.0"


def version() -> str:
    """Returns version and engine build."""
    from cambist.engine import build_info

    build = build_info()
    return f"cambist {VERSION}, engine {'rust, ' + build.profile if build.native else 'reference: ' + build.why}"
