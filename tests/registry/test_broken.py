"""Plugins that cannot be used: entries with their error, which take nothing else down."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from registry_tools import GOOD, TASK, changed

from xlt_cli import registry
from xlt_cli.errors import PluginError
from xlt_cli.registry import Entry

BROKEN = [
    pytest.param(
        "import dilithium\n", "ModuleNotFoundError: No module named 'dilithium'", id="imp"
    ),
    pytest.param("raise RuntimeError('boom')\n", "RuntimeError: boom", id="raises"),
    pytest.param("import sys; sys.exit(3)\n", "SystemExit: 3", id="exits"),
    pytest.param("class Good(\n", "SyntaxError", id="syntax"),
    pytest.param("raise BaseException('odd')\n", "BaseException: odd", id="base-exception"),
    pytest.param("x = 1\n", "AttributeError", id="no-such-class"),
    pytest.param("Good = 5\n", "5 is not a subclass of xlt_cli.api.Perturbation", id="no-class"),
    pytest.param("class Good: pass\n", "is not a subclass of xlt_cli.api.Perturb", id="stranger"),
    pytest.param(
        changed(("api_version = 1", "api_version = 99")),
        "built for plugin API 99, but this xlt has 1",
        id="other-api",
    ),
    pytest.param(
        changed(("    api_version = 1\n", "")), "states no api_version", id="no-api-version"
    ),
    pytest.param(
        changed(('name = "good"', 'name = "better"')),
        "the name of the class is 'better', not 'good'",
        id="other-name",
    ),
    pytest.param(
        changed(('    name = "good"\n', "")),
        "the name of the class is 'None', not 'good'",
        id="no-name",
    ),
    pytest.param(changed(('"a plugin"', '"  "')), "has no summary", id="blank-summary"),
    pytest.param(changed(('    summary = "a plugin"\n', "")), "has no summary", id="no-summary"),
    pytest.param(
        changed(("    def perturb", "    def perturbe")), "does not define perturb", id="abstract"
    ),
    pytest.param(
        changed(("    def", "    Params = dict\n\n    def")),
        "Params is not a pydantic model",
        id="params-no-model",
    ),
    pytest.param(
        changed(
            ("from xlt_cli.api", "from pydantic import BaseModel\nfrom xlt_cli.api"),
            ("    def", "    class Params(BaseModel):\n        x: int = 1\n\n    def"),
        ),
        "Params must refuse unknown names",
        id="params-not-forbidding",
    ),
    pytest.param(
        changed(
            ("TextPerturbation\n", "TextPerturbation, PluginParams\n"),
            ("    def", "    class Params(PluginParams):\n        name: str = ''\n\n    def"),
        ),
        "Params has a field 'name'",
        id="params-with-name",
    ),
    pytest.param(
        changed(("TextPerturbation", "Perturbation")),
        "is none of TextPerturbation, SegmentationPerturbation, EmbeddingPerturbation",
        id="neither",
    ),
    pytest.param(
        changed(
            ("Good(TextPerturbation)", "Good(TextPerturbation, metaclass=Meta)"),
            (
                "class Good",
                "class Meta(type(TextPerturbation)):\n"
                "    @property\n"
                "    def summary(cls): raise ValueError('no looking')\n"
                "class Good",
            ),
        ),
        "no looking",
        id="hostile",
    ),
]


METHOD = (
    ("TextPerturbation", "EmbeddingPerturbation"),
    ("def perturb(self, example, rng)", "def loss(self, seam)"),
)
PARAMS = "    class {}(PluginParams):\n        {}\n\n    def"


def with_params(body: str, name: str = "Params") -> str:
    """The good plugin with parameters."""
    imports = "from pydantic import Field, model_validator\nfrom xlt_cli.api import PluginParams, "
    return changed(("from xlt_cli.api import ", imports), ("    def", PARAMS.format(name, body)))


def stating(line: str, *more: tuple[str, str]) -> str:
    """The good plugin with a further line."""
    return changed(*more, ("    def", f"    {line}\n\n    def"))


BROKEN += [
    pytest.param(changed(("= 1", "= '1'")), "api_version = '1' is not a whole number", id="text"),
    pytest.param(changed(("= 1", "= 1.0")), "api_version = 1.0 is not a whole", id="float"),
    pytest.param(changed(("= 1", "= True")), "api_version = True is not a whole", id="bool"),
    pytest.param(
        with_params("x: int = 1", "Param"), "has a class 'Param' of parameters; it must", id="Param"
    ),
    pytest.param(with_params("x: int = 1", "params"), "a class 'params' of", id="params"),
    pytest.param(with_params("x: int = 1", "Parameters"), "a class 'Parameters'", id="Parameters"),
    pytest.param(
        with_params("p: float = Field(5, ge=0, le=1)"),
        "Params: the default of 'p' (5) is not valid: Input should be less than or equal to 1",
        id="default-out-of-range",
    ),
    pytest.param(with_params("n: int = 'many'"), "the default of 'n' ('many')", id="default-type"),
    pytest.param(with_params("n: int = None"), "the default of 'n' (None)", id="default-none"),
    pytest.param(
        with_params("a: int = 'x'\n        b: str"), "default of 'a' ('x')", id="default-beside"
    ),
    pytest.param(
        with_params("x: dict = Field(default_factory=lambda: {}['no'])"),
        "Params cannot be built from its defaults: KeyError: 'no'",
        id="default-factory",
    ),
    pytest.param(
        with_params("f: object = print"), "Params cannot be built from its defaults", id="no-json"
    ),
    pytest.param(
        stating('problems = ("sequence-clasification",)'),
        "problems names 'sequence-clasification': did you mean 'sequence-classification'?",
        id="problems-word",
    ),
    pytest.param(stating('problems = "token-classification"'), "not a tuple", id="problems-text"),
    pytest.param(stating("problems = (1,)"), "problems = (1,) is not", id="problems-int"),
    pytest.param(stating('speaks = "en"'), "speaks = 'en' is not a tuple of codes", id="speaks"),
    pytest.param(stating("caveat = None"), "caveat = None is not a text", id="caveat"),
    pytest.param(stating('companion = "nosy"', *METHOD), "companion = 'nosy': did you", id="nosy"),
    pytest.param(stating("companion = None", *METHOD), "companion = None", id="companion-none"),
]


@pytest.mark.parametrize(("source", "error"), BROKEN)
def test_a_broken_plugin_is_an_entry_with_its_error(
    entry: Callable[..., Entry], source: str, error: str
) -> None:
    found = entry(source)
    assert found.plugin is None
    assert error in found.error
    assert not found.disabled
    assert "word-dropout" in [e.name for e in registry.entries("perturbation") if not e.error]


@pytest.mark.parametrize(("source", "error"), BROKEN)
def test_a_broken_plugin_is_refused_by_name_when_it_is_used(
    entry: Callable[..., Entry], source: str, error: str
) -> None:
    entry(source)
    with pytest.raises(PluginError) as caught:
        registry.get("perturbation", "good")
    assert caught.value.what.startswith("the perturbation plugin 'good' cannot be used: ")
    assert error in caught.value.what
    assert "some-dist 1.0" in caught.value.where
    assert "xlt list-plugins --check" in caught.value.hint


@pytest.mark.parametrize("target", ["good_plugin", "no_such_module:Good", "good_plugin:No.Such"])
def test_an_entry_point_to_nothing_is_an_entry_with_its_error(
    entry: Callable[..., Entry], target: str
) -> None:
    found = entry(GOOD, target)
    assert found.plugin is None
    assert found.error


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("", "", ""),
        ("    problem = SequenceClassification\n", "", "problem = None is not a subclass of"),
        ("problem = SequenceClassification", "problem = 'sequence'", "problem = 'sequence' is not"),
        ('    metric = "accuracy"\n', "", "states no metric"),
        ("    def load", "    def lode", "does not define load"),
        ('    labels = ("a", "b")\n', "", "does not define labels"),
        ('metric = "accuracy"', 'metric = "acuracy"', "did you mean 'accuracy'?"),
        ('metric = "accuracy"', 'metric = "f1"', "metric = 'f1' is not a metric of the problem: "),
        ('labels = ("a", "b")', 'labels = "ab"', "labels = 'ab' is not a tuple of texts"),
        ('labels = ("a", "b")', "labels = (0, 1)", "labels = (0, 1) is not a tuple of texts"),
        ('labels = ("a", "b")', "labels = ()", "labels = () is not a tuple of texts"),
        ('labels = ("a", "b")', "def labels(self): ...", "labels is a method; make it a property"),
        ('labels = ("a", "b")', 'labels = ("a", "b"); texts = 3', "texts = 3 is none of"),
        ('labels = ("a", "b")', 'labels = ("a", "b"); scheme = "BIOO"', "scheme = 'BIOO'"),
        ('labels = ("a", "b")', 'labels = ["a", "b"]; source_language = None', "source_language"),
    ],
)
def test_a_task_states_its_problem_and_metric(
    entry: Callable[..., Entry], old: str, new: str, error: str
) -> None:
    found = entry(TASK.replace(old, new), kind="task")
    assert error in found.error
    assert bool(found.error) == bool(error)


def test_an_interruption_while_a_plugin_is_imported_is_no_broken_plugin(
    entry: Callable[..., Entry],
) -> None:
    with pytest.raises(KeyboardInterrupt):
        entry("raise KeyboardInterrupt\n")


def test_what_a_plugin_prints_while_imported_stays_out_of_stdout(
    entry: Callable[..., Entry], capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(GOOD + "\nprint('hello from the plugin')\n").error == ""
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "hello from the plugin" in captured.err
