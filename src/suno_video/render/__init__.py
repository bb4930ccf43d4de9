"""The third stage: a `Storyboard` becomes footage, through any backend, in one loop."""
