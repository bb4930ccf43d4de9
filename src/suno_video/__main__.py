"""Lets `python -m suno_video` stand in for the console script."""

from suno_video.cli.app import main

if __name__ == "__main__":
    main()
