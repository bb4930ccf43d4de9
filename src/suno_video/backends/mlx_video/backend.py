"""Makes clips by running a local command, as its card says. Whatever the command loads goes back when it ends."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from decimal import Decimal
from pathlib import Path

from suno_video.backends.base import (
    FREE,
    BackendInfo,
    BackendSetup,
    Capabilities,
    ClipRequest,
    FailureKind,
    FileFootage,
    Job,
    MakeFailed,
    MakesKind,
    Quote,
    Readiness,
)
from suno_video.backends.catalog import ModelCard, ModelCatalog
from suno_video.backends.mlx_video.command import failure_of, run_command
from suno_video.backends.mlx_video.template import fill, read_template
from suno_video.backends.received import receive_clip
from suno_video.core.errors import ConfigError

PYTHON_VARIABLE = "SUNO_VIDEO_MLX_VIDEO_PYTHON"
"""Names the Python of the environment in which the tool is installed, unless a card names another variable."""
_A_VARIABLE = re.compile(r"SUNO_VIDEO_[A-Z0-9_]+_PYTHON")
_TIMEOUT_S = 4 * 3600.0
_READS = frozenset({"prompt", "negative_prompt", "seed", "size", "fps", "n_frames"})
_NOT_HELD = frozenset({"python", "bin"})


class MlxVideoBackend:
    """Runs the command of one card for each clip. It holds nothing between two clips.

    Args:
        card: Says the command, in `extra.command`; the default card if not given.
        setup: What a person decided.

    Raises:
        ConfigError: The card has no command that can be filled in.
    """

    name: str = "mlx-video"
    version: str = "1"
    kinds: frozenset[MakesKind] = frozenset({"clip"})
    capabilities: Capabilities = Capabilities(
        makes="clip", accepts=frozenset({"first_frame"}), size_multiple=32, footage="file"
    )

    def __init__(self, card: ModelCard | None = None, setup: BackendSetup | None = None) -> None:
        self._setup = setup or BackendSetup()
        self._card = card or ModelCatalog.of(self._setup).find("mlx-video", None, "clip")
        self._template = read_template(self._card)
        self._timeout_s = _timeout_s(self._card)
        self.name, self.model = self._card.spec, self._card.id
        bits = _bits(self._card, self._setup)
        self.version = f"{type(self).version}-{self._card.digest}" + (f"-q{bits}" if bits else "")
        self.capabilities = self._card.capabilities(
            concurrency=1,
            economies=frozenset({"offload"}) if self._card.extra.get("saving") else frozenset(),
            reads=_READS | {_FIELDS.get(kind, kind) for kind in self._card.accepts},
        )

    @classmethod
    def for_model(cls, card: ModelCard, setup: BackendSetup) -> MlxVideoBackend:
        """Give the backend for one model; starts nothing. Raises `ConfigError`."""
        return cls(card, setup)

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo(
            "clip",
            "Moves stills with a local program in its own environment: Wan 2.2, LTX-2, or a command of yours",
            "an Apple Silicon machine for the models in MLX; whatever your own command needs",
            "none",
            "the model's; see its card",
            True,
            ("https://pypi.org/project/mlx-gen/", "https://github.com/dgrauet/ltx-2-mlx"),
        )

    @classmethod
    def readiness(cls) -> Readiness:
        """Look whether the default model can work here."""
        return cls.readiness_of(None, BackendSetup())

    @classmethod
    def readiness_of(cls, card: ModelCard | None, setup: BackendSetup) -> Readiness:
        """Look whether the program of a model is there; runs nothing."""
        try:
            program = cls(card, setup)._program()
        except ConfigError as exc:
            return Readiness(False, f"{exc.message} {exc.hint}")
        except MakeFailed as exc:
            return Readiness(False, exc.reason)
        return Readiness(True, f"runs {program}; whether its weights are there shows when it runs")

    def quote(self, request: ClipRequest) -> Quote:
        """It costs nothing but time."""
        return FREE

    def open(self) -> None:
        """Nothing: each clip starts the command anew."""

    def make(self, request: ClipRequest, job: Job) -> FileFootage:
        """Run the command, and look at what it made. Raises `MakeFailed`."""
        output = job.scratch.absolute() / f"{request.scene}-{secrets.token_hex(6)}.mp4"
        try:
            # 1. Run it.
            ended = run_command(
                self._argv(request, job, output), job.scratch, job.check_stop, timeout_s=self._timeout_s
            )
            if ended.status != 0:
                raise failure_of(ended)
            # 2. Look what came out.
            if not output.is_file() or output.stat().st_size == 0:
                raise MakeFailed(FailureKind.RETRYABLE, "the command said that all is well, and made no clip")
            return receive_clip(output, request, Decimal(0), job.check_stop)
        except BaseException:
            output.unlink(missing_ok=True)
            raise

    def trim(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""

    def _program(self) -> str:
        """Find the program. Raises `MakeFailed` when it is not there."""
        first = fill(self._template[:1], self._places())[0]
        if (found := shutil.which(first)) is None:
            raise MakeFailed(FailureKind.UNAVAILABLE, f"there is no program {first}. {_HINT}")
        return found

    def _argv(self, request: ClipRequest, job: Job, output: Path) -> list[str]:
        values = self._places() | _values(request, self._card) | {"output": str(output)}
        if (bits := _bits(self._card, self._setup)) is not None:
            values["quantize"] = str(bits)
        if "offload" in job.economies:
            values["saving"] = str(self._card.extra["saving"])
        if "\0" in "".join(values.values()):
            raise MakeFailed(FailureKind.BAD_INPUT, "the prompt holds a zero byte, which no command can take")
        try:
            argv = fill(self._template, values)
        except KeyError as exc:
            raise MakeFailed(FailureKind.BAD_INPUT, f"{self.name} needs {exc.args[0]}, and the scene has none") from exc
        return [self._program(), *argv[1:]]

    def _places(self) -> dict[str, str]:
        """Where the tool's environment is, when the template wants to know. Raises `MakeFailed` when it is not said."""
        if not any(f"{{{name}}}" in str(self._template) for name in _NOT_HELD):
            return {}
        variable = str(self._card.extra.get("python_variable", PYTHON_VARIABLE))
        if not _A_VARIABLE.fullmatch(variable):
            raise ConfigError(f"{self.name}: {variable} is no SUNO_VIDEO_..._PYTHON.", "Name such a variable.")
        python = os.environ.get(variable, "")
        if not python:
            raise MakeFailed(FailureKind.UNAVAILABLE, f"{variable} is not set. {_HINT}")
        if not Path(python).is_absolute():
            raise MakeFailed(FailureKind.UNAVAILABLE, f"{variable}: {python} is no absolute path. {_HINT}")
        return {"python": python, "bin": str(Path(python).parent)}


