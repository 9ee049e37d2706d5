"""Options generated from parameters, whatever their types; bad values are errors of the option."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field
from typer.testing import CliRunner

from xlt_cli.api import Measured, PluginParams, PredictedRows, PredictionAnalysis, Record, UserError
from xlt_cli.api.reports import Report
from xlt_cli.commands.analysis_options import build, flag, generated


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Nested(PluginParams):
    low: int = 0
    high: int = 1


class Sample(PredictionAnalysis):
    """An analysis of nothing, with parameters of many types."""

    api_version = 1
    name = "sample"
    summary = "a sample"

    class Params(PluginParams):
        count: int = Field(3, ge=1, lt=10, description="how many")
        share: float = Field(0.5, gt=0, le=1)
        word: str = "a"
        kind: Literal["one", "two"] = "one"
        colour: Colour = Colour.RED
        folder: Path | None = None
        fast: bool = False
        careful: bool = True
        sizes: tuple[int, ...] = (1, 2)
        names: list[str] = Field(default_factory=list)
        either: int | Literal["auto"] = "auto"
        bounds: Nested = Nested()
        table: dict[str, float] = Field(default_factory=dict)
        two_words: Annotated[int, Field(ge=0)] = 0

    def measure(self, rows: PredictedRows) -> Sequence[Record]:
        return []

    def report(self, measured: Measured) -> Report:
        return Report([])


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("count", "9", 9),
        ("share", "1e-3", 0.001),
        ("share", "1", 1.0),
        ("word", "no", "no"),
        ("word", "1.10", "1.10"),
        ("word", "[a", "[a"),
        ("kind", "two", "two"),
        ("colour", "blue", Colour.BLUE),
        ("folder", "a/b", Path("a/b")),
        ("folder", "7", Path("7")),
        ("fast", True, True),
        ("careful", False, False),
        ("sizes", "5", (5,)),
        ("sizes", "5,6", (5, 6)),
        ("sizes", "[5, 6]", (5, 6)),
        ("names", "sw, th", ["sw", "th"]),
        ("names", "no,1.10", ["no", "1.10"]),
        ("either", "4", 4),
        ("either", "auto", "auto"),
        ("bounds", "{low: 2, high: 3}", Nested(low=2, high=3)),
        ("table", "{a: 1.5}", {"a": 1.5}),
        ("two_words", "8", 8),
    ],
)
def test_a_value_is_what_its_field_holds(name: str, text: Any, value: Any) -> None:
    made = build(Sample, {name: text})
    assert getattr(made.params, name) == value
    others = made.params.model_dump(exclude={name})
    assert others == Sample.Params().model_dump(exclude={name})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("count", "10"),
        ("count", "two"),
        ("count", "1.5"),
        ("share", "0"),
        ("share", "nan"),
        ("kind", "three"),
        ("colour", "green"),
        ("sizes", "1,b"),
        ("either", "some"),
        ("bounds", "{lowest: 1}"),
        ("bounds", "{low: 1"),
        ("table", "a"),
    ],
)
def test_what_it_cannot_hold_is_an_error_of_the_option(name: str, text: str) -> None:
    with pytest.raises(UserError) as caught:
        build(Sample, {name: text})
    assert flag(name) in str(caught.value.where)


def test_stored_parameters_hold_where_nothing_else_is_said() -> None:
    made = build(Sample, {"count": "4", "word": None}, {"word": "kept", "count": 5})
    assert (made.params.word, made.params.count) == ("kept", 4)


@settings(deadline=None)
@given(st.integers(1, 9), st.floats(0.001, 1), st.lists(st.integers(), min_size=1))
def test_numbers_come_back(count: int, share: float, sizes: list[int]) -> None:
    given_texts = {"count": str(count), "share": repr(share), "sizes": ",".join(map(str, sizes))}
    params = build(Sample, given_texts).params
    assert (params.count, params.share, list(params.sizes)) == (count, share, sizes)


def test_every_field_has_an_option_that_typer_takes() -> None:
    options = generated(Sample.Params)
    assert set(options) == set(Sample.Params.model_fields)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    def command(**values: Any) -> None:
        typer.echo(repr({name: value for name, value in values.items() if value is not None}))

    command.__annotations__ = dict(options)

    word = inspect.Parameter.KEYWORD_ONLY
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(n, word, default=None, annotation=o) for n, o in options.items()]
    )
    app.command()(command)
    help_text = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    for said in (
        "how many",
        "default: 3; x>=1; x<10",
        "--two-words",
        "--no-careful",
        "default: yes",
    ):
        assert said in help_text, said
    done = CliRunner().invoke(app, ["--no-careful", "--two-words", "4", "--kind", "two"])
    assert eval(done.output) == {"careful": False, "two_words": "4", "kind": "two"}
