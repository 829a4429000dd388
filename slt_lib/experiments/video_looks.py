"""Who is seen in a clip, and how: signers before a camera, and renderers that learned from them."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch

from slt_lib.body.motion import BodyMotion
from slt_lib.experiments.lots import share
from slt_lib.experiments.video_motions import the_body
from slt_lib.experiments.video_scale import DONORS, SEEN, VideoScale
from slt_lib.rendering.avatar import Avatar
from slt_lib.rendering.avatar_files import load_avatar, save_avatar
from slt_lib.rendering.avatar_training import train_avatar
from slt_lib.rendering.camera import Camera, orbit
from slt_lib.rendering.captures import Captures, capture, chest
from slt_lib.rendering.clothing import skin, top, trousers
from slt_lib.rendering.keypoints import PictureKeypoints, body_keypoints
from slt_lib.rendering.paint import paint
from slt_lib.rendering.poses import signing_poses
from slt_lib.rendering.sequence import pictures
from slt_lib.rendering.shading import Surface
from slt_lib.rendering.signers import BACKDROPS, CLOTHS, SKIN, TROUSERS, Signer, make_signer, rgb
from slt_lib.rendering.signgan import draw
from slt_lib.rendering.signgan_files import load_signgan, save_signgan
from slt_lib.rendering.signgan_training import train_signgan
from slt_lib.rendering.unwrap import unwrap

REFERENCES = 24  # pictures that a signer's looks are taken from
TURN, TILT = 25.0, 8.0  # degrees: where the cameras of the renderers' lessons stand, at most


@cache
def signer(seed: int) -> Signer:
    """A simulated signer, drawn once."""
    return make_signer(seed)


@cache
def _surface(seed: int) -> Surface:
    return paint(the_body(), signer(seed))


def camera(betas: np.ndarray, yaw: float, scale: VideoScale) -> Camera:
    """What films a sentence: it looks at the chest, from a little to one side."""
    target = chest(the_body(), betas)
    return orbit(yaw, target=target, span=scale.span, width=scale.size, height=scale.size)


def filmed(motion: BodyMotion, who: int, yaw: float, scale: VideoScale) -> np.ndarray:
    """A simulated capture of a motion by a signer of another build.

    Args:
        motion: F frames.
        who: The signer's seed.
        yaw: Of the camera, degrees.
        scale: The sizes.

    Returns:
        uint8 [F, size, size, 3].

    Chapter: 11_video_to_text
    """
    person = signer(who)
    motion = replace(motion, betas=person.betas)
    view = camera(person.betas, yaw, scale)
    return capture(the_body(), person, motion, [view], surface=_surface(who)).pictures


def known_keypoints(
    motion: BodyMotion, who: int, yaw: float, scale: VideoScale
) -> PictureKeypoints:
    """Where the joints are in what `filmed` makes of a motion."""
    motion = replace(motion, betas=signer(who).betas)
    return body_keypoints(the_body(), motion, camera(motion.betas, yaw, scale))


def studies(who: int, count: int, size: int, scale: VideoScale) -> Captures:
    """Captures of single poses of a signer, for renderers to learn from: none is of a sentence."""
    body, person = the_body(), signer(who)
    rng, target = np.random.default_rng([who, 61]), chest(body, person.betas)
    motion = signing_poses(body, count, seed=1000 + who, betas=person.betas)
    views = [
        orbit(rng.uniform(-TURN, TURN), rng.uniform(-TILT, TILT), target=target, span=scale.span,
              width=size, height=size)
        for _ in range(count)
    ]  # fmt: skip
    return capture(body, person, motion, views, surface=_surface(who))


class Gan:
    """SignGAN, trained on seen signers and donors, with the looks of each.

    Args:
        folder: Where it is, or will be.
        scale: The sizes.

    Chapter: 11_video_to_text
    """

    def __init__(self, folder: Path, scale: VideoScale) -> None:
        self.scale, file = scale, folder / "signgan.pt"
        self.cast = (*scale.cast(SEEN), *scale.cast(DONORS))
        share({file: lambda: self._learn(file)})
        self.gan = load_signgan(file)
        stored = torch.load(file.with_name("looks.pt"), weights_only=True)
        self.looks = {int(who): look for who, look in stored.items()}

    def _learn(self, file: Path) -> None:
        learned = self.scale.renderers
        shown = [studies(who, learned.poses, self.scale.size, self.scale) for who in self.cast]
        gan = train_signgan(shown, the_body(), learned.gan, out=file.parent / "training")
        looks = {}
        for who, some in zip(self.cast, (one[:REFERENCES] for one in shown), strict=True):
            found = body_keypoints(the_body(), some.motion, some.cameras)
            looks[str(who)] = unwrap(some.pictures, found, some.masks)
        torch.save(looks, file.with_name("looks.pt"))
        save_signgan(gan, file)  # last: who finds it finds the looks

    def drawn(
        self, motion: BodyMotion, who: tuple[int, ...], shares: tuple[float, ...], yaw: float
    ) -> np.ndarray:
        """A motion by one signer, or by somebody between several.

        Args:
            motion: F frames.
            who: Seeds of those whose looks are mixed.
            shares: How much of each; they sum up to 1.
            yaw: Of the camera, degrees.

        Returns:
            uint8 [F, size, size, 3], before the first one's backdrop.

        Chapter: 11_video_to_text
        """
        betas = sum(s * signer(w).betas for s, w in zip(shares, who, strict=True))
        looks = sum(s * self.looks[w] for s, w in zip(shares, who, strict=True))
        motion = replace(motion, betas=np.float32(betas))
        found = body_keypoints(the_body(), motion, camera(motion.betas, yaw, self.scale))
        behind = signer(who[0]).background(self.scale.size, self.scale.size)
        return draw(self.gan, found, looks, behind)[0]


class Splats:
    """SignSplat avatars of signers, each trained when it is first asked for.

    Args:
        folder: Where they are, or will be.
        scale: The sizes.

    Chapter: 11_video_to_text
    """

    def __init__(self, folder: Path, scale: VideoScale) -> None:
        self.folder, self.scale = folder, scale
        self._known: dict[int, Avatar] = {}

    def ready(self, whom: tuple[int, ...]) -> None:
        """Train the avatars of some signers; several processes share them."""
        share({self._file(who): lambda who=who: self._learn(who) for who in whom})

    def _file(self, who: int) -> Path:
        return self.folder / f"avatar-{who}.npz"

    def _learn(self, who: int) -> None:
        learned, body = self.scale.renderers, the_body()
        shown = studies(who, learned.views, learned.picture, self.scale)
        avatar = train_avatar(body, shown, learned.avatar)
        save_avatar(avatar, self._file(who), body.smplx.v_template)

    def avatar(self, who: int) -> Avatar:
        """One signer's avatar."""
        if who not in self._known:
            self.ready((who,))
            self._known[who] = load_avatar(self._file(who))
        return self._known[who]

    def rendered(
        self, motion: BodyMotion, who: int, yaw: float, recolour: np.random.Generator | None = None
    ) -> np.ndarray:
        """A motion by a signer's avatar.

        Args:
            motion: F frames.
            who: The signer's seed.
            yaw: Of the camera, degrees.
            recolour: If given, clothes, skin and backdrop are drawn from it.

        Returns:
            uint8 [F, size, size, 3].

        Chapter: 11_video_to_text
        """
        avatar, person, size = self.avatar(who), signer(who), self.scale.size
        if recolour is not None:
            avatar = _recoloured(avatar, recolour)
            person = replace(person, backdrop=tuple(map(str, recolour.choice(BACKDROPS, 2))))
        motion = replace(motion, betas=person.betas)
        view = camera(person.betas, yaw, self.scale)
        made = pictures(avatar, the_body(), motion, view, person.background(size, size))
        return np.stack(list(made))


def _recoloured(avatar: Avatar, rng: np.random.Generator) -> Avatar:
    """Somebody in other clothes, and in half of the cases of another skin colour."""
    body = the_body()
    regions = {"top": top(avatar, body), "trousers": trousers(avatar, body), "skin": skin(avatar)}
    tones = {"top": CLOTHS, "trousers": TROUSERS, "skin": SKIN}
    for name, where in regions.items():
        colour, change = rgb(str(rng.choice(tones[name]))), name != "skin" or rng.random() < 0.5
        if change and where.any():
            avatar = avatar.recoloured(where, tuple(map(float, colour)))
    return avatar
