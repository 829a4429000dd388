"""Sign language production as data augmentation: the library behind the book."""

__version__ = "0.1.0"
