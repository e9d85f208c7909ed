"""Where to paint: masks, the subject, faces, and their names in options."""
