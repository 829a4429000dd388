"""Which of an avatar's Gaussians are skin, top and trousers: what a recolouring asks for."""

import torch
from torch import Tensor

from slt_lib.body.joints import INDEX
from slt_lib.body.model import Body
from slt_lib.rendering.avatar import Avatar
from slt_lib.rendering.regions import BODY, HANDS

HUE, BRIGHT = 0.05, 0.45  # how far skin may be from the hands' median, as shares and as logarithm
_HEAD = ("neck", "head", "jaw", "left_eye", "right_eye")


def skin(avatar: Avatar) -> Tensor:
    """Hands, face, and what else has the hands' colour, bool [N].

    Hair of the skin's colour is taken for skin.

    Chapter: 06_signsplat
    """
    colours = avatar.colours.clamp(min=1e-3)
    hues, levels = colours / colours.sum(-1, keepdim=True), colours.mean(-1).log()
    hand = avatar.regions == HANDS
    alike = (hues - hues[hand].median(0).values).norm(dim=-1) < HUE
    alike &= (levels - levels[hand].median()).abs() < BRIGHT
    return (avatar.regions != BODY) | alike


def top(avatar: Avatar, body: Body) -> Tensor:
    """What covers trunk and arms and isn't skin, bool [N]; the body is the avatar's.

    Chapter: 06_signsplat
    """
    return _clothed(avatar, body) & (_height(avatar, body) >= 0)


def trousers(avatar: Avatar, body: Body) -> Tensor:
    """What is below the pelvis, hands apart, bool [N]; the body is the avatar's.

    Chapter: 06_signsplat
    """
    return (avatar.regions == BODY) & (_height(avatar, body) < 0)


def _clothed(avatar: Avatar, body: Body) -> Tensor:
    weights = (
        body.smplx.lbs_weights[:, [INDEX[name] for name in _HEAD]].sum(-1).to(avatar.faces.device)
    )
    head = weights[avatar.faces].mean(-1)[avatar.triangles] > 0.5
    return (avatar.regions == BODY) & ~head & ~skin(avatar)


def _height(avatar: Avatar, body: Body) -> Tensor:
    """Above the pelvis at rest, metres, float [N]."""
    rest = body.smplx.v_template
    pelvis = float((body.smplx.J_regressor[INDEX["pelvis"]] @ rest)[1])
    corners = rest.to(avatar.faces.device)[avatar.faces[avatar.triangles], 1]
    return torch.einsum("nk,nk->n", corners, avatar.weights) - pelvis
