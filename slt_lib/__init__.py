"""Sign language production as data augmentation: the library behind the book."""
