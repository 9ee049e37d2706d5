"""`xlt list-plugins`: the installed plugins, and the errors of broken ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from xlt_cli.commands.options import AsJson
from xlt_cli.errors import EXIT_FAILURE, PluginError, did_you_mean
from xlt_cli.terminal import print_json

if TYPE_CHECKING:
    from xlt_cli.commands.kept_listing import Listing
    from xlt_cli.registry import Entry, Stray


def list_plugins(
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only this kind of plugin, e.g. encoder.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Inspect each plugin; exit with 1 if one is broken.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the installed plugins, broken ones with their error."""
    from xlt_cli.commands import kept_listing

    listing = None if check else kept_listing.read()
    if listing is None or kind not in (None, *listing["shown"]):
        listing = _made(kind, check)
        if kind is None and not check:
            kept_listing.keep(listing)
    rows = [row for row in listing["rows"] if kind in (None, row["kind"])]
    if as_json:
        print_json(rows)
    else:
        table = [] if kind is None or check else listing["shown"][kind]
        _print_shown(table)
        listed = {name for name, _ in table}
        _print([row for row in rows if row["name"] not in listed], check)
    if check and any(row["error"] or row["warnings"] for row in rows):
        raise typer.Exit(EXIT_FAILURE)


def _made(kind: str | None, check: bool) -> Listing:
    """What is listed of one kind, or of all, from the plugins themselves.

    Raises:
        PluginError: there is no such kind.
    """
    from xlt_cli import registry

    if kind is not None and kind not in registry.KINDS:
        raise PluginError(f"unknown kind '{kind}'", "--kind", did_you_mean(kind, registry.KINDS))
    kinds = [k for k in registry.KINDS if kind in (None, k)]
    rows = [_row(entry, check) for k in kinds for entry in registry.entries(k)]
    if kind is None:
        rows += [_stray_row(stray) for stray in registry.strays()]
    return {"rows": rows, "shown": {} if check else {k: _shown(k) for k in kinds}}


def _row(entry: Entry, check: bool) -> dict[str, Any]:
    plugin, error = entry.plugin, entry.error
    from xlt_cli import registry
    from xlt_cli.registry.inspection import inspect, spoken

    if check and plugin is not None:
        error = inspect(plugin)
    return {
        "kind": entry.kind,
        "name": entry.name,
        "summary": plugin.summary if plugin else "",
        "status": "broken" if error else "disabled" if entry.disabled else "ok",
        "error": error,
        "warnings": _warnings(entry) if check else [],
        "reference": plugin.reference if plugin else "",
        "languages": list(spoken(plugin) or ()) or None if plugin else None,
        "distribution": f"{entry.distribution} {entry.version}".strip(),
        "target": entry.target,
        **(registry.KINDS[entry.kind].stated(plugin) if plugin and not error else {}),
        **({"import_seconds": round(entry.import_seconds, 4)} if check else {}),
    }


def _stray_row(stray: Stray) -> dict[str, Any]:
    return {
        "kind": stray.group,
        "name": stray.name,
        "summary": "",
        "status": "broken",
        "error": f"xlt has no entry-point group '{stray.group}': {stray.hint}",
        "warnings": [],
        "reference": "",
        "languages": None,
        "distribution": f"{stray.distribution} {stray.version}".strip(),
        "target": stray.target,
    }


def _warnings(entry: Entry) -> list[str]:
    """Problems that do not stop a plugin from working but should be fixed."""
    warnings = []
    if entry.heavy:
        warnings.append(
            f"imports {', '.join(entry.heavy)} at import time, which slows down every command"
        )
    if entry.plugin is not None:
        try:
            entry.plugin.Params.model_json_schema()
        except Exception as error:  # a stranger's annotations
            warnings.append(f"Params has no JSON Schema: {error}")
    return warnings


def _shown(kind: str) -> list[tuple[str, dict[str, str]]]:
    """The name and cells of each working plugin of a kind; empty for kinds without columns of their
    own."""
    from xlt_cli import registry

    shown = registry.KINDS[kind].shown
    cells = [
        (entry.name, dict(shown(entry.plugin)))
        for entry in registry.entries(kind)
        if entry.plugin and not entry.error and not entry.disabled
    ]
    return [(name, columns) for name, columns in cells if columns]


def _print_shown(rows: list[tuple[str, dict[str, str]]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from xlt_cli.console.screen import stdout

    if not rows:
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("name", no_wrap=True)
    for column in rows[0][1]:
        table.add_column(column)
    for name, cells in rows:
        table.add_row(Text(name), *map(Text, cells.values()))
    stdout().print(table)


def _print(rows: list[dict[str, Any]], check: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from xlt_cli.console.screen import stdout

    if not rows and not check:
        return
    console = stdout()
    table = Table(box=None, pad_edge=False)
    for column in ("kind", "name", *(["import"] if check else []), "summary"):
        table.add_column(column, no_wrap=column != "summary")
    for row in rows:
        text = row["summary"] if row["status"] == "ok" else row["error"] or "turned off"
        style = {"ok": "", "broken": "red", "disabled": "dim"}[row["status"]]
        mark = "" if row["status"] == "ok" else f"[{row['status']}] "
        cells = [row["kind"], Text(row["name"])]
        if check:
            cells.append(f"{row['import_seconds']:.2f} s" if "import_seconds" in row else "")
        table.add_row(*cells, Text(mark + text), style=style)
        for warning in row["warnings"]:
            blank = [""] * len(cells)
            table.add_row(*blank, Text(f"[warning] {warning}"), style="yellow")
    console.print(table)
    if check:
        bad = sum(bool(row["error"] or row["warnings"]) for row in rows)
        console.print(f"{len(rows)} plugins, {bad} with problems")
