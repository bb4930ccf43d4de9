// Honeycomb: tiles that rise with the spectrum, in the light of a lamp that wanders.
// Bass lifts the middle, treble the rim; kicks send a wave outwards over the tiles, hats glint on their edges.

const vec2 STEP = vec2(1.0, 1.7320508);

float chance(vec2 p) { return fract(sin(dot(p, vec2(41.3, 289.1))) * 43758.5453); }

// Place within a tile, and the tile's middle.
vec4 tile(vec2 p)
{
    vec2 a = mod(p, STEP) - 0.5 * STEP;
    vec2 b = mod(p - 0.5 * STEP, STEP) - 0.5 * STEP;
    vec2 q = dot(a, a) < dot(b, b) ? a : b;
    // Rounded, since `chance` would tell even the last bits of two neighbouring pixels apart.
    return vec4(q, 0.5 * STEP * floor((p - q) / (0.5 * STEP) + 0.5));
}

float edge(vec2 q) { q = abs(q); return 0.5 - max(dot(q, 0.5 * STEP), q.x); }

float height(vec2 middle)
{
    float away = length(middle) / 5.5;
    float level = texture(iChannel0, vec2(0.004 + 0.75 * away * away * away, 0.25)).r;
    float wave = exp(-6.0 * abs(away - 1.4 * (1.0 - uKick))) * uKick;
    float sway = 0.5 + 0.5 * sin(0.8 * middle.x + 0.9 * uClock + 6.28 * chance(middle + uSeed));
    return 0.18 * sway + 0.75 * level * (0.55 + 0.45 * sway) + 0.35 * wave;
}

void mainImage(out vec4 fragColor, in vec2 fragCoord)
{
    vec2 p = (2.0 * fragCoord - iResolution.xy) / iResolution.y;
    float turn = 6.2831 * uSeed + 0.05 * uClock;
    p = mat2(cos(turn), -sin(turn), sin(turn), cos(turn)) * p;
    p += 0.08 * p * dot(p, p);
    p *= 3.9 - 0.5 * uShot * (0.5 + uGrowth) - 0.10 * uKick;
    vec4 t = tile(p);
    float h = height(t.zw), d = edge(t.xy);
    // A tile that stands higher is seen from nearer, and its side shows.
    float side = smoothstep(0.0, 0.05 + 0.22 * h, d);
    vec2 slope = t.xy * (1.0 - side) * 2.4 + 0.35 * (vec2(chance(t.zw), chance(t.wz + 3.0)) - 0.5);
    vec3 normal = normalize(vec3(slope, 0.55));
    vec2 lamp = 2.6 * vec2(cos(0.31 * uClock + turn), sin(0.23 * uClock));
    vec3 ray = normalize(vec3(lamp - p, 1.7));
    float lit = max(dot(normal, ray), 0.0) / (1.0 + 0.035 * dot(lamp - p, lamp - p));
    float glint = pow(max(dot(reflect(-ray, normal), vec3(0.0, 0.0, 1.0)), 0.0), 24.0);
    vec3 color = palette(0.20 + 0.62 * h) * (0.28 + 1.25 * lit) * (0.4 + 0.6 * side);
    color += palette(0.55 + 0.4 * h) * h * (0.25 + 0.55 * uEnergy) * side;
    color += palette(0.95) * glint * (0.25 + 0.8 * uHat + 0.3 * uTreble);
    float seam = exp(-26.0 * d);
    color += palette(0.8) * seam * (0.06 + 0.45 * h * h + 0.25 * uBeat * h + 0.4 * max(uDrop, 0.0));
    color *= exp(-0.006 * dot(p, p));
    fragColor = vec4(color, 1.0);
}
