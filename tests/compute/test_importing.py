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


IN_THE_BLOCK = """
import gc, sys
from xlt_cli.compute.importing import importing, own_process
if "own" in sys.argv:
    own_process()
if "frozen" in sys.argv:
    gc.freeze()
frozen = gc.get_freeze_count()
gc.collect()
with importing():
    circle = []
    circle.append(circle)
print(any(found is circle for found in gc.get_objects(generation=2)))
print(gc.get_freeze_count() == frozen, bool(frozen))
del circle
found = None
print(gc.collect(1), gc.collect() > 0)
"""


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("own", "True\nTrue False\n0 True\n"),
        ("own frozen", "False\nTrue True\n1 False\n"),
        ("somebody's", "False\nTrue False\n1 False\n"),
    ],
)
def test_what_was_made_in_the_block_is_old_and_not_frozen(state: str, said: str) -> None:
    """Only a search through everything looks at it. What was frozen before stays so, and in
    somebody else's process nothing changes."""
    command = [sys.executable, "-c", IN_THE_BLOCK, *state.split()]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == said, done.stderr


@pytest.mark.parametrize(("first", "threshold"), [("own_process()", "20000"), ("0", "python's")])
def test_only_a_process_of_xlt_looks_less_often(first: str, threshold: str) -> None:
    code = (
        "import gc; before, frozen = gc.get_threshold()[0], gc.get_freeze_count(); import xlt_cli;"
        f"from xlt_cli.compute.importing import own_process; {first}; now = gc.get_threshold()[0];"
        "print('python\\'s' if now == before else now, gc.get_freeze_count() - frozen)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == f"{threshold} 0\n", done.stderr
