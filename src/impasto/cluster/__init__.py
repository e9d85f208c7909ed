"""More photos and films than one machine paints: Ray spreads them over many (extra ``cluster``)."""
