"""Sets numba up for painting: where compiled kernels are kept, how loops are unrolled, and two decorators.

Import this before any kernel. It is the only module that imports numba.
"""

from __future__ import annotations

import ast
import atexit
import hashlib
import inspect
import os
import shutil
import tempfile
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import platformdirs

from suno_video import __version__

_UNROLL = "-unroll-threshold=4000"
"""LLVM vectorises innermost loops only: unrolling the short loops inside a pixel makes kernels 2 to 7 times faster."""
_OLDEST_LLVM = 14


def compiled_folder() -> Path:
    """The folder in use for compiled kernels."""
    return Path(os.environ["NUMBA_CACHE_DIR"])


def _own_folder() -> Path:
    """Where compiled kernels are kept: one folder for each version of our sources.

    numba does not notice when a function that a kernel inlines has changed in another file, hence the hash.
    """
    digest = hashlib.sha256(_UNROLL.encode())
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return Path(platformdirs.user_cache_dir("suno-video")) / f"kernels-{__version__}-{digest.hexdigest()[:12]}"


def _writable(folder: Path) -> Path:
    # numba refuses to work when it may not write: then compiled kernels live as long as this process.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The folder may be there and still be another user's, or on a disk that can only be read.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="suno-video-kernels-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _set_up() -> None:
    if "NUMBA_CACHE_DIR" not in os.environ:
        os.environ["NUMBA_CACHE_DIR"] = str(_writable(_own_folder()))
    import llvmlite.binding
    import numba.core.config

    # Something else (librosa) may have imported numba before, which reads the environment only once.
    numba.core.config.__dict__["CACHE_DIR"] = os.environ["NUMBA_CACHE_DIR"]
    if llvmlite.binding.llvm_version_info[0] >= _OLDEST_LLVM:
        llvmlite.binding.set_option("suno-video", _UNROLL)


_set_up()

import numba  # noqa: E402 - must come after the set-up
from llvmlite import ir  # noqa: E402
from numba.core import types  # noqa: E402
from numba.extending import intrinsic  # noqa: E402

_OPTIONS: dict[str, Any] = {"fastmath": True, "error_model": "numpy", "boundscheck": False, "cache": True}


class _ForTheCompiler(ast.NodeTransformer):
    """Writes a kernel as LLVM makes the most of it.

    Each float literal, and each constant of the module that is a float, becomes float32: one double in an expression
    would make all of it double, at twice to four times the time. And a loop that begins anywhere,
    `for i in range(a, b)`, counts from 0, with `i = a + k` inside: such loops become wide, the others do not (four
    times the time for each pixel of a limb).
    """

    def __init__(self, constants: Mapping[str, float]) -> None:
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self._constants:
            return node
        return self.visit_Constant(ast.copy_location(ast.Constant(float(self._constants[node.id])), node))

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, float):
            return node
        return ast.copy_location(ast.Call(ast.Name("_float32", ast.Load()), [node], []), node)

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        match node:
            case ast.For(ast.Name(name), ast.Call(ast.Name("range"), [start, stop]) as counter):
                first, count = f"_first_{name}", f"_count_{name}"
                keep = _parse(f"{first} = 0")
                keep.value = start
                node.target = ast.Name(count, ast.Store())
                counter.args = [ast.BinOp(stop, ast.Sub(), ast.Name(first, ast.Load()))]
                node.body.insert(0, _parse(f"{name} = {first} + {count}"))
                return [ast.copy_location(keep, node), node]
        return node


def _parse(statement: str) -> Any:
    return ast.parse(statement).body[0]


def _in_single_precision(function: Callable[..., Any]) -> Callable[..., Any]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    ast.increment_lineno(tree, function.__code__.co_firstlineno - 1)
    definition = cast("ast.FunctionDef", tree.body[0])
    definition.decorator_list = []
    definition.returns = None
    for argument in definition.args.args:
        argument.annotation = None
    own = function.__code__.co_varnames
    constants = {
        name: value for name, value in function.__globals__.items() if isinstance(value, float) and name not in own
    }
    tree = ast.fix_missing_locations(_ForTheCompiler(constants).visit(tree))
    function.__globals__["_float32"] = np.float32
    names: dict[str, Any] = {}
    code = compile(tree, function.__code__.co_filename, "exec", dont_inherit=True)
    exec(code, function.__globals__, names)  # noqa: S102 - our own source, with its literals narrowed
    made = names[function.__name__]
    made.__module__, made.__qualname__ = function.__module__, function.__qualname__
    return cast("Callable[..., Any]", made)


def kernel(function: Callable[..., None]) -> Callable[..., None]:
    """Compile a loop over pixels or particles: float literals are float32, the GIL is released.

    Never parallel: shots run in threads of their own, and numba's barriers would spin against the encoder.
    """
    return cast("Callable[..., None]", numba.njit(nogil=True, **_OPTIONS)(_in_single_precision(function)))


def inline(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a small function that is merged into the kernels that call it; float literals are float32."""
    return cast("Callable[..., Any]", numba.njit(forceinline=True, **_OPTIONS)(_in_single_precision(function)))


def _bits_of_float(context: Any, value: Any) -> Any:

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


bits_of_float: Callable[..., Any] = intrinsic(_bits_of_float)
"""Reads a float32 as the int32 of the same 32 bits."""


def _float_of_bits(context: Any, bits: Any) -> Any:

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


float_of_bits: Callable[..., Any] = intrinsic(_float_of_bits)
"""Reads the 32 bits of an int32 as a float32."""
