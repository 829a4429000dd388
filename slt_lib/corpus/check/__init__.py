"""Problems before hours are spent: everything in a folder is read and asked about."""

from slt_lib.corpus.check.report import Report, check_data

__all__ = ["Report", "check_data"]
