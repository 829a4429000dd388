"""What does a camera see of a signer?"""

import os

# Numba's own threads sleep while they wait. OpenMP's, its default, spin, and share a pool with
# torch's: beside other work a training step then took up to three times as long. The price is
# `threads.ALONE`.
os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")
