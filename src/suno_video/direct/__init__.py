"""The second stage: a `SongAnalysis` becomes a `Storyboard`."""
