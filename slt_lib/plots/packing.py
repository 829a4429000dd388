"""A figure as a page carries it: JSON and its arrays, gzipped, in a fifth of the space.

Layout of the bytes before gzip: the JSON's length (uint32, little endian), the JSON, then the
arrays one after the other. In the JSON an array is `{"at": offset, "dtype": ..., "length": ...}`
with the offset counted from the end of the JSON. Arrays that every animation frame has alike
(say, the x of trace 2) become one *track*: int16 [frames, points], each frame as the difference
from the one before (wrapping), in steps of `step`, an 8000th of the largest value; -32768 stands
for NaN. `static/book_figures.js` unpacks it.
"""

import base64
import gzip
import json

import numpy as np

NAN_CODE = -32768


def pack(figure: dict) -> str:
    """A figure's plotly JSON as gzipped bytes in base64.

    Args:
        figure: As `go.Figure.to_plotly_json()` gives it: `data`, `layout`, maybe `frames`. Arrays
            are `{"dtype", "bdata"}` as plotly writes them.

    Returns:
        ASCII text without `<` or quotes: safe inside a script element.
    """
    blobs: list[bytes] = []
    frames, tracks = _tracks(figure.get("frames") or [], blobs)
    body = {
        "data": _lifted(figure.get("data", []), blobs),
        "layout": _lifted(figure.get("layout", {}), blobs),
        "frames": _lifted(frames, blobs),
        "tracks": tracks,
    }
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    raw = np.uint32(len(text)).astype("<u4").tobytes() + text + b"".join(blobs)
    return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode()


def array(value) -> np.ndarray | None:
    """The array that plotly's `{"dtype", "bdata"}` stands for, or None if it is none."""
    if not (isinstance(value, dict) and "bdata" in value and "dtype" in value):
        return None
    flat = np.frombuffer(base64.b64decode(value["bdata"]), np.dtype(value["dtype"]))
    shape = [int(n) for n in str(value.get("shape", flat.size)).split(",")]
    return flat.reshape(shape)


def _put(values: np.ndarray, dtype: str, blobs: list[bytes]) -> dict:
    at = sum(map(len, blobs))
    blobs.append(values.tobytes())
    return {"at": at, "dtype": dtype, "length": values.size}


def _lifted(value, blobs: list[bytes]):
    """The value with every array moved to `blobs`."""
    if isinstance(value, list):
        return [_lifted(v, blobs) for v in value]
    if not isinstance(value, dict):
        return value
    values = array(value)
    if values is None:
        return {k: _lifted(v, blobs) for k, v in value.items()}
    shape = {"shape": list(values.shape)} if values.ndim > 1 else {}
    return {**_put(values, value["dtype"], blobs), **shape}


def _tracks(frames: list[dict], blobs: list[bytes]) -> tuple[list[dict], list[dict]]:
    """Frames without the arrays that all of them share, and those arrays as tracks."""
    if len(frames) < 2:
        return frames, []
    rest = [{**f, "data": [dict(trace) for trace in f.get("data", [])]} for f in frames]
    tracks = []
    for t, trace in enumerate(frames[0].get("data", [])):
        for key in trace:
            stack = [array(f["data"][t].get(key)) for f in frames if t < len(f.get("data", []))]
            alike = len(stack) == len(frames) and all(
                a is not None and a.dtype.kind == "f" and a.shape == stack[0].shape for a in stack
            )
            if not alike or stack[0].ndim != 1:
                continue
            coded, step = _deltas(np.stack(stack))
            tracks.append({"trace": t, "key": key, "step": step, **_put(coded, "i2", blobs)})
            for f in rest:
                del f["data"][t][key]
    return rest, tracks


def _deltas(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Values [frames, points] as int16 differences along time, and the size of a step."""
    values = values.astype(float)
    finite = np.isfinite(values)
    step = float(np.abs(values[finite]).max(initial=0)) / 8000 or 1.0
    codes = np.where(finite, np.round(np.where(finite, values, 0) / step), NAN_CODE)
    codes = codes.astype("<i2")
    return np.diff(codes, axis=0, prepend=np.int16(0)).astype("<i2"), step
