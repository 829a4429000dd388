"""What would a small broadcast corpus look like? A seeded simulation of one, signing included.

`lexicon` and `grammar` make the sentences; `phonology` says what each sign is made of and
`handshapes` of which recorded hands; `signers` differ; `citation` is what the dictionary
shows and `broadcast` what is signed fluently; `perform` and `motion` move the body, `observe` is
the camera and the pose estimator, `signing` all of that for one sentence; `world` writes the
corpora and `annotated` drives the same signers with real annotation.
"""
