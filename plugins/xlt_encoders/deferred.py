"""Opening transformers' models without importing what a CPU does not use of them.

The module of every model imports torch's compiler (`torch._dynamo`), tensors and models that are
spread over machines (`torch.distributed.tensor`, FSDP) and scipy's optimisers, for generation, for
tensor parallelism and for the losses of object detection: three quarters of the time that it takes.
In the block of `deferred`, transformers gets a stand-in for each name that it takes from them. It
imports the true one when it is called or looked into. Imports by anybody else are as ever, and so
are those of a process that has a GPU, on which models may be compiled. (Who spreads models over
machines with transformers in such a process imports `transformers.distributed.tensor_parallel`
first, which fills its list of ways to do so.)
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import gc
import importlib
import importlib.util
import sys
import types
from collections.abc import Callable, Iterator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

import torch

DEFERRED = frozenset(
    {
        "scipy.optimize",
        "torch._dynamo._trace_wrapped_higher_order_op",
        "torch.distributed._composable.fsdp",
        "torch.distributed.checkpoint.hf_storage",
        "torch.distributed.fsdp",
        "torch.distributed.tensor",
        "torch.distributed.tensor._utils",
        "torch.distributed.tensor.placement_types",
        "transformers.distributed.expert_parallel",
        "transformers.distributed.tensor_parallel",
    }
)
"""The modules from which transformers gets stand-ins."""

_COMPILER = "torch._dynamo"


class StandIn(type):
    """The type of what stands in for a class or a function until it is used."""

    _module: str
    _name: str

    def __new__(cls, module: str, name: str) -> StandIn:
        return super().__new__(cls, name, (), {"_module": module, "_name": name})

    def __init__(cls, module: str, name: str) -> None:
        super().__init__(name, (), {})

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        return cls._true()(*arguments, **named)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):  # looked for by `inspect` and others in any object
            raise AttributeError(name)
        return getattr(cls._true(), name)

    def __instancecheck__(cls, instance: object) -> bool:
        # Of a class that nobody has imported there is no instance.
        return cls._module in sys.modules and isinstance(instance, cls._true())

    def __subclasscheck__(cls, subclass: type) -> bool:
        return cls._module in sys.modules and issubclass(subclass, cls._true())

    def _true(cls) -> Any:
        return getattr(importlib.import_module(cls._module), cls._name)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """In the block, transformers imports what is listed above when it uses it."""
    if torch.cuda.is_available() or _COMPILER in sys.modules:
        yield
        return
    imported, compiler = builtins.__import__, _Compiler()
    usual = {name: getattr(torch.compiler, name) for name in ("disable", "allow_in_graph")}
    builtins.__import__ = _importing(imported)
    for name in usual:
        setattr(torch.compiler, name, getattr(compiler, name))
    torch._dynamo = compiler  # type: ignore[assignment]
    collects = gc.isenabled()
    gc.disable()  # what is imported stays: looking through it for garbage takes a tenth of the time
    try:
        yield
    finally:
        if collects:
            gc.enable()
        builtins.__import__ = imported
        for name, function in usual.items():
            setattr(torch.compiler, name, function)
        if vars(torch).get("_dynamo") is compiler:  # else it was imported
            del torch._dynamo
        if _COMPILER in sys.modules:
            _tell(compiler.told)
        elif compiler.told:
            sys.meta_path.insert(0, _Telling(compiler.told))


def _importing(imported: Callable[..., Any]) -> Callable[..., Any]:
    """The import statement, with stand-ins for transformers."""

    def importing(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        package = (globals or {}).get("__package__") or ""
        if fromlist and package.partition(".")[0] == "transformers":
            module = importlib.util.resolve_name("." * level + name, package)
            if module in DEFERRED and module not in sys.modules:
                found = types.ModuleType(module)
                for each in fromlist:
                    setattr(found, each, StandIn(module, each))
                return found
        if name == _COMPILER and package == "torch" and globals["__name__"] == "torch._compile":
            return torch  # what is not to be compiled asks `torch._dynamo` for `disable`
        return imported(name, globals, locals, fromlist, level)

    return importing


class _Compiler:
    """Stands in for `torch._dynamo`."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(_COMPILER), name)

    def disable(self, fn: Any = None, recursive: bool = True, **named: Any) -> Any:
        """`torch._dynamo.disable`: of a compiler that nobody has imported, nothing is disabled."""
        if fn is None:
            return lambda given: self.disable(given, recursive, **named)
        disabled: list[Any] = []

        @functools.wraps(fn)
        def called(*arguments: Any, **options: Any) -> Any:
            if not disabled:
                true = getattr(sys.modules.get(_COMPILER), "disable", None)
                if true is None:  # not imported, or just being imported
                    return fn(*arguments, **options)
                disabled.append(true(fn, recursive, **named))
            return disabled[0](*arguments, **options)

        return called

    def assume_constant_result(self, fn: Any) -> Any:
        """`torch._dynamo.assume_constant_result`: all that it does."""
        fn._dynamo_marked_constant = True
        return fn

    def allow_in_graph(self, fn: Any) -> Any:
        """`torch._dynamo.allow_in_graph`, once somebody imports the compiler."""
        self.told.append(fn)
        return fn


class _Telling(MetaPathFinder):
    """Tells the compiler of functions, once somebody imports it."""

    def __init__(self, told: list[Any]) -> None:
        self._told = told

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """The compiler's own spec, whose module is told when it is there."""
        if name != _COMPILER:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module: types.ModuleType) -> None:
                load(module)
                _tell(self._told)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _tell(functions: list[Any]) -> None:
    for fn in functions:
        torch.compiler.allow_in_graph(fn)  # type: ignore[no-untyped-call]
