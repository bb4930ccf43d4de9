"""Decides the order: analyze, direct, render, assemble. The one place where the stages meet."""

from suno_video.pipeline.film import render_film
from suno_video.pipeline.options import FilmOptions, FilmResult, PlannedFilm
from suno_video.pipeline.planning import analyze_song, plan_film

__all__ = ["FilmOptions", "FilmResult", "PlannedFilm", "analyze_song", "plan_film", "render_film"]
