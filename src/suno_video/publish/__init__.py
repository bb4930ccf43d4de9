"""The fifth stage: the film meets the platforms."""
