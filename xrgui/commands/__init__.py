"""The subcommands of `xrgui`, each imported only when it is called. None imports Qt."""
