# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# # Hide the padding and the future
#
# *Jane dort.* *Jane visite l'Afrique en septembre.*
#
# **The question.** Sentences have different lengths,
# so a batch fills the short ones up with padding.
# And a translator is trained on whole sentences whose next word it must not see.
# Attention looks at everything.
# How do you tell it what not to look at, and how do you *prove* that it does not look?
#
# **You will build** four masks, the shifted input that a decoder is taught with,
# and a test that finds out whether any layer sees the future.
#
# **You need** attention (lesson 02), its heads (lesson 03) and positions (lesson 04).
#
# **Time.** About 90 minutes, in two sittings if you like;
# pause after *Shift the answer*.

# %% given="setup"
import inspect

import ipywidgets as widgets
import numpy as np
from IPython.display import display

from graders.check import check, example, explain
from transformer import figures

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.course_map(lesson=5),
    "Map of the Transformer: 8 blocks in an encoder for French and a decoder for "
    "English. 3 are lit: self-attention in both and the decoder's cross-attention, the "
    "three places where a mask acts.",
)

# %% [markdown]
# Three blocks attend, so three blocks need a mask, and each needs another one.
# The encoder hides padding, the decoder hides padding and the future,
# and cross-attention hides the padding of the *other* sentence.

# %% [markdown] slideshow={"slide_type": "notes"}
# **For the class.** Open with the two sentences on the board, one under the other,
# and ask what the machine should do with the empty places (2 minutes).
# First half to the end of *Shift the answer*: 47 minutes.
# Second half from *Bridge the conventions*: 43 minutes.
# The essay is homework.
# Students most often mask the queries in place of the keys,
# and most often believe that a low training loss cannot be bad news:
# the last section is for them, leave it 10 minutes.
# Of six seeds tried, the model without the mask always ended at a loss of 0.000
# and wrote 0, 0, 2, 4, 6 and 6 different correct sentences in 100 attempts.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Put two sentences in one batch
#
# A batch is one array, so all its sentences have one length.
# The shorter ones are filled up with **padding**, a token that stands for nothing;
# here and in the whole course its id is 0.

# %%
NAMES, PLACES = ["Jane", "Léa", "Paul"], ["l'Afrique", "le Caire", "le Nil"]
ALONE, VISITS = ["chante", "dort"], ["visite", "étudie"]
MONTHS = ["juillet", "mai", "septembre"]
WORDS = ["<pad>", "<start>", ".", *NAMES, *ALONE, *VISITS, *PLACES, "en", "et", *MONTHS]


def encode(sentences):
    """Write sentences as token ids, padded to the longest: `(b, t)`."""
    rows = [[WORDS.index(word) for word in sentence] for sentence in sentences]
    longest = max(map(len, rows))
    return np.array([row + [0] * (longest - len(row)) for row in rows])


short = ["Jane", "dort", "."]
long = ["Jane", "visite", "l'Afrique", "en", "septembre", "."]
tokens_bt = encode([short, long])
print(tokens_bt)

# %% [markdown] minutes=1
# What lesson 04 built turns ids into vectors that know their place:
# a row of a table for each id, times the root of the width,
# plus the encoding of the position.
# What lesson 02 built lets the vectors look at each other.


