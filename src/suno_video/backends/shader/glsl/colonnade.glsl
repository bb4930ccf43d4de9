// Colonnade: a flight between columns that carry the spectrum, over wet stone.
// Each pair of columns is a band of the music; kicks run along the floor as light, the voice warms the end of the way.

float wave_at(float z) { return 0.35 * sin(0.21 * z + 6.28 * uSeed); }

// Distance to the nearest column; x and z as on a plan, the way in the middle.
float columns(vec3 p)
{
    p.x -= wave_at(p.z);
    vec2 cell = vec2(abs(p.x) - 1.25, mod(p.z, 1.6) - 0.8);
    float flute = 0.012 * cos(12.0 * atan(cell.y, cell.x));
    float foot = 0.10 * smoothstep(0.25, 0.0, min(p.y + 1.0, 1.25 - p.y));
    return length(cell) - 0.21 - foot - flute;
}

float band(float z)
{
    float k = fract(floor(z / 1.6) * 0.381966);
    return texture(iChannel0, vec2(0.004 + 0.55 * k * k * k, 0.25)).r;
}

void mainImage(out vec4 fragColor, in vec2 fragCoord)
{
    vec2 uv = (2.0 * fragCoord - iResolution.xy) / iResolution.y;
    float way = 2.2 * uClock + 40.0 * uSeed;
    vec3 from = vec3(wave_at(way) + 0.25 * sin(0.4 * uClock), -0.15 + 0.12 * sin(0.3 * uClock), way);
    vec3 to = normalize(vec3(uv, 1.25 + 0.12 * uKick));
    float look = 0.12 * sin(0.27 * uClock + 6.28 * uSeed);
    to.xz = mat2(cos(look), -sin(look), sin(look), cos(look)) * to.xz;
    // Floor and ceiling are planes; only columns are marched towards.
    float flat_t = to.y < 0.0 ? (-1.0 - from.y) / to.y : (1.25 - from.y) / max(to.y, 1e-4);
    float t = 0.2, glow = 0.0, near = 1.0;
    vec3 halo = vec3(0.0);
    bool hit = false;
    for (int k = 0; k < 36; k++) {
        vec3 p = from + t * to;
        near = columns(p);
        float level = band(p.z);
        halo += palette(0.45 + 0.5 * level) * level * level * 0.045 / (0.06 + near * near) * exp(-0.16 * t);
        if (near < 0.004 * t) { hit = true; break; }
        t += min(near * 0.85, 0.7);
        if (t > flat_t || t > 24.0) break;
    }
    float end = min(t, flat_t);
    vec3 p = from + end * to;
    vec3 color;
    if (hit && t < flat_t) {
        vec2 e = vec2(0.01, 0.0);
        vec3 n = normalize(vec3(columns(p + e.xyy) - near, 0.0, columns(p + e.yyx) - near));
        float level = band(p.z);
        float ring = smoothstep(0.10, 0.0, abs(p.y + 1.0 - 2.25 * level));
        float rim = pow(1.0 - abs(dot(n, to)), 3.0);
        float before = max(dot(n, -to), 0.0);
        color = palette(0.32) * (0.30 + 0.75 * before * exp(-0.2 * t)) + palette(0.6) * rim * (0.15 + 0.6 * level);
        color += palette(0.9) * ring * (0.3 + 1.1 * level) + palette(0.5) * level * smoothstep(2.25 * level, 0.0, p.y + 1.0) * 0.5;
    } else {
        float stone = texture(iChannel3, 0.13 * p.xz).r;
        float joint = smoothstep(0.03, 0.0, min(abs(fract(p.z / 1.6) - 0.5), abs(fract(p.x) - 0.5)));
        float run = exp(-3.0 * abs(fract(0.05 * p.z - 0.05 * way) - 1.0 + uKick));
        color = palette(0.25) * (0.22 + 0.45 * stone) * exp(-0.12 * end);
        color += palette(0.7) * run * uKick * (0.12 + 0.6 * joint) * exp(-0.10 * end);
        // Wet stone: what shines above shows below, drawn out.
        float side = abs(p.x - wave_at(p.z)) - 1.25;
        color += palette(0.55) * band(p.z) * exp(-5.0 * abs(side)) * (0.25 + 0.5 * stone) * exp(-0.12 * end);
    }
    color = mix(palette(0.40) * (0.22 + 0.30 * uEnergy), color, exp(-0.09 * end));
    color += halo * (0.10 + 0.16 * uBass);
    color += palette(0.92) * exp(-7.0 * dot(uv, uv)) * (0.10 + 0.25 * uVoice + 0.35 * max(uDrop, 0.0)) * exp(-1.0 / max(end * 0.2, 0.05));
    fragColor = vec4(color / (1.0 + 0.35 * color), 1.0);
}
