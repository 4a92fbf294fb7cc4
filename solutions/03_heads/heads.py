# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# # Ask several questions at once
#
# *Jane visite l'Afrique en septembre.*
#
# **The question.** *L'Afrique* wants to know three things of its sentence:
# what is done there, when, and by whom.
# In lesson 02 it had one query, and one row of weights that sums to 1.
# What does a word do that has more questions than looks?
#
# **You will build** multi-head attention:
# four functions in NumPy and a layer of Keras that you then train.
#
# **You need** lesson 02's `attention`, which the next cells hand out, and array shapes.
#
# **Time.** About 90 minutes, in two sittings if you like;
# pause after *Break it: forget the transpose*.

# %% given="setup"
import ipywidgets as widgets
import numpy as np
from IPython.display import display

from graders.check import check, example, explain
from transformer import figures

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.course_map(lesson=3),
    "Map of the Transformer: 8 blocks in an encoder for French and a decoder for "
    "English. 3 are lit: self-attention in both and the decoder's cross-attention.",
)

# %% [markdown]
# The same blocks are lit as in lesson 02: today each learns to look several times.

# %% [markdown] slideshow={"slide_type": "notes"}
# **For the class.** Write the sentence on the board and ask what *l'Afrique*
# would want to know (2 minutes).
# First meeting to the end of *Break it*: 50 minutes.
# Second meeting from *Lay it beside Keras*: 40 minutes.
# The essay is homework.
# Students most often split by a reshape alone:
# have them find it with the table of labels, not by staring.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Ask three questions with one query
#
# This is where lesson 02 ended: scaled dot-product attention, masks included.


