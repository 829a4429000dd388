"""Somebody's own data become corpora and a dictionary."""

from slt_lib.corpus.ingest.choose import by_split, usable
from slt_lib.corpus.ingest.convert import export_lexicon
from slt_lib.corpus.ingest.steps import Ingested, ingest

__all__ = ["Ingested", "by_split", "export_lexicon", "ingest", "usable"]
