"""Where do the sentences come from, and how are they kept?"""

from slt_lib.corpus.corpus import Corpus, concatenate_corpora, write_corpus
from slt_lib.corpus.formats import export_corpus, read_corpus

__all__ = ["Corpus", "concatenate_corpora", "export_corpus", "read_corpus", "write_corpus"]
