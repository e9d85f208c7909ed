"""The command line: one file a command; `impasto.cli.console` holds all terminal output."""
