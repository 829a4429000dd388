"""Sources of new sentences (pairs of glosses and text), and what a pair must pass to be used.

`Source.draw` gives pairs, wherever they come from: `Grammar`, `Recombination`, `LanguageModel`
(with a `LocalModel` or an `Endpoint`), `PairsFile`. `collect` takes them through `Checks`, which
repair, reject and count; `leaked` proves that none of dev or test is among them.
"""
