"""Why retrieve instead of predict? A regressor that learns glosses' mean movement.

A network trained to minimise squared error answers with the *mean* of all the ways a sign
was made. Hands that were once here and once there end up in the middle, and movement
shrinks: regression to the mean, the known weakness of predicting poses from text
(Saunders et al. 2020; Walsh et al. 2024). This small one shows it on any dictionary that
has several takes of a gloss.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from slt_lib.pose.errors import SLTError
from slt_lib.pose.resample import resample
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import BODY_HANDS_50
from slt_lib.stitching.measures import hand_travel

FRAMES = 25
WAVES = 4


@dataclass(frozen=True, eq=False)
class GlossRegressor:
    """A trained gloss-to-pose network.

    Attributes:
        glosses: What it can be asked for.
        net: From gloss embedding and phase to 50 joints.
        seen: Which joints most takes of each gloss saw, bool [glosses, 50].

    Chapter: 03_stitching
    """

    glosses: tuple[str, ...]
    net: nn.Module
    seen: np.ndarray

    def predict(self, gloss: str, fps: float = 25.0) -> PoseSequence:
        """The movement it answers for a gloss, 25 frames of body and hands.

        Raises:
            SLTError: If it wasn't trained on that gloss.
        """
        if gloss not in self.glosses:
            raise SLTError(f"The regressor was never shown {gloss!r}.")
        k = self.glosses.index(gloss)
        with torch.no_grad():
            out = self.net(torch.cat([_one_hot(k, len(self.glosses)), _phase()], 1))
        confidence = np.broadcast_to(self.seen[k].astype(np.float32), (FRAMES, 50))
        return PoseSequence(out.reshape(FRAMES, 50, 3).numpy(), confidence, fps, BODY_HANDS_50)


def _phase() -> torch.Tensor:
    """Time within the sign as sines and cosines, [FRAMES, 2 * WAVES]."""
    angle = torch.linspace(0, 1, FRAMES)[:, None] * torch.pi * torch.arange(1, WAVES + 1)
    return torch.cat([angle.sin(), angle.cos()], 1)


def _one_hot(k: int, of: int) -> torch.Tensor:
    return nn.functional.one_hot(torch.full((FRAMES,), k), of).float()


def train_regressor(
    takes: Mapping[str, Sequence[PoseSequence]], steps: int = 300, seed: int = 0, width: int = 128
) -> GlossRegressor:
    """Train gloss → pose on all takes, squared error over seen joints only.

    Args:
        takes: Canonical, cropped 178- or 50-joint takes of every gloss.
        steps: Adam steps, each on everything.
        seed: Of the initial weights.
        width: Hidden units.

    Raises:
        SLTError: If a gloss has no take, or there is no gloss.

    Chapter: 03_stitching
    """
    glosses = tuple(takes)
    if not takes or not all(len(t) for t in takes.values()):
        raise SLTError("A gloss has no take to train on.", fix="Leave it out.")
    fitted = [[resample(take.to(BODY_HANDS_50), FRAMES) for take in takes[g]] for g in glosses]
    mean, weight = zip(*map(_mean_take, fitted), strict=True)
    x = torch.cat(
        [torch.cat([_one_hot(k, len(glosses)), _phase()], 1) for k in range(len(glosses))]
    )
    y, w = torch.from_numpy(np.concatenate(mean)), torch.from_numpy(np.concatenate(weight))
    inputs = x.shape[-1]
    with torch.random.fork_rng(), one_thread():
        torch.manual_seed(seed)
        layers = [nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()]
        net = nn.Sequential(*layers, nn.Linear(width, y.shape[-1]))
        adam = torch.optim.Adam(net.parameters(), 5e-3)
        for _ in range(steps):
            adam.zero_grad()
            (w * (net(x) - y) ** 2).sum().div(w.sum()).backward()
            adam.step()
    share = [np.mean([p.mask.mean(0) for p in poses], 0) > 0.5 for poses in fitted]
    return GlossRegressor(glosses, net, np.stack(share))


@contextmanager
def one_thread() -> Iterator[None]:
    """For a net this small, threads cost more than they save: 25 times on two busy cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _mean_take(takes: Sequence[PoseSequence]) -> tuple[np.ndarray, np.ndarray]:
    """Mean coordinates of several takes where they were seen, and how many takes saw them.

    The squared errors of one answer to many takes sum up to n times its squared error to their
    mean, plus a constant. So training on the means is training on all takes, only faster.

    Returns:
        (mean, count), both float32 [FRAMES, 150].
    """
    seen = np.repeat(np.stack([take.mask for take in takes]), 3, axis=2).astype(np.float32)
    places = np.stack([take.positions.reshape(FRAMES, -1) for take in takes])
    count = seen.sum(0)
    return (places * seen).sum(0) / np.maximum(count, 1), count


def travel_of_regressor(
    regressor: GlossRegressor, takes: Mapping[str, Sequence[PoseSequence]]
) -> dict[str, float]:
    """Hand travel of the prediction over the mean hand travel of a gloss's real takes.

    Both in 25 frames and over the joints the regressor shows.

    Returns:
        Ratio by gloss; glosses whose hands were not seen are left out.

    Chapter: 03_stitching
    """
    ratios = {}
    for gloss in regressor.glosses:
        guess = regressor.predict(gloss)
        real = [
            resample(take.to(BODY_HANDS_50), FRAMES).replace(fps=guess.fps) for take in takes[gloss]
        ]
        travels = [hand_travel(r.replace(confidence=r.confidence * guess.mask)) for r in real]
        if travels and np.mean(travels) > 0 and hand_travel(guess) > 0:
            ratios[gloss] = hand_travel(guess) / float(np.mean(travels))
    return ratios
