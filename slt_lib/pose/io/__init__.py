"""Readers and writers: one module per format, one pose type for all of them."""

from slt_lib.pose.io.lexicon import LexiconEntry, bundled_lexicon, read_lexicon, write_lexicon
from slt_lib.pose.io.npz_file import read_npz, write_npz
from slt_lib.pose.io.pose_file import read_pose, write_pose
from slt_lib.pose.io.single import read
from slt_lib.pose.io.utterance import Utterance

__all__ = [
    "LexiconEntry", "Utterance", "bundled_lexicon", "read", "read_lexicon", "read_npz",
    "read_pose", "write_lexicon", "write_npz", "write_pose",
]  # fmt: skip
