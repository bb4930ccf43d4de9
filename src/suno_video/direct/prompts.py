"""Text for image and video models: what a camera would see, in concrete words, and never a word about the music."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from suno_video.core.analysis import SectionLabel
from suno_video.core.color import Palette
from suno_video.core.storyboard import Motion, MoveKind
from suno_video.direct import palettes
from suno_video.direct.worlds import World

MAX_PROMPT_CHARS = 600

IMAGERY = {
    "rain": "rain running down glass",
    "storm": "storm clouds lit from inside",
    "thunder": "a far flash of lightning",
    "snow": "slow falling snow",
    "winter": "frost on bare branches",
    "cold": "breath turning to mist",
    "ice": "cracked blue ice",
    "fire": "flames and drifting sparks",
    "burn": "the edge of a page burning",
    "flame": "a single candle flame",
    "smoke": "smoke curling in a shaft of light",
    "ash": "ash drifting like snow",
    "sun": "low sun behind the figure",
    "summer": "heat shimmer over dry grass",
    "gold": "gold leaf catching the light",
    "golden": "gold leaf catching the light",
    "morning": "first light through curtains",
    "dawn": "a thin line of dawn",
    "night": "a deep blue night sky",
    "midnight": "a clock tower against the dark",
    "moon": "a large pale moon",
    "star": "a sky crowded with stars",
    "sky": "a wide sky with torn clouds",
    "cloud": "fast moving clouds",
    "wind": "cloth lifted by the wind",
    "fly": "birds rising all at once",
    "wing": "a bird's wing against the light",
    "bird": "a flock of swallows turning",
    "sea": "long waves coming in",
    "ocean": "open water to the horizon",
    "wave": "a wave about to break",
    "river": "a river catching the light",
    "water": "ripples spreading on dark water",
    "shore": "foam on wet sand",
    "road": "an empty road running to the horizon",
    "drive": "headlights on an empty road",
    "car": "a parked car with fogged windows",
    "train": "a train passing with lit windows",
    "city": "a skyline of lit windows",
    "town": "small town roofs at dusk",
    "street": "a street shining after rain",
    "light": "lights blurred into soft discs",
    "neon": "neon tubes mirrored in puddles",
    "lamp": "a desk lamp in a dark room",
    "shadow": "a long shadow on a wall",
    "dark": "a doorway opening into darkness",
    "window": "a lit window seen from outside",
    "door": "a half-open door with light behind it",
    "house": "a house with one lit room",
    "home": "a porch light left on",
    "room": "an unmade room with afternoon light",
    "mirror": "a face doubled in a cracked mirror",
    "glass": "broken glass catching colour",
    "heart": "a hand pressed to the chest",
    "hand": "two hands almost touching",
    "eye": "an eye in extreme close-up",
    "tear": "a tear on a cheek",
    "kiss": "two profiles close together",
    "hair": "hair moving across a face",
    "dream": "a bed standing in an open field",
    "sleep": "a sleeper under thin white sheets",
    "ghost": "a pale figure half dissolved in mist",
    "garden": "an overgrown garden",
    "flower": "petals opening in close-up",
    "rose": "a dark red rose on a table",
    "tree": "a single tree on a hill",
    "leaf": "leaves turning in the air",
    "mountain": "a mountain ridge above cloud",
    "desert": "wind drawing lines in sand",
    "dust": "dust glowing in a sunbeam",
    "paper": "folded paper planes in the air",
    "letter": "a letter with a broken seal",
    "photograph": "an old photograph in a drawer",
    "radio": "a glowing radio dial",
    "phone": "a ringing telephone in an empty hall",
    "dance": "bare feet turning on a wooden floor",
    "run": "feet running through shallow water",
    "fall": "a figure falling slowly through light",
    "crown": "a crown of wild flowers",
    "king": "an empty throne in a field",
    "angel": "a stone angel covered in ivy",
    "bridge": "a long bridge vanishing into fog",
    "boat": "a small boat on still water",
    "island": "a small island at dusk",
    "diamond": "faceted light on dark velvet",
    "clock": "the inside of an old clock",
    "time": "sand running through fingers",
    "highway": "tail lights on a long highway",
}
"""What a sung word looks like. Words outside it are left alone: abstract words paint badly."""

SHOT_SIZES = {
    "calm": ("Wide shot", "Medium shot", "Extreme wide shot", "Profile shot", "Long shot from behind"),
    "wild": ("Low-angle shot", "Dynamic wide shot", "Medium shot", "Tracking shot", "High-angle shot"),
}
INSERT_SIZES = ("Close-up", "Extreme close-up", "Macro shot")
LENSES = ("24mm lens", "35mm lens", "50mm lens", "85mm lens, shallow focus")
"""Where the look names no lens of its own."""

MOVES: dict[MoveKind, str] = {
    "hold": "locked-off camera, only the subject moves",
    "push_in": "camera pushing slowly in",
    "pull_out": "camera pulling back to reveal the place",
    "pan_left": "camera panning left",
    "pan_right": "camera panning right",
    "rise": "crane shot rising",
    "fall": "crane shot sinking",
    "orbit": "camera orbiting the subject",
    "drift": "camera drifting gently",
}
LIGHTS = (
    (0.3, ("dim light from one window", "faint blue twilight", "a single warm practical lamp")),
    (0.6, ("soft side light", "backlight through haze", "broken light through branches")),
    (0.8, ("strong rim light and deep shadow", "hard light from above", "glowing backlight with flare")),
    (1.01, ("blazing backlight and long flares", "bursts of light through smoke", "brilliant light from every side")),
)


@dataclass(frozen=True)
class Sight:
    """What a prompt is written from."""

    label: SectionLabel
    idea: str
    words: str
    """Lyrics of the scene; may be empty."""
    energy: float
    growth: float
    motion: Motion
    palette: Palette
    seed: int
    opens_section: bool


def write_prompt(sight: Sight, world: World, style_words: str) -> str:
    """Write one prompt: framing, subject, setting, light, lens, movement, colour, style; at most 600 characters."""
    rng = random.Random(f"prompt {sight.seed}")
    lights = next(lights for limit, lights in LIGHTS if sight.energy < limit)
    parts = [
        _picture(sight, world, rng),
        *_imagery(sight.words, rng),
        rng.choice(lights),
        *(["the place now wider and brighter, filled with movement"] if sight.growth > 0.3 else []),
        *([] if "lens" in style_words.lower() else [rng.choice(LENSES)]),
        MOVES[sight.motion.move],
        f"{palettes.colour_words(sight.palette)} colour palette",
    ]
    return _fit(parts, style_words)


def imagery_in(words: str) -> list[str]:
    """Sights that the words of a song name, in the order sung, each once."""
    found: list[str] = []
    for word in re.findall(r"[a-z']+", words.lower()):
        sight = next((IMAGERY[form] for form in _forms(word) if form in IMAGERY), None)
        if sight and sight not in found:
            found.append(sight)
    return found


def _forms(word: str) -> tuple[str, ...]:
    """The word, and what it may be a form of: `fires`, `burning`, `driving`, `wolves` stays."""
    bare = word.removesuffix("'s").strip("'")
    forms = [bare, bare.removesuffix("s"), bare.removesuffix("es"), bare.removesuffix("ing")]
    forms += [bare.removesuffix("in"), bare.removesuffix("ed")]
    if bare.endswith("ing"):
        stem = bare[:-3]
        forms += [stem + "e", stem[:-1]]
    return tuple(form for form in forms if len(form) > 2)


def _picture(sight: Sight, world: World, rng: random.Random) -> str:
    """The framing and what is in it: the motif itself, another moment of it, or an insert of a small thing."""
    wild = sight.energy > 0.6
    size = rng.choice(SHOT_SIZES["wild" if wild else "calm"])
    if sight.opens_section:
        return f"{size} of {sight.idea}"
    if rng.random() < 0.3:
        return f"{rng.choice(INSERT_SIZES)} of {rng.choice(world.details)}"
    actions = world.wild_actions if wild else world.calm_actions
    places = world.places_for(sight.label)
    # The place is the motif's, so that a section stays in one spot; the action changes from shot to shot.
    place = next((place for place in places if place in sight.idea), places[0])
    return f"{size} of {world.subject} {rng.choice(actions)} {place}"


def _imagery(words: str, rng: random.Random) -> list[str]:
    sights = imagery_in(words)
    return rng.sample(sights, min(2, len(sights)))


def _fit(parts: list[str], style_words: str) -> str:
    """Join the parts; where they grow too long, the style words give way first."""
    text = ", ".join(parts)
    style = ", ".join(word.strip() for word in style_words.split(",") if word.strip())
    room = MAX_PROMPT_CHARS - len(text) - 2
    if len(style) > room:
        style = style[: max(0, room)].rpartition(",")[0]
    return f"{text}, {style}" if style else text[:MAX_PROMPT_CHARS]
