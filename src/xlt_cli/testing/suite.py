"""What the suites of all kinds share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, ClassVar

import pytest

from xlt_cli import api
from xlt_cli.api import Plugin, PluginParams
from xlt_cli.errors import UserError
from xlt_cli.registry import HEAVY
from xlt_cli.registry.faults import fault
from xlt_cli.registry.guard import make
from xlt_cli.spec.building import build
from xlt_cli.spec.parts import parts_of
from xlt_cli.testing.contract import broken
from xlt_cli.testing.parameters import at_bounds

_IMPORT = """
import importlib, json, sys
module, name, params, heavy = json.loads(sys.argv[1])
def loaded():
    return [package for package in heavy if package in sys.modules]
plugin = importlib.import_module(module)
for part in name.split("."):
    plugin = getattr(plugin, part)
answer = {"import": loaded(), "tests": "pytest" in sys.modules}
if not answer["tests"]:
    plugin(plugin.Params.model_validate(params)).check()
    answer["check"] = loaded()
print("\\n" + json.dumps(answer))
"""


class PluginSuite:
    """Checks that hold for plugins of all kinds.

    Attributes:
        kind: the kind of plugins that the suite is for.
    """

    kind: ClassVar[str]

    @pytest.fixture
    def plugin(self) -> Any:
        """The plugin under test, made with the parameters that it is to be tested with."""
        pytest.fail(
            f"{type(self).__name__} must override the fixture `plugin` and return an instance of "
            "the plugin",
            pytrace=False,
        )

    @pytest.fixture
    def checked(self, plugin: Plugin) -> Any:
        """The plugin as the runner makes it: what its methods return is checked."""
        return fresh(plugin)

    def extremes(self, plugin: Plugin) -> list[Any]:
        """Parameters at their bounds; override it to leave out those that take too long."""
        return at_bounds(plugin)

    def test_class_states_what_the_contract_asks_for(self, plugin: Plugin) -> None:
        why = fault(self.kind, getattr(plugin, "name", ""), type(plugin))
        if why:
            broken(f"the class {type(plugin).__name__} cannot be a plugin: {why}", Plugin)

    def test_keeps_the_parameters_it_is_made_with(self, plugin: Plugin) -> None:
        if make(type(plugin), plugin.params).params != plugin.params:
            broken("a plugin made with the same parameters has others", Plugin)

    def test_parameters_can_be_written_into_a_spec_and_read_again(self, plugin: Plugin) -> None:
        written = json.dumps(plugin.params.model_dump(mode="json", by_alias=True))
        read = plugin.Params.model_validate(json.loads(written))
        if read != plugin.params:
            broken(
                f"the parameters {plugin.params!r} are {read!r} after they were written as JSON "
                "and read again, so that a run could not be resumed with them",
                PluginParams,
            )

    def test_check_accepts_the_plugin_and_imports_nothing_heavy(self, plugin: Plugin) -> None:
        try:
            plugin.check()
        except UserError as error:
            broken(f"check() refuses the plugin that the fixture makes: {error}", Plugin.check)
        heavy = self._in_a_new_process(plugin)["check"]
        if heavy:
            broken(f"check() imports {', '.join(heavy)}", Plugin.check)

    def test_importing_it_imports_nothing_heavy(self, plugin: Plugin) -> None:
        heavy = self._in_a_new_process(plugin)["import"]
        if heavy:
            broken(
                f"importing {type(plugin).__module__} imports {', '.join(heavy)}, which makes "
                "`xlt list-plugins` slow; import them inside the methods that need them",
                api,
            )

    @staticmethod
    def _in_a_new_process(plugin: Plugin) -> dict[str, list[str]]:
        """The heavy packages that are there after the import, and after check()."""
        given = type(plugin)
        key = (given, plugin.params.model_dump_json())
        if key not in _answers:
            _answers[key] = _imported(given, plugin.params)
        answer = _answers[key]
        if isinstance(answer, str):
            pytest.skip(answer)
        return answer


def fresh(plugin: Plugin) -> Any:
    """Another instance with the same parameters, as the runner makes it: what its methods return is
    checked, and it has the plugins that its parameters name."""
    made = make(type(plugin), plugin.params)
    if parts := list(parts_of(plugin.params)):
        made.parts = {name: build(part, kind) for name, kind, part in parts}
    return made


_answers: dict[tuple[type[Plugin], str], dict[str, list[str]] | str] = {}


def _imported(plugin: type[Plugin], params: PluginParams) -> dict[str, list[str]] | str:
    """What a new process answers; a text says why it cannot be asked."""
    name = plugin.__qualname__
    if "<locals>" in name or plugin.__module__ == "__main__":
        return f"{name} is not defined at the top of a module that can be imported"
    given = [plugin.__module__, name, params.model_dump(mode="json", by_alias=True), list(HEAVY)]
    paths = os.pathsep.join(path for path in sys.path if path)
    process = subprocess.run(
        [sys.executable, "-c", _IMPORT, json.dumps(given)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": paths},
        check=False,
    )
    if process.returncode:
        if f"No module named '{plugin.__module__.partition('.')[0]}" in process.stderr:
            return f"the module {plugin.__module__} cannot be imported outside of the tests"
        pytest.fail(f"importing {plugin.__module__} failed:\n{process.stderr}", pytrace=False)
    answer: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    if answer.pop("tests"):
        return f"{plugin.__module__} is a module of tests, which may import what it likes"
    return answer
