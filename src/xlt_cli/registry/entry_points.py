"""Entry points to plugins. A broken plugin is an entry with its error, never a crash.

Looking one plugin up imports that plugin alone; listing imports them all. `XLT_DISABLE_PLUGINS`
turns some off, to find a bad one or to choose between two of one name: a comma-separated list of
`name`, `kind:name` or `name@distribution`.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any

from xlt_cli.api import Plugin
from xlt_cli.errors import PluginError, did_you_mean, near
from xlt_cli.registry import origins, points
from xlt_cli.registry.checks import KINDS
from xlt_cli.registry.faults import fault
from xlt_cli.registry.points import distribution_of as _dist
from xlt_cli.registry.points import normal as _normal

HEAVY = (
    "torch",
    "transformers",
    "datasets",
    "accelerate",
    "sklearn",
    "scipy",
    "pandas",
    "pyarrow",
)
"""Packages that a plugin module must not import at import time."""


_remembered: dict[tuple[str, str], tuple[str, str]] = {}


@dataclass(frozen=True)
class Entry:
    """One entry point: a plugin, or what is wrong with it.

    Attributes:
        plugin: the class; None if it is broken or turned off.
        error: why it cannot be used; empty if it can.
        disabled: turned off by `XLT_DISABLE_PLUGINS`.
        import_seconds: how long importing it took.
        heavy: heavy packages that importing it brought in.
    """

    kind: str
    name: str
    target: str
    distribution: str
    version: str
    plugin: type[Plugin] | None = None
    error: str = ""
    disabled: bool = False
    import_seconds: float = 0.0
    heavy: tuple[str, ...] = ()


def entries(kind: str) -> list[Entry]:
    """All entries of a kind, imported, sorted by name."""
    return [entry for name in sorted(_points(kind)) for entry in _load(kind, name)]


def names(kind: str, *, disabled: bool = False) -> list[str]:
    """The names registered for a kind, without importing anything; disabled ones on request."""
    return sorted(
        name
        for name, own in _points(kind).items()
        if disabled or not all(_disabled(kind, point) for point in own)
    )


def get(kind: str, name: str, where: str = "") -> type[Any]:
    """The plugin class of a name.

    Raises:
        PluginError: unknown, turned off, or broken; `where` says who asked.
    """
    entries_of_name = _load(kind, name) if name in _points(kind) else []
    usable = [entry for entry in entries_of_name if entry.plugin is not None]
    if usable and usable[0].plugin is not None:
        return usable[0].plugin
    broken = [entry for entry in entries_of_name if not entry.disabled]
    if broken:
        entry = broken[0]
        raise PluginError(
            f"the {kind} plugin '{name}' cannot be used: {entry.error}",
            where or f"{entry.target} from {entry.distribution} {entry.version}",
            "see `xlt list-plugins --check`",
        )
    if entries_of_name:
        raise PluginError(f"the {kind} plugin '{name}' is turned off by XLT_DISABLE_PLUGINS", where)
    known = did_you_mean(name, names(kind))
    if (kind, name) in _remembered:
        distribution, version = _remembered[kind, name]
        pinned = f"{distribution}=={version}" if version else distribution
        known = (
            f"a run used it from {' '.join((distribution, version)).strip()}, which is not "
            f"installed here: pip install '{pinned}'\n{known}"
        )
    raise PluginError(f"unknown {kind} '{name}'", where, known)


def source(kind: str, name: str) -> tuple[str, str]:
    """The distribution and version that a usable plugin comes from; empty where it is unknown."""
    usable = [entry for entry in _load(kind, name) if entry.plugin] if name in _points(kind) else []
    return (usable[0].distribution, usable[0].version) if usable else ("", "")


def remember(kind: str, name: str, origin: tuple[str, str]) -> None:
    """Notes the distribution and version that a plugin of a run had; for when it is gone."""
    _remembered[kind, name] = origin


@dataclass(frozen=True)
class Stray:
    """An entry point in a group that looks like one of xlt's and is none."""

    group: str
    name: str
    target: str
    distribution: str
    version: str
    hint: str


def strays() -> list[Stray]:
    """Entry points in unknown groups such as `xlt.pertubations`, sorted."""
    known = [kind.group for kind in KINDS.values()]
    listed = []
    for other in sorted(points.groups() - set(known)):
        nearest = near(other, known, cutoff=0.85)
        if nearest or other.lower().startswith(("xlt.", "xlt_cli.", "xlt-cli.")):
            hint = did_you_mean(other, known)
            listed += [
                Stray(other, point.name, point.value, *_dist(point), hint)
                for point in sorted(points.points_of(other), key=lambda point: point.name)
            ]
    return listed


def clear() -> None:
    """Forgets what was found and loaded; for tests that install plugins."""
    _points.cache_clear()
    points.clear()
    _load.cache_clear()
    _remembered.clear()


@functools.cache
def _points(kind: str) -> dict[str, list[EntryPoint]]:
    by_name: dict[str, list[EntryPoint]] = defaultdict(list)
    for point in points.points_of(KINDS[kind].group):
        # One distribution can be seen twice (a path that is listed twice); that is no conflict.
        seen = [(_dist(p), p.value) for p in by_name[point.name]]
        if (_dist(point), point.value) not in seen:
            by_name[point.name].append(point)
    return dict(by_name)


@functools.cache
def _load(kind: str, name: str) -> list[Entry]:
    loaded = []
    own = _points(kind)[name]
    enabled = [point for point in own if not _disabled(kind, point)]
    for point in own:
        base = Entry(kind, name, point.value, *_dist(point))
        if point not in enabled:
            loaded.append(_with(base, disabled=True))
        elif len(enabled) > 1:
            owners = " and ".join(sorted(" ".join(_dist(p)) for p in enabled))
            loaded.append(
                _with(
                    base,
                    error=f"two plugins have the same name ({owners}); turn one off with "
                    f"XLT_DISABLE_PLUGINS={name}@{_dist(point)[0]}",
                )
            )
        else:
            loaded.append(_import(base, point))
    return loaded


def _import(base: Entry, point: EntryPoint) -> Entry:
    before = {name for name in HEAVY if name in sys.modules}
    start = time.perf_counter()
    try:
        with contextlib.redirect_stdout(sys.stderr):  # stdout belongs to the command
            plugin = point.load()
        took = time.perf_counter() - start
        heavy = tuple(name for name in HEAVY if name in sys.modules and name not in before)
        problem = fault(base.kind, base.name, plugin)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a stranger's module does, also sys.exit
        return _with(base, error=f"import failed: {type(error).__name__}: {error}")
    if not problem:
        origins.note(plugin, base.distribution, base.version)
    return _with(
        base,
        plugin=None if problem else plugin,
        error=problem,
        import_seconds=took,
        heavy=heavy,
    )


def _disabled(kind: str, point: EntryPoint) -> bool:
    off = _split(os.environ.get("XLT_DISABLE_PLUGINS", ""))
    own = {point.name, f"{kind}:{point.name}", f"{point.name}@{_normal(_dist(point)[0])}"}
    return not own.isdisjoint(off)


def _split(text: str) -> Iterable[str]:
    for part in text.split(","):
        name, at, distribution = part.strip().partition("@")
        if name:
            yield f"{name}@{_normal(distribution)}" if at else name


def _with(entry: Entry, **changes: Any) -> Entry:
    return Entry(**{**vars(entry), **changes})
