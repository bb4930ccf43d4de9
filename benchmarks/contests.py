"""The measurements: what runs against what. Each gives plain data for the report."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from crashes import N_FILMS, N_FILMS_QUICK, crash_rounds
from encoder_alone import Replay, write_recorder
from measure import Run, allowed_cores, on_cores, program, rounds, run

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples"
SONG = EXAMPLES / "lantern-season.mp3"
TRUTH = EXAMPLES / "lantern-season.json"
SIZES = {"720p": "1280x720", "1080p": "1920x1080"}
FPS = 30
LOUD_S = 28
"""In the example song: from here all voices play."""
Data = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """How thoroughly to measure, and where."""

    scratch: Path
    n_rounds: int
    end_s: float | None
    """Only this much of the song, for a quick look."""
    jobs: int
    n_films: int = N_FILMS
    """Films that are rendered through kills."""
    corpus: Path | None = None
    """Songs with known answers; None: the usual ones."""

    def song(self, n_seconds: float) -> Path:
        """The example song tiled (or cut) to a length."""
        path = self.scratch / f"song-{n_seconds:g}.mp3"
        if not path.exists():
            part = path.with_name("part.mp3")
            command = [ffmpeg(), "-y", "-v", "error", "-stream_loop", "-1", "-i", str(SONG), "-map", "0:a"]
            command += ["-t", f"{n_seconds}", "-c:a", "libmp3lame", "-b:a", "160k", str(part)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
            part.replace(path)
        return path


def ffmpeg() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def render(
    bench: Bench, song: Path, size: str | None, *options: str, env: dict[str, str] | None = None, memory: bool = False
) -> Run:
    """Render a film from nothing: its project folder and the film are removed before."""
    project, film = bench.scratch / "film.suno-video", bench.scratch / "film.mp4"
    shutil.rmtree(project, ignore_errors=True)
    film.unlink(missing_ok=True)
    argv = [program("suno-video"), "render", str(song), "--jobs", str(bench.jobs), "--quiet"]
    argv += ["--size", size] if size is not None else []
    argv += ["--project", str(project), "--out", str(film), *options]
    if bench.end_s is not None and song == SONG:
        argv += ["--to", f"{bench.end_s}"]
    return run(argv, env=env, memory=memory)


def films(bench: Bench) -> Data:
    """Full render against the encoder alone on the same frames, and against MoviePy, at two sizes."""
    python, cover = moviepy_python(bench), cover_file(bench)
    return {name: _films_at(bench, size, python, cover) for name, size in SIZES.items()}


def _films_at(bench: Bench, size: str, python: Path, cover: Path) -> Data:
    width, height = (int(side) for side in size.split("x"))
    tape = bench.scratch / f"tape-{size}"
    shutil.rmtree(tape, ignore_errors=True)
    # Recording also compiles and caches the painters, so the rounds are warm.
    render(bench, SONG, size, "--fps", str(FPS), env={"SUNO_VIDEO_FFMPEG": str(write_recorder(ffmpeg(), tape))})
    replay = Replay(ffmpeg(), tape)

    def moviepy(preset: str) -> Run:
        out = str(bench.scratch / "moviepy.mp4")
        end = [str(bench.end_s)] if bench.end_s is not None else []
        script = str(HERE / "moviepy_film.py")
        return run([str(python), script, str(SONG), str(cover), str(TRUTH), out, size, str(FPS), preset, *end])

    contenders = {
        "suno-video": lambda: render(bench, SONG, size, "--fps", str(FPS)),
        "encoder alone": lambda: replay.run(bench.jobs),
        "moviepy": lambda: moviepy("medium"),
        "moviepy ultrafast": lambda: moviepy("ultrafast"),
    }
    runs = rounds(bench.n_rounds, contenders)
    facts = {"n_frames": replay.n_frames(width, height), "n_encoders": len(replay.commands()), "runs": runs}
    shutil.rmtree(tape)
    return facts


def moviepy_python(bench: Bench) -> Path:
    """An environment of its own, because MoviePy wants an older Pillow than we do."""
    venv = bench.scratch / "moviepy"
    python = venv / "bin" / "python"
    if not (venv / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "moviepy>=2.2,<3"], check=True)
        (venv / "ready").touch()
    return python


def cover_file(bench: Bench) -> Path:
    """The cover out of the song's tags."""
    cover = bench.scratch / "cover.png"
    subprocess.run([ffmpeg(), "-y", "-v", "error", "-i", str(SONG), "-map", "0:v", str(cover)], check=True)
    return cover


def families(bench: Bench) -> Data:
    """Every scene family by itself: frames of 1080p that one core paints in a second."""
    from families import measure_families

    return measure_families(max(3, bench.n_rounds), quick=bench.end_s is not None)


def cores(bench: Bench) -> Data:
    """The whole film at 1080p on one core, two, and so on; the others are taken from us and from the encoder."""
    width, height = SIZES["1080p"].split("x")
    counts = [n for n in (1, 2, 4, 8, 16) if n <= len(allowed_cores())]
    render(bench, SONG, "256x144", "--fps", str(FPS))  # compiles and caches the painters

    def film(n_cores: int) -> Run:
        with on_cores(n_cores):
            return render(replace(bench, jobs=n_cores), SONG, f"{width}x{height}", "--fps", str(FPS))

    runs = rounds(bench.n_rounds, {str(n): lambda n=n: film(n) for n in counts})  # type: ignore[misc]
    return {"size": "1080p", "runs": runs}


