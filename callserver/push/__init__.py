"""Live screens: what happens on the floors, shown to everybody who may see it, the moment it happens."""
