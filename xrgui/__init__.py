"""xrgui: share what runs on your own computer through a public server."""

__version__ = "0.1.0"
