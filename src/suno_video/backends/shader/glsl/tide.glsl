// Tide: folded light that breathes with the music.
// iChannel0: the audio texture, 512 x 2: at y 0.25 the spectrum, at y 0.75 a wave made of it.

mat2 turn(float a) { float c = cos(a), s = sin(a); return mat2(c, -s, s, c); }

void mainImage(out vec4 fragColor, in vec2 fragCoord)
{
    vec2 p = (2.0 * fragCoord - iResolution.xy) / iResolution.y;
    float seed = 6.2831 * uSeed;
    float t = 0.6 * uClock + seed;
    p *= 1.15 - 0.06 * uKick - 0.25 * uGrowth * uShot;
    p *= turn(0.25 * sin(0.3 * t) + seed);
    vec2 q = p;
    float glow = 0.0;
    float amount = 0.0;
    for (int k = 0; k < 5; k++) {
        float f = float(k);
        q = abs(q) / clamp(dot(q, q), 0.12, 1.6) - vec2(0.72 + 0.10 * sin(t * 0.7 + f), 0.62 + 0.12 * cos(0.5 * t));
        q *= turn(0.4 + 0.15 * sin(0.4 * t + f + seed));
        float level = texture(iChannel0, vec2(0.004 + 0.012 * f * f * f / 2.0, 0.25)).r;
        amount += exp(-2.8 * abs(q.x) - 0.6 * f) * (0.45 + 0.9 * level);
        glow += exp(-9.0 * abs(q.y)) * (0.10 + 0.5 * level * level);
    }
    float r = length(p);
    float wave = texture(iChannel0, vec2(0.5 + 0.4 * atan(p.y, p.x) / 3.1416, 0.75)).r - 0.5;
    float ring = exp(-90.0 * abs(r - 0.55 - 0.12 * uBass - 0.35 * wave));
    float v = 0.10 + 0.34 * amount + 0.10 * uEnergy;
    vec3 color = palette(v) * (0.25 + 0.75 * amount);
    color += palette(0.85) * glow * (0.35 + 0.6 * uHat + 0.3 * uTreble);
    color += palette(0.95) * ring * (0.15 + 0.7 * uBeat + 0.5 * max(uDrop, 0.0));
    color *= 0.35 + 0.65 * exp(-0.35 * r * r);
    fragColor = vec4(color, 1.0);
}
