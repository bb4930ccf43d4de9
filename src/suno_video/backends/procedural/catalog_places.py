"""The scene families of sky, land, light and stage, as data."""

from __future__ import annotations

from suno_video.backends.procedural.family import FamilyInfo, share

PLACES = (
    FamilyInfo(
        "galaxy",
        "A spiral of stars, gas and dust turns around a core that flares with the kick drum.",
        ("kick", "energy", "snare", "hat", "bass", "voice", "drop"),
        {
            "arms": share(0.5, "from loose to tightly wound arms"),
            "stars": share(0.5, "how many stars"),
            "tilt": share(0.5, "from the view from above to the view along the disc"),
        },
    ),
    FamilyInfo(
        "hills",
        "Range behind range of hills in layered mist, before a low sun or a rising moon.",
        ("kick", "spectrum", "energy", "mid", "hat", "voice", "drop"),
        {
            "ranges": share(0.5, "from gentle hills to sharp peaks"),
            "mist": share(0.5, "how much mist lies between"),
            "trees": share(0.5, "how tall the trees are"),
        },
    ),
    FamilyInfo(
        "city",
        "A drive down a wet street at night, its windows lit by the snare and its towers filled like a spectrum.",
        ("snare", "kick", "hat", "bass", "mid", "treble", "energy", "drop"),
        {
            "towers": share(0.5, "how tall the buildings are"),
            "windows": share(0.5, "how many windows are lit"),
            "rain": share(0.5, "how much rain falls"),
        },
    ),
    FamilyInfo(
        "road",
        "An endless road runs through a desert, or over a grid of light, into the sun on the horizon.",
        ("kick", "spectrum", "energy", "snare", "hat", "drop"),
        {
            "speed": share(0.5, "speed of the drive"),
            "grid": share(0.5, "from sand to a grid of light"),
            "peaks": share(0.5, "how high the mountains are"),
        },
    ),
    FamilyInfo(
        "clouds",
        "A flight between towers of cloud in low sunlight, with lightning inside them on the snare.",
        ("snare", "energy", "kick", "mid", "voice", "drop"),
        {
            "cover": share(0.5, "how much cloud"),
            "thunder": share(0.5, "strength of the lightning"),
            "speed": share(0.5, "speed of the flight"),
        },
    ),
    FamilyInfo(
        "godrays",
        "Light falls in shafts through the columns of a misty forest.",
        ("kick", "bass", "energy", "treble", "hat", "drop"),
        {
            "trunks": share(0.5, "how many trees"),
            "shafts": share(0.5, "strength of the light shafts"),
            "mist": share(0.5, "how much mist"),
        },
    ),
    FamilyInfo(
        "neon",
        "A sign of neon tubes on a brick wall; kick, snare and hat each light tubes of their own.",
        ("kick", "snare", "hat", "voice", "energy", "drop"),
        {
            "glow": share(0.5, "how much light falls on the wall"),
            "flicker": share(0.5, "how nervously the tubes burn"),
            "size": share(0.5, "size of the sign"),
        },
    ),
    FamilyInfo(
        "lasers",
        "Fans of laser beams in the haze above a stage; each bar has a figure of its own.",
        ("kick", "downbeat", "energy", "snare", "hat", "bass", "drop"),
        {
            "beams": share(0.5, "how many beams"),
            "haze": share(0.5, "how much smoke"),
            "crowd": share(0.5, "how close the audience is"),
        },
    ),
    FamilyInfo(
        "fractal",
        "A slow dive along the shore of a fractal carved like mother-of-pearl.",
        ("bass", "energy", "kick", "treble", "snare", "drop"),
        {
            "depth": share(0.5, "how close we look"),
            "relief": share(0.5, "how deeply it is carved"),
        },
    ),
    FamilyInfo(
        "truchet",
        "A labyrinth of pipes without end, large ones among small ones, with pulses of light running along.",
        ("kick", "beat", "energy", "snare", "hat", "spectrum", "drop"),
        {
            "scale": share(0.5, "from few wide pipes to many thin ones"),
            "pulses": share(0.5, "how many lights run along"),
        },
    ),
    FamilyInfo(
        "figures",
        "Dancers and a crowd with raised hands, dark before the light of a stage.",
        ("kick", "snare", "beat", "energy", "bass", "voice", "drop"),
        {
            "crowd": share(0.5, "how close the crowd is"),
            "dance": share(0.5, "how large the movements are"),
            "shafts": share(0.5, "strength of the light shafts"),
        },
    ),
)
