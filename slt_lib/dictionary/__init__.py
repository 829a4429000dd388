"""Which recording stands for this gloss, and what if there is none?"""

from slt_lib.dictionary.alignment import GlossSpan, gloss_spans
from slt_lib.dictionary.continuous import from_alignments, from_spans
from slt_lib.dictionary.coverage import Coverage, coverage
from slt_lib.dictionary.crop import Crop, distance_crop, elbow_crop
from slt_lib.dictionary.dictionary import Dictionary
from slt_lib.dictionary.folder import from_folder, from_pose_folder, from_videos
from slt_lib.dictionary.lexicon import from_lexicon
from slt_lib.dictionary.lookup import STEPS, Lookup, MissingSignError
from slt_lib.dictionary.quality import SignQuality, assess
from slt_lib.dictionary.sign import Sign
from slt_lib.dictionary.store import load_dictionary, save_dictionary
from slt_lib.dictionary.synonyms import read_synonyms

__all__ = [
    "STEPS", "Coverage", "Crop", "Dictionary", "GlossSpan", "Lookup", "MissingSignError", "Sign",
    "SignQuality", "assess", "coverage", "distance_crop", "elbow_crop", "from_alignments",
    "from_folder", "from_lexicon", "from_pose_folder", "from_spans", "from_videos", "gloss_spans",
    "load_dictionary", "read_synonyms", "save_dictionary",
]  # fmt: skip
