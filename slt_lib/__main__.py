"""`python -m slt_lib` is the `slt-book` command."""

from slt_lib.cli import app

app()
