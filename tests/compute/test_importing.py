"""While libraries are imported, nothing looks for garbage; afterwards it is as before."""

import gc
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
