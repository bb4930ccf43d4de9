"""Writes docs/families.md and docs/looks.md from the families and the looks. A test fails when they are out of date."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

from suno_video.backends.procedural import FAMILIES
from suno_video.core.brief import Look
from suno_video.core.storyboard import SHOWS_BOTH, EffectKind, TransitionKind
from suno_video.direct.looks import load_looks

DOCS = Path(__file__).resolve().parents[1] / "docs"

SCENES = """# Scenes

What the embedded renderer can paint. A family is a kind of picture with an idea; a shot of it is another one with each
seed, grows when its part of the song returns, and is moved by what is heard: the strongest first in the tables. All
families run faster through a build, burst at a drop and nearly halt at a stop, whatever else moves them.

Parameters go from 0 to 1, in `params` of a scene in `storyboard.json`. This page is generated (`make docs`);
`make gallery` paints a sheet of each family.
"""

OWN = """## One of your own

One file of Python or GLSL: [scenes.md](scenes.md).
"""

LOOKS = """# Looks

A look is a taste, as data: which families play which part of a song, palette, grade, colour table, type, transitions,
effects, pace. `--look auto` takes the one that suits what is heard; `--look NAME` takes this one. They lie in
`suno_video/direct/looks/*.toml`. A file of yours in the folder `looks` beside your settings file is found as well, and
takes the place of ours with the same name; copy one to begin with. A colour table is a `.cube` file beside your look.

This page is generated (`make docs`); `make gallery` paints a sheet of each look, and a film of a minute.
"""

TERMS = """## What a look may say

| Key | Meaning |
|---|---|
| `families` | by part (`intro`, `verse`, `chorus`, `drop`, ...) the families that may play it; `default` for the rest |
| `palette`, `fallback_palette` | five colours from shadow to light, or `cover` for those of the cover |
| `palette_rule` | `neighbours`, `mono`, `wide`, `complement`: how the colours of the parts lie to each other |
| `grade` | `exposure`, `contrast`, `saturation`, `bloom`, `vignette`, `grain` |
| `lut`, `lut_amount` | a colour table and how much of it |
| `type_style`, `title_style` | type of lyrics, and of title and end card: family, weight, layout, entrance |
| `soft_transitions`, `hard_transitions`, `entrances` | for calm and for energetic passages; into a kind of part |
| `effects` | how much of each effect, 0 to 1 |
| `pace` | above 1 cuts more often |
| `style_words`, `negative_words` | for image and video models |
"""


def families_page() -> str:
    """Give the page of the families as Markdown."""
    parts = [SCENES]
    for info in FAMILIES.values():
        marks = [", ".join(f"`{name}`" for name in info.driven_by)]
        marks += ["shows the cover"] if info.uses_cover else []
        rows = [f"| `{name}` | {param.meaning} | {param.default:g} |" for name, param in info.params.items()]
        table = "\n".join(["| Parameter | Meaning | Usual |", "|---|---|---|", *rows])
        parts.append(f"## {info.name}\n\n{info.idea} Moved by {'; '.join(marks)}.\n\n{table}\n")
    return "\n".join([*parts, OWN])


def looks_page() -> str:
    """Give the page of the looks as Markdown."""
    looks = load_looks()
    joins = [f"`{kind}`" for kind in get_args(TransitionKind) if kind in SHOWS_BOTH]
    halves = [f"`{kind}`" for kind in get_args(TransitionKind) if kind not in SHOWS_BOTH]
    language = (
        "## Transitions and effects\n\n"
        f"Both pictures at once: {', '.join(joins)}. One after the other: {', '.join(halves)}.\n\n"
        f"Effects: {', '.join(f'`{kind}`' for kind in get_args(EffectKind))}. They play over painted "
        "scenes, stills and clips of models alike; `speed_ramp` bends time in clips only. Each film is measured for "
        "flashes by WCAG 2.3.1 and ITU-R BT.1702 and softened below their limit, and the report tells the figures; "
        "`--allow-flashes` leaves it as it is.\n"
    )
    return "\n".join([LOOKS, *(_look(look) for look in looks.values()), TERMS, language])


def _look(look: Look) -> str:
    played = [
        f"{part} {', '.join(names)}" for part, names in look.families.items() if part in ("verse", "chorus", "drop")
    ]
    effects = [name for name, amount in look.effects if amount]
    lines = [
        f"## {look.name}\n",
        f"{look.idea} For {', '.join(look.moods)}.\n",
        f"- Plays: {'; '.join(played) or ', '.join(look.families['default'])}.",
        f"- Type: {look.title_style.family}, title {look.title_style.layout}, comes by `{look.title_style.entrance}`.",
        f"- Moves on: calm {_names(look.soft_transitions)}; loud {_names(look.hard_transitions)}.",
        f"- Effects: {', '.join(effects) or 'none'}.",
        f"- Colour: {look.palette_rule}{f', table {look.lut}' if look.lut else ''}.\n",
    ]
    return "\n".join(lines)


def _names(kinds: tuple[str, ...]) -> str:
    """Each once: what is named twice is only more frequent."""
    return ", ".join(dict.fromkeys(kinds))


if __name__ == "__main__":
    for name, page in (("families", families_page()), ("looks", looks_page())):
        (DOCS / f"{name}.md").write_text(page, encoding="utf-8")
        sys.stdout.write(f"{DOCS / name}.md\n")
