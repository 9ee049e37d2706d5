"""Reading a file of templates; an error names its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xlt_cli.api import DataError
from xlt_tasks.checklist.faults import faults
from xlt_tasks.checklist.templates import Templates


def read(path: Path) -> Templates:
    """The templates of a file.

    Raises:
        DataError: the file is not there or wrong; says where.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError("the file is not valid UTF-8", f"{path}: byte {error.start}") from None
    except OSError as error:
        raise DataError(f"cannot read the templates: {error.strerror}", str(path)) from None
    return _parsed(text, str(path))


@lru_cache(maxsize=8)
def _parsed(text: str, path: str) -> Templates:
    try:
        templates = Templates.model_validate(_loaded(text, path, "safe"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        what = first["msg"].removeprefix("Value error, ")
        raise _at(text, path, first["loc"], what) from None
    for loc, what, hint in faults(templates):
        raise _at(text, path, loc, what, hint)
    return templates


def _loaded(text: str, path: str, kind: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ=kind, pure=True).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataError(f"this is not YAML: {error.problem}", f"{path}:{line}") from None
    except YAMLError as error:
        raise DataError(f"this is not YAML: {error}", path) from None


def _at(text: str, path: str, loc: Sequence[str | int], what: str, hint: str = "") -> DataError:
    """An error with the line that it is about, as far as the file has it."""
    line, current, field = 1, _loaded(text, path, "rt"), []
    for part in loc:
        try:
            lines = current.lc
            line = 1 + (lines.key if isinstance(current, Mapping) else lines.item)(part)[0]
            current = current[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            field += [str(part)] if isinstance(current, Mapping) and part == loc[-1] else []
            break
        field.append(str(part))
    return DataError(f"{'.'.join(field)}: {what}" if field else what, f"{path}:{line}", hint)
