"""What would be signed for a German text? Words in; glosses, durations, smoothness, faces out.

`words` makes words of any text, `data` says what a corpus can teach and `batches` what is learnt
together; `lexicon` counts which word goes with which gloss, `model` is the network with its heads
and losses, `training` trains and keeps it; `reading` reads a text with it and says what it
couldn't, `scores` measures it beside baselines.
"""