# %%
def positional_encoding(length, model_dim):
    """Sine in even columns, cosine in odd ones: `(t, m)`, as in lesson 04."""
    column, position = np.arange(model_dim), np.arange(length)[:, np.newaxis]
    angles_tm = position / 10_000 ** (2 * (column // 2) / model_dim)
    return np.where(column % 2 == 0, np.sin(angles_tm), np.cos(angles_tm))


def softmax(scores):
    """Turn scores into shares along the last axis, as in lesson 02."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def attention(query, key, value, mask=None):
    """Scaled dot-product attention, as in lesson 02: output and weights."""
    scores = query @ np.swapaxes(key, -1, -2) / np.sqrt(query.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    weights = softmax(scores)
    return weights @ value, weights


table_nm = np.random.default_rng(5).normal(size=(len(WORDS), 8)) / 5


def embed(tokens_bt):
    """Look up and place the words: `(b, t)` to `(b, t, 8)`."""
    return table_nm[tokens_bt] * np.sqrt(8) + positional_encoding(tokens_bt.shape[1], 8)


print("vectors of the batch:", embed(tokens_bt).shape)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# **Predict, then run.** Take *Jane dort .* alone, then with padding behind it,
# as it stands in the batch, and let the words look at each other without a mask.
# The new vectors of the three words: `"they stay"`,
# `"all change"` or `"only the last one changes"`?
# Any answer earns the point.

# %% answer="predict-masks-padding"
# One of "they stay", "all change", "only the last one changes".
### BEGIN SOLUTION
padding_guess = "all change"
### END SOLUTION

# %% check="predict-masks-padding" points=1
check("predict-masks-padding", padding_guess)

# %%
alone_btm, padded_btm = embed(tokens_bt[:1, :3]), embed(tokens_bt[:1])
alone_out, _ = attention(alone_btm, alone_btm, alone_btm)
padded_out, padded_weights = attention(padded_btm, padded_btm, padded_btm)
moves_t = np.abs(padded_out[0, :3] - alone_out[0]).max(axis=-1)
lost_t = padded_weights[0, :3, 3:].sum(axis=-1)
for word, move, lost in zip(short, moves_t, lost_t, strict=True):
    print(f"{word:5} moves by up to {move:.2f}; padding gets {lost:.0%} of its look")
assert (moves_t > 0.1).all()

# %%
explain("predict-masks-padding", padding_guess)

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
places = [WORDS[token] for token in tokens_bt[0]]
figures.show(
    figures.heatmap(padded_weights[0, :3], short, places, "Three words, six keys"),
    "Weights of three words over six keys, the last three of them padding: "
    + ", ".join(f"{w!r} spends {s:.0%}" for w, s in zip(short, lost_t, strict=True))
    + " of its look on padding.",
)

# %% [markdown]
# A sentence that is translated in another way because its neighbour
# in the batch is long: nobody wants that.
# The right-hand half of this table must become zeros, and each row must still sum to 1.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Mask scores, not tokens
#
# A **mask** is a table of booleans, a row for each query and a column for each key.
# True means *may attend*.
# Where it is False the score becomes $-10^9$ before softmax, whose exponential is 0:
#
# $$w_{qk} = \mathrm{softmax}_k\left(s_{qk} \ \text{where}\ M_{qk},\ \text{else}
# -10^9\right)$$
#
# By hand: the tokens 1, 2 and 3 are to be written, one after the other.
# Where the first is written (row 0) one key may be seen,
# where the second is (row 1) two, where the third is (row 2) three.
# Let the scores of the three keys be log 1, log 2 and log 3 in every row,
# so that their exponentials are 1, 2 and 3.
# The shares are then 1, then 1/3 and 2/3, then 1/6, 2/6 and 3/6.

# %%
scores_qk = np.tile(np.log([1.0, 2.0, 3.0]), (3, 1))
may_attend_qk = np.array(
    [[True, False, False], [True, True, False], [True, True, True]]
)
for_softmax_qk = np.where(may_attend_qk, scores_qk, -1e9)
for row, (scores_k, weights_k) in enumerate(
    zip(for_softmax_qk, softmax(for_softmax_qk), strict=True)
):
    scores = " ".join(f"{score:8.2g}" for score in scores_k)
    print(f"row {row}: scores {scores}   weights {weights_k.round(3)}")
assert np.allclose(softmax(for_softmax_qk)[1], [1 / 3, 2 / 3, 0])

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=1
# Elsewhere you may see tokens `[1, 2, 3]` drawn as `[1, -1e9, -1e9]` behind a mask.
# That is a picture of *scores*, one row of them, as in row 0 above.
# The tokens themselves are never replaced:
# an id is the number of a row in the embedding's table,
# and there is no row number $-10^9$.

# %%
try:
    table_nm[np.array([1, -1_000_000_000, -1_000_000_000])]
except IndexError as error:
    print("IndexError:", error)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=5
# ## Hide the padding
#
# Which keys are padding differs from sentence to sentence,
# but not from query to query and not from head to head.
# Weights have the axes `(b, h, q, k)`, so the mask is `(b, 1, 1, k)`:
# an axis of length 1 stretches by broadcasting.
#
# ### Exercise: padding_mask
#
# *5 minutes, difficulty 1 of 3.*
# `tokens_bt` holds ids `(b, t)`; `pad` is the id of padding.
# Return booleans `(b, 1, 1, t)`, True at words.
# The last line is given and puts the axes where they belong; the first is yours.
# Padding may stand anywhere, in the middle too.
#
# <details><summary>Hint 1: the idea</summary>
#
# Each token says by itself whether it is a word: it is not `pad`.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# One comparison of the whole array `(b, t)` with one number gives booleans `(b, t)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `is_word_bt = tokens_bt … pad`, with the operator for "is not equal to".
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | `False` at the words | the mask is inverted: True means *may attend* |
# | the dtype is int64 | 0 and 1 are not False and True: compare, do not count |
# | wrong for "another padding id" | 0 stands where `pad` should |


# %% answer="padding-mask"
def padding_mask(tokens_bt, pad=0):
    """Show the words, hide the padding: ids `(b, t)` to booleans `(b, 1, 1, t)`."""
    ### BEGIN SOLUTION
    is_word_bt = tokens_bt != pad
    ### END SOLUTION
    return is_word_bt[:, np.newaxis, np.newaxis, :]


# %% check="padding-mask" points=4
check("padding-mask", padding_mask)
assert padding_mask(np.array([[5, 0, 7]])).tolist() == [[[[True, False, True]]]]

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=1
# Now *Jane dort .* again, alone and in the batch, this time with the mask.
# `attention` has no axis for heads here, so one of the two 1s is taken off.

# %%
masked_out, masked_weights = attention(
    padded_btm, padded_btm, padded_btm, padding_mask(tokens_bt[:1])[:, 0]
)
print("weights of 'dort':", masked_weights[0, 1].round(2))
gap = np.abs(masked_out[0, :3] - alone_out[0]).max()
print("appending padding moves the words by less than 1e-12:", gap < 1e-12)
assert gap < 1e-12

# %% [markdown] slideshow={"slide_type": "slide"} minutes=6
# ## Hide the future
#
# A decoder writes one word after the other, so at position 2 it knows positions 0,
# 1 and 2 of its input and nothing later.
# In training the whole sentence lies there, and all positions are computed at once.
# A mask must make each row behave as if the rest were not yet written:
# query $q$ may attend to key $k$ where $k \le q$.
#
# ### Exercise: look_ahead_mask
#
# *5 minutes, difficulty 1 of 3.*
# `length` is the number of positions t.
# Return booleans `(1, 1, t, t)`, one table for all sentences and heads,
# True where the key is not later than the query.
# A position may see itself.
#
# <details><summary>Hint 1: the idea</summary>
#
# The two position numbers of each place in the table, compared.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# Positions as a row `(1, t)` are the keys, as a column `(t, 1)` the queries;
# comparing the two gives `(t, t)`.
# Two axes of length 1 go in front.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `is_past_qk = place[np.newaxis, :] … place[:, np.newaxis]`,
# and `np.newaxis` twice in front of it.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | True above the diagonal | rows are queries: which of the two is the column? |
# | row 0 has no True | the diagonal belongs to it: `<=`, not `<` |
# | `(t, t)` | two axes are missing in front |


# %% answer="look-ahead-mask"
def look_ahead_mask(length):
    """Show the past, hide the future: booleans `(1, 1, t, t)`."""
    place = np.arange(length)  # 0, 1, …, length - 1
    ### BEGIN SOLUTION
    is_past_qk = place[np.newaxis, :] <= place[:, np.newaxis]
    return is_past_qk[np.newaxis, np.newaxis]
    ### END SOLUTION


# %% check="look-ahead-mask" points=3
check("look-ahead-mask", look_ahead_mask)
assert look_ahead_mask(2).tolist() == [[[[True, False], [True, True]]]]

# %% [markdown] slideshow={"slide_type": "slide"} minutes=8
# ## Hide both
#
# A key must pass two tests: it is a word, *and* it is not later than the query.
# For the ids `[5, 0, 7]`, padding in the middle, by hand:
#
# | query | padding mask | look-ahead mask | both |
# | --- | --- | --- | --- |
# | 0 | ✓ · ✓ | ✓ · · | ✓ · · |
# | 1 | ✓ · ✓ | ✓ ✓ · | ✓ · · |
# | 2 | ✓ · ✓ | ✓ ✓ ✓ | ✓ · ✓ |
#
# Row 1 belongs to the padding itself, and it is not blocked.
# What it computes is thrown away later, by the loss;
# a row without a single True would have no shares to give.
#
# ### Exercise: decoder_mask
#
# *6 minutes, difficulty 2 of 3.*
# From ids `(b, t)` to booleans `(b, 1, t, t)`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two functions of yours and one operator between them.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(b, 1, 1, t)` with `(1, 1, t, t)` broadcasts to `(b, 1, t, t)`;
# t is `tokens_bt.shape[1]`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `padding_mask(…) & look_ahead_mask(…)`; do not forget to hand `pad` on.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | more True than in either mask | `or` where `and` belongs |
# | rows of padding are all False | the queries are masked too: only keys should be |
# | `The truth value … is ambiguous` | `and` takes one boolean, `&` arrays of them |


# %% answer="decoder-mask"
def decoder_mask(tokens_bt, pad=0):
    """Hide padding and future: ids `(b, t)` to booleans `(b, 1, t, t)`."""
    ### BEGIN SOLUTION
    return padding_mask(tokens_bt, pad) & look_ahead_mask(tokens_bt.shape[1])
    ### END SOLUTION


# %% check="decoder-mask" points=5
check("decoder-mask", decoder_mask)
assert decoder_mask(np.array([[5, 0, 7]]))[0, 0, 2].tolist() == [True, False, True]

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# **Try it.** Choose a sentence and a query, the row with the frame.
# The last sentence is *Paul visite le Nil .* with padding at positions 1 and 3:
# which words may its query 3 attend to? Say it before you choose it.

# %% tags=["folded"]
EXAMPLES = {
    "Jane dort .": [*short, "<pad>", "<pad>", "<pad>"],
    "Jane visite l'Afrique en septembre .": long,
    "padding in the middle": ["Paul", "<pad>", "visite", "<pad>", "le Nil", "."],
}
which = widgets.Dropdown(options=list(EXAMPLES), description="sentence")
query_slider = widgets.IntSlider(value=2, min=0, max=5, description="query")
picture = widgets.Image(format="png", width=600)
told = widgets.HTML()


def redraw(_change=None):
    """Draw the decoder's mask of the chosen sentence."""
    words, place = EXAMPLES[which.value], query_slider.value
    mask_qk = decoder_mask(encode([words]))[0, 0]
    picture.value = figures.png(figures.mask(mask_qk, words, words, lit=place))
    names = [repr(word.strip("<>")) for word in words]  # `<pad>` would read as HTML
    seen = ", ".join(w for w, ok in zip(names, mask_qk[place], strict=True) if ok)
    told.value = f"Query {place}, {names[place]}, may attend to: {seen}"


for control in (which, query_slider):
    control.observe(redraw, "value")
redraw()
display(widgets.VBox([which, query_slider, picture, told]))

# %% [markdown] slideshow={"slide_type": "slide"} minutes=7
# ## Look across
#
# In **cross-attention** the queries are the decoder's positions
# and the keys are the source sentence's words,
# so the table is not square: t rows, k columns.
# The source is known from its first to its last word before the first word is
# translated, so nothing in it is future.
# Only its padding must be hidden, in every row.
#
# ### Exercise: cross_mask
#
# *6 minutes, difficulty 2 of 3.*
# `source_bk` and `target_bt` hold ids of different lengths.
# Return booleans `(b, 1, t, k)`, written out in full: True at the source's words,
# in every target row, also in the rows of the target's padding.
#
# <details><summary>Hint 1: the idea</summary>
#
# One row says it all; the target only says how many rows there are.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# The padding mask of the source is `(b, 1, 1, k)`; its third axis must become t.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `np.repeat(…, target_bt.shape[1], axis=…)` of the padding mask of one of the two.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | `(b, 1, k, t)` | who asks? queries come before keys |
# | `(b, 1, 1, k)` | right for broadcasting, but the contract asks for t rows |
# | wrong where lengths are equal too | made from the target: whose padding is it? |


# %% answer="cross-mask"
def cross_mask(source_bk, target_bt, pad=0):
    """Hide the source's padding from each target row: booleans `(b, 1, t, k)`."""
    ### BEGIN SOLUTION
    is_word_b11k = padding_mask(source_bk, pad)
    return np.repeat(is_word_b11k, target_bt.shape[1], axis=2)
    ### END SOLUTION


# %% check="cross-mask" points=5
check("cross-mask", cross_mask)
source, target = np.array([[5, 0]]), np.array([[4, 6, 0]])
assert cross_mask(source, target)[0, 0].tolist() == [[True, False]] * 3

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
english = ["<start>", "Jane", "sleeps", "<pad>"]
target_bt = np.array([[1, 2, 3, 0]])
shown = {
    "encoder": (padding_mask(tokens_bt[:1])[0, 0].repeat(6, axis=0), places, places),
    "decoder": (decoder_mask(target_bt)[0, 0], english, english),
    "cross": (cross_mask(tokens_bt[:1], target_bt)[0, 0], english, places),
}
figure, axes = figures.canvas(height=3.2)
figure.clear()
for panel, (title, (mask_qk, rows, columns)) in zip(
    figure.subplots(1, 3), shown.items(), strict=True
):
    figures.draw_mask(panel, mask_qk, rows, columns, title)
    panel.tick_params(labelsize=9)
    panel.set_xticks(range(len(columns)), columns, rotation=90, ha="center")
    panel.set_xlabel("key")
    panel.set_ylabel("query" if title == "encoder" else "")
figures.show(
    figure,
    "Three masks side by side. "
    + " ".join(
        f"{title.capitalize()}: {len(rows)} rows and {len(columns)} columns, "
        f"{int(mask_qk.sum())} of them ticks."
        for title, (mask_qk, rows, columns) in shown.items()
    ),
)

# %% [markdown]
# The encoder's mask repeats one row, the decoder's is a triangle
# with the padding's column taken out, and the one
# of cross-attention has the source's columns and the target's rows.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=6
# ## Shift the answer
#
# The decoder is trained to say, at each position, the next word.
# It is given the right words before it, whatever it would have said itself;
# that is called **teacher forcing**.
# So its input is the target, one place to the right,
# with a token in front that stands for "nothing yet".
# For the expected outputs 1, 2, 3 of above:
#
# | position | the input there | what the mask lets it see | expected output |
# | --- | --- | --- | --- |
# | 0 | start | start | 1 |
# | 1 | 1 | start, 1 | 2 |
# | 2 | 2 | start, 1, 2 | 3 |
#
# ### Exercise: shift_right
#
# *4 minutes, difficulty 2 of 3.*
# `target_bt` is `(b, t)`.
# Return the input `(b, t)`: `start` in front, the last column dropped, the shape kept.
#
# <details><summary>Hint 1: the idea</summary>
#
# A new first column, and behind it all columns but the last.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(b, 1)` beside `(b, t - 1)` is `(b, t)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `np.full((b, 1), …)` makes the column;
# `np.concatenate([…, …], axis=1)` puts the two together.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | every row begins with its own last token | `np.roll` wraps around |
# | rows are longer than the target | the last column is still there |
# | `target_bt` has changed | write into a new array |


# %% answer="shift-right"
def shift_right(target_bt, start):
    """Make the input of teacher forcing: ids `(b, t)` to ids `(b, t)`."""
    ### BEGIN SOLUTION
    front_b1 = np.full((len(target_bt), 1), start)
    return np.concatenate([front_b1, target_bt[:, :-1]], axis=1)
    ### END SOLUTION


# %% check="shift-right" points=4
check("shift-right", shift_right)
assert shift_right(np.array([[5, 7, 9]]), 1).tolist() == [[1, 5, 7]]

# %%
for inputs, label in zip(shift_right(tokens_bt, 1)[1], tokens_bt[1], strict=True):
    print(f"given {WORDS[inputs]:10} → should say {WORDS[label]}")

# %% [markdown]
# A position may use what stands left of the arrow, in its own line and those above.
# One line further down, on the left, stands its answer:
# a decoder that sees one position ahead has nothing left to learn.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Bridge the conventions
#
# True means *may attend* here and in Keras.
# Others decided otherwise, and a mask of the wrong kind raises no error.
#
# | where | a key that is hidden |
# | --- | --- |
# | this course; `keras.layers.MultiHeadAttention`, `attention_mask` | False |
# | `torch.nn.functional.scaled_dot_product_attention`, `attn_mask` | False |
# | `torch.nn.MultiheadAttention`, `key_padding_mask` and `attn_mask` | **True** |
# | additive masks, in many papers and programs | -1e9 or -inf, added to the score |
#
# Two layers of one library, PyTorch, disagree: read the page of the layer you use.
# `~mask` goes from one boolean kind to the other;
# the next function goes to the additive kind.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### Exercise: to_scores
#
# *3 minutes, difficulty 1 of 3; further, without points.*
# From a boolean mask of any shape to numbers of that shape which may be *added*
# to scores: 0 where True, -1e9 (or -inf) where False.
#
# <details><summary>Hint 1: the idea</summary>
#
# Choose between two numbers, place by place.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(...)` to `(...)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `np.where(condition, number if True, number if False)`.
#
# </details>


# %% answer="to-scores"
def to_scores(mask):
    """Make a mask additive: booleans `(...)` to 0 or -1e9 `(...)`."""
    ### BEGIN SOLUTION
    return np.where(mask, 0.0, -1e9)
    ### END SOLUTION


# %% check="to-scores" points=0
check("to-scores", to_scores)
assert to_scores(np.array([True]))[0] == 0
assert to_scores(np.array([False]))[0] <= -1e9

# %%
by_where = softmax(np.where(may_attend_qk, scores_qk, -1e9))
by_adding = softmax(scores_qk + to_scores(may_attend_qk))
print("replacing and adding agree:", np.allclose(by_where, by_adding))

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Meet masks in Keras
#
# `keras.layers.MultiHeadAttention` takes query, **value**, key, in that order,
# and the mask as `attention_mask`, by name.
# With one head and matrices of our own it is the `attention` above,
# and the mask with its axis of heads fits as it is.
# `use_causal_mask=True` makes the look-ahead mask inside; the padding it cannot know.

# %% tags=["late-import"]
import keras

rng = np.random.default_rng(2)
words_btm = embed(tokens_bt).astype("float32")
matrices = rng.normal(size=(3, 8, 8)).astype("float32") / np.sqrt(8, dtype="float32")
layer = keras.layers.MultiHeadAttention(num_heads=1, key_dim=8, use_bias=False)
layer.build(words_btm.shape, words_btm.shape)
layer.set_weights([*matrices[:, :, np.newaxis, :], np.eye(8)[np.newaxis]])
theirs_btm = layer(words_btm, words_btm, attention_mask=decoder_mask(tokens_bt))
ours_btm, _ = attention(
    *(words_btm @ matrix for matrix in matrices), decoder_mask(tokens_bt)[:, 0]
)
gap = np.abs(ours_btm - theirs_btm).max()
print("largest difference below 1e-5:", bool(gap < 1e-5))
assert gap < 1e-5

inside_btm = layer(words_btm, words_btm, use_causal_mask=True)
ours_btm = layer(words_btm, words_btm, attention_mask=look_ahead_mask(6))
print("your look-ahead mask is Keras's:", bool(np.allclose(inside_btm, ours_btm)))
assert np.allclose(inside_btm, ours_btm)
print("the order of arguments:", *list(inspect.signature(layer.call).parameters)[:4])

# %% [markdown] minutes=1
# A law that every later model must obey: appended padding changes nothing.
# The look-ahead mask would hide it here, so the test takes the padding mask alone.

# %%
longer_bt = np.pad(tokens_bt, [(0, 0), (0, 4)])  # four more columns of 0
longer_btm = embed(longer_bt).astype("float32")
before_btm = layer(words_btm, words_btm, attention_mask=padding_mask(tokens_bt))
after_btm = layer(longer_btm, longer_btm, attention_mask=padding_mask(longer_bt))
gap = np.abs(after_btm[:, :6] - before_btm).max()
print("four more columns move the words by less than 1e-5:", bool(gap < 1e-5))
assert gap < 1e-5

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# **Predict, then run.** A friend brings an additive look-ahead mask
# from another program, 0 where a word may attend and -1e9 where not,
# and hands it to this layer as `attention_mask`.
# Each word then attends to: `"itself and the past"`,
# `"everything"` or `"only the future"`?

# %% answer="predict-masks-cast"
# One of "itself and the past", "everything", "only the future".
### BEGIN SOLUTION
cast_guess = "only the future"
### END SOLUTION

# %% check="predict-masks-cast" points=1
check("predict-masks-cast", cast_guess)

# %%
boolean_qk = look_ahead_mask(6)
additive_qk = np.where(boolean_qk, 0.0, -1e9)
long_btm = words_btm[1:]
_, right_weights = layer(
    long_btm, long_btm, attention_mask=boolean_qk, return_attention_scores=True
)
_, cast_weights = layer(
    long_btm, long_btm, attention_mask=additive_qk, return_attention_scores=True
)
right_qk, cast_qk = (np.asarray(w)[0, 0] for w in (right_weights, cast_weights))
print("all rows together")
print("boolean mask, weight on the future: ", np.triu(right_qk, k=1).sum().round(3))
print("additive mask, weight on the past:  ", np.tril(cast_qk).sum().round(3))
print("additive mask, weight on the future:", np.triu(cast_qk, k=1).sum().round(3))
assert np.allclose(np.tril(cast_qk), 0)

# %%
explain("predict-masks-cast", cast_guess)

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figure, axes = figures.canvas(height=3.0)
figure.clear()
both_masks = {"boolean mask": right_qk, "additive mask, cast": cast_qk}
for panel, (title, weights_qk) in zip(
    figure.subplots(1, 2), both_masks.items(), strict=True
):
    figures.draw_heatmap(panel, weights_qk, long, long, title)
    for number in panel.texts:
        number.set_fontsize(9)
    panel.tick_params(labelsize=9)
    panel.set_xlabel("key")
    panel.set_ylabel("query")
figures.show(
    figure,
    f"Weights of six words with two masks. Boolean: a triangle below the diagonal, "
    f"{np.triu(right_qk, k=1).sum():.0f} on the future. Additive, cast to booleans: a "
    f"triangle above it, {np.tril(cast_qk).sum():.0f} on the past; the last row is "
    f"empty.",
)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# No error, no warning, the right shape, and every word looks only at its future.
# The last row is all zeros: a fully blocked row,
# for which this layer returns zeros when it is asked for the weights.
# Rely on no such row.
#
# | the trap, in Keras 3 | what to do |
# | --- | --- |
# | a mask that is not boolean is cast to booleans | make it boolean yourself |
# | the fourth place is the query's mask | tensors by position, masks by name |
# | your own argument `mask` is filled in by Keras | call it `attention_mask` |
# | `Embedding(mask_zero=True)` ties a mask to its output | pass masks yourself |
#
# The last two are hard to see, so look at them.
# A tied mask is handed to any argument called `mask`. And run step by step, as here,
# the first layer that uses it uses it up, so that the second attends to padding.


# %%
class Probe(keras.layers.Layer):
    """Says whether Keras has filled in its argument `mask`."""

    supports_masking = True

    def call(self, inputs, mask=None):
        print("nobody passed a mask, and it is there:", mask is not None)
        return inputs


tied = keras.layers.Embedding(len(WORDS), 8, mask_zero=True)
Probe()(tied(tokens_bt))
tied_btm = tied(tokens_bt)
for turn in ("first", "second"):
    _, weights = layer(tied_btm, tied_btm, return_attention_scores=True)
    on_padding = float(np.asarray(weights)[0, 0, :3, 3:].sum())
    print(f"{turn} call: words look at padding: {on_padding > 0}")

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Test for the future
#
# A mask can be right and the layer can leak all the same: through a second path,
# one head, a normalisation over time, a list that somebody reversed.
# So do not read the code, test the behaviour: *move a later input,
# and no earlier output may move.*
#
# By hand, two words of one number, 1 and 3,
# and a layer that replaces each by the mean of all: outputs 2 and 2.
# Move the second word from 3 to 5 and the first output becomes
# 3. It moved, so the layer sees the future.
# A layer that replaces each word by the mean *so far* gives 1 and 2, and then 1 and 3:
# the first output stays.
# Both are one table of weights times the words; the second is empty above the diagonal.


# %%
def mean_of_all(x_btm):
    """Replace each word by the mean of all: `(b, t, m)` to `(b, t, m)`."""
    t = x_btm.shape[1]
    return np.full((t, t), 1 / t, dtype="float32") @ x_btm


def mean_so_far(x_btm):
    """Replace each word by the mean up to it: `(b, t, m)` to `(b, t, m)`."""
    weights_tt = np.tri(x_btm.shape[1], dtype="float32")
    return weights_tt / weights_tt.sum(axis=1, keepdims=True) @ x_btm


before_btm, after_btm = np.array([[[1.0], [3.0]]]), np.array([[[1.0], [5.0]]])
for candidate in (mean_of_all, mean_so_far):
    first = candidate(before_btm)[0, 0, 0], candidate(after_btm)[0, 0, 0]
    print(f"{candidate.__name__}: the first output goes from {first[0]} to {first[1]}")

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=13
# ### Exercise: sees_the_future
#
# *13 minutes, difficulty 3 of 3.
# Two checks: leaks in the open, leaks that hide.*
# This time *you* write the test, and it is judged on layers that you never see,
# some leaking and some sound.
#
# `layer` takes inputs `(b, t, m)`, arrays or tensors, for any b and for t up to 16,
# and returns outputs of the same shape and kind in float32. m is `model_dim`,
# and `length` is the t to test.
# Return one boolean: True if any output moves by more than 1e-5
# when a *later* input moves.
#
# What you may rely on: the layer is deterministic,
# and the sentences of a batch do not touch.
# Gradients do not pass through it, so move inputs.
#
# - In a layer that leaks, some output moves by 1e-2 or more when you move the input
#   that leaks, a number between -10 and 10, by 1 or more,
#   alone or with others in the same direction.
#   It may be a single feature at a single place, and so may the output.
# - In a sound layer no output moves by 1e-5 when later inputs move within a million.
#   It need not stay exactly where it is, because float32 rounds.
#
# <details><summary>Hint 1: the idea</summary>
#
# Cut the sentence at every place in turn.
# Move everything behind the cut, and compare everything before it.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# A random input `(1, length, model_dim)`, a copy with `[:, cut:]` changed, two outputs,
# and of their difference only `[:, :cut]` counts. `cut` runs from 1 to `length - 1`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# One loop over the cuts; inside it a copy, `+= 1`, `np.abs` of a difference, `.max()`
# and one `if` that returns; after the loop the other answer.
# `np.asarray(layer(x))` serves for arrays and tensors.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | True for every layer | outputs behind the cut may move, those before it not |
# | False for every layer | `moved = x` is not a copy |
# | True for a sound layer | nan spreads through weights of 0; `==` sees rounding |
# | False for one hidden leak | which places, distances and features are tried? |
#
# In a message, `verdicts[2]` is what you said about the third layer of the case.


# %% answer="sees-the-future"
def sees_the_future(layer, length, model_dim):
    """Does an output of `layer: (b, t, m) → (b, t, m)` move with a later input?"""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(0)
    x_btm = rng.normal(size=(1, length, model_dim)).astype("float32")
    before_btm = np.asarray(layer(x_btm))
    for cut in range(1, length):
        moved_btm = x_btm.copy()
        moved_btm[:, cut:] += 1
        moves_btm = np.abs(np.asarray(layer(moved_btm)) - before_btm)
        if moves_btm[:, :cut].max() > 1e-5:
            return True
    return False
    ### END SOLUTION


# %% check="sees-the-future" points=3
check("sees-the-future", sees_the_future)
assert sees_the_future(mean_of_all, 4, 3)
assert not sees_the_future(mean_so_far, 4, 3)

# %% [markdown]
# The second check hides its leaks: one place that looks at one other,
# one head of three, one feature of seven, a normalisation over time.

# %% check="sees-the-future-hidden" points=4
check("sees-the-future-hidden", sees_the_future)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Your test needs nothing but the layer, so it judges Keras's layers too.
# Which of these see the future? Think of an answer for each before you run the cell.

# %%
keras.utils.set_random_seed(5)
heads = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4, use_bias=False)
candidates = {
    "Conv1D, padding='same'": keras.layers.Conv1D(8, 3, padding="same"),
    "Conv1D, padding='causal'": keras.layers.Conv1D(8, 3, padding="causal"),
    "GRU": keras.layers.GRU(8, return_sequences=True),
    "Bidirectional GRU": keras.layers.Bidirectional(
        keras.layers.GRU(4, return_sequences=True)
    ),
    "LayerNormalization(axis=-1)": keras.layers.LayerNormalization(axis=-1),
    "LayerNormalization(axis=1)": keras.layers.LayerNormalization(axis=1),
    "attention, no mask": lambda x: heads(x, x),
    "attention, look-ahead mask": lambda x: heads(
        x, x, attention_mask=look_ahead_mask(x.shape[1])
    ),
}
verdicts = {name: sees_the_future(one, 6, 8) for name, one in candidates.items()}
for name, leaks in verdicts.items():
    print(f"{name:28} {'SEES THE FUTURE' if leaks else 'sound'}")
assert list(verdicts.values()) == [True, False, False, True, False, True, True, False]

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# A picture of the same test: move each input by 1 in turn,
# and measure how far each output moves.
# Sound layers are empty above the diagonal.


# %%
def reach(layer, length, model_dim):
    """How far each output moves with each input: `(t, t)`, outputs downwards."""
    x_btm = np.random.default_rng(1).normal(size=(1, length, model_dim))
    moved_ttm = x_btm + np.eye(length)[:, :, np.newaxis]  # sentence j moves input j
    gap_ttm = np.asarray(layer(moved_ttm)) - np.asarray(layer(x_btm))
    return np.abs(gap_ttm).max(axis=-1).T


chosen = ["GRU", "LayerNormalization(axis=1)"]
reaches = {name: reach(candidates[name], 6, 8) for name in chosen}
for name, reach_tt in reaches.items():
    print(f"{name}: largest move above the diagonal {np.triu(reach_tt, k=1).max():.2f}")

# %% tags=["folded"]
figure, axes = figures.canvas(height=3.0)
figure.clear()
for panel, (name, reach_tt) in zip(figure.subplots(1, 2), reaches.items(), strict=True):
    figures.draw_heatmap(panel, reach_tt / reach_tt.max(), "012345", "012345", name)
    panel.set_xlabel("input that moves")
    panel.set_ylabel("output")
    panel.set_xticks(range(6), "012345", rotation=0)
figures.show(
    figure,
    "How far 6 outputs move with 6 inputs, as a share of the largest move. "
    + " ".join(
        f"{name}: above the diagonal up to "
        f"{np.triu(reach_tt / reach_tt.max(), k=1).max():.2f}."
        for name, reach_tt in reaches.items()
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Break it: train without the mask
#
# A small model that predicts the next word,
# trained twice on the same sentences from the same start: once with `decoder_mask`,
# once with the padding hidden only.
#
# How low can its loss go?
# These sentences are two clauses joined by *et*, and a clause makes three free choices:
# 3 names, 8 things to do, 3 months, so 72 clauses.
# A model that sees only the past cannot know a choice before it is made:
# each costs it the logarithm of the number of ways, and all else costs nothing.
# Two clauses cost 2 log 72, spread over 11.5 words on average: that is the **entropy**
# of the sentences, in nats a word (nats, because the logarithm is natural).

# %%
MIDDLES = [*([v] for v in ALONE), *([v, p] for v in VISITS for p in PLACES)]
CLAUSES = [
    [name, *middle, "en", month]
    for name in NAMES
    for middle in MIDDLES
    for month in MONTHS
]
grammar = [[*one, "et", *two, "."] for one in CLAUSES for two in CLAUSES]
order = np.random.default_rng(4).permutation(len(grammar))
learnt_bt = encode([grammar[i] for i in order[:800]])
kept_bt = encode([grammar[i] for i in order[800:1000]])
words_each = np.mean([len(sentence) for sentence in grammar])
floor = 2 * np.log(len(CLAUSES)) / words_each
print(len(grammar), "sentences; one of them:", " ".join(grammar[order[0]]))
print(f"{words_each} words each on average, entropy {floor:.3f} nats a word")

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=1
# **Predict, then run.** Whose training loss ends lower: `"with the mask"`,
# `"without the mask"`, or `"both the same"`?

# %% answer="predict-masks-loss"
# One of "with the mask", "without the mask", "both the same".
### BEGIN SOLUTION
loss_guess = "without the mask"
### END SOLUTION

# %% check="predict-masks-loss" points=1
check("predict-masks-loss", loss_guess)

# %% [markdown] minutes=2
# The model is one attention layer of two heads, whose output is added to its input,
# and two dense layers, about the smallest thing that can learn these sentences.
# It returns **logits**, scores of the words before softmax.
# Shifting, masking and the loss are all that you need to read;
# training both models takes some ten seconds each.


# %%
class NextWord(keras.Model):
    """A model of the next word: `(b, t)` ids and a mask to logits `(b, t, n)`."""

    def __init__(self, model_dim=32):
        super().__init__()
        self.embedding = keras.layers.Embedding(len(WORDS), model_dim)
        self.attention = keras.layers.MultiHeadAttention(2, model_dim // 2)
        self.expand = keras.layers.Dense(4 * model_dim, activation="relu")
        self.to_logits = keras.layers.Dense(len(WORDS))
        self.model_dim = model_dim

    def place(self, tokens):
        """Embedding and position: ids `(b, t)` to `(b, t, m)`."""
        places = positional_encoding(tokens.shape[1], self.model_dim)
        return self.embedding(tokens) * self.model_dim**0.5 + places.astype("float32")

    def attend(self, x_btm, attention_mask):
        """The part that may leak: `(b, t, m)` to `(b, t, m)`."""
        return x_btm + self.attention(x_btm, x_btm, attention_mask=attention_mask)

    def call(self, inputs):
        tokens, attention_mask = inputs
        x_btm = self.attend(self.place(tokens), attention_mask)
        return self.to_logits(self.expand(x_btm))


def only_padding(tokens_bt):
    """Hide the padding and nothing else: `(b, 1, t, t)`."""
    return cross_mask(tokens_bt, tokens_bt)


MASKS = {"with the mask": decoder_mask, "without the mask": only_padding}


def prepare(labels_bt, make_mask):
    """Teacher forcing: inputs with their mask, labels, and a weight for each."""
    inputs_bt = shift_right(labels_bt, WORDS.index("<start>"))
    is_word_bt = (labels_bt != 0).astype("float32")  # padding costs nothing
    return (inputs_bt, make_mask(inputs_bt)), labels_bt, is_word_bt / is_word_bt.mean()


def train(make_mask):
    """Train a new model: the model, and its losses while it learnt."""
    keras.utils.set_random_seed(3)
    model = NextWord()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(5e-3), loss, weighted_metrics=[])
    x, y, weights = prepare(learnt_bt, make_mask)
    kept, settings = prepare(kept_bt, make_mask), {"batch_size": 16, "epochs": 20}
    run = model.fit(
        x, y, sample_weight=weights, validation_data=kept, verbose=0, **settings
    )
    return model, run.history


# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "subslide"}
models, losses = {}, {}
for name, make_mask in MASKS.items():
    models[name], losses[name] = train(make_mask)
    last, kept = losses[name]["loss"][-1], losses[name]["val_loss"][-1]
    print(f"{name:16} loss {last:.4f}, on sentences never seen {kept:.4f}")
print(f"entropy          {floor:.4f}")

# %%
assert floor - 0.02 < losses["with the mask"]["loss"][-1] < floor + 0.05
assert floor - 0.02 < losses["with the mask"]["val_loss"][-1] < floor + 0.05
assert losses["without the mask"]["loss"][-1] < 0.05
assert losses["without the mask"]["val_loss"][-1] < 0.05

# %% tags=["folded", "nbval-ignore-output"]
lines = {name: history["loss"] for name, history in losses.items()}
figure = figures.curves(np.arange(1, 21), lines, "epochs", "loss (nats a word)")
axes = figure.axes[0]
axes.axhline(floor, color=figures.GREY, linestyle=":")
axes.text(20, floor - 0.04, "entropy of the sentences", va="top", ha="right")
axes.set_ylim(-0.1, 1.4)
axes.set_xticks([1, 5, 10, 15, 20])
figures.show(
    figure,
    f"Training loss over 20 epochs. With the mask it falls to "
    f"{lines['with the mask'][-1]:.2f}, the entropy being {floor:.2f}; without it "
    f"falls to {lines['without the mask'][-1]:.2f}.",
)

# %%
explain("predict-masks-loss", loss_guess)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Without the mask the loss falls to 0, also on sentences the model has never seen.
# Held-out sentences do not catch this: there, too, the answer lies one position ahead.
# With the mask it stays at the entropy: the model has learnt what can be known,
# and a lower loss would be bad news.
#
# Now let both **generate**: begin with start,
# draw the next word from the model's probabilities, append it, and go on.


# %%
def generate(model, make_mask, count=100):
    """Let a model write `count` sentences, a word at a time."""
    rng = np.random.default_rng(6)
    written_bt = np.full((count, 1), WORDS.index("<start>"))
    for _ in range(12):
        logits_btn = np.asarray(model((written_bt, make_mask(written_bt))))
        noisy_bn = logits_btn[:, -1] + rng.gumbel(size=(count, len(WORDS)))
        next_b1 = noisy_bn.argmax(axis=-1)[:, np.newaxis]  # a draw from softmax
        written_bt = np.concatenate([written_bt, next_b1], axis=1)
    rows = [[WORDS[token] for token in row[1:]] for row in written_bt]
    return [row[: row.index(".") + 1] if "." in row else row for row in rows]


# %% tags=["nbval-ignore-output"]
good = {}
for name, make_mask in MASKS.items():
    written = generate(models[name], make_mask)
    good[name] = {" ".join(sentence) for sentence in written if sentence in grammar}
    print(f"{name}: {len(good[name])} different correct sentences in 100 attempts")
    for sentence in written[:4]:
        print("   ", " ".join(sentence))

# %%
assert len(good["with the mask"]) > 80
assert len(good["without the mask"]) < 25

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=1
# The model with the loss of 0 cannot write.
# What has it learnt?
# At position 0 it is given start, and nothing can be known.
# Write *Léa* over the first word of every held-out sentence, one place further on,
# and see which share of its guess each model gives to *Léa* at position 0.

# %% tags=["nbval-ignore-output"]
lea, said = WORDS.index("Léa"), {}
inputs_bt = shift_right(kept_bt, WORDS.index("<start>"))
changed_bt = inputs_bt.copy()
changed_bt[:, 1] = lea
for name, make_mask in MASKS.items():
    for when, given_bt in (("before", inputs_bt), ("after", changed_bt)):
        logits_btn = np.asarray(models[name]((given_bt, make_mask(given_bt))))
        said[name, when] = softmax(logits_btn)[:, 0, lea].mean()
    before, after = said[name, "before"], said[name, "after"]
    print(f"{name:16} gives Léa the share {before:.2f} before, {after:.2f} after")

# %%
assert abs(said["with the mask", "before"] - said["with the mask", "after"]) < 1e-4
assert (
    said["without the mask", "before"] < 0.5 < 0.9 < said["without the mask", "after"]
)

# %% [markdown]
# It copies the word one position ahead, and when it writes, there is no word ahead.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Give `train` another seed and it fails in another way,
# with other nonsense or with the same few sentences over and over.
# Neither loss nor held-out loss tells you.
# Your test does, and before a single step of training: here it judges new models,
# whose weights are random, and the trained ones.


# %%
def attending(model, make_mask):
    """The part of a model that may leak, with its mask in it."""
    attention_mask = make_mask(np.ones((1, 6), dtype=int))
    return lambda x_btm: model.attend(x_btm, attention_mask)


for name, make_mask in MASKS.items():
    for age, model in (("new", NextWord()), ("trained", models[name])):
        leaks = sees_the_future(attending(model, make_mask), 6, 32)
        print(f"{name:16} {age:8} sees the future: {leaks}")
        assert leaks == (name == "without the mask")

# %% [markdown] essay="masks-zero-loss" points=6 slideshow={"slide_type": "skip"}
# ### Essay: a loss too good to be true
#
# *Graded by hand; 150 words are enough.*
# A colleague trains a translator. After one epoch the loss is 0.01, on held-out
# sentences too, and they want to publish.
# Explain (1) where exactly the model finds the answer, position by position, (2) why
# the held-out loss did not warn them, (3) which two checks would have, and what each
# would show.
#
# ### BEGIN SOLUTION
# **Model answer.** In teacher forcing the input is the target shifted by one, so the
# label of position t stands in the input at position t + 1. Without a look-ahead mask
# (or with one that is inverted, or one step too far) the query at t attends to t + 1
# and copies it. The held-out sentences are fed in the same way, labels included, so the
# copy works there as well: held-out sentences test for memorising, not for leaking. Two
# checks: generate, where position t + 1 does not exist yet, and see nonsense or one
# word over and over; and move a later input and look whether an earlier output moves,
# which shows the leak before training, whatever the weights are. A third: compare the
# loss with the entropy of the data; a model that sees the past only cannot lie below.
#
# **Marking.** 2 points: the label of t is the input of t + 1 and is attended to. 2
# points: held-out data are fed with teacher forcing too. 2 points: two checks, each
# with what it shows (1 each). Half of each for a claim without the reason.
# "Overfitting" alone earns nothing: the held-out loss is low.
# ### END SOLUTION

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Remember lessons 01 to 04
#
# Three questions without looking back; each right answer is a point,
# and each option is explained afterwards.
#
# **1.** A recurrent layer (lesson 01) needs no look-ahead mask. Why?
#
# - `"order"`: its state at a word is made before the next word is read
# - `"gates"`: its gates keep the future out
# - `"forgetting"`: it forgets whatever is far away

# %% answer="recall-masks-recurrent"
# One of "order", "gates", "forgetting".
### BEGIN SOLUTION
recurrent_recall = "order"
### END SOLUTION

# %% check="recall-masks-recurrent" points=1
check("recall-masks-recurrent", recurrent_recall)

# %% [markdown]
# **2.** Multi-head attention of width m goes from 2 heads to 4,
# with d = m / h (lesson 03).
# Its number of weights:
#
# - `"doubles"`
# - `"stays"`
# - `"halves"`

# %% answer="recall-masks-heads"
# One of "doubles", "stays", "halves".
### BEGIN SOLUTION
heads_recall = "stays"
### END SOLUTION

# %% check="recall-masks-heads" points=1
check("recall-masks-heads", heads_recall)

# %% [markdown]
# **3.** Why does attention (lesson 02) need an encoding of positions (lesson 04)?
#
# - `"permutes"`: without it, shuffled words give the same vectors, shuffled
# - `"length"`: without it, it takes sentences of one length only
# - `"scale"`: without it, the variance of the scores grows with d

# %% answer="recall-masks-positions"
# One of "permutes", "length", "scale".
### BEGIN SOLUTION
positions_recall = "permutes"
### END SOLUTION

# %% check="recall-masks-positions" points=1
check("recall-masks-positions", positions_recall)

# %%
explain("recall-masks-recurrent", recurrent_recall)
explain("recall-masks-heads", heads_recall)
explain("recall-masks-positions", positions_recall)

# %% [markdown] slideshow={"slide_type": "notes"}
# **Discuss.** (1) *Does the encoder need a look-ahead mask?*
# Expected: no; the source is given whole,
# and a word may need what stands behind it (*en*
# tells a month from a place only with the next word).
# Hiding it loses information and protects nothing.
# (2) *At generation the sentence ends at the newest word.
# Is the look-ahead mask still needed there?*
# Expected: the newest position has no future to see;
# but the earlier positions must be computed as in training,
# or deeper layers get other inputs than they were trained on.
#
# **What goes wrong.** Queries masked in place of keys (ask
# which axis softmax sums over); 0 and 1 for booleans (ask what `~1` is in Python: -2);
# a cross mask from the target (ask whose words the keys are);
# a test that moves the past (ask what memory is).
# Timings: predictions 1 minute each in pairs; `sees_the_future` alone, 10 minutes,
# then two students explain their test to each other.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# A mask is a table of booleans that acts on scores: padding is hidden from everybody,
# the future from those who must predict it, and the source's padding from the decoder.
# Shifting the target and masking the future make every position
# of a sentence an exercise of its own, all computed at once.
# What a mask is worth shows in behaviour,
# so you wrote the test that moves the future and watches the past;
# the next lesson assembles the whole Transformer and uses it.
#
# ## Go further
#
# - Vaswani et al., *Attention Is All You Need*, 2017, section 3.2.3: the three places
#   of attention and the mask of the decoder.
# - The pages of `MultiheadAttention` and `scaled_dot_product_attention` in PyTorch's
#   documentation, for the two meanings of True.
# - Williams, Zipser, *A Learning Algorithm for Continually Running Fully Recurrent
#   Neural Networks*, 1989: teacher forcing in recurrent networks.
# - Bengio et al., *Scheduled Sampling for Sequence Prediction with Recurrent Neural
#   Networks*, 2015: what it means never to meet one's own mistakes in training.
