"""Which directory a run has, and making it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xlt_cli.compute.devices import resolve_precision
from xlt_cli.errors import RunError
from xlt_cli.runs import atomic, former
from xlt_cli.runs.directory import Run, now
from xlt_cli.runs.plugins import plugins_of
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.identity import FORMAT, identity

PRECISIONS = ("bf16", "fp32")
"""What `precision: auto` can be."""


def planned(root: Path, spec: ExperimentSpec, seed: int, precision: str = "") -> Run:
    """The run that a spec and a seed have or will have; nothing is made.

    Args:
        precision: what it is trained in; default: as the spec says, on this machine.
    """
    precision = precision or resolve_precision(spec.device, spec.precision)
    key = identity(spec, seed, precision)
    run = Run(root / f"{spec.name}-s{seed}-{key[:8]}")
    if (run.path / "run.json").exists():
        _check_same(run, spec, seed, key)
        return run
    return Run(former.run_of(root, str(spec.name), seed, key, precision) or run.path)


def recorded(root: Path, spec: ExperimentSpec, seed: int) -> Run:
    """The run of a spec and a seed whose results are read.

    With `precision: auto`, runs have another name on a machine that computes in another precision.
    Where the run of this machine was not begun, it is the one that was.
    """
    run = planned(root, spec, seed)
    if spec.precision != "auto" or (run.path / "run.json").exists():
        return run
    others = [planned(root, spec, seed, precision) for precision in PRECISIONS]
    return next((other for other in others if (other.path / "run.json").exists()), run)


def _check_same(run: Run, spec: ExperimentSpec, seed: int, key: str) -> None:
    """Refuses the directory of a run that has this name and was another training.

    A name leaves out what is at its default: another default is another training.
    """
    today = former.name_of(run.path)
    if today is None or today == (spec.name, seed, key):
        return
    raise RunError(
        f"'{run.name}' was trained with other values of fields that this spec leaves at their "
        "defaults: a plugin has changed its defaults since",
        str(run.path),
        _changed(run.record["spec"], spec.model_dump(mode="json"))
        + "write the former value into the spec to continue that run, or choose another name "
        "or another --runs-dir for a new run",
    )


def _changed(former_spec: Any, spec: Any, path: str = "") -> str:
    """The fields that differ, with both values."""
    if isinstance(former_spec, dict) and isinstance(spec, dict):
        return "".join(
            _changed(former_spec[name], spec[name], f"{path}{name}.")
            for name in former_spec
            if name in spec and (path or name in ("encoder", "stages", "max_length"))
        )
    if isinstance(former_spec, list) and isinstance(spec, list) and len(former_spec) == len(spec):
        pairs = zip(former_spec, spec, strict=True)
        return "".join(_changed(a, b, f"{path}{index}.") for index, (a, b) in enumerate(pairs))
    return "" if former_spec == spec else f"{path[:-1]} was {former_spec} and is {spec}; "


def create(root: Path, spec: ExperimentSpec, seed: int, text: str, overrides: list[str]) -> Run:
    """The run of a spec and a seed: a new directory, or the existing one.

    What is trained is the same then; evaluations are brought up to date. A run that an earlier
    version made keeps the name of its directory.
    """
    precision = resolve_precision(spec.device, spec.precision)
    key = identity(spec, seed, precision)
    run = planned(root, spec, seed)
    try:
        run.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"cannot create the run's directory: {error.strerror}", str(run.path)
        ) from None
    record = atomic.read_json(run.path / "run.json")
    if record is not None:
        record = run.record  # or it is refused
    if record is not None and record.get("spec") == spec.model_dump(mode="json"):
        return run
    with run.locked():
        atomic.write_text(run.path / "spec.yaml", text)
        atomic.write_json(
            run.path / "run.json",
            {
                "format": FORMAT,
                "identity": key,
                "precision": precision,
                "name": spec.name,
                "seed": seed,
                "overrides": overrides,
                "created": record["created"] if record else now(),
                "spec": spec.model_dump(mode="json"),
                "plugins": plugins_of(spec),
            },
        )
        if record is None:
            run.set_state("created")
    return run


def create_for_model(root: Path, name: str, key: str, record: dict[str, Any]) -> Run:
    """The directory for evaluations of a model that xlt did not train."""
    run = Run(root / f"{name}-{key[:8]}")
    if atomic.read_json(run.path / "run.json") is None:
        atomic.write_json(
            run.path / "run.json",
            {
                "format": FORMAT,
                "identity": key,
                "name": name,
                "created": now(),
                **record,
            },
        )
        run.set_state("created")
    return run
