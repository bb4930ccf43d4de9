"""Worlds: who is seen and where, so that all prompts of a film tell of the same people and places."""

from __future__ import annotations

import random
from dataclasses import dataclass

from suno_video.core.analysis import SectionLabel

_START: dict[SectionLabel, int] = {
    "verse": 1,
    "breakdown": 2,
    "silence": 2,
    "drop": 1,
    "build": 2,
    "prechorus": 2,
    "solo": 1,
}


@dataclass(frozen=True)
class World:
    """One person, one season of places. Everything is concrete, so that a model can paint it."""

    name: str
    logline: str
    moods: tuple[str, ...]
    subject: str
    quiet: tuple[str, ...]
    """Places for intro, verse, breakdown and outro."""
    loud: tuple[str, ...]
    """Places for chorus, drop, build and solo."""
    other: tuple[str, ...]
    """Places where the film turns over: bridge, and what has no name."""
    details: tuple[str, ...]
    """Small things for inserts between the wide shots."""
    calm_actions: tuple[str, ...]
    wild_actions: tuple[str, ...]

    def places_for(self, label: SectionLabel) -> tuple[str, ...]:
        """Places for a kind of section."""
        if label in ("chorus", "drop", "build", "solo", "prechorus"):
            return self.loud
        return self.other if label in ("bridge", "other") else self.quiet

    def idea_for(self, label: SectionLabel, nth: int) -> str:
        """One sentence for a motif; the next motif of the same kind gets the next place."""
        places = self.places_for(label)
        actions = self.wild_actions if places is self.loud else self.calm_actions
        # Kinds that share a list of places start at different ones.
        at = nth + _START.get(label, 0)
        return f"{self.subject} {actions[at % len(actions)]} {places[at % len(places)]}"


