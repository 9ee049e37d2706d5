"""Makes what each process of `xlt` otherwise makes for itself: its commands, the table of older
weights' names that transformers has, and the names of languages.

A short training run takes little longer than that.
"""

import functools

import typer.main
from langcodes import Language
from transformers.conversion_mapping import get_checkpoint_conversion_mapping

from xlt_cli.cli import app

typer.main.get_command = functools.cache(typer.main.get_command)
typer.main.get_command(app)
get_checkpoint_conversion_mapping("bert")
Language.get("de").display_name()
