"""The skeleton player: signing in 3-D, played at its own speed; and single frames of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from slt_lib.plots.style import INK, PART_NAMES, PARTS, FigureError, finish
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import Skeleton

WIDTHS = {"body": 9, "face": 2.5, "right_hand": 5.5, "left_hand": 5.5}
HEIGHTS = {1: 460, 2: 420}  # pixels, by number of signers
FRONT = {  # no perspective: the front view shows joints where the camera saw them
    "eye": {"x": 0, "y": -1.6, "z": 0},
    "up": {"x": 0, "y": 0, "z": 1},
    "projection": {"type": "orthographic"},
}


@dataclass(frozen=True)
class Lines:
    """How one body part is drawn: a polyline through joints, broken where `joints` is -1.

    Attributes:
        joints: int [points], joint numbers, -1 for a gap.
        dots: float [points], diameter of the dot on each point in pixels; 0 for none.
        joined: Whether a line joins the points.
    """

    joints: np.ndarray
    dots: np.ndarray
    joined: bool = True

    @classmethod
    def of(cls, skeleton: Skeleton, part: str) -> "Lines":
        """The lines of a part; points whose place is unknown become loose dots."""
        joints = [j for chain in skeleton.chains[part] for j in (*chain, -1)]
        if part == "face" and not joints:
            joints = list(skeleton.unplaced)
            return cls(np.array(joints, int), np.full(len(joints), 2.5), joined=False)
        size = {"body": lambda name: 5.0, "face": lambda name: 0.0}.get(part, _hand_dot)
        dots = [size(skeleton.joints[j]) if j >= 0 else 0.0 for j in joints]
        return cls(np.array(joints, int), np.array(dots))

    def points(self, positions: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Points to draw, float32 [frames, points, 3]; NaN for gaps and unseen joints."""
        drawn = mask[:, self.joints] & (self.joints >= 0)
        return np.where(drawn[..., None], positions[:, self.joints], np.float32(np.nan))


def _hand_dot(joint: str) -> float:
    return 6.0 if joint.endswith("_TIP") else 3.0


def in_view(pose: PoseSequence) -> np.ndarray:
    """Positions for a picture: one shift and one scale for the whole sequence, the mask apart.

    The origin is the median mid-point of the shoulders and the unit their median distance; a
    recording without shoulders is centred on what it shows, three units high.

    Returns:
        float32 [frames, joints, 3].
    """
    shoulders = [pose.skeleton.index.get(f"{s}_SHOULDER", -1) for s in ("RIGHT", "LEFT")]
    both = pose.mask[:, shoulders].all(1) if min(shoulders) >= 0 else np.zeros(len(pose), bool)
    if both.any():
        right, left = np.median(pose.positions[both][:, shoulders], axis=0)
        origin, unit = (right + left) / 2, np.linalg.norm((right - left)[:2])
    elif pose.mask.any():
        low, high = np.percentile(pose.positions[pose.mask], [1, 99], axis=0)
        origin, unit = (low + high) / 2, (high - low)[:2].max() / 3
    else:
        return pose.positions
    return ((pose.positions - origin) / max(unit, 1e-6)).astype(np.float32)


def view_box(poses: Sequence[PoseSequence]) -> np.ndarray:
    """A box that holds head, hands and chest of all the signers, float [3, 2] (x, y, z).

    Hips are cut off (they count for the depth alone), and so is the odd point far away: the
    picture shows the signing.
    """
    seen = [np.float32([[-0.8, -0.9, -0.5], [0.8, 0.9, 0.3]])]
    deep = [np.float32([-0.5, 0.3])]
    for pose in poses:
        keep = pose.mask.copy()
        for name in ("RIGHT_HIP", "LEFT_HIP"):
            keep[:, pose.skeleton.index.get(name, slice(0))] = False
        shown = np.concatenate([pose.group(part) for part in PARTS])
        if keep[:, shown].any():
            points = in_view(pose)[:, shown][keep[:, shown]]
            seen.append(np.percentile(points, [0.5, 99.5], axis=0))
            deep.append(np.percentile(in_view(pose)[..., 2][pose.mask], [0.1, 99.9]))
    seen = np.clip(np.concatenate(seen), -2.5, 2.5)
    box = np.stack([seen.min(0) - 0.08, seen.max(0) + 0.08], axis=1)
    deep = np.clip(np.concatenate(deep), -4, 4)
    return np.stack([box[0], box[1], [deep.min() - 0.1, deep.max() + 0.1]])


