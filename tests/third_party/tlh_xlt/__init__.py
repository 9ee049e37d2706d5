"""Plugins as a third party writes them: they import `xlt_cli.api` and `xlt_cli.problems` only."""
