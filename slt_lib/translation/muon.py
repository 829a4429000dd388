"""`torch.optim.Muon`, with all matrices of one shape made orthogonal at once.

Small nets have many small matrices, and one product of a stack is three times as fast as a product
of each. `tests/test_translation_training.py` holds it against torch's own, which is the reference.
"""

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor


class Muon(torch.optim.Muon):
    """Muon (Jordan et al. 2024) with a step for stacks; arguments and state are torch's.

    Chapter: 09_pose_to_text
    """

    @torch.no_grad()
    def step(self, closure=None) -> None:
        """Move every matrix that has a gradient."""
        if closure is not None:
            raise ValueError("A closure isn't supported.")
        for group in self.param_groups:
            moving = [p for p in group["params"] if p.grad is not None]
            for p in moving:
                if not self.state[p]:
                    self.state[p]["momentum_buffer"] = torch.zeros_like(p.grad)
            momenta = [self.state[p]["momentum_buffer"] for p in moving]
            gradients, momentum = [p.grad for p in moving], group["momentum"]
            torch._foreach_lerp_(momenta, gradients, 1 - momentum)
            ahead = momenta
            if group["nesterov"]:
                ahead = torch._foreach_lerp(gradients, momenta, momentum)
            torch._foreach_mul_(moving, 1 - group["lr"] * group["weight_decay"])
            by_shape = defaultdict(list)
            for pair in zip(moving, ahead, strict=True):
                rows, columns = pair[0].shape  # a tall matrix goes with the wide ones, turned
                wide = pair if rows <= columns else tuple(one.mT for one in pair)
                by_shape[wide[0].shape].append(wide)
            for (_, longest), pairs in by_shape.items():
                # as "match_rms_adamw": a step as large as one of AdamW, so that one rate suits both
                rate = group["lr"] * 0.2 * longest**0.5
                steps = orthogonal([towards for _, towards in pairs], group)
                torch._foreach_add_([p for p, _ in pairs], list(steps), alpha=-rate)


def orthogonal(matrices: Sequence[Tensor], how: dict) -> Tensor:
    """Wide matrices of one shape with nearly all singular values near 1, [matrices, rows, columns].

    Each Newton-Schulz step takes every singular value s to a s + b s^3 + c s^5.

    Args:
        matrices: [rows, columns] each, rows <= columns.
        how: `ns_coefficients`, `ns_steps` and `eps`, as of `torch.optim.Muon`.
    """
    a, b, c = how["ns_coefficients"]
    x = torch.stack(list(matrices)).bfloat16()
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=how["eps"])
    for _ in range(how["ns_steps"]):
        gram = x @ x.mT
        gram = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, gram, x, beta=a)
    return x.to(matrices[0].dtype)
