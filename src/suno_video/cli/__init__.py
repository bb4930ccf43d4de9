"""The terminal: commands parse, call one function, print."""
