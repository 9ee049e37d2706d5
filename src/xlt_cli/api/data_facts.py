"""The vocabulary for describing the data of a task: origins of texts, tags, licences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Origin = Literal["native", "human-translated", "machine-translated", "generated", "mixed", ""]
"""How texts were produced: written in their language; translated by people, or by a machine and
corrected by people; translated by a machine only; generated from templates; several of these; not
known."""

ORIGINS: tuple[str, ...] = get_args(Origin)

NOT_STATED = "not stated"
"""The licence of data whose publishers state none."""

TAGS: Mapping[str, str] = {
    "adversarial": "written, edited or selected so that models or simple heuristics fail",
    "challenge": "designed to test one or a few phenomena",
    "low-resource": "most of its languages have little text and little labelled data (classes 0 to "
    "2 of Joshi et al. 2020)",
    "out-of-distribution": "texts or labels were collected in another way than those of the "
    "family's usual training set (MultiNLI, PAWS, WikiANN)",
    "perturbed": "rows are modified versions of rows of another set, with the original labels",
}
"""The tags that a task may carry, and what each means."""
