"""How every finished picture of a film is treated: its colour table, and whether flashes are softened."""

from __future__ import annotations

from suno_video.assemble.cube import read_lut, shipped_lut, shipped_luts
from suno_video.assemble.plan import Finish
from suno_video.core.errors import UsageError
from suno_video.pipeline.options import FilmOptions, PlannedFilm


def finish_of(plan: PlannedFilm, options: FilmOptions) -> Finish:
    """Give the finish of a film. A table that was named on the way takes the place of the look's.

    Raises:
        UsageError: There is no colour table of the name that the look or the storyboard gives.
        NoSuchInputError, BadEditError: Its file cannot be read, or is no colour table.
    """
    softens = not options.allow_flashes
    if options.lut is not None:
        return Finish(read_lut(options.lut), softens)
    name, amount = plan.storyboard.treatment.lut, plan.storyboard.treatment.lut_amount
    if name is None or amount == 0:
        return Finish(None, softens)
    own = options.looks_folder / f"{name}.cube" if options.looks_folder is not None else None
    if own is not None and own.is_file():
        return Finish(read_lut(own, amount), softens)
    lut = shipped_lut(name, amount)
    if lut is None:
        raise UsageError(
            f"There is no colour table {name!r}.",
            f"Use one of {', '.join(shipped_luts())}, or put {name}.cube beside your looks"
            + (f", into {options.looks_folder}." if options.looks_folder is not None else "."),
        )
    return Finish(lut, softens)
