"""How do isolated signs become continuous signing?

Seven steps (Walsh et al., BMVC 2024), one module each:

1. select     `select`          which recording plays for each gloss
2. canonical  `slt_lib.pose.canonical`  everybody on one body
3. crop       `slt_lib.dictionary.crop` the part of the recording that is the sign
4. duration   `duration`        how long the sign lasts in fluent signing
5. join       `transition`      how many frames between two signs, and which
6. resample   `slt_lib.pose.resample`   the whole sentence to its length
7. filter     `filters`, `spectrum`     as smooth as real signing, and no smoother

`stitcher` runs them in a row; `measures` says how good the result is.
"""
