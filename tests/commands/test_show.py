"""`xlt show`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field
from typer.testing import Result

from xlt_cli import registry
from xlt_cli.commands.show import _type

Cli = Callable[..., Result]
Install = Callable[..., Path]
Install = Callable[..., Path]
INSTALLED = [(kind, name) for kind in registry.KINDS for name in registry.names(kind)]

ODD = """\
from typing import Callable
from pydantic import Field
from xlt_cli.api import PluginParams, TextPerturbation

class Odd(TextPerturbation):
    api_version = 1
    name = "odd"
    summary = "uses [MASK] and [/closing]"
    reference = "[1] Someone"
    caveat = "only [beta]"
    speaks = ("en", "no")

    class Params(PluginParams):
        call: Callable[[int], int] = Field(description="one of [a, b]")

    def perturb(self, example, rng):
        return [example]
"""


@pytest.mark.parametrize(("kind", "name"), INSTALLED)
def test_every_installed_plugin_can_be_shown(xlt: Cli, kind: str, name: str) -> None:
    plugin = registry.get(kind, name)
    result = xlt("show", name)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()  # plugins of two kinds may have one name
    assert f"{name} ({kind}): {plugin.summary}" in lines
    usage = registry.KINDS[kind].written.format(kind=kind, use="{use}").partition("{use}")[0]
    assert usage in result.stdout
    assert "object at 0x" not in result.stdout
    shown = [line.split(" ")[0] for line in result.stdout.splitlines()]
    for field, info in plugin.Params.model_fields.items():
        assert field in shown
        assert " ".join((info.description or "").split()) in " ".join(result.stdout.split())


@pytest.mark.parametrize(("kind", "name"), INSTALLED)
def test_every_installed_plugin_can_be_shown_as_json(xlt: Cli, kind: str, name: str) -> None:
    every = json.loads(xlt("show", name, "--json").stdout)  # kinds may share a name
    (shown,) = [each for each in every if each["kind"] == kind]
    plugin = registry.get(kind, name)
    assert (shown["kind"], shown["name"]) == (kind, name)
    assert set(shown["parameters"].get("properties", {})) == set(plugin.Params.model_fields)


def test_required_parameters_are_in_the_example(xlt: Cli) -> None:
    assert "in a spec:  encoder: {name: hf, model: ...}" in xlt("show", "hf").stdout
    assert "in a spec:  encoder: mbert\n" in xlt("show", "mbert").stdout


def test_a_plugin_without_parameters_says_so(xlt: Cli, install: Install) -> None:
    source = (
        "from xlt_cli.api import TextPerturbation\n"
        "class Same(TextPerturbation):\n"
        "    api_version, name, summary = 1, 'same', 'leaves all as it is'\n"
        "    def perturb(self, example, rng):\n"
        "        return [example]\n"
    )
    install("same-xlt", {"xlt.perturbations": {"same": "same_xlt:Same"}}, {"same_xlt": source})
    assert "no parameters" in xlt("show", "same").stdout


def test_an_unknown_plugin_is_refused_with_the_nearest(xlt: Cli) -> None:
    result = xlt("show", "xnl")
    assert result.exit_code == 2
    assert "unknown plugin 'xnl'" in result.stderr
    assert "did you mean 'xnli'?" in result.stderr


def test_a_broken_plugin_is_refused_with_its_error(xlt: Cli, install: Install) -> None:
    install("d", {"xlt.tasks": {"bad": "bad_plugin:X"}}, {"bad_plugin": "import dilithium\n"})
    result = xlt("show", "bad")
    assert result.exit_code == 2
    assert "No module named 'dilithium'" in result.stderr


def test_a_plugin_that_is_turned_off_is_refused_as_such(
    xlt: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_DISABLE_PLUGINS", "xnli")
    registry.clear()
    try:
        result = xlt("show", "xnli")
        assert result.exit_code == 2
        assert "turned off by XLT_DISABLE_PLUGINS" in result.stderr
    finally:
        registry.clear()


def test_texts_are_shown_as_they_are_whatever_brackets_they_have(
    xlt: Cli, install: Install
) -> None:
    install("d", {"xlt.perturbations": {"odd": "odd_plugin:Odd"}}, {"odd_plugin": ODD})
    result = xlt("show", "odd")
    assert result.exit_code == 0
    for text in (
        "uses [MASK] and [/closing]",
        "[1] Someone",
        "only [beta]",
        "one of [a, b]",
        "languages: en, no",
    ):
        assert text in result.stdout


def test_parameters_without_a_json_schema_are_no_traceback(xlt: Cli, install: Install) -> None:
    install("d", {"xlt.perturbations": {"odd": "odd_plugin:Odd"}}, {"odd_plugin": ODD})
    result = xlt("show", "odd", "--json")
    assert result.exit_code == 2
    assert "the parameters of 'odd' have no JSON Schema" in result.stderr


def test_one_name_of_two_kinds_shows_both(xlt: Cli, install: Install) -> None:
    source = ODD.replace('name = "odd"', 'name = "xnli"')
    install("d", {"xlt.perturbations": {"xnli": "odd_plugin:Odd"}}, {"odd_plugin": source})
    printed = xlt("show", "xnli").stdout
    assert "xnli (task): " in printed
    assert "xnli (perturbation): " in printed


@pytest.mark.parametrize(
    ("annotation", "written"),
    [
        (int, "int"),
        (float | None, "float | None"),
        (Literal["a", 1], "'a' | 1"),
        (tuple[str, ...], "tuple[str, ...]"),
        (Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)] | None,
         "list[int] | None"),
        (dict[str, Path], "dict[str, Path]"),
        (Any, "Any"),
    ],
)  # fmt: skip
def test_types_are_written_without_what_validates_them(annotation: Any, written: str) -> None:
    assert _type(annotation) == written
