"""What was trained and with what: specs, what differs between systems, environment, data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from xlt_cli.api.reports import Column, Row, Table, Text, Value
from xlt_cli.page.blocks import Block, Code, Details, Section
from xlt_cli.page.content import Content
from xlt_cli.page.sections.parts import flat, listed

TITLE = "Specs, environment, data"

_ASIDE = ("name", "evaluations", "seeds", "device", "keep", "sweep")
"""Fields of a spec that say nothing of what is trained."""


def section(content: Content) -> Section:
    """What is needed to make the results again."""
    blocks: list[Block] = [Text(f"This page was made with: {content.command}")]
    blocks += _differences(content)
    blocks += [_runs(content), *_environment(content), *_fingerprints(content), *_specs(content)]
    return Section("setup", TITLE, blocks)


def spec_of(about: object) -> Mapping[str, Any]:
    """The spec of a run; empty for a model that xlt did not train."""
    record = about.get("record") if isinstance(about, Mapping) else None
    return (record or {}).get("spec") or {}


def _differences(content: Content) -> Iterator[Block]:
    """The fields in which the systems' specs differ: for each name of a spec that several have."""
    by_name: dict[str, dict[str, Mapping[str, Any]]] = {}
    for run in content.runs:
        name = str((run.about.get("record") or {}).get("name") or "")
        by_name.setdefault(name, {}).setdefault(run.system, spec_of(run.about))
    shared = {name: specs for name, specs in by_name.items() if len(specs) > 1}
    if not shared:
        shared = {"": {system: spec_of(content.of(system)[0].about) for system in content.systems}}
    for name, specs in shared.items():
        about = f": {name}" if len(shared) > 1 else ""
        yield from _difference(f"What differs between the specs of the systems{about}", specs)


def _difference(title: str, specs: Mapping[str, Mapping[str, Any]]) -> Iterator[Block]:
    flattened = {
        system: {p: v for p, v in flat(spec) if p.partition(".")[0] not in _ASIDE}
        for system, spec in specs.items()
    }
    rows = []
    for path in dict.fromkeys(path for spec in flattened.values() for path in spec):
        values = [_shown(spec[path]) if path in spec else "" for spec in flattened.values()]
        if len(set(values)) > 1:
            rows.append(Row([path, *values]))
    if rows:
        yield Table(title, [Column("field"), *map(Column, specs)], rows)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _runs(content: Content) -> Table:
    rows = []
    for run in content.runs:
        stages = run.about.get("stages") or []
        last: Mapping[str, Any] = next((stage for stage in reversed(stages) if stage), {})
        record = run.about.get("record") or {}
        cells: list[Value] = [run.system, run.seed, run.run, run.state]
        cells += [str(record.get("created") or "")[:16].replace("T", " ")]
        cells += [last.get("selected_step"), last.get("rule")]
        rows.append(Row(cells))
    columns = [Column("system"), Column("seed", "right"), Column("run"), Column("state")]
    columns += [Column("created"), Column("selected step", "right"), Column("selected by")]
    return Table("Runs", columns, rows)


def _environment(content: Content) -> Iterator[Block]:
    """Each value with the number of runs that have it."""
    found: dict[str, dict[str, int]] = {}
    for run in content.runs:
        sessions = run.about.get("environment") or []
        own = {
            (path, _shown(value))
            for session in sessions
            for path, value in flat({k: v for k, v in session.items() if k != "command"})
        }
        for path, value in own:
            found.setdefault(path, {}).setdefault(value, 0)
            found[path][value] += 1
    if not found:
        return
    every = len(content.runs)
    rows = [
        Row([path, listed([v if n == every else f"{v} ({n} runs)" for v, n in values.items()])])
        for path, values in sorted(found.items())
        if set(values) != {"null"}
    ]
    yield Details("Environment", [Table("Environment", [Column("of"), Column("value")], rows)])


def _fingerprints(content: Content) -> Iterator[Block]:
    """The hash of each file of data and of each encoder, with what was left out."""
    rows: dict[tuple[str, ...], Row] = {}
    for run in content.runs:
        for name, own in (run.about.get("fingerprints") or {}).items():
            sha = str(own.get("sha256") or own.get("commit") or "")
            notes = "\n".join(map(str, own.get("notes") or []))
            source = str(own.get("source") or own.get("model") or "")
            cells: list[Value] = [name, own.get("rows"), sha[:16], source, notes]
            rows.setdefault((name, sha), Row(cells))
    if not rows:
        return
    columns = [Column("of"), Column("rows", "right"), Column("SHA-256 (first 16)")]
    columns += [Column("source"), Column("notes")]
    ordered = [rows[key] for key in sorted(rows)]
    yield Details("Fingerprints of data and encoders", [Table("Fingerprints", columns, ordered)])


def _specs(content: Content) -> Iterator[Block]:
    """The spec files as they were written, each once."""
    files: dict[str, list[str]] = {}
    for run in content.runs:
        text = run.about.get("spec_file")
        if text:
            files.setdefault(text, []).append(run.system)
    for text, systems in files.items():
        title = f"Spec of {listed(list(dict.fromkeys(systems)))}"
        yield Details(title, [Code(text.strip())])
