"""A report with every kind of piece."""

from xlt_cli.api import (
    Column,
    Figure,
    Forest,
    Line,
    Matrix,
    Report,
    Row,
    Scalar,
    Series,
    Stack,
    Table,
    Text,
)

EVERY = Report(
    [
        Text("A *paragraph* with a | in it"),
        Text("runs/a_b\nruns/c", whole=True),
        Text(""),
        Scalar("rows", 1234),
        Table(
            "accuracy",
            [Column("language"), Column("rows", "right"), Column("macro-\nF1", "right", key="f1")],
            [
                Row(["de", 40, Figure(0.5, 0.25, 0.75, mark="†")], rule=True),
                Row(["sw", None, Stack([Figure(0.25), None, Text("few", "caution")])], strong=True),
            ],
            footer="a footer",
        ),
        Matrix("pairs", ["en", "de"], ["en", "sw"], {("en", "sw"): Figure(0.125, 0, 1)}),
        Line(
            "stress",
            "typos",
            "accuracy",
            [
                Series("ERM", [(0.0, Figure(0.5)), (0.1, Figure(0.25))], digits=1),
                Series("DA", [(0.1, Figure(0.75))], digits=1),
            ],
        ),
        Forest("gains", [("de", Figure(0.1, -0.1, 0.3, sign="value")), ("sw", Figure(0.3))]),
        Report([], title="an inner report", notes=["an inner note"]),
    ],
    title="Everything",
    notes=["a note"],
    warnings=["a warning"],
)