def skeleton_player(
    poses: PoseSequence | Mapping[str, PoseSequence],
    *,
    alt: str,
    title: str = "",
    labels: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    height: int | None = None,
) -> go.Figure:
    """A player of signing in 3-D: play, pause, slide, turn; one signer or several side by side.

    Everybody is shown at the same time of their own clock, so different frame rates and lengths
    stay comparable; who finishes first holds the last frame. Unseen joints are not drawn.

    Args:
        poses: One sequence, or several by name; each at least one frame long. Any unit.
        alt: What the signing shows, for somebody who can't see it.
        title: Text above the player.
        labels: What is signed in each frame (say, the gloss): one text per frame of the
            sequence, or of each sequence by name.
        height: Pixels; by default less the more signers stand side by side.

    Returns:
        A figure with frames; `layout.meta["player"]` holds `fps` and `labels`.

    Raises:
        FigureError: If there is nothing to play, or a label list doesn't fit its sequence.

    Chapter: 01_signing_poses
    """
    named = poses if isinstance(poses, Mapping) else {"": poses}
    if not named or any(len(pose) == 0 for pose in named.values()):
        raise FigureError("There is no frame to play.")
    said = _labels(named, labels)
    fps = max(pose.fps for pose in named.values())
    frames = max(max(1, round(pose.seconds * fps)) for pose in named.values())
    parts = [
        (scene, part, pose, _shown_frame(pose, fps, frames))
        for scene, pose in enumerate(named.values())
        for part in PARTS
    ]
    clock = [_shown_frame(pose, fps, frames) for pose in named.values()]
    texts = [
        [said[name][at[f]] if name in said else "" for name, at in zip(named, clock, strict=True)]
        for f in range(frames)
    ]
    points, traces = [], []
    for scene, part, pose, at in parts:
        lines = Lines.of(pose.skeleton, part)
        if len(lines.joints) == 0 or not pose.mask[:, pose.group(part)].any():
            continue
        points.append(_world(lines.points(in_view(pose), pose.mask)[at]))
        traces.append(_trace(part, lines, scene))
    poster = _poster(next(iter(named.values())), clock[0])
    fig = go.Figure(
        [{**trace, **_xyz(p[poster])} for trace, p in zip(traces, points, strict=True)],
        frames=[
            {"name": str(f), "data": [{"type": "scatter3d", **_xyz(p[f])} for p in points]}
            for f in range(frames)
        ],
    )
    _scenes(fig, list(named), view_box(list(named.values())))
    _controls(fig, fps, texts, poster)
    fig.update_layout(meta={"player": {"fps": fps, "labels": texts if said else []}})
    top = 40 if title or any(named) else 8
    fig.update_layout(showlegend=False, margin={"l": 8, "r": 8, "t": top, "b": 8}, hovermode=False)
    return finish(fig, alt=alt, title=title, height=height or HEIGHTS.get(len(named), 340))


def _labels(named, labels) -> dict[str, Sequence[str]]:
    if labels is None:
        return {}
    said = labels if isinstance(labels, Mapping) else dict.fromkeys(named, labels)
    for name, texts in said.items():
        if name not in named or len(texts) != len(named[name]):
            raise FigureError(
                f"The labels of {name or 'the signer'!r} don't fit: {len(texts)} texts.",
                fix="Give one label per frame of the sequence.",
            )
    return dict(said)


def _shown_frame(pose: PoseSequence, fps: float, frames: int) -> np.ndarray:
    """The frame of `pose` that is on screen in each frame of the player, int [frames]."""
    at = np.floor(np.arange(frames) * pose.fps / fps + 1e-6).astype(int)
    return np.minimum(at, len(pose) - 1)


