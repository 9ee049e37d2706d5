"""The pieces of reports refuse what no format could show, where it is written."""

import numpy as np
import pytest

from xlt_cli.api import Column, Figure, Matrix, Report, Row, Scalar, Stack, Table


def test_a_row_has_a_cell_for_each_column() -> None:
    columns = [Column("language"), Column("accuracy", align="right")]
    Table("", columns, [Row(["de", Figure(0.7)])])
    with pytest.raises(ValueError, match="row 2 of the table 'scores' has 1 cells for 2 columns"):
        Table("scores", columns, [Row(["de", Figure(0.7)]), Row(["sw"])])


@pytest.mark.parametrize("value", [{"value": 0.7}, ["a"], Stack(["a", b"b"])])
def test_a_cell_holds_a_value_only(value: object) -> None:
    with pytest.raises(TypeError, match="a cell cannot hold"):
        Scalar("rows", value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["0.7", {"value": 0.7}, None])
def test_a_figure_is_a_number(value: object) -> None:
    Figure(np.float32(0.5))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a figure must be a number"):
        Figure(value)  # type: ignore[arg-type]


def test_an_interval_has_two_bounds() -> None:
    with pytest.raises(ValueError, match="two bounds"):
        Figure(0.7, low=0.6)


def test_a_matrix_has_its_cells_only() -> None:
    with pytest.raises(ValueError, match=r"\(en, sw\) is not a cell of the matrix 'pairs'"):
        Matrix("pairs", ["en", "de"], ["en", "de"], {("en", "sw"): Figure(0.5)})


def test_a_report_is_made_of_pieces() -> None:
    Report([Report([], notes=["of another"])])
    with pytest.raises(TypeError, match="a piece of a report cannot be dict"):
        Report([{"title": "x"}])  # type: ignore[list-item]
