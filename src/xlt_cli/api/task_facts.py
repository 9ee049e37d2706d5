"""What a problem may ask of its task: tasks know problems, and problems know tasks by this."""

from __future__ import annotations

from typing import Any, Protocol


class TaskFacts(Protocol):
    """What every `Task` states; `Task` describes it."""

    @property
    def params(self) -> Any: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def metric(self) -> str: ...

    @property
    def aligned(self) -> bool: ...

    @property
    def texts(self) -> int | None: ...

    @property
    def scheme(self) -> str | None: ...
