"""What the pages show, without widgets."""
