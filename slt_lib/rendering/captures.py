"""Pictures of a signer with everything that is known of them: what an avatar learns from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from slt_lib.body.joints import INDEX
from slt_lib.body.model import Body
from slt_lib.body.motion import BodyMotion, posed_vertices
from slt_lib.pose.errors import SLTError
from slt_lib.rendering.camera import SIGNING_SPACE, Camera, orbit
from slt_lib.rendering.mesh import nearest_triangles
from slt_lib.rendering.paint import paint
from slt_lib.rendering.poses import signing_poses
from slt_lib.rendering.regions import BACKGROUND, BODY, face_labels
from slt_lib.rendering.shading import Surface, dressed, render
from slt_lib.rendering.signers import Signer
from slt_lib.rendering.video import read_video


@dataclass(frozen=True)
class Cameras:
    """Where cameras stand.

    Attributes:
        yaw: To the signer's left, lowest and highest, degrees.
        pitch: Upwards, likewise.
        span: How much of the world a picture's side shows at the signer's chest, metres.

    Chapter: 07_signgan
    """

    yaw: tuple[float, float] = (-50.0, 50.0)
    pitch: tuple[float, float] = (-10.0, 25.0)
    span: float = 1.25


STUDIO = Cameras((-15.0, 15.0), (-3.0, 6.0), 0.95)  # as broadcasts are filmed: from the front


@dataclass(frozen=True, eq=False)
class Captures:
    """Pictures of one signer, with everything that is known of them.

    Attributes:
        pictures: uint8 [N, H, W, 3], RGB.
        masks: How much of a pixel the signer covers, 0 to 1, float16 [N, H, W].
        regions: uint8 [N, H, W]: 0 background, 1 body, 2 hands, 3 face.
        cameras: N.
        motion: N frames: the pose of each picture.
        background: 0 to 1, float32 [3] or [H, W, 3].

    Raises:
        SLTError: If they aren't equally many or their sizes differ.

    Chapter: 06_signsplat
    """

    pictures: np.ndarray
    masks: np.ndarray
    regions: np.ndarray
    cameras: list[Camera]
    motion: BodyMotion
    background: np.ndarray

    def __post_init__(self) -> None:
        size = self.pictures.shape[:3]
        if self.pictures.shape != (*size, 3) or self.pictures.dtype != np.uint8:
            raise SLTError("Pictures must be uint8 [N, H, W, 3].")
        same = self.masks.shape == self.regions.shape == size
        if not same or {len(self.cameras), len(self.motion)} != {len(self)}:
            raise SLTError(f"{len(self)} pictures, {len(self.cameras)} cameras, {len(self.motion)} "
                           f"poses, masks {self.masks.shape}, regions {self.regions.shape}: they "
                           "don't belong together.")  # fmt: skip
        if any((c.height, c.width) != size[1:] for c in self.cameras):
            raise SLTError("A camera's size isn't its picture's.", fix="Use Camera.resized.")

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, chosen) -> "Captures":
        """Some of them, by a slice, numbers or a mask."""
        numbers = np.atleast_1d(np.arange(len(self))[chosen])
        return Captures(
            self.pictures[numbers], self.masks[numbers], self.regions[numbers],
            [self.cameras[i] for i in numbers], self.motion[numbers], self.background,
        )  # fmt: skip


def capture(
    body: Body, signer: Signer, motion: BodyMotion, cameras: Sequence[Camera], *,
    surface: Surface | None = None, supersampling: int = 2,
) -> Captures:  # fmt: skip
    """Take simulated pictures: one of each pose, each with its camera.

    Args:
        body: The signer's body model.
        signer: Their looks; the build is the motion's.
        motion: N poses.
        cameras: N of one size, or one for all.
        surface: `paint(body, signer)`, if it is already there.
        supersampling: Rays per pixel along each side.

    Raises:
        SLTError: If poses and cameras aren't equally many, or sizes differ.

    Chapter: 06_signsplat
    """
    cameras = list(cameras) * (len(motion) if len(cameras) == 1 else 1)
    sizes = {(camera.height, camera.width) for camera in cameras}
    if len(cameras) != len(motion) or len(sizes) != 1:
        raise SLTError(f"{len(motion)} poses, {len(cameras)} cameras, {len(sizes)} sizes.",
                       fix="Give a camera per pose, all of one size.")  # fmt: skip
    height, width = sizes.pop()
    surface = surface or paint(body, signer)
    faces, background = body.faces.numpy(), signer.background(height, width)
    pictures = np.empty((len(motion), height, width, 3), np.uint8)
    masks = np.empty(pictures.shape[:3], np.float16)
    regions = np.empty(pictures.shape[:3], np.uint8)
    for i, vertices in enumerate(posed_vertices(body, motion).numpy()):
        mesh = dressed(vertices, faces, surface.offsets)
        view = render(mesh, faces, surface, cameras[i], signer.light, background,
                      supersampling=supersampling)  # fmt: skip
        pictures[i] = np.round(view.picture * 255)
        masks[i], regions[i] = view.alpha, view.regions
    return Captures(pictures, masks, regions, cameras, motion, background)


def capture_set(
    body: Body, signer: Signer, *, poses: int = 40, views: int = 2, held_out: int = 20,
    seed: int = 0, size: int = 256, cameras: Cameras | None = None,
) -> tuple[Captures, Captures]:  # fmt: skip
    """Simulated recordings to train a renderer on, and others to judge it by.

    Args:
        body: The signer's body model.
        signer: Who.
        poses: To train on; each is seen from several sides.
        views: Pictures of each pose.
        held_out: Pictures to judge by: poses and cameras that the training doesn't have.
        seed: Of poses and cameras.
        size: Of the pictures, pixels.
        cameras: Where they stand; by default all around the front.

    Returns:
        For training, N = poses · views (a pose's views one after the other), and held out.

    Chapter: 06_signsplat
    """
    surface = paint(body, signer)
    train = signing_poses(body, poses, seed=2 * seed, betas=signer.betas)
    train = train[np.repeat(np.arange(poses), views)]
    other = signing_poses(body, held_out, seed=2 * seed + 1, betas=signer.betas)
    rng, target = np.random.default_rng([seed, 22]), chest(body, signer.betas)
    return tuple(
        capture(
            body, signer, motion, around(rng, len(motion), size, target, cameras), surface=surface
        )
        for motion in (train, other)
    )


def captures_from_files(
    body: Body, video: str | Path, motion: BodyMotion, cameras: Sequence[Camera],
    masks: str | Path, *, background: np.ndarray | None = None,
) -> Captures:  # fmt: skip
    """A real recording in place of a simulated one: a video and what was estimated from it.

    Args:
        body: The signer's body model.
        video: N frames; they are made as large as the cameras' pictures.
        motion: N poses.
        cameras: N, or one that didn't move, all of one size.
        masks: A video of the same frames, white where the signer is.
        background: What is put behind the signer in place of the room, 0 to 1, float [3]; by
            default the median colour outside the mask.

    Returns:
        Captures whose regions are the posed mesh's inside the mask, and whose pictures show the
        signer before one colour: an avatar must not learn the room.

    Raises:
        SLTError: If there is no camera, a file has no frame or can't be read, or they aren't
            equally many frames.

    Chapter: 06_signsplat
    """
    if not cameras:
        raise SLTError("Captures need a camera.", file=video, fix="Give one, or one per frame.")
    size = (cameras[0].width, cameras[0].height)
    pictures, covered = _frames(video, size), _frames(masks, size)
    shares = (covered.mean(-1) / 255).astype(np.float16)
    cameras = list(cameras) * (len(motion) if len(cameras) == 1 else 1)
    counts = len(pictures), len(covered), len(motion), len(cameras)
    if len(set(counts)) > 1 or any((camera.width, camera.height) != size for camera in cameras):
        raise SLTError("{} frames, {} of the mask, {} poses and {} cameras don't belong together, "
                       "or the cameras' sizes differ.".format(*counts), file=video,
                       fix="Give what was estimated from this very video.")  # fmt: skip
    regions = np.zeros(pictures.shape[:3], np.uint8)
    if background is None:
        outside = pictures[shares < 0.05]
        background = np.median(outside, 0) / 255 if len(outside) else np.zeros(3)
    colour = np.asarray(background, np.float32)
    labels, faces = np.append(face_labels(body), BACKGROUND), body.faces.numpy()
    for i, vertices in enumerate(posed_vertices(body, motion).numpy()):
        seen = labels[nearest_triangles(vertices, faces, cameras[i]).triangles]
        regions[i] = np.where(shares[i] < 0.5, BACKGROUND, np.maximum(seen, BODY))
        share = shares[i, ..., None].astype(np.float32)
        pictures[i] = np.round(share * pictures[i] + (1 - share) * 255 * colour)
    return Captures(pictures, shares, regions, cameras, motion, colour)


def _frames(video: str | Path, size: tuple[int, int]) -> np.ndarray:
    """A video's frames, width and height as given, uint8 [N, H, W, 3]."""
    read = [np.asarray(Image.fromarray(frame).resize(size)) for frame in read_video(video)]
    if not read:
        raise SLTError("The video has no frame.", file=video, fix="Was it cut off? Write it again.")
    return np.stack(read)


def joined(captures: Sequence[Captures]) -> Captures:
    """Several recordings of one signer as one, such as the same signing seen by several cameras.

    Args:
        captures: One or more, of one size, one build and one background; `captures_from_files`
            puts any background that it is given behind a signer.

    Raises:
        SLTError: If there are none, or sizes, builds or backgrounds differ.

    Chapter: 06_signsplat
    """
    if not captures:
        raise SLTError("There are no captures to join.", fix="Give at least one recording.")
    first, motions = captures[0], [one.motion for one in captures]
    for what, differ in {
        "sizes": any(one.pictures.shape[1:] != first.pictures.shape[1:] for one in captures),
        "builds": any(not np.array_equal(m.betas, first.motion.betas) for m in motions),
        "backgrounds": any(not np.array_equal(one.background, first.background)
                           for one in captures),
    }.items():  # fmt: skip
        if differ:
            raise SLTError(f"These captures have different {what}.",
                           fix=f"Make them again with equal {what}.")  # fmt: skip
    turns, expression, transl, seen = (
        np.concatenate([getattr(motion, name) for motion in motions])
        for name in ("rotations", "expression", "transl", "seen")
    )
    motion = BodyMotion(turns, first.motion.fps, first.motion.betas, expression, transl, seen)
    pictures, masks, regions = (
        np.concatenate([getattr(one, name) for one in captures])
        for name in ("pictures", "masks", "regions")
    )
    cameras = [camera for one in captures for camera in one.cameras]
    return Captures(pictures, masks, regions, cameras, motion, first.background)


def chest(body: Body, betas: np.ndarray) -> tuple[float, float, float]:
    """Where a camera looks to see all of a build's signing space, metres: below the neck.

    Chapter: 06_signsplat
    """
    model, shape = body.smplx, np.asarray(betas, np.float32)
    shaped = model.v_template.numpy() + model.shapedirs[..., : len(shape)].numpy() @ shape
    neck = model.J_regressor[INDEX["neck"]].numpy() @ shaped
    return 0.0, float(neck[1]) - 0.155, float(neck[2]) - 0.03


def around(
    rng: np.random.Generator, count: int, size: int,
    target: tuple[float, float, float] = SIGNING_SPACE, cameras: Cameras | None = None,
) -> list[Camera]:  # fmt: skip
    """Cameras in front of a signer, evenly from side to side, in random order.

    Args:
        rng: Of the order and of each one's small differences.
        count: How many.
        size: Of their pictures, pixels.
        target: What they look at, metres.
        cameras: Where they stand; by default all around the front.
    """
    where = cameras or Cameras()
    places = (rng.permutation(count) + rng.uniform(0, 1, count)) / max(count, 1)
    yaws = where.yaw[0] + (where.yaw[1] - where.yaw[0]) * places
    return [orbit(yaw, rng.uniform(*where.pitch), target=target, span=where.span, width=size,
                  height=size) for yaw in yaws]  # fmt: skip