def preview(bench: Bench) -> Data:
    """A song of three minutes with `--preview`."""
    song_s = 180.0 if bench.end_s is None else 30.0
    song = bench.song(song_s)
    render(bench, SONG, "256x144", "--fps", str(FPS))
    return {
        "song_s": song_s,
        "runs": rounds(bench.n_rounds, {"preview": lambda: render(bench, song, None, "--preview")}),
    }


def large(bench: Bench) -> Data:
    """Peak memory at 4k: a film twice as long takes no more."""
    found: Data = {"runs": {}}
    for seconds in (5, 10) if bench.end_s is None else (1, 2):
        whole = replace(bench, end_s=None)
        first, last = f"{LOUD_S}", f"{LOUD_S + seconds}"
        done = render(whole, SONG, "4k", "--fps", str(FPS), "--from", first, "--to", last, memory=True)
        found["runs"][str(seconds)] = asdict(done)
        print(f"  {seconds} s at 4k: {done}", flush=True)
    return found


def start_up(bench: Bench) -> Data:
    """`suno-video --help` against an empty Python."""
    contenders = {
        "suno-video --help": lambda: run([program("suno-video"), "--help"]),
        "suno-video render --help": lambda: run([program("suno-video"), "render", "--help"]),
        "python -c pass": lambda: run([sys.executable, "-c", "pass"]),
    }
    rounds(1, contenders)  # writes the byte code
    return {"runs": rounds(9, contenders)}


def analysis(bench: Bench) -> Data:
    """Four minutes of music: our whole analysis against librosa's load and beat track alone."""
    song = str(bench.song(240 if bench.end_s is None else 60))
    cold = bench.scratch / "cold-cache"

    def fresh_cache() -> dict[str, str]:
        shutil.rmtree(cold, ignore_errors=True)
        cold.mkdir()
        return {"NUMBA_CACHE_DIR": str(cold)}

    ours = [program("suno-video"), "analyze", song, "--json", "--quiet"]
    theirs = [sys.executable, str(HERE / "librosa_plain.py"), song]
    warm = rounds(1, {"suno-video": lambda: run(ours), "librosa": lambda: run(theirs)})
    warm = rounds(bench.n_rounds, {"suno-video": lambda: run(ours), "librosa": lambda: run(theirs)})
    cold_runs = rounds(
        bench.n_rounds,
        {"suno-video": lambda: run(ours, env=fresh_cache()), "librosa": lambda: run(theirs, env=fresh_cache())},
    )
    again = {
        "suno-video": _second_time([str(HERE / "analyze_again.py"), song]),
        "librosa": _second_time([str(HERE / "librosa_plain.py"), song, "again"]),
    }
    return {"song_s": 240 if bench.end_s is None else 60, "warm": warm, "cold": cold_runs, "again_cpu_s": again}


def _second_time(argv: list[str]) -> float:
    """Processor time that a script says its second listening took: median of three processes."""
    found = sorted(
        float(subprocess.run([sys.executable, *argv], check=True, capture_output=True, text=True).stdout.split()[-1])
        for _ in range(3)
    )
    return found[1]


def memory(bench: Bench) -> Data:
    """Peak memory for one, four and sixty minutes."""
    minutes = (1, 4, 60) if bench.end_s is None else (1, 4)
    found: Data = {"size": "256x144", "fps": 10, "analyze": {}, "render": {}}
    for n_minutes in minutes:
        song = bench.song(60 * n_minutes)
        argv = [program("suno-video"), "analyze", str(song), "--json", "--quiet"]
        found["analyze"][str(n_minutes)] = asdict(run(argv, memory=True))
        found["render"][str(n_minutes)] = asdict(render(bench, song, "256x144", "--fps", "10", memory=True))
        print(f"  {n_minutes} min: {found['analyze'][str(n_minutes)]} {found['render'][str(n_minutes)]}", flush=True)
    return found


def crashes(bench: Bench) -> Data:
    """Films of a make-believe paid service through kills at random moments."""
    found = crash_rounds(bench.n_films if bench.end_s is None else N_FILMS_QUICK, bench.jobs)
    print(f"  {found}", flush=True)
    return found


def slopes(bench: Bench) -> Data:
    """Memory over many songs, scenes and clips in one process."""
    from slopes import measure_slopes

    return measure_slopes(quick=bench.end_s is not None)


def overhead(bench: Bench) -> Data:
    """Clips of a model through the loop against the bare calls of its pipeline."""
    from overhead import measure_overhead

    return measure_overhead(n_rounds=bench.n_rounds)


def listening(bench: Bench) -> Data:
    """What we hear in songs with known answers."""
    from listening import measure_listening, usual_corpus

    return measure_listening(bench.corpus or usual_corpus())


def sync(bench: Bench) -> Data:
    """How pictures meet the music in films of twenty seconds, at a small size."""
    from listening import usual_corpus
    from sync_scores import STRETCH_S, measure_sync

    from suno_video.core.frames import FrameSize

    songs = sorted((bench.corpus or usual_corpus()).glob("*.mp3"))
    folder = bench.scratch / "sync"
    folder.mkdir(parents=True, exist_ok=True)
    return measure_sync(songs, folder, FrameSize.parse("320x180"), STRETCH_S)


CONTESTS = {
    "listening": listening,
    "sync": sync,
    "start": start_up,
    "analysis": analysis,
    "films": films,
    "cores": cores,
    "preview": preview,
    "families": families,
    "large": large,
    "memory": memory,
    "slopes": slopes,
    "crashes": crashes,
    "overhead": overhead,
}
