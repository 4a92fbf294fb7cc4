"""The subject itself, finished: what lessons draw with and are compared to.

    reference    every formula in NumPy, float64: the oracle
    corpus       French and English sentences, vocabularies, a reader of TSV files
    decoding     greedy and beam search, BLEU
    figures      palette, heat maps, arrows, curves; `show(figure, alt)`

TensorFlow writes to stderr when it is imported; this is the one place that asks it not
to, before anybody imports it.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
