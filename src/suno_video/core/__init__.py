"""What we talk about: the words shared by every stage and every backend. Imports nothing of ours above it."""
