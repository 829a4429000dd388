"""The `slt-book` command: run the chapters, build the book, say what this machine has."""

import os

# Threads of torch and numba that wait by spinning take turns badly on a busy machine: training an
# avatar took up to six times as long. OpenMP reads it when it starts, so it stands before torch.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from slt_lib.cli.app import app
from slt_lib.cli.own_data import check, ingest

app.add_command(check)
app.add_command(ingest)

__all__ = ["app"]
