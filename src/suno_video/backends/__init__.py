"""Everything that makes pictures. Backends know no song and no storyboard."""
