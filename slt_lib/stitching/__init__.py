"""How do isolated signs become continuous signing?

Seven steps (Walsh et al., BMVC 2024):

1. select: which recording plays for each gloss (`slt_lib.dictionary`)
2. canonical: everybody on one body (`slt_lib.pose.canonical`)
3. crop: the part of the recording that is the sign (`slt_lib.dictionary.crop`)
4. duration: how long the sign lasts in fluent signing (`duration`, `assemble`)
5. join: how many frames between two signs, and which (`transition`, `assemble`)
6. resample: the whole sentence to its length (`steps`)
7. filter: as smooth as real signing, and no smoother (`spectrum`, `filters`, `steps`)

`stitcher` runs them in a row, `batch` over many sentences, and `prepared` does steps 2 and 3
once for a whole dictionary; `rests` are what a sentence has besides signs. `measures` says how good
the result is, `compare`, `dgs` and `peer` hold it against others, `dgs_korpus` and `real_signing`
against real continuous signing, and `regression` shows what predicting movement would give.
"""
