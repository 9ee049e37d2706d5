"""While libraries are imported, nothing looks for garbage; afterwards it is as before."""

import gc
import subprocess
import sys
from importlib import import_module

import pytest

from xlt_cli.compute.importing import uncollected


@pytest.mark.parametrize("enabled", [True, False])
def test_collection_is_as_before_also_after_an_error(enabled: bool) -> None:
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert gc.isenabled() is enabled
        with pytest.raises(ModuleNotFoundError), uncollected():
            import_module("nosuch")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


MODULES = """
import gc, sys
from xlt_cli.compute.importing import own_process, uncollected
{first}
with uncollected():
    import {module}
print(gc.get_freeze_count() > 10_000, gc.get_threshold()[0], gc.isenabled())
with uncollected():
    gc.unfreeze()
print(gc.get_freeze_count() > 10_000)
"""


@pytest.mark.parametrize(
    ("first", "module", "said"),
    [
        ("own_process()", "numpy.testing", "True 20000 True\nFalse\n"),
        ("own_process()", "colorsys", "False 20000 True\nFalse\n"),
        ("", "numpy.testing", "False 700 True\nFalse\n"),
    ],
)
def test_what_a_process_of_xlt_imports_is_left_out_of_collections(
    first: str, module: str, said: str
) -> None:
    """In anybody else's process nothing changes, and what was not imported is collected."""
    code = MODULES.format(first=first, module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == said, done.stderr
