"""A tunnel that needs nothing: a sample site, a bridge and a portal, each its own process, on loopback."""
