"""The fourth stage: footage becomes segments, segments become the film."""
