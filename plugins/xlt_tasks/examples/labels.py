"""Labels as files write them: names, or class ids."""

from __future__ import annotations

from collections.abc import Sequence

from xlt_cli.api import DataError, did_you_mean


class LabelReader:
    """Turns a value of a file into one of the task's labels.

    An integer is a class id: of the names that the file itself gives its classes, otherwise of
    the task's labels. Where those are numbers themselves, an integer is the label's name.
    """

    def __init__(self, labels: Sequence[str], class_names: Sequence[str] | None = None) -> None:
        self.labels = tuple(labels)
        self._known: dict[object, str] = {label: label for label in self.labels}
        numbers: dict[object, str] = {int(label): label for label in self.labels if _is_int(label)}
        if class_names is not None:
            self._known |= {i: name for i, name in enumerate(class_names) if name in self.labels}
        else:
            self._known |= numbers or dict(enumerate(self.labels))

    def get(self, value: object) -> str | None:
        """The label; None if the value is none."""
        # True and 1.0 equal 1 in a dict, and neither is a class id.
        if isinstance(value, str | int) and not isinstance(value, bool):
            return self._known.get(value)
        return None

    def error(self, value: object, where: str) -> DataError:
        """What is wrong with a value that is no label."""
        if value is None or value in ("", -1, "-1"):
            return DataError(
                "there is no label" + (f" ({value!r})" if value else ""),
                where,
                "what has no label cannot be scored: add it, or leave the row out",
            )
        return DataError(
            f"the label '{value}' is not one of the task's",
            where,
            did_you_mean(str(value), self.labels),
        )


def _is_int(label: str) -> bool:
    return label.removeprefix("-").isdecimal()
