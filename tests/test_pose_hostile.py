"""Files that are programs: refused without running anything, and shown to be real exploits."""

import gzip
import io
import json
import os
import pickle
import subprocess
import tarfile

import numpy as np
import pytest
from test_pose_mutation import annotation, guarded, read_whole_slrtp

from slt_lib.pose.errors import PoseFileError, UnsafeFileError
from slt_lib.pose.io import (
    read_annotations,
    read_npz,
)


class Exploit:
    """Pickled, it is a call; unpickled by anything that trusts it, it leaves a file behind."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


def hostile_calls(trace):
    """Ways to have a command run: at once, or through torch's own unrestricted loader."""
    import torch

    command = f"touch {trace}"
    inner = io.BytesIO()
    torch.save(Exploit(os.system, command), inner)
    text = f"open({str(trace)!r}, 'w').close()"
    return {
        "os.system": Exploit(os.system, command),
        "exec": Exploit(exec, text),
        "subprocess": Exploit(subprocess.check_call, ["touch", str(trace)]),
        "torch loader": Exploit(torch.storage._load_from_bytes, inner.getvalue()),
    }


CALLS = ("os.system", "exec", "subprocess", "torch loader")


def assert_refused(read_file, path, trace):
    with pytest.raises(UnsafeFileError), guarded() as asked:
        read_file(path)
    assert not asked and not trace.exists()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("wrapping", ["zip", "legacy", "bare 0", "bare 2", "bare 4", "tar"])
@pytest.mark.filterwarnings("ignore")
def test_a_pt_file_that_runs_code_is_refused(tmp_path, call, wrapping):
    import torch

    trace, path = tmp_path / "trace", tmp_path / "poses.pt"
    exploit = {"dev/one": {"poses_3d": hostile_calls(trace)[call], "name": "dev/one"}}
    if wrapping == "zip":
        torch.save(exploit, path)
    elif wrapping == "legacy":
        torch.save(exploit, path, _use_new_zipfile_serialization=False)
    elif wrapping.startswith("bare"):
        path.write_bytes(pickle.dumps(exploit, protocol=int(wrapping[-1])))
    else:
        with tarfile.open(path, "w") as archive:
            for name in ("sys_info", "pickle", "storages", "tensors"):
                data = pickle.dumps(exploit, protocol=2)
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    assert_refused(read_whole_slrtp, path, trace)


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("call", ["os.system", "exec", "subprocess"])
def test_an_annotation_file_that_runs_code_is_refused(tmp_path, call, protocol):
    trace, path = tmp_path / "trace", tmp_path / "a.gz"
    items = [*annotation(), {"name": hostile_calls(trace)[call]}]
    path.write_bytes(gzip.compress(pickle.dumps(items, protocol=protocol)))
    assert_refused(read_annotations, path, trace)


def test_a_tensor_that_hides_code_is_never_unpacked(tmp_path):
    """The published files call torch's unrestricted loader; here its bytes are an exploit."""
    trace, path = tmp_path / "trace", tmp_path / "a.gz"
    items = annotation()
    items[0]["sign"] = hostile_calls(trace)["torch loader"]
    path.write_bytes(gzip.compress(pickle.dumps(items)))
    with guarded() as asked:
        assert len(read_annotations(path)) == 2
    assert not asked and not trace.exists()
    items[0]["name"] = hostile_calls(trace)["torch loader"]
    path.write_bytes(gzip.compress(pickle.dumps(items)))
    with pytest.raises(PoseFileError, match="something else than text"):
        read_annotations(path)
    assert not trace.exists()


def test_an_npz_that_holds_objects_is_refused(tmp_path):
    trace, path = tmp_path / "trace", tmp_path / "a.npz"
    np.savez(
        path,
        positions=np.array([hostile_calls(trace)["os.system"]], dtype=object),
        confidence=np.zeros((1, 50)),
        fps=np.float64(25),
        skeleton="body_hands50",
        meta=json.dumps({}),
    )
    with pytest.raises(PoseFileError):
        read_npz(path)
    assert not trace.exists()


def test_the_exploits_are_real(tmp_path):
    """Without this, the tests above would pass on exploits that could never have run."""
    for number, call in enumerate(CALLS):
        trace = tmp_path / f"trace{number}"
        pickle.loads(pickle.dumps(hostile_calls(trace)[call]))
        assert trace.exists()
