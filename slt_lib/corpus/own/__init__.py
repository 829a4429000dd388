"""A folder of somebody's own data: who wrote down what, and where the recordings are."""

from slt_lib.corpus.own.finding import Finding
from slt_lib.corpus.own.rows import Item, Recording, Row
from slt_lib.corpus.own.source import Source, open_source
from slt_lib.corpus.own.tables import write_annotations

__all__ = ["Finding", "Item", "Recording", "Row", "Source", "open_source", "write_annotations"]
