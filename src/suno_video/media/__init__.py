"""Everything that touches ffmpeg, sound files, fonts or the writing of files."""
