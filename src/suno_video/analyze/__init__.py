"""The first stage: a song becomes a `SongAnalysis`."""
