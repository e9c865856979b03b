// The library for control planes.
