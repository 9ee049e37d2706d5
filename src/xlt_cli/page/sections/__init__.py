"""The sections of the page, in order; each is left out where its data are not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xlt_cli.page.blocks import Section
from xlt_cli.page.content import Content
from xlt_cli.page.sections import (
    answers,
    cards,
    cost,
    groups,
    learning,
    matrices,
    methods,
    robustness,
    setup,
    summary,
)

SECTIONS: Sequence[Callable[[Content], Section]] = (
    summary.section,
    methods.section,
    matrices.section,
    groups.section,
    robustness.section,
    answers.section,
    learning.section,
    cards.section,
    setup.section,
    cost.section,
)
