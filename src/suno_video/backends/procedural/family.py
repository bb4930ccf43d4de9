"""What is known of a scene family without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ParamInfo:
    """One variation of a family."""

    low: float
    high: float
    default: float
    meaning: str


@dataclass(frozen=True)
class FamilyInfo:
    """What people and directors want to know about a scene family."""

    name: str
    idea: str
    """One sentence."""
    driven_by: tuple[str, ...]
    """Fields of `MusicFrame` that visibly move it, the strongest first."""
    params: Mapping[str, ParamInfo] = field(default_factory=dict)
    uses_cover: bool = False
    stateful: bool = False
    """Frames build on each other, so that starting late costs the frames before."""

    def settings(self, given: Mapping[str, float]) -> dict[str, float]:
        """All parameters: those given, kept within their range, and defaults for the rest. Others are ignored."""
        return {
            name: min(max(float(given.get(name, info.default)), info.low), info.high)
            for name, info in self.params.items()
        }


def share(default: float, meaning: str) -> ParamInfo:
    """A variation from 0 to 1."""
    return ParamInfo(0.0, 1.0, default, meaning)
