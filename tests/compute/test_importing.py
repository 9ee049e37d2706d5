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


@pytest.mark.parametrize(("first", "threshold"), [("own_process()", "20000"), ("0", "python's")])
def test_only_a_process_of_xlt_looks_less_often(first: str, threshold: str) -> None:
    code = (
        "import gc; before, frozen = gc.get_threshold()[0], gc.get_freeze_count(); import xlt_cli;"
        f"from xlt_cli.compute.importing import own_process; {first}; now = gc.get_threshold()[0];"
        "print('python\\'s' if now == before else now, gc.get_freeze_count() - frozen)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == f"{threshold} 0\n", done.stderr
