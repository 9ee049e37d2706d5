"""`xlt cache`: what stands in the user's cache, and clearing it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands.errors import note
from xlt_cli.commands.options import AsJson
from xlt_cli.reports.values import size_in_words
from xlt_cli.terminal import echo, print_json

LEXICONS = "lexicons"
"""Where perturbations keep what they fetched or made."""

CHECKSUMS = "checksums"
"""Where digests of models' files are kept."""

app = typer.Typer(
    short_help="Show what is kept between runs, where, and how much; clear it.",
    invoke_without_command=True,
)


@app.callback()
def cache(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what is kept between runs, where, and how much; `clear` removes it.

    It holds the token ids of texts (features), lexicons, and checksums of files that have not
    changed; all is made or fetched again when it is needed.

    $XLT_CACHE_DIR says where it is, $XLT_CACHE_SIZE how much the features may take (default: 2GB;
    0 turns them off).
    """
    if context.invoked_subcommand is not None:
        return
    from xlt_cli.data.feature_cache import size_limit
    from xlt_cli.user_cache import total_size, user_cache

    limit = size_limit()
    held = {kind: (len(files), total_size(files)) for kind, files in _files().items()}
    if as_json:
        about = {kind: {"entries": n, "bytes": size} for kind, (n, size) in held.items()}
        print_json({"path": str(user_cache()), "limit": limit, **about})
        return
    notes = {"features": f" of at most {size_in_words(limit)}" if limit else " (turned off)"}
    echo(user_cache())
    for kind, (count, size) in held.items():
        echo(f"  {kind:<9} {_entries(count):>14}  {size_in_words(size):>9}{notes.get(kind, '')}")


@app.command("clear")
def clear(
    features: Annotated[
        bool, typer.Option("--features", help="Only the token ids of texts.")
    ] = False,
    lexicons: Annotated[bool, typer.Option("--lexicons", help="Only the lexicons.")] = False,
) -> None:
    """Remove what is kept between runs.

    Lexicons that were downloaded need the network again. Runs that go on meanwhile are not
    disturbed.
    """
    from xlt_cli.data.feature_cache import FOLDER, abandoned
    from xlt_cli.user_cache import entries, mark_of, total_size, user_cache

    wanted = {"features": features, LEXICONS: lexicons, CHECKSUMS: False}
    for kind, files in _files().items():
        if not wanted[kind] and any(wanted.values()):
            continue
        size = total_size(files)
        for path in files:
            path.unlink(missing_ok=True)
            mark_of(path).unlink(missing_ok=True)
        echo(f"removed {_entries(len(files))} of {kind} ({size_in_words(size)})")
        left = entries(user_cache() / kind)
        if left:
            note(f"{_entries(len(left))} of {user_cache() / kind} that xlt did not write: left")
    if features or not lexicons:
        for path in abandoned(user_cache() / FOLDER):
            path.unlink(missing_ok=True)


def _files() -> dict[str, list[Path]]:
    """The files of each kind that the cache holds."""
    from xlt_cli.data.feature_cache import stored
    from xlt_cli.user_cache import entries, user_cache, written

    return {
        "features": stored(),
        LEXICONS: written(user_cache() / LEXICONS),
        CHECKSUMS: entries(user_cache() / CHECKSUMS),
    }


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"
