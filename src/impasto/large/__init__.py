"""Pictures of any size in little memory: a plan, tiles, and painting them."""
