"""The words in which a task says what its data are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Origin = Literal["native", "human-translated", "machine-translated", "generated", "mixed", ""]
"""How texts came to be: written in their language; translated by people (or corrected by them
after a machine); translated by a machine alone; made from templates; several of these; unknown."""

ORIGINS: tuple[str, ...] = get_args(Origin)

NOT_STATED = "not stated"
"""The licence of data whose publishers state none."""

TAGS: Mapping[str, str] = {
    "adversarial": "written, edited or chosen so that models or simple heuristics fail",
    "challenge": "built to test one phenomenon or a few",
    "low-resource": "most of its languages have little text and few labelled data (classes 0 to 2 "
    "of Joshi et al. 2020)",
    "out-of-distribution": "texts or labels were collected in another way than those of the "
    "family's usual training set (MultiNLI, PAWS, WikiANN ...)",
    "perturbed": "rows are changed versions of another set's, with the labels that these have",
}
"""The tags that a task may carry, and what each means."""
