"""Where kernels come from: our own, PyTorch's, a module, a file; each as a `Target` that a worker can find again."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from convproof.checker.domain import Domain
from convproof.checker.operations import OPS, Operation, operation
from convproof.checker.signature import accepted
from convproof.errors import ArgumentTypeError, ArgumentValueError, KernelError, bad

__all__ = ["Target", "resolve", "target_of"]


@dataclass(frozen=True)
class Target:
    """One kernel to verify.

    Attributes
    ----------
    spec : str
        How the command line names it: ``convproof``, ``torch``, ``module:callable`` or ``file.py:callable``.
    op : str
        The operation it claims to compute.
    kernel : callable
        The kernel.
    domain : Domain
        What it claims to support.
    strict : bool
        Whether declining a case of the domain counts as a failure.
    dtypes : tuple of str
        What it is asked for unless the caller says otherwise.
    """

    spec: str
    op: str
    kernel: Callable = field(compare=False)
    domain: Domain = field(default_factory=Domain)
    strict: bool = False
    dtypes: tuple[str, ...] = ("float32", "float64")

    @property
    def name(self) -> str:
        """The name that reports show."""
        return f"{self.spec}.{self.op}" if self.spec in _FAMILIES else self.spec


def _own(op: str) -> Target:
    from convproof.checker.targets import own

    return own.target(op)


def _torch(op: str) -> Target:
    from convproof.checker.targets import torch

    return torch.target(op)


_FAMILIES: dict[str, Callable[[str], Target]] = {"convproof": _own, "torch": _torch}


def resolve(spec: str, op: str | None = None) -> list[Target]:
    """Find the kernels that a word of the command line means.

    Parameters
    ----------
    spec : str
        ``convproof`` (our own kernels), ``torch``, ``module:callable`` or ``file.py:callable``.
    op : str, optional
        The operation; for a family all of them, for a callable the one that its name is, by default.

    Raises
    ------
    KernelError
        A module, file or name that is not there, or a file that fails when it is run.
    ArgumentValueError
        A word that is none of these, or a callable whose operation cannot be told from its name.
    """
    if not isinstance(spec, str):
        raise ArgumentTypeError(bad("target", spec, "a string"))
    if spec in _FAMILIES:
        return [_FAMILIES[spec](name) for name in ([operation(op).name] if op else OPS)]
    place, colon, name = spec.rpartition(":")
    if not colon or not place or not name:
        expected = ", ".join(_FAMILIES) + ", module:callable or file.py:callable"
        raise ArgumentValueError(bad("target", spec, expected))
    kernel = _attribute(_module(place), place, name)
    if op is None and name not in OPS:
        raise ArgumentValueError(bad("op", op, f"named, for {name!r} is none of " + ", ".join(OPS)))
    return [_undeclared(spec, operation(op or name), kernel)]


def target_of(kernel: object, op: object, domain: Domain | None) -> Target:
    """Return the target of a kernel given as a callable, or as a word of the command line.

    A declared domain is a claim: a kernel that declines a case of it has failed.
    """
    name = operation(op).name
    if isinstance(kernel, str):
        (target,) = resolve(kernel, name)
    elif callable(kernel):
        target = _undeclared(_spec_of(kernel), operation(op), kernel)
    else:
        raise ArgumentTypeError(bad("kernel", kernel, "a callable, or a string such as 'file.py:callable'"))
    if domain is None:
        return target
    if not isinstance(domain, Domain):
        raise ArgumentTypeError(bad("domain", domain, "a convproof.Domain"))
    dtypes = domain.dtypes or target.dtypes
    return Target(target.spec, target.op, target.kernel, domain, strict=True, dtypes=tuple(dtypes))


def _undeclared(spec: str, op: Operation, kernel: Callable) -> Target:
    """Return the target of a kernel of which nothing is claimed but what its signature shows."""
    names = accepted(kernel, op.order)
    lacking = {name: value for name, value in op.defaults.items() if names.lacks(name)}
    return Target(spec, op.name, kernel, Domain(bias=not names.lacks("bias"), **lacking))


def _spec_of(kernel: Callable) -> str:
    """Name a callable the way `resolve` would find it again, as far as it has such a name."""
    module, name = getattr(kernel, "__module__", None), getattr(kernel, "__qualname__", None)
    if not name or "<" in name or not module:
        return getattr(kernel, "__name__", None) or type(kernel).__name__
    if module == "__main__":
        path = getattr(sys.modules["__main__"], "__file__", None)
        return f"{path}:{name}" if path else name
    return f"{module}:{name}"


def _attribute(module: ModuleType, place: str, name: str) -> Callable:
    value: object = module
    for part in name.split("."):
        if not hasattr(value, part):
            raise KernelError(bad("target", f"{place}:{name}", f"a name that {place} has"))
        value = getattr(value, part)
    if not callable(value):
        raise KernelError(bad("target", f"{place}:{name}", "a callable"))
    return value


def _module(place: str) -> ModuleType:
    try:
        return _from_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    except KernelError:
        raise
    except BaseException as error:  # whatever a stranger's module raises, SystemExit too
        if isinstance(error, KeyboardInterrupt):
            raise
        raise KernelError(f"target {place!r} cannot be imported: {type(error).__name__}: {error}") from error


@lru_cache(maxsize=32)
def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise KernelError(bad("target", str(path), "a file that exists"))
    name = f"_convproof_target_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # a path that ends in .py always has a loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module
