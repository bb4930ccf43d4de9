"""The scene that `suno-video new-scene` writes: short, working, and a place to begin."""

from __future__ import annotations

_SCENE = '''"""NAME_TITLE: rings of light that grow from the middle with the music."""

import numpy as np

from suno_video.backends.procedural.painting import FamilyInfo, Scene, places, put_light, share

# What people and directors are told. `name` is the name of this file. `driven_by` names what of the music moves it:
# loudness, bass, mid, treble, onset, beat, downbeat, beat_phase, bar_phase, energy, kick, snare, hat, voice, tension,
# drop, spectrum. `params` are variations from 0 to 1, which a look, a storyboard or the director may choose.
INFO = FamilyInfo(
    "NAME_HERE",
    "Rings of light grow from the middle with the music.",
    ("kick", "bass", "energy", "hat"),
    {"rings": share(0.5, "how many rings there are"), "sparks": share(0.5, "how many sparks fly")},
)


class NAME_CLASS(Scene):
    """Kicks send rings out, bass lights the middle, hats let the sparks glitter."""

    def __init__(self, shot, canvas):
        """Draw what stays the same through the shot: geometry, numbers, colours. `shot.rng` makes each shot its own."""
        super().__init__(shot, canvas)
        rng = shot.rng
        self.fine = 8 + 30 * shot.params["rings"] + 6 * shot.growth
        self.middle = rng.uniform(-0.25, 0.25, 2)
        n = int(60 + 300 * shot.params["sparks"])
        self.angle, self.away = rng.uniform(0, 2 * np.pi, n), rng.uniform(0.05, 1.1, n)
        self.phase = rng.uniform(0, 2 * np.pi, n)

    def paint(self, step, camera):
        """Paint one frame: all of `canvas.light`, and strokes on top.

        Light has no upper limit; what is above 1 glows. x and y are 0 in the middle, 1 is the shorter side, y points
        down. `step.clock` runs with the music, so use it and not the time.
        """
        canvas, shot = self.canvas, self.shot
        x, y = places(canvas, camera)
        r = np.hypot(x - self.middle[0], y - self.middle[1])
        # 1. The ground: the darkest colour of the palette everywhere.
        canvas.light[:] = 0.5 * shot.color(0.0)[:, None, None]
        # 2. Rings that run outwards.
        wave = 0.5 + 0.5 * np.cos(self.fine * r - 4.0 * step.clock)
        near = np.exp(-2.2 * r)
        put_light(canvas, shot.color(0.45), wave**4 * near * (0.25 + 0.5 * step.energy + 0.9 * step.kick))
        # 3. A glow in the middle.
        put_light(canvas, shot.color(0.75), np.exp(-((r / (0.10 + 0.10 * step.bass)) ** 2)) * (0.3 + 1.2 * step.bass))
        # 4. Sparks, as sharp points at full resolution.
        turn = self.angle + 0.3 * step.clock / (0.3 + self.away)
        px = self.middle[0] + self.away * np.cos(turn)
        py = self.middle[1] + self.away * np.sin(turn)
        bright = (0.15 + 0.8 * step.hat + 0.3 * step.treble) * (0.6 + 0.4 * np.sin(self.phase + 3 * step.clock))
        sx, sy = camera.project(px, py)
        canvas.stroke(sx, sy, sx, sy, 1.6, bright, shot.color(0.95) * bright[:, None])


SCENE = NAME_CLASS
'''


def scene_text(name: str) -> str:
    """Source of a working scene family of that name."""
    title = name.replace("_", " ").capitalize()
    class_name = "".join(part.capitalize() for part in name.split("_")) + "Scene"
    return _SCENE.replace("NAME_TITLE", title).replace("NAME_HERE", name).replace("NAME_CLASS", class_name)


_SHADER = """// NAME_TITLE: a shader in the manner of Shadertoy. The music comes as numbers and as a texture.
//
// iResolution, iTime (seconds of the song), iFrame; uClock runs with the music.
// uKick, uSnare, uHat, uBeat, uBar: 1 when it hits, falling. uBass, uMid, uTreble, uLevel, uEnergy, uVoice, uTension.
// uDrop: 1 at a drop, falling; -1 while the music is stopped. uSection, uShot: place in the section and in the shot.
// uPalette[5] and palette(v): the colours of the film, dark to light. uSeed makes each shot its own.
// iChannel0: the audio texture, 512 x 2: at y 0.25 the spectrum, at y 0.75 a wave. iChannel1: the cover.

void mainImage(out vec4 fragColor, in vec2 fragCoord)
{
    vec2 p = (2.0 * fragCoord - iResolution.xy) / iResolution.y;
    float r = length(p) + 0.15 * sin(3.0 * p.x + uClock + 6.28 * uSeed);
    float level = texture(iChannel0, vec2(clamp(0.4 * r, 0.0, 1.0), 0.25)).r;
    float rings = pow(0.5 + 0.5 * cos(22.0 * r - 5.0 * uClock), 3.0);
    vec3 color = palette(0.10 + 0.5 * rings * exp(-0.8 * r)) * (0.35 + 0.5 * uEnergy + 0.6 * uKick * rings);
    color += palette(0.8) * exp(-6.0 * r * r / (0.3 + uBass)) * (0.3 + 0.7 * uBass);
    color += palette(0.95) * level * level * exp(-1.5 * r) * (0.3 + 0.5 * uHat);
    fragColor = vec4(color, 1.0);
}
"""


def shader_text(name: str) -> str:
    """Source of a working shader of that name."""
    return _SHADER.replace("NAME_TITLE", name.replace("_", " ").capitalize())