def _poster(pose: PoseSequence, clock: np.ndarray) -> int:
    """The player's first picture: the frame nearest the middle that sees most of the hands."""
    hands = np.concatenate([pose.group("right_hand"), pose.group("left_hand")])
    seen = pose.mask[clock][:, hands].sum(1)
    best = np.flatnonzero(seen == seen.max())
    return int(best[np.abs(best - len(clock) / 2).argmin()])


def _world(points: np.ndarray) -> np.ndarray:
    """From image axes (right, down, away) to plotly's (right, away, up), so that up is z."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)


def _xyz(points: np.ndarray) -> dict[str, np.ndarray]:
    return {axis: np.ascontiguousarray(points[:, i]) for i, axis in enumerate("xyz")}


def _trace(part: str, lines: Lines, scene: int) -> dict:
    dots = lines.dots.any()
    trace = {
        "type": "scatter3d",
        "name": PART_NAMES[part],
        "scene": f"scene{scene + 1 if scene else ''}",
        "mode": "+".join(["lines"] * lines.joined + ["markers"] * bool(dots)),
        "line": {"color": PARTS[part], "width": WIDTHS[part]},
        "hoverinfo": "skip",
    }
    if dots:
        trace["marker"] = {
            "size": lines.dots.astype(np.float32),
            "color": PARTS[part],
            "line": {"width": 0},
            "opacity": 1,
        }
    return trace


def _scenes(fig: go.Figure, names: list[str], box: np.ndarray) -> None:
    (x, y, z), hidden = box, {"visible": False, "showspikes": False}
    spans = np.array([np.ptp(x), np.ptp(z), np.ptp(y)])
    ratio = spans / spans[[0, 2]].max() * 2.1
    scene = {
        "xaxis": {**hidden, "range": list(x)},
        "yaxis": {**hidden, "range": list(z)},
        "zaxis": {**hidden, "range": list(-y[::-1])},
        "aspectmode": "manual",
        "aspectratio": dict(zip("xyz", ratio.tolist(), strict=True)),
        "camera": FRONT,
        "dragmode": "turntable",
    }
    for i, name in enumerate(names):
        left, right = i / len(names), (i + 1) / len(names)
        key = f"scene{i + 1 if i else ''}"
        fig.update_layout({key: {**scene, "domain": {"x": [left, right], "y": [0, 1]}}})
        if name:
            fig.add_annotation(
                text=name, x=(left + right) / 2, y=1, xref="paper", yref="paper",
                xanchor="center", yanchor="bottom", showarrow=False, font={"size": 14},
            )  # fmt: skip


def _controls(fig: go.Figure, fps: float, texts: list[list[str]], poster: int) -> None:
    """Plotly's own play button and slider. The book's page replaces them by its own."""
    if len(texts) < 2:
        return
    timing = {"frame": {"duration": 1000 / fps, "redraw": True}, "transition": {"duration": 0}}
    stop = {"frame": {"duration": 0, "redraw": True}, "mode": "immediate"}
    play = {**timing, "fromcurrent": True, "mode": "immediate"}
    steps = [
        {
            "label": " · ".join([f"{f / fps:.2f} s", *filter(None, said)]),
            "method": "animate",
            "args": [[str(f)], stop],
        }
        for f, said in enumerate(texts)
    ]
    buttons = [
        {"label": "▶ Play", "method": "animate", "args": [None, play]},
        {"label": "❚❚ Pause", "method": "animate", "args": [[None], stop]},
    ]
    fig.update_layout(
        updatemenus=[
            {
                "type": "buttons", "direction": "right", "showactive": False, "buttons": buttons,
                "x": 0, "y": 0, "xanchor": "left", "yanchor": "top", "pad": {"t": 12},
            }
        ],
        sliders=[
            {
                "steps": steps, "active": poster, "x": 0.2, "len": 0.8, "y": 0, "ticklen": 0,
                "minorticklen": 0, "pad": {"t": 12}, "font": {"color": "rgba(0,0,0,0)"},
                "currentvalue": {"font": {"color": INK}, "xanchor": "right"},
            }
        ],
    )  # fmt: skip