# %% given="attention"
def attention(query, key, value, mask=None):
    """Lesson 02's function: query, key and value to output and weights."""
    scores = query @ np.swapaxes(key, -1, -2) / np.sqrt(query.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ value, weights


# %% [markdown]
# The words are lesson 02's too, written by hand; nothing before the end is trained.
# One feature is new: *summer*, in the place of *water*,
# tells *juillet* from *septembre*.

# %%
FEATURES = ["person", "travel", "study", "place", "time", "summer"]
WORDS = {
    "Jane": [1, 0, 0, 0, 0, 0],
    "Paul": [1, 0, 0, 0, 0, 0],
    "visite": [0, 1, 0, 0, 0, 0],
    "étudie": [0, 0, 1, 0, 0, 0],
    "l'Afrique": [0, 0, 0, 1, 0, 0],
    "le Nil": [0, 0, 0, 1, 0, 0],
    "en": [0, 0, 0, 0, 0.5, 0],
    "septembre": [0, 0, 0, 0, 1, 0],
    "juillet": [0, 0, 0, 0, 1, 1],
}


def embed(words):
    """Look up each word's row: a list of t words to `(t, m)`."""
    words = [word.replace("’", "'") for word in words]
    if unknown := [word for word in words if word not in WORDS]:
        raise ValueError(f"{unknown} are not among the words: {', '.join(WORDS)}.")
    return np.array([WORDS[word] for word in words], dtype=float)


sentence = ["Jane", "visite", "l'Afrique", "en", "septembre"]
x_tm = embed(sentence)
print("x_tm", x_tm.shape, "\n", x_tm)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Let *l'Afrique* put all three questions into one query, three numbers wide:
# a key says which of *what*, *when* and *who* its word answers.

# %%
w_key_md = np.array(
    [  # what when who
        [0, 0, 1],  # a person answers who
        [1, 0, 0],  # travelling answers what
        [1, 0, 0],  # studying answers what
        [0, 0, 0],  # a place answers none of them
        [0, 1, 0],  # a time answers when
        [0, 0, 0],  # summer says more about a time, and answers nothing alone
    ]
)
query_qd = np.array([[1.0, 1.0, 1.0]])
_, weights_qk = attention(query_qd, x_tm @ w_key_md, x_tm)
print(dict(zip(sentence, weights_qk[0].round(2).tolist(), strict=True)))

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=1
# **Predict, then run.** The query is multiplied by 10, then by 100.
# It asks ever more sharply: where does the weight of *visite* go?
# Any of the three answers earns the point.

# %% answer="predict-one-look"
# One of "to 1", "to 1/3", "to 0".
### BEGIN SOLUTION
look_guess = "to 1/3"
### END SOLUTION

# %% check="predict-one-look" points=1
check("predict-one-look", look_guess)

# %%
for sharpness in (1, 10, 100):
    _, weights_qk = attention(sharpness * query_qd, x_tm @ w_key_md, x_tm)
    shares = dict(zip(sentence, weights_qk[0].round(2).tolist(), strict=True))
    print(f"{sharpness:3} times: {shares}")
assert np.allclose(weights_qk[0, [0, 1, 4]], 1 / 3)

# %%
explain("predict-one-look", look_guess)

# %% [markdown]
# One softmax has one sum to give away, and the answers must share it.
# What comes out is their average, and an average does not say who said what.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Give each question a head
#
# A **head** is an attention with three small matrices of its own,
# and so with a softmax of its own.
# Three heads, two numbers wide: every word asks all three questions,
# and what differs is which words answer.


# %%
def rows(**given):
    """A matrix `(m, d)` with d = 2 from the rows that are not zero."""
    return np.array([given.get(feature, (0, 0)) for feature in FEATURES], dtype=float)


asks_md = 6.0 * rows(  # the larger this factor, the more decided the look
    person=(1, 0), travel=(1, 0), study=(1, 0), place=(1, 0), time=(1, 0)
)
HEADS = {  # name: query, key and value matrix
    "What?": (
        asks_md,
        rows(travel=(1, 0), study=(1, 0)),
        rows(travel=(1, 0), study=(0, 1)),
    ),
    "When?": (asks_md, rows(time=(1, 0)), rows(time=(1, 0), summer=(0, 1))),
    "Who?": (asks_md, rows(person=(1, 0)), rows(person=(1, 0), place=(0, 1))),
}
TOLD = ["trip", "study", "date", "summer", "person", "place"]  # two for each head

outputs, tables = [], []
for w_query_md, w_key_md, w_value_md in HEADS.values():
    output_td, weights_tt = attention(
        x_tm @ w_query_md, x_tm @ w_key_md, x_tm @ w_value_md
    )
    outputs.append(output_td)
    tables.append(weights_tt)
loop_tm = np.concatenate(outputs, axis=-1)
print("three outputs", outputs[0].shape, "side by side", loop_tm.shape)
print("l'Afrique is told", dict(zip(TOLD, loop_tm[2].round(2).tolist(), strict=True)))

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
africa_hk = np.array([weights_tt[2] for weights_tt in tables])
figure, axes = figures.canvas(height=2.6)
figures.draw_heatmap(
    axes, africa_hk, list(HEADS), sentence, "l'Afrique looks three times"
)
axes.set_ylabel("head")
figures.show(
    figure,
    "Three rows of weights for l'Afrique, each summing to 1. "
    + " ".join(
        f"{head} looks most at {sentence[row_k.argmax()]!r} ({row_k.max():.2f})."
        for head, row_k in zip(HEADS, africa_hk, strict=True)
    ),
)

# %%
assert [sentence[row_k.argmax()] for row_k in africa_hk] == [
    "visite",
    "septembre",
    "Jane",
]
assert africa_hk.max(axis=-1).min() > 0.85

# %% [markdown]
# Three softmaxes, three sums of 1: no question takes weight from another.
# The names are ours.
# In a trained model heads get no names,
# and only some of them turn out to have a role
# that people can tell (Voita et al. 2019, at the end).

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# **Try it.** Choose the head and the word that looks.
# At sharpness 0 a head looks everywhere alike, whatever its name.

# %%
head_buttons = widgets.ToggleButtons(options=list(HEADS), description="head")
word_slider = widgets.SelectionSlider(
    options=sentence, value="l'Afrique", description="word"
)
sharp_slider = widgets.FloatSlider(
    value=1.0, min=0.0, max=2.0, step=0.25, description="sharpness"
)
picture = widgets.Image(format="png", width=640)
told = widgets.HTML()


def redraw(_change=None):
    """Draw what the chosen word sees through the chosen head."""
    place, name = word_slider.index, head_buttons.value
    w_query_md, w_key_md, _ = HEADS[name]
    query_td = sharp_slider.value * x_tm @ w_query_md
    _, weights_tt = attention(query_td, x_tm @ w_key_md, x_tm)
    title = f"{sentence[place]} asks: {name}"
    picture.value = figures.png(
        figures.arrows(sentence, weights_tt[place], place, title)
    )
    shares = zip(sentence, weights_tt[place], strict=True)
    told.value = f"{title} " + ", ".join(
        f"{word} {share:.2f}" for word, share in shares
    )


for control in (head_buttons, word_slider, sharp_slider):
    control.observe(redraw, "value")
redraw()
display(widgets.VBox([head_buttons, word_slider, sharp_slider, picture, told]))

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Put the matrices side by side
#
# The loop makes a product for each head where one will do.
# Put the heads' query matrices side by side, and one product makes all their queries:
# columns 0 and 1 belong to head 0, columns 2 and 3 to head 1, and so on.
# With $h$ heads over a width $m$, each head is $d = m / h$ columns wide.

# %%
weights = {
    name: np.concatenate([matrices[place] for matrices in HEADS.values()], axis=1)
    for place, name in enumerate(["query", "key", "value"])
}
print("one matrix for all heads:", weights["key"].shape)
key_tm = x_tm @ weights["key"]
print("keys of septembre:", key_tm[4], " of them the When? head's:", key_tm[4, 2:4])
assert np.allclose(key_tm[:, 2:4], x_tm @ HEADS["When?"][1])

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# `attention` works on the last two axes and leaves all before them alone.
# So the heads should become an axis in front: $(b, t, m)$ turns into $(b, h, t, d)$.
# By hand: three words, four columns, two heads.
# Each number says whose it is: 13 is word 1, column 3.

# %%
small_btm = np.array([[[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]]])
cut_bthd = small_btm.reshape(1, 3, 2, 2)
print("cut, (b, t, h, d):\n", cut_bthd[0])
print("head 0, columns 0 and 1 of each word:\n", cut_bthd[0, :, 0])

# %% [markdown]
# The reshape cuts each word's row in two, and the heads stand *behind* the words.
# To bring them to the front, two axes must change places.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# **Predict, then run.** A colleague saves a step: `x.reshape(b, h, t, d)` at once.
# The shape is right. What does head 0 hold?

# %% answer="predict-reshape"
# One of "half of every word", "the first words", "an error".
### BEGIN SOLUTION
reshape_guess = "the first words"
### END SOLUTION

# %% check="predict-reshape" points=1
check("predict-reshape", reshape_guess)

# %%
print("head 0 of the reshape alone:\n", small_btm.reshape(1, 2, 3, 2)[0, 0])
assert small_btm.reshape(1, 2, 3, 2)[0, 0].tolist() == [[0, 1], [2, 3], [10, 11]]

# %%
explain("predict-reshape", reshape_guess)

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
three = ["Jane", "visite", "l'Afrique"]
LETTERS, TINTS = "JVA", {"J": "#a6d3ee", "V": "#f9c49a", "A": "#9fdfc8"}
pieces_btm = np.array([[[f"{letter}{c}" for c in range(4)] for letter in LETTERS]])
right_bhtd = np.swapaxes(pieces_btm.reshape(1, 3, 2, 2), 1, 2)
wrong_bhtd = pieces_btm.reshape(1, 2, 3, 2)
figure, axes = figures.canvas()
axes.set_axis_off()
axes.set_xlim(-2.1, 15.6)
axes.set_ylim(-9.7, 1.6)


def draw_pieces(left, top, pieces_td, title):
    """Draw rows of labelled cells; a thick frame is around what is another word's."""
    axes.text(left, top + 0.25, title, va="bottom")
    for row, word in enumerate(three):
        axes.text(
            left - 0.2, top - row - 0.5, word, ha="right", va="center", fontsize=9
        )
    for strays in (False, True):  # thick frames last, so that they lie on top
        for (row, column), piece in np.ndenumerate(pieces_td):
            if (piece[0] != LETTERS[row]) == strays:
                x, y = left + column, top - row
                axes.fill(
                    [x, x + 1, x + 1, x],
                    [y, y, y - 1, y - 1],
                    facecolor=TINTS[piece[0]],
                    edgecolor="black" if strays else figures.GREY,
                    linewidth=3 if strays else 1,
                    linestyle="-",
                )
                bold = "bold" if strays else "normal"
                axes.text(
                    x + 0.5, y - 0.5, piece, ha="center", va="center", fontweight=bold
                )


draw_pieces(0, -2.6, pieces_btm[0], "what comes in")
for head in (0, 1):
    draw_pieces(7, -0.4 - 5 * head, right_bhtd[0, head], f"head {head}")
    draw_pieces(12.5, -0.4 - 5 * head, wrong_bhtd[0, head], f"head {head}")
axes.text(
    0,
    -6.6,
    "letter: the word\ndigit: the column\nthick frame: in a row\nof another word",
    va="top",
)
axes.text(7.9, 1.4, "right: cut, then swap", ha="center", va="top", fontweight="bold")
axes.text(13.4, 1.4, "wrong: reshape", ha="center", va="top", fontweight="bold")
strays = [
    [piece[0] != LETTERS[row] for (row, _), piece in np.ndenumerate(head_td)]
    for head_td in wrong_bhtd[0]
]
figures.show(
    figure,
    "Three words of four columns, split for two heads. Cut and swapped, each head has "
    "two columns of every word, in its own row. Reshaped alone, head 0 reads "
    f"{', '.join(wrong_bhtd[0, 0].ravel())}: {sum(strays[0])} of its 6 numbers stand "
    f"in the row of another word; in head 1 there are {sum(strays[1])} of 6.",
)

# %%
assert wrong_bhtd[0, 0].ravel().tolist() == ["J0", "J1", "J2", "J3", "V0", "V1"]
assert (sum(strays[0]), sum(strays[1])) == (4, 4)

# %% [markdown]
# Read the right column as the model does.
# Head 0 believes its second row to be *visite*, and holds the other half of *Jane*;
# of *l'Afrique* it holds nothing at all.
# No error, no wrong shape; what it spoils, you will measure below.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=5
# ### Exercise: split_heads
#
# *5 minutes, difficulty 1 of 3. Two checks: the numbers, and the refusal.*
# `x_btm` is `(b, t, m)`; the result is `(b, h, t, d)` with `d = m // num_heads`.
# The cut is given; two gaps are left.
# First, refuse a `num_heads` that does not divide m:
# raise a `ValueError` that names both numbers. Last, bring the heads to the front.
#
# <details><summary>Hint 1: the idea</summary>
#
# The remainder of a division tells whether it comes out even.
# After the cut, two neighbouring axes change places.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(b, t, m)` is cut into `(b, t, h, d)`; wanted is `(b, h, t, d)`.
# Counted from 0, axes 1 and 2 change places.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `if m % num_heads:` and then `raise ValueError(…)`;
# at the end `np.swapaxes` of `cut_bthd` with the two axes.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | `(b, t, h, d)` came back | the swap is not returned |
# | row t holds another word's numbers | a reshape took the swap's place |
# | `cannot reshape array` | the refusal must stand before the cut |


# %% answer="split-heads"
def split_heads(x_btm, num_heads):
    """Give each head its own columns: `(b, t, m)` to `(b, h, t, d)`."""
    b, t, m = x_btm.shape
    ### BEGIN SOLUTION
    if m % num_heads:
        raise ValueError(f"num_heads ({num_heads}) must divide the width ({m}).")
    ### END SOLUTION
    cut_bthd = x_btm.reshape(b, t, num_heads, m // num_heads)
    ### BEGIN SOLUTION
    return np.swapaxes(cut_bthd, 1, 2)
    ### END SOLUTION


# %% check="heads-split" points=3
check("heads-split", split_heads)
assert split_heads(small_btm, 2)[0, 1].tolist() == [[2, 3], [12, 13], [22, 23]]

# %% check="heads-split-error" points=1
check("heads-split-error", split_heads)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=4
# ### Exercise: merge_heads
#
# *4 minutes, difficulty 1 of 3.*
# The way back: `(b, h, t, d)` to `(b, t, m)` with `m = h * d`,
# head 0's columns first, then head 1's.
#
# <details><summary>Hint 1: the idea</summary>
#
# Undo the two steps of `split_heads`, the last one first.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(b, h, t, d)` to `(b, t, h, d)`: now h and d are neighbours, and can become one axis.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# The same `np.swapaxes`, then `.reshape` to three sizes; the last is a product.
#
# </details>


# %% answer="merge-heads"
def merge_heads(x_bhtd):
    """Put the heads' columns side by side: `(b, h, t, d)` to `(b, t, m)`."""
    ### BEGIN SOLUTION
    b, h, t, d = x_bhtd.shape
    return np.swapaxes(x_bhtd, 1, 2).reshape(b, t, h * d)
    ### END SOLUTION


# %% check="heads-merge" points=3
check("heads-merge", merge_heads)
assert merge_heads(split_heads(small_btm, 2)).tolist() == small_btm.tolist()

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Look with all heads at once
#
# $$\mathrm{head}_i = \mathrm{Attention}(X W_Q^i,\; C W_K^i,\; C W_V^i), \qquad
# \mathrm{output} = [\mathrm{head}_1, \dots, \mathrm{head}_h]\, W_O$$
#
# $X$ are the words that look, $C$, the **context**, the words that are looked at:
# the same words in self-attention, another sentence in cross-attention.
# $W_Q^i$ is head $i$'s block of columns in one matrix $W_Q$ of $(m, m)$;
# $W_O$, the **output projection**, mixes what the heads have found.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# By hand: $m = 2$, two heads, so each is $d = 1$ number wide and the scale is 1.
# The word $(1, 0)$ looks at itself and at $(0, 1)$.
#
# 1. **Project**: its queries are $\log 3$ in either head;
#    the keys of head 0 are 1 and 0, those of head 1 are 0 and 1.
# 2. **Look**: head 0 has the scores $\log 3, 0$ and so the weights 3/4 and 1/4;
#    head 1 has the same numbers the other way round.
# 3. **Mix**: head 0's values are 4 and 0, head 1's are 8 and 16:
#    $\tfrac34 \cdot 4 + \tfrac14 \cdot 0 = 3$ and
#    $\tfrac14 \cdot 8 + \tfrac34 \cdot 16 = 14$.
# 4. **Merge and project**: $(3, 14)$; this $W_O$ swaps the two, which makes $(14, 3)$.

# %%
two_words_btm = np.array([[[1.0, 0.0], [0.0, 1.0]]])
by_hand = {
    "query": np.array([[np.log(3.0), np.log(3.0)], [0.0, 0.0]]),
    "key": np.eye(2),
    "value": np.array([[4.0, 8.0], [0.0, 16.0]]),
    "output": np.array([[0.0, 1.0], [1.0, 0.0]]),
}
query_tm, key_tm, value_tm = (
    two_words_btm[0] @ by_hand[name] for name in ("query", "key", "value")
)
found = []
for head in (0, 1):
    column = slice(head, head + 1)
    output_qd, weights_qk = attention(
        query_tm[:1, column], key_tm[:, column], value_tm[:, column]
    )
    found.append(output_qd[0, 0])
    print(f"head {head}: weights {weights_qk[0]}, output {output_qd[0, 0]:.1f}")
print(
    "merged",
    np.array(found).round(2),
    "projected",
    (found @ by_hand["output"]).round(2),
)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=11
# ### Exercise: multi_head_attention
#
# *11 minutes, difficulty 3 of 3.
# Three checks: the numbers, masks, the refusal.*
# `query_bqm` is `(b, q, m)`, `context_bkm` is `(b, k, m)`.
# `weights` is a dict: `"query"`, `"key"`, `"value"`, `"output"`, each `(m, m)`.
# `mask`, if given, is boolean and broadcasts to `(b, h, q, k)`; True is *may attend*.
# Return the output `(b, q, m)` and the weights `(b, h, q, k)`;
# where h does not divide m, raise a `ValueError`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Project, split, attend, merge, project.
# `attention` does not care how many axes come first: to it, a head is one more batch.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# Projected: `(b, q, m)` for the query, `(b, k, m)` for key and value.
# Split: `(b, h, q, d)` and `(b, h, k, d)`.
# Attended: `(b, h, q, d)`. Merged: `(b, q, m)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# Three lines that each split a product; one line that unpacks `attention` of them,
# mask included; a return of `merge_heads(…) @ weights["output"]` and of the weights.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | weights are `(b, h, q, q)` | key and value are made from the context |
# | right weights, wrong output | is the last matrix used, and on the right? |
# | all weights too even | the scale is √d of a head, once: `attention` has it |
# | right without a mask, wrong with it | pass `mask` on to `attention` |


# %% answer="multi-head-attention"
def multi_head_attention(query_bqm, context_bkm, weights, num_heads, mask=None):
    """Look with all heads: `(b, q, m)`, `(b, k, m)` to `(b, q, m)`, `(b, h, q, k)`."""
    ### BEGIN SOLUTION
    query_bhqd = split_heads(query_bqm @ weights["query"], num_heads)
    key_bhkd = split_heads(context_bkm @ weights["key"], num_heads)
    value_bhkd = split_heads(context_bkm @ weights["value"], num_heads)
    output_bhqd, weights_bhqk = attention(query_bhqd, key_bhkd, value_bhkd, mask)
    return merge_heads(output_bhqd) @ weights["output"], weights_bhqk
    ### END SOLUTION


# %% check="heads-attention" points=4
check("heads-attention", multi_head_attention)
napkin_bqm, _ = multi_head_attention(two_words_btm[:, :1], two_words_btm, by_hand, 2)
assert np.allclose(napkin_bqm, [[[14.0, 3.0]]])

# %% check="heads-attention-mask" points=3
check("heads-attention-mask", multi_head_attention)

# %% check="heads-attention-error" points=1
check("heads-attention-error", multi_head_attention)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# The loop over three hand-made heads and your function: one answer, to the last digits.
# The output projection is the identity here, so that the columns keep their meaning.

# %%
weights["output"] = np.eye(6)
all_btm, all_bhtt = multi_head_attention(x_tm[np.newaxis], x_tm[np.newaxis], weights, 3)
print("largest difference to the loop:", np.abs(all_btm[0] - loop_tm).max())
assert np.allclose(all_btm[0], loop_tm, atol=1e-12)
assert np.allclose(all_bhtt[0], tables, atol=1e-12)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Break it: forget the transpose
#
# Does a wrong split matter, if the merge is wrong in the same way?
# Block the last of four words by a mask, then change that word:
# nobody may look at it, so no other word's output may move.


# %%
def reshaped_split(x_btm, num_heads):
    """The colleague's split: right shape, `(b, h, t, d)`, wrong places."""
    b, t, m = x_btm.shape
    return x_btm.reshape(b, num_heads, t, m // num_heads)


def reshaped_merge(x_bhtd):
    """And the merge that undoes it."""
    b, h, t, d = x_bhtd.shape
    return x_bhtd.reshape(b, t, h * d)


def leak(split, merge):
    """How far the outputs of three words move when a blocked fourth one changes."""
    before_btm = np.random.default_rng(3).normal(size=(1, 4, 6))
    after_btm = before_btm.copy()
    after_btm[:, 3] += 1.0
    is_word_k = np.array([True, True, True, False])
    outputs = []
    for x_btm in (before_btm, after_btm):
        x_bhtd = split(x_btm, 3)
        output_bhtd, _ = attention(x_bhtd, x_bhtd, x_bhtd, is_word_k)
        outputs.append(merge(output_bhtd)[:, :3])
    return np.abs(outputs[1] - outputs[0]).max()


print(f"cut, then swap: the others move by {leak(split_heads, merge_heads):.2f}")
print(f"reshape alone:  the others move by {leak(reshaped_split, reshaped_merge):.2f}")
assert leak(split_heads, merge_heads) == 0
assert leak(reshaped_split, reshaped_merge) > 0.1

# %% [markdown]
# The mask blocks row 3 of each head,
# and after a reshape alone the blocked word stands elsewhere.
# A test that only looks at shapes would have passed.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Lay it beside Keras
#
# Importing TensorFlow takes some seconds.

# %% given="keras" tags=["late-import"]
import keras
from keras import ops

# %% [markdown] minutes=1
# **Predict, then run.** A layer 16 columns wide has eight heads of two columns,
# in place of one head of sixteen. How many parameters has it?

# %% answer="predict-heads-parameters"
# One of "eight times as many", "as many", "an eighth as many".
### BEGIN SOLUTION
parameters_guess = "as many"
### END SOLUTION

# %% check="predict-heads-parameters" points=1
check("predict-heads-parameters", parameters_guess)

# %%
counts = {}
for num_heads in (1, 2, 4, 8):
    layer = keras.layers.MultiHeadAttention(num_heads, 16 // num_heads, use_bias=False)
    layer.build((None, None, 16), (None, None, 16))
    counts[num_heads] = layer.count_params()
    print(
        f"{num_heads} heads of {16 // num_heads:2}: {layer.count_params()} parameters"
    )
assert set(counts.values()) == {4 * 16 * 16}

# %%
explain("predict-heads-parameters", parameters_guess)

# %% [markdown]
# More heads cost no parameters as long as $d = m / h$:
# they cut the same matrices finer.
# Vaswani et al. 2017 chose it so (section 3.2.2).

# %% [markdown] slideshow={"slide_type": "skip"}
# ### Exercise: attention_parameters
#
# *4 minutes, difficulty 1 of 3. Further: it earns no points.*
# In Keras, `head_dim` is free: heads may be wider or narrower than m / h.
# How many numbers do the four matrices then hold, without biases?
# `model_dim` is m, and h and d are the other two.
#
# <details><summary>Hint 1: the idea</summary>
#
# Three matrices lead from the words to the heads, one leads back.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# Merged, the heads are h·d columns wide.
# So three matrices are `(m, h·d)`, one is `(h·d, m)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# One product of four factors, of which the first is a number.
#
# </details>


# %% answer="attention-parameters" slideshow={"slide_type": "skip"}
def attention_parameters(model_dim, num_heads, head_dim):
    """Count the numbers in the four matrices, without biases."""
    ### BEGIN SOLUTION
    return 4 * model_dim * num_heads * head_dim
    ### END SOLUTION


# %% check="heads-parameters" points=0 slideshow={"slide_type": "skip"}
check("heads-parameters", attention_parameters)
assert attention_parameters(16, 8, 2) == 1024

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=6
# ### Exercise: to_keras
#
# *6 minutes, difficulty 2 of 3.*
# Keras keeps the heads apart inside its arrays: query, key and value are `(m, h, d)`,
# the output projection is `(h, d, m)`.
# Return the four, in this order, made from `weights`.
#
# Its *calls* have another order: query, **value**, key.
#
# <details><summary>Hint 1: the idea</summary>
#
# No number changes. One axis of m is cut into h and d: which one?
# In three matrices it is where the heads come out, in the fourth where they go in.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(m, m)` with its columns cut is `(m, h, d)`; with its rows cut it is `(h, d, m)`.
# The axis that is cut is already in place, so nothing needs a transpose.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# Four `.reshape`, three of them to `(m, num_heads, d)` and one to another order.
#
# </details>


# %% answer="to-keras"
def to_keras(weights, num_heads):
    """Reshape `(m, m)` matrices for Keras: three `(m, h, d)` and one `(h, d, m)`."""
    ### BEGIN SOLUTION
    m = weights["query"].shape[0]
    shape = (m, num_heads, m // num_heads)
    first = [weights[name].reshape(shape) for name in ("query", "key", "value")]
    return (*first, weights["output"].reshape(*shape[1:], m))
    ### END SOLUTION


# %% check="heads-to-keras" points=4
check("heads-to-keras", to_keras)

# %% [markdown] minutes=2
# Now the comparison: random matrices, another sentence as context, padding inside it.
# Keras's own mask is `(b, q, k)`, and it adds the axis of heads itself.
# The two should agree to within 1e-5, which float32 and another order of sums allow.

# %%
rng = np.random.default_rng(5)
query_bqm = rng.normal(size=(2, 3, 12)).astype("float32")
context_bkm = rng.normal(size=(2, 5, 12)).astype("float32")
drawn = {
    name: (rng.normal(size=(12, 12)) / np.sqrt(12)).astype("float32")
    for name in ("query", "key", "value", "output")
}
is_word_bk = np.array([[1, 1, 0, 1, 1], [1, 0, 1, 1, 0]], dtype=bool)
theirs = keras.layers.MultiHeadAttention(num_heads=3, key_dim=4, use_bias=False)
theirs.build(query_bqm.shape, context_bkm.shape)
theirs.set_weights(to_keras(drawn, 3))
theirs_bqm, theirs_bhqk = theirs(
    query_bqm,
    context_bkm,
    attention_mask=np.broadcast_to(is_word_bk[:, np.newaxis], (2, 3, 5)),
    return_attention_scores=True,
)
ours_bqm, ours_bhqk = multi_head_attention(
    query_bqm, context_bkm, drawn, 3, is_word_bk[:, np.newaxis, np.newaxis]
)
gaps = np.abs(ours_bqm - theirs_bqm).max(), np.abs(ours_bhqk - theirs_bhqk).max()
print("largest difference below 1e-5:", max(gaps) < 1e-5)
assert max(gaps) < 1e-5

# %% [markdown]
# And the trap: a key and a value that differ, in the order you would write them in.

# %%
other_bkm = context_bkm[:, ::-1] * 2
named_bqm = theirs(query_bqm, key=context_bkm, value=other_bkm)
value_first_bqm = theirs(query_bqm, other_bkm, context_bkm)
key_first_bqm = theirs(query_bqm, context_bkm, other_bkm)
print("query, value, key is right:", np.allclose(named_bqm, value_first_bqm))
print("query, key, value is right:", np.allclose(named_bqm, key_first_bqm, atol=1e-2))
assert np.allclose(named_bqm, value_first_bqm)
assert not np.allclose(named_bqm, key_first_bqm, atol=1e-2)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Make it a layer that can learn
#
# A layer of Keras is a class with four methods: `__init__` takes its settings,
# `build` makes the weights once their widths are known, `call` computes,
# and `get_config` tells the settings, so that the layer can be made again.
# A small one first: it multiplies each column by a number that it can learn.


# %%
class Stretch(keras.layers.Layer):
    """Multiply each column by a number of its own: `(b, t, m)` to `(b, t, m)`."""

    def __init__(self, start, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        start = keras.initializers.Constant(self.start)
        self.factor_m = self.add_weight(
            shape=(input_shape[-1],), initializer=start, name="factor_m"
        )

    def call(self, x_btm):
        return x_btm * self.factor_m

    def get_config(self):
        return {**super().get_config(), "start": self.start}


layer = Stretch(start=2.0)
print("ones become", ops.convert_to_numpy(layer(np.ones((1, 1, 3))))[0, 0])
again = Stretch.from_config(layer.get_config())
print("made again, it starts at", again.start, "and has no weights yet:", again.weights)
assert again.start == 2.0

# %% [markdown] slideshow={"slide_type": "slide"} minutes=12
# ### Exercise: MultiHeadAttention
#
# *12 minutes, difficulty 3 of 3.
# Four checks: numbers, masks, made again, inside a model.*
# `build` makes four weights, `w_query`, `w_key`, `w_value`, `w_output`, each `(m, m)`;
# Keras calls it once, with the shapes of `query` and `context`.
# `call` returns the output `(b, q, m)` alone;
# `attention_mask` broadcasts to `(b, h, q, k)`, as in your function.
# `get_config` returns a dict from which `__init__` can make the layer again.
#
# In `call`, use `@` and `keras.ops`, imported as `ops`, and no function from above.
# Those are NumPy: they need numbers, and Keras also calls the layer before it has any.
# And NumPy keeps no record that a gradient could follow back.
#
# <details><summary>Hint 1: the idea</summary>
#
# In `build`, four times `self.add_weight(shape=…, name=…)`, each kept on `self`.
# In `call`, the steps of `multi_head_attention` and `attention`, each from `ops`:
# `shape`, `reshape`, `swapaxes`, `where`, `softmax`.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `ops.shape(x)` works before b is known, where `x.shape[0]` is None.
# Cut with `head_dim` and not with -1, so that Keras knows the last axis.
# Scores are `(b, h, q, k)`; the merged heads have the shape of `query`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# In `call`: an inner function `split` like `split_heads`; three products split;
# `scores` by `@` and `swapaxes`; if there is a mask,
# `ops.where(attention_mask, scores, -1e9)`;
# softmax `@` value, swapped back, reshaped, times `self.w_output`.
# In `get_config`: `{**super().get_config(), …}` with one entry more.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | `has no attribute 'reshape'` | tensors have no such method: `ops.reshape` |
# | no weight `w_query` | `build` must set it on `self` |
# | works on numbers, not inside a model | NumPy, or `query.shape[0]`, in `call` |
# | `unexpected keyword argument` | the mask's name is `attention_mask` |


# %% answer="heads-layer"
class MultiHeadAttention(keras.layers.Layer):
    """Look with all heads: `(b, q, m)` and `(b, k, m)` to `(b, q, m)`."""

    def __init__(self, num_heads, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = num_heads

    def build(self, query_shape, context_shape):
        m = query_shape[-1]
        ### BEGIN SOLUTION
        for name in ("w_query", "w_key", "w_value", "w_output"):
            setattr(self, name, self.add_weight(shape=(m, m), name=name))
        ### END SOLUTION

    def call(self, query, context, attention_mask=None):
        head_dim = query.shape[-1] // self.num_heads

        ### BEGIN SOLUTION
        def split(x_btm):
            shape = (*ops.shape(x_btm)[:2], self.num_heads, head_dim)
            return ops.swapaxes(ops.reshape(x_btm, shape), 1, 2)

        query_bhqd, key_bhkd = split(query @ self.w_query), split(context @ self.w_key)
        scores = query_bhqd @ ops.swapaxes(key_bhkd, 2, 3) / head_dim**0.5
        if attention_mask is not None:
            scores = ops.where(attention_mask, scores, -1e9)
        output_bhqd = ops.softmax(scores) @ split(context @ self.w_value)
        merged_bqm = ops.reshape(ops.swapaxes(output_bhqd, 1, 2), ops.shape(query))
        return merged_bqm @ self.w_output
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        return {**super().get_config(), "num_heads": self.num_heads}
        ### END SOLUTION


# %% check="heads-layer" points=4
check("heads-layer", MultiHeadAttention)

# %% check="heads-layer-mask" points=2
check("heads-layer-mask", MultiHeadAttention)

# %% check="heads-layer-config" points=2
check("heads-layer-config", MultiHeadAttention)

# %% check="heads-layer-model" points=1
check("heads-layer-model", MultiHeadAttention)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Find what one head cannot do
#
# Six words, each with 8 random numbers of content.
# One word, anywhere, is marked as the answer to *who*, another to *when*.
# The task: report both contents,
# that of the *who* word in the first 8 columns, that of the *when* word in the last 8.
# One query per sentence asks, and the width is $m = 16$.

# %%
CONTENT, LENGTH, WIDTH = 8, 6, 16
WHO, WHEN, ASKS = 8, 9, 15  # columns of the two marks and of the query


def make_task(size, seed):
    """Draw sentences: query `(b, 1, m)`, context `(b, k, m)` and answer `(b, 1, m)`."""
    rng = np.random.default_rng(seed)
    query_bqm = np.zeros((size, 1, WIDTH), dtype="float32")
    query_bqm[:, :, ASKS] = 1
    context_bkm = np.zeros((size, LENGTH, WIDTH), dtype="float32")
    context_bkm[:, :, :CONTENT] = rng.normal(size=(size, LENGTH, CONTENT))
    places = rng.permuted(np.tile(np.arange(LENGTH), (size, 1)), axis=1)
    batch, who, when = np.arange(size), places[:, 0], places[:, 1]
    context_bkm[batch, who, WHO] = 1
    context_bkm[batch, when, WHEN] = 1
    contents = [context_bkm[batch, place, :CONTENT] for place in (who, when)]
    return query_bqm, context_bkm, np.concatenate(contents, axis=-1)[:, np.newaxis]


*train_inputs, train_answers = make_task(8_192, seed=1)
*test_inputs, test_answers = make_task(4_096, seed=2)
mean_square = float((test_answers**2).mean())
print(f"error of answering 0 to everything: {mean_square:.2f}")
assert 0.95 < mean_square < 1.05

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# **Why one head must fail**, however it is trained:
#
# 1. One softmax gives one average of the words, $\bar x = \sum_k w_k x_k$,
#    and the output is $\bar x W_V W_O$: a fixed linear function of it.
# 2. A word has only 10 columns that are not zero, 8 of content and 2 marks.
#    So $\bar x$ is 10 numbers, and all outputs lie in a space of 10 dimensions,
#    **whatever the weights $w_k$ are**.
# 3. The answers are 16 independent numbers of variance 1: no direction of their 16
#    is smaller than another. Ten dimensions miss at least six of sixteen:
#    on average over many sentences, a squared error of 6/16 = 0.375 or more.
#
# Two heads make two averages, 20 numbers, and the argument falls away.
# For the very sentences of the test set, the floor can be computed:

# %%
answers_bm = test_answers[:, 0]
directions_m = np.linalg.eigvalsh(answers_bm.T @ answers_bm / len(answers_bm))
floor = float(directions_m[:6].sum() / WIDTH)
print(f"no layer with one head gets below {floor:.3f} on these 4096 sentences")
assert 0.3 < floor < 0.375

# %% [markdown]
# It adds up the six smallest of the sixteen variances: ten dimensions miss no less.
# In 4096 sentences some directions are a little smaller by chance,
# and so the floor lies a little below 0.375.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Train your layer, once with one head and once with two, all else equal.


# %%
def train(num_heads):
    """Train one layer on the task: the layer, its model, its test error by epoch."""
    keras.utils.set_random_seed(7)
    query, context = keras.Input((1, WIDTH)), keras.Input((LENGTH, WIDTH))
    layer = MultiHeadAttention(num_heads)
    model = keras.Model([query, context], layer(query, context))
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    history = model.fit(
        train_inputs,
        train_answers,
        batch_size=128,
        epochs=12,
        validation_data=(test_inputs, test_answers),
        verbose=0,
    )
    return layer, model, history.history["val_loss"]


one_layer, one_model, one_errors = train(1)
two_layer, two_model, two_errors = train(2)

# %% tags=["nbval-ignore-output"]
for layer, errors in ((one_layer, one_errors), (two_layer, two_errors)):
    print(
        f"{layer.num_heads} head(s), {layer.count_params()} parameters: "
        f"error {errors[0]:.3f} after 1 epoch, {errors[5]:.4f} after 6, "
        f"{errors[-1]:.4f} after {len(errors)}"
    )

# %%
assert one_layer.count_params() == two_layer.count_params() == 1024
assert floor < min(one_errors)
assert abs(one_errors[5] - one_errors[-1]) < 0.02  # it has stopped getting better
assert two_errors[-1] < 0.02

# %% tags=["folded", "nbval-ignore-output"] slideshow={"slide_type": "subslide"}
epochs = np.arange(1, len(one_errors) + 1)
lines = {
    "one head": one_errors,
    "two heads": two_errors,
    "floor for one": [floor] * len(epochs),
}
figure = figures.curves(epochs, lines, "epoch", "mean squared error on the test set")
figure.axes[0].set_xticks(epochs[::2])
figures.show(
    figure,
    f"Test error by epoch: one head stops at {one_errors[-1]:.2f}, above its floor of "
    f"{floor:.2f}; two heads with the same 1024 parameters reach {two_errors[-1]:.4f}.",
)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# One head settles a little below one half, above its floor; more epochs do not help.
# A half is the best for weights that see the marks alone:
# with $w$ on the *who* word, $u$ on the *when* word and the best scaling,
# the two errors are at least $u^2/(w^2+u^2)$ and $w^2/(w^2+u^2)$
# (the *who* content is best told by the average times $w/(w^2+u^2)$).
# Their sum is 1, whatever the weights: what one answer gains, the other loses.

# %%
for w, u in ((1.0, 0.0), (0.8, 0.2), (0.5, 0.5)):
    errors = np.array([u**2, w**2]) / (w**2 + u**2)
    print(f"w = {w}, u = {u}: errors {errors.round(2)}, mean {errors.mean():.2f}")
    assert np.isclose(errors.mean(), 0.5)

# %% [markdown]
# The trained head does a little better, and the next cell shows how.
# Its weight on the *who* word differs a little with the contents of the sentence,
# which carries one more number through the average:
# eight dimensions leave 8/16, nine leave 7/16 = 0.44, and the floor counts all ten.


# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "subslide"}
def looks_of(layer):
    """The weights of a trained layer on the test sentences: `(b, h, k)`."""
    trained = {
        name: ops.convert_to_numpy(getattr(layer, f"w_{name}"))
        for name in ("query", "key", "value", "output")
    }
    _, weights_bhqk = multi_head_attention(*test_inputs, trained, layer.num_heads)
    return weights_bhqk[:, :, 0]


one_bhk, two_bhk = looks_of(one_layer), looks_of(two_layer)
is_who_bk = test_inputs[1][:, :, WHO] == 1
on_who_b = one_bhk[:, 0][is_who_bk]
low, high = np.quantile(on_who_b, [0.05, 0.95])
print(f"the one head's weight on who: {low:.2f} to {high:.2f} in 90% of the sentences")

# %%
assert high - low > 0.05
assert 7 / 16 - 0.01 < one_errors[-1] < 0.5

# %% tags=["folded", "nbval-ignore-output"] slideshow={"slide_type": "subslide"}
looks_hk = np.concatenate([one_bhk[0], two_bhk[0]])
marks_km = test_inputs[1][0][:, [WHO, WHEN]]
names = [
    f"word {k}" + " (who)" * int(who) + " (when)" * int(when)
    for k, (who, when) in enumerate(marks_km)
]
figure, axes = figures.canvas(height=2.8)
figures.draw_heatmap(
    axes, looks_hk, ["one head", "head 0 of 2", "head 1 of 2"], names, "Where they look"
)
axes.set_ylabel("")
figures.show(
    figure,
    f"Weights on six words: the only head gives {looks_hk[0].max():.2f} to one word; "
    f"of two heads one gives {looks_hk[1].max():.2f} to {names[looks_hk[1].argmax()]}, "
    f"the other {looks_hk[2].max():.2f} to {names[looks_hk[2].argmax()]}.",
)

# %%
assert np.abs(looks_hk[1] - looks_hk[2]).max() > 0.2
assert looks_hk[:, marks_km.any(axis=1)].sum(axis=-1).min() > 0.9

# %% [markdown]
# Nobody told the heads which question is whose: they divided the work in training.
# A head need not look at one word alone.
# Two *different* averages are enough, and $W_O$ takes them apart,
# as two equations settle two unknowns; one average is one equation.

# %% [markdown] minutes=1
# Because your layer has a `get_config`, Keras can make the whole model again,
# which is what saving and loading do.
# To load a file, Keras must also know your class:
# `custom_objects={"MultiHeadAttention": MultiHeadAttention}`.

# %%
clone = keras.models.clone_model(two_model)
clone.set_weights(two_model.get_weights())
few = [array[:8] for array in test_inputs]
same = np.allclose(clone(few), two_model(few), atol=1e-6)
print("made again, with the same weights, it answers the same:", same)
assert same

# %% [markdown] essay="heads-why" points=6 slideshow={"slide_type": "skip"}
# ### Essay: why not one wide head?
#
# *Graded by hand; 150 words are enough.*
# A friend says: "One head of full width has as many parameters,
# and its dot products see all $m$ columns. Cutting it up only makes narrow heads."
# Answer with this lesson: (1) what can one softmax not do, and why does width not help,
# (2) which measurement shows it, and what makes the comparison fair,
# (3) where is your friend right: what does a head pay for being narrow?
#
# ### BEGIN SOLUTION
# **Model answer.** One softmax gives one set of weights that sums to 1, so a head hands
# over one weighted average of the words. Two answers that stand in two places are mixed
# in it, and no matrix behind it can take them apart, since it is the same for all
# sentences. Width changes what is averaged, not how many averages there are. In the
# task with who and when, one head stayed at an error of one half, above the proven
# floor, however long it trained; two heads came near 0 with the same 1024 parameters,
# the same data and the same number of epochs. The friend is right that a head of d = m
# / h columns compares and hands over only d numbers: with more heads than questions
# each has less to compare words by and less to carry. The output projection can put
# together what several heads carry.
#
# **Marking.** 2 points: one softmax, one average (or: weights that share a sum of 1),
# and width does not change that. 2 points: a measured number or the floor, and that
# parameters (or data, or epochs) were equal. 2 points: a narrow head compares or hands
# over d numbers only. Half of each for the claim without a reason. "Heads look at
# different things" alone earns nothing.
# ### END SOLUTION

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Use it: ask a sentence of your own
#
# The three hand-made heads again, on any words of the list, through your function.
# Change the sentence and run the cell.
# Leave the time out: what does a head do that nobody answers?

# %%
print("the words:", ", ".join(WORDS))
mine = ["Paul", "étudie", "le Nil", "en", "juillet"]

x_btm = embed(mine)[np.newaxis]
mine_btm, mine_bhtt = multi_head_attention(x_btm, x_btm, weights, 3)
for place, word in enumerate(mine):
    answers = ", ".join(
        f"{head} {mine[weights_tt[place].argmax()]} {weights_tt[place].max():.2f}"
        for head, weights_tt in zip(HEADS, mine_bhtt[0], strict=True)
    )
    print(f"{word:10} {answers}")
middle = len(mine) // 2
found = dict(zip(TOLD, mine_btm[0, middle].round(2).tolist(), strict=True))
print(mine[middle], "is told", found)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Remember lessons 01 and 02
#
# Three questions without looking back; each right answer is a point,
# and each option is explained afterwards.
#
# **1.** Why are scores divided by $\sqrt d$?
#
# - `"variance"`: to keep the variance of a score at 1, whatever d is
# - `"sum"`: to make the weights of a row sum to 1
# - `"length"`: because long sentences have more scores

# %% answer="recall-heads-scale"
# One of "variance", "sum", "length".
### BEGIN SOLUTION
scale_recall = "variance"
### END SOLUTION

# %% check="recall-heads-scale" points=1
check("recall-heads-scale", scale_recall)

# %% [markdown]
# **2.** Where does a mask act?
#
# - `"on the token ids"`: padding gets the id -1e9
# - `"on the scores"`: a blocked score becomes -1e9 before softmax
# - `"on the weights"`: a blocked weight becomes 0 after softmax

# %% answer="recall-heads-mask"
# One of "on the token ids", "on the scores", "on the weights".
### BEGIN SOLUTION
mask_recall = "on the scores"
### END SOLUTION

# %% check="recall-heads-mask" points=1
check("recall-heads-mask", mask_recall)

# %% [markdown]
# **3.** Two words stand t steps apart.
# How many factors, one after another, does the gradient pass between them:
# in a recurrent network, and in attention?
#
# - `"t factors and one"`
# - `"one and t factors"`
# - `"t factors in both"`

# %% answer="recall-heads-jacobian"
# One of "t factors and one", "one and t factors", "t factors in both".
### BEGIN SOLUTION
jacobian_recall = "t factors and one"
### END SOLUTION

# %% check="recall-heads-jacobian" points=1
check("recall-heads-jacobian", jacobian_recall)

# %%
explain("recall-heads-scale", scale_recall)
explain("recall-heads-mask", mask_recall)
explain("recall-heads-jacobian", jacobian_recall)

# %% [markdown] slideshow={"slide_type": "notes"}
# **Discuss.** (1) *If two heads of a trained layer swap places,
# and with them their rows of the output projection, what changes?*
# Expected: nothing; heads have no order, which is also why they have no names.
# (2) *In the task, would three heads be better than two?
# And sixteen heads of one column?*
# Expected: a third head has nothing left to find;
# heads of one column carry one number each,
# so several must look at the same word and share the load.
# Try it.
#
# **What goes wrong.** A reshape in place of the swap (ask for the labels of head 0);
# √m in place of √d (ask what one dot product sums over);
# keys from the query's side (use a context of another length);
# NumPy inside `call` (ask what a model holds before it has data).
# The floor is for the mean over many sentences: on one sentence one head may be lucky.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# A head has one softmax and hands over one average; several heads,
# each on its own columns, look several times at once.
# Splitting is a reshape *and* a swap, merging undoes both,
# and an output projection mixes what the heads have found,
# with as many parameters as one wide head.
# Shuffle the words, and every head still sees the same set of them:
# the next lesson tells the words where they are.
#
# ## Go further
#
# - Vaswani et al., *Attention Is All You Need*, 2017, section 3.2.2:
#   eight heads of 64 columns.
# - Voita et al., *Analyzing Multi-Head Self-Attention: Specialized Heads Do the Heavy
#   Lifting, the Rest Can Be Pruned*, 2019: which heads of a translator have a role.
# - Michel, Levy, Neubig, *Are Sixteen Heads Really Better than One?*, 2019:
#   how many heads a trained model can lose.
