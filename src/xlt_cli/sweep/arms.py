"""Arms of a sweep: the stages that each of them has, and where a stage of the spec is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from xlt_cli.errors import SpecError
from xlt_cli.spec import Arm
from xlt_cli.spec.source import Override, Source
from xlt_cli.spec.yaml_lines import Loc

STAGES = "stages"


def moved(arm: Arm | None, loc: Loc, count: int) -> Loc | None:
    """Where a field of the spec is in an arm; None if the arm leaves its stage out.

    Args:
        count: the stages that the spec itself has.
    """
    if arm is None or loc[0] != STAGES or len(loc) < 2 or not isinstance(loc[1], int):
        return loc
    kept = [number for number in range(count) if number not in arm.without]
    if loc[1] not in range(count):
        return loc
    if loc[1] not in kept:
        return None
    return (STAGES, len(arm.before) + kept.index(loc[1]), *loc[2:])


def placed(
    arm: Arm | None, number: int, chosen: Mapping[str, Override], source: Source
) -> dict[str, Override]:
    """The values of a combination in an arm: its stages first, then what is set in them.

    Args:
        number: that of the arm in the sweep.
        chosen: by the path of the field in the spec itself.

    Raises:
        SpecError: a stage that is to be left out is not there, none is left, or all stages are
            replaced by another axis.
    """
    if arm is None or not (arm.before or arm.after or arm.without):
        return dict(chosen)
    place = ("sweep", "arms", number)
    if STAGES in chosen:
        raise SpecError("'stages' is swept, and the sweep has arms", chosen[STAGES].where)
    written = source.assembled[STAGES]
    base = written if isinstance(written, list) else [written]
    for without in arm.without:
        if without not in range(len(base)):
            raise SpecError(
                f"the spec has no stage {without} that could be left out: it has {len(base)}, "
                "counted from 0",
                source.where((*place, "without")),
            )
    kept = [index for index in range(len(base)) if index not in arm.without]
    stages = [*arm.before, *(base[index] for index in kept), *arm.after]
    if not stages:
        raise SpecError("no stage is left in this arm", source.where(place))
    texts = {
        **_shifted(source.texts_below((*place, "before")), 0),
        **_shifted(source.texts_below((*place, "after")), len(arm.before) + len(kept)),
    }
    for position, index in enumerate(kept, start=len(arm.before)):
        below = source.texts_below((STAGES, index))
        texts |= {(position, *loc): text for loc, text in below.items()}
    result = {STAGES: Override((STAGES,), stages, source.where(place), texts)}
    for path, override in chosen.items():
        loc = moved(arm, override.loc, len(base))
        if loc is not None:
            result[path if loc == override.loc else ".".join(map(str, loc))] = replace(
                override, loc=loc
            )
    return result


def arm_of(arms: list[Arm], given: Mapping[Loc, Any]) -> tuple[Arm | None, int]:
    """The arm that the values of a run belong to, and how many stages its spec had itself.

    None where it is not clear.
    """
    stages = given.get((STAGES,))
    if not isinstance(stages, list):
        plain = [arm for arm in arms if not (arm.before or arm.after or arm.without)]
        return (plain[0] if len(plain) == 1 else None), 0
    fitting = [
        arm
        for arm in arms
        if (arm.before or arm.after or arm.without)
        and stages[: len(arm.before)] == arm.before
        and stages[len(stages) - len(arm.after) :] == arm.after
    ]
    fitting.sort(key=lambda arm: -len(arm.before) - len(arm.after))
    most = [
        arm
        for arm in fitting
        if len(arm.before) + len(arm.after) == len(fitting[0].before) + len(fitting[0].after)
    ]
    if len(most) != 1:
        return None, 0
    (arm,) = most
    return arm, len(stages) - len(arm.before) - len(arm.after) + len(arm.without)


def _shifted(texts: Mapping[Loc, str], by: int) -> dict[Loc, str]:
    """The texts of a list of stages whose numbers are higher."""
    return {
        (int(loc[0]) + by, *loc[1:]): text for loc, text in texts.items() if isinstance(loc[0], int)
    }
