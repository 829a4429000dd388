"""The `slt-book` command: run the chapters, build the book, say what this machine has."""

from slt_lib.cli.app import app

__all__ = ["app"]
