"""`xlt cache`: shows and clears the user's cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands.errors import note
from xlt_cli.commands.options import AsJson
from xlt_cli.terminal import echo, print_json

LEXICONS = "lexicons"
"""The folder of downloaded and computed lexicons."""

CHECKSUMS = "checksums"
"""The folder of checksums of models' files."""

TOKENIZERS = "tokenizers"
"""The folder of tokenizers that encoders have built from their own files."""

app = typer.Typer(
    short_help="Show or clear the cache of token ids, lexicons, tokenizers and results.",
    invoke_without_command=True,
)


@app.callback()
def cache(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the path and the size of the cache; `clear` empties it.

    The cache contains token ids of texts (features), rows under noise (noise), lexicons, checksums
    of models' files, tokenizers that were built from an encoder's own files, copies of the results
    of finished runs (finished), the list of the installed plugins (plugins), and what torch said
    of this machine's GPUs (precision). Whatever is missing is made or downloaded again when it is
    needed.

    $XLT_CACHE_DIR sets its path, and $XLT_CACHE_SIZE the largest size of the features, of the
    noise, and of the copies (default: 2GB each; 0 turns them off).
    """
    if context.invoked_subcommand is not None:
        return
    from xlt_cli.data.entry_files import size_limit
    from xlt_cli.reports.values import size_in_words
    from xlt_cli.user_cache import total_size, user_cache

    limit = size_limit()
    held = {kind: (len(files), total_size(files)) for kind, files in _files().items()}
    if as_json:
        about = {kind: {"entries": n, "bytes": size} for kind, (n, size) in held.items()}
        print_json({"path": str(user_cache()), "limit": limit, **about})
        return
    most = f" of at most {size_in_words(limit)}" if limit else " (turned off)"
    notes = {"features": most, "noise": most, "finished": most}
    echo(user_cache())
    for kind, (count, size) in held.items():
        echo(f"  {kind:<10} {_entries(count):>14}  {size_in_words(size):>9}{notes.get(kind, '')}")


@app.command("clear")
def clear(
    features: Annotated[
        bool, typer.Option("--features", help="Remove only the token ids of texts.")
    ] = False,
    lexicons: Annotated[bool, typer.Option("--lexicons", help="Remove only the lexicons.")] = False,
) -> None:
    """Remove what is in the cache.

    Downloaded lexicons need the network again. Active runs are not affected.
    """
    from xlt_cli.data import entry_files
    from xlt_cli.data.feature_cache import FOLDER, abandoned
    from xlt_cli.launch import finished
    from xlt_cli.noise import kept
    from xlt_cli.reports.values import size_in_words
    from xlt_cli.user_cache import entries, mark_of, total_size, user_cache

    wanted = {"features": features, LEXICONS: lexicons}
    for kind, files in _files().items():
        if not wanted.get(kind) and any(wanted.values()):
            continue
        size = total_size(files)
        for path in files:
            path.unlink(missing_ok=True)
            mark_of(path).unlink(missing_ok=True)
        echo(f"removed {_entries(len(files))} of {kind} ({size_in_words(size)})")
        left = entries(user_cache() / kind)
        if left:
            note(f"kept {_entries(len(left))} of {user_cache() / kind} that xlt did not write")
    half_written = abandoned(user_cache() / FOLDER) if features or not lexicons else []
    if not features and not lexicons:
        half_written += entry_files.abandoned(user_cache() / kept.FOLDER, kept.SUFFIX)
        half_written += entry_files.abandoned(user_cache() / finished.FOLDER, finished.SUFFIX)
        half_written += entry_files.abandoned(user_cache() / TOKENIZERS, ".json")
    for path in half_written:
        path.unlink(missing_ok=True)


def _files() -> dict[str, list[Path]]:
    """The files in the cache by kind."""
    from xlt_cli.commands import kept_listing
    from xlt_cli.compute import known_precision
    from xlt_cli.data.feature_cache import stored
    from xlt_cli.launch import finished
    from xlt_cli.noise import kept
    from xlt_cli.user_cache import entries, user_cache, written

    return {
        "features": stored(),
        "noise": kept.stored(),
        LEXICONS: written(user_cache() / LEXICONS),
        CHECKSUMS: entries(user_cache() / CHECKSUMS),
        TOKENIZERS: entries(user_cache() / TOKENIZERS),
        "finished": finished.stored(),
        "plugins": entries(user_cache() / kept_listing.FOLDER),
        "precision": entries(user_cache() / known_precision.FOLDER),
    }


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"
