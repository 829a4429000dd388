"""What does a camera see of a signer?"""

import os

# Numba's own threads sleep while they wait. OpenMP's, its default, spin, and share a pool with
# torch's: beside other work a training step then took up to three times as long. Numba's own can't
# serve two callers at once, which doesn't happen as long as its functions hold Python's lock.
os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")
