"""Readers and writers: one module per format, one pose type for all of them."""

from slt_lib.pose.io.annotations import read_annotations
from slt_lib.pose.io.corpus_csv import read_corpus_csv, write_corpus_csv
from slt_lib.pose.io.folders import build_folder
from slt_lib.pose.io.lexicon import LexiconEntry, bundled_lexicon, read_lexicon, write_lexicon
from slt_lib.pose.io.npz_file import read_npz, write_npz
from slt_lib.pose.io.pose_file import read_pose, write_pose
from slt_lib.pose.io.single import read
from slt_lib.pose.io.skels import iter_skels, read_skels, write_skels
from slt_lib.pose.io.slrtp import SlrtpFile, read_slrtp, write_slrtp
from slt_lib.pose.io.utterance import Utterance

__all__ = [
    "LexiconEntry", "SlrtpFile", "Utterance", "build_folder", "bundled_lexicon", "iter_skels",
    "read", "read_annotations", "read_corpus_csv", "read_lexicon", "read_npz", "read_pose",
    "read_skels", "read_slrtp", "write_corpus_csv", "write_lexicon", "write_npz", "write_pose",
    "write_skels", "write_slrtp",
]  # fmt: skip
