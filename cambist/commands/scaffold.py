"""The first files of a plug-in, whatever it adds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9]{1,19}(-[a-z0-9]{1,19}){0,2}")


class ScaffoldError(ValueError):
    """A plug-in that can't be written."""


def written(
    kind: str, name: str, known: Container[str], folder: Path, files_of: Callable[[dict[str, str]], dict[str, str]]
) -> list[Path]:
    """Writes a plug-in named `name` into a new folder of that name; returns its files.

    `kind` is what it adds, `known` the names that are taken; `files_of` is given the words of its templates and returns
    path → text. Raises `ScaffoldError` for a name that is none, or is taken, and if the folder is there already;
    `OSError`.
    """
    if not NAME.fullmatch(name):
        message = f"a {kind}'s name was {name[:40]!r}, expected lower-case letters and digits, such as acme or acme-2"
        raise ScaffoldError(message)
    if name in known:
        message = f"there is a {kind} named {name} already"
        raise ScaffoldError(message)
    home = folder / f"cambist-{name}"
    if home.exists():
        message = f"{home} exists; choose another --dir"
        raise ScaffoldError(message)
    words = name.split("-")
    module, title = "cambist_" + "_".join(words), " ".join(word.capitalize() for word in words)
    facts = {"name": name, "module": module, "klass": title.replace(" ", ""), "title": title}
    files = {home / where: text for where, text in files_of(facts).items()}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)
