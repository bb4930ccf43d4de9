"""Forced alignment: given words are found in the voice, and only their times are sought."""