WORLDS = (
    World(
        name="night city",
        logline="One night across a city, from the last train to the rooftops.",
        moods=("energetic", "urban", "electric", "dark", "groovy", "driving", "nostalgic"),
        subject="a young woman in a long silver raincoat",
        quiet=(
            "on an empty subway platform",
            "at a corner shop window after midnight",
            "in a wet side street with parked cars",
        ),
        loud=(
            "on a rooftop above the skyline",
            "at a crossing full of umbrellas",
            "in a road tunnel of passing headlights",
        ),
        other=("in an indoor swimming pool after hours", "in a laundromat with turning drums"),
        details=(
            "rain on a train window",
            "a flickering lamp above wet tiles",
            "silver cloth mirrored in a puddle",
            "a gloved hand on a cold railing",
            "tail lights bent in a shop window",
            "steam rising from a street grate",
        ),
        calm_actions=("waiting with her hand on the glass", "walking slowly", "looking up at the lights"),
        wild_actions=("running with her coat flying", "spinning with arms open", "dancing alone under the lamps"),
    ),
    World(
        name="coast road",
        logline="A drive along the coast that ends in the sea at first light.",
        moods=("happy", "bright", "uplifting", "warm", "nostalgic", "relaxed", "hopeful"),
        subject="two friends in faded denim jackets",
        quiet=("in a gravel lay-by above the cliffs", "on a motel porch under a lamp", "on an empty beach at low tide"),
        loud=(
            "in an open convertible on a winding coast road",
            "on a pier full of coloured bulbs",
            "among breaking waves at dawn",
        ),
        other=("in a foggy pine forest by the road", "on a dry lake bed white with salt"),
        details=(
            "a hand out of the car window in the wind",
            "wet footprints filling with water",
            "keys on a sun-bleached dashboard",
            "dry grass against the low sun",
            "two shadows on the sand",
            "foam closing around bare feet",
        ),
        calm_actions=("sitting close together", "walking barefoot", "sharing one blanket"),
        wild_actions=(
            "standing up into the wind",
            "holding hands and shouting",
            "laughing with hair across their faces",
        ),
    ),
    World(
        name="house of winter",
        logline="A house in the snow, a letter, and the thaw.",
        moods=("sad", "melancholic", "tender", "romantic", "calm", "acoustic", "introspective", "slow"),
        subject="an elderly man in a grey wool coat",
        quiet=(
            "in a kitchen with frost on the window",
            "by a snow-covered garden gate",
            "on a staircase with faded wallpaper",
        ),
        loud=(
            "on a frozen lake ringed by birches",
            "in a barn full of hanging lanterns",
            "on a snowfield under a huge sky",
        ),
        other=("in a greenhouse full of summer flowers", "in an attic with dust sheets over the furniture"),
        details=(
            "frost growing across a pane",
            "a letter on a bare wooden table",
            "steam above a chipped cup",
            "a lantern swinging from a beam",
            "snow melting in an open palm",
            "a boot print filling with snow",
        ),
        calm_actions=("holding an unopened letter", "warming both hands on a cup", "standing with his eyes closed"),
        wild_actions=("walking through falling snow", "turning with open arms", "throwing his coat aside"),
    ),
    World(
        name="far planet",
        logline="A traveller crosses a strange planet towards a light on the horizon.",
        moods=("epic", "mysterious", "ethereal", "dreamy", "futuristic", "ambient", "vast"),
        subject="a lone traveller in a pale pressure suit",
        quiet=(
            "on a plain of black sand",
            "by a still lake that mirrors two moons",
            "under the ribs of a wrecked ship",
        ),
        loud=("on a ridge under a storm of stars", "in a canyon of glowing crystals", "on the rim of a vast crater"),
        other=("in a garden under a glass dome", "in a cave of blue ice"),
        details=(
            "dust sliding from a glove",
            "two moons mirrored in a visor",
            "a small lamp on black stone",
            "crystals ringing the edge of a pool",
            "a cable trailing over sand",
            "frost on a cracked dial",
        ),
        calm_actions=("kneeling to touch the ground", "walking with a small lamp", "watching the sky through a visor"),
        wild_actions=("climbing into the wind", "floating free of the ground", "running as dust rises behind"),
    ),
    World(
        name="workshop of machines",
        logline="A dancer wakes the machines of an abandoned factory.",
        moods=("mechanical", "aggressive", "frantic", "powerful", "intense", "dark", "energetic", "cold"),
        subject="a dancer in a black work suit with chalk on the hands",
        quiet=("in an empty turbine hall", "in a corridor of steel lockers", "in a control room with dead screens"),
        loud=("in a hall of spinning flywheels", "on a gantry above molten steel", "before a wall of a thousand lamps"),
        other=("in a flooded basement with light from above", "in a yard overgrown with wild grass"),
        details=(
            "a flywheel blurring into a disc",
            "chalk dust leaving an open hand",
            "drops of oil on steel",
            "a gauge needle trembling",
            "sparks bouncing on concrete",
            "a chain running over a pulley",
        ),
        calm_actions=("standing still with eyes closed", "tracing a cable with one hand", "breathing out fog"),
        wild_actions=(
            "leaping across the floor",
            "striking the air with both fists",
            "turning as sparks fall all around",
        ),
    ),
    World(
        name="travelling fair",
        logline="A paper lantern leads a child's kite maker through a travelling fair by night.",
        moods=("playful", "whimsical", "euphoric", "festive", "elegant", "groovy", "happy", "delicate"),
        subject="a kite maker in a patched yellow coat",
        quiet=(
            "by a row of closed painted stalls",
            "in a meadow with dew on the grass",
            "at a caravan door with warm light",
        ),
        loud=("on a carousel of carved horses", "under a big wheel hung with bulbs", "in a crowd under a sky of kites"),
        other=("in a hall of mirrors", "in an orchard full of hanging ribbons"),
        details=(
            "the painted eye of a carved horse",
            "a lantern behind folded paper",
            "bulbs doubled in a bent mirror",
            "coloured string running through fingers",
            "confetti on wet grass",
            "a kite's shadow crossing a meadow",
        ),
        calm_actions=("folding bright paper", "carrying a small lantern", "resting on a wooden step"),
        wild_actions=("letting a red kite go", "whirling among the lights", "leading a line of dancers"),
    ),
    World(
        name="river and forest",
        logline="A river is followed from its spring to the sea, through one day and one night.",
        moods=("peaceful", "serene", "calm", "tender", "hopeful", "acoustic", "warm", "mysterious"),
        subject="a barefoot woman in a white linen dress",
        quiet=("by a spring between mossy stones", "in a wooden boat in morning mist", "in a field of tall grass"),
        loud=("under a waterfall in full light", "on a hilltop with swallows overhead", "by a bonfire on a hillside"),
        other=("in an old stone chapel without a roof", "in a forest seen through still water"),
        details=(
            "a leaf turning on dark water",
            "wet linen against the light",
            "moss under bare feet",
            "a swallow's shadow on stone",
            "embers rising into the dusk",
            "roots drinking at the bank",
        ),
        calm_actions=("kneeling to drink", "lying with her eyes closed", "turning her head to look back"),
        wild_actions=("running with arms spread", "dancing with wet hair", "lifting a burning torch"),
    ),
)


def choose_world(moods: dict[str, float], seed: int) -> World:
    """Draw a world for a film from those that fit the moods about equally well, three at most."""
    fit = {world.name: sum(moods.get(mood, 0.0) for mood in world.moods) for world in WORLDS}
    best = sorted(WORLDS, key=lambda world: -round(fit[world.name], 3))[:3]
    close = [world for world in best if fit[world.name] >= 0.6 * fit[best[0].name]]
    return random.Random(f"world {seed}").choice(close)