_HINT = "Install the tool in an environment of its own and set the variable to its Python: backends/mlx-video.md."
_FIELDS = {"reference": "references"}


def _values(request: ClipRequest, card: ModelCard) -> dict[str, str]:
    """Say the request in the words of a template; what it does not have is not in it."""
    fps = card.fps or request.fps
    values: dict[str, str | int | float | None] = {
        "model": card.remote_name,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or None,
        "seed": request.seed,
        "width": request.size.width_px,
        "height": request.size.height_px,
        "n_frames": request.n_frames,
        "fps": fps,
        "seconds": f"{request.n_frames / fps:.3f}",
        "steps": card.steps,
        "guidance": card.guidance,
    }
    pictures = {"first_frame": request.first_frame, "last_frame": request.last_frame}
    if request.references:
        pictures["reference"] = request.references[0]
    values |= {name: str(path.absolute()) for name, path in pictures.items() if path is not None}
    if request.audio is not None:
        values |= {"audio": str(request.audio.path.absolute()), "audio_start": f"{request.audio.start_s:.3f}"}
    return {name: str(value) for name, value in values.items() if value is not None}


def _bits(card: ModelCard, setup: BackendSetup) -> int | None:
    """Bits to load the model with, where its command takes them and the person wants it."""
    bits = card.extra.get("quantize")
    return int(bits) if bits is not None and setup.quantize else None


def _timeout_s(card: ModelCard) -> float:
    timeout_s = card.extra.get("timeout_s", _TIMEOUT_S)
    if not isinstance(timeout_s, int | float) or timeout_s <= 0:
        raise ConfigError(f"{card.spec}: extra.timeout_s must be a number of seconds above 0.", "Leave it out.")
    return float(timeout_s)
