# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# # Let every word look at every other
#
# *Jane visite l'Afrique en septembre*: Jane visits Africa in September.
#
# **The question.** In this sentence *l'Afrique* is where a trip goes.
# In *Jane étudie l'Afrique*, Jane studies Africa, it is what somebody reads about.
# One word in two roles, and what decides the role is another word.
# How can a word find the words that matter to it, wherever they stand,
# without passing a message from step to step as a recurrent network does?
#
# **You will build** self-attention in NumPy, in six functions, each of a few lines,
# and meet it again as a layer of Keras that gives the same numbers.
#
# **You need** Python, matrix products, and lesson 01's picture of a recurrent network.
#
# **Time.** About 90 minutes, in two sittings if you like;
# pause after *Let one word look*.

# %% given="setup"
import timeit

import ipywidgets as widgets
import numpy as np
from IPython.display import display

from graders.check import check, example, explain
from transformer import figures

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.course_map(lesson=2),
    "Map of the Transformer: 8 blocks in an encoder for French and a decoder for "
    "English. 3 are lit: self-attention in both and the decoder's cross-attention.",
)

# %% [markdown]
# The map shows the machine that this course ends with; each block becomes a lesson.
# The lit blocks with a dot are today's: they differ in what they are fed,
# not in what they compute.

# %% [markdown] slideshow={"slide_type": "notes"}
# **For the class.** Open with the two sentences on the board and ask
# which word decides what *l'Afrique* means (2 minutes).
# First half to the end of *Let one word look*: 45 minutes.
# Second half from *Let all words look at once*: 40 minutes.
# The essay is homework.
# Students most often normalise over the wrong axis,
# and most often believe that the query is a question in words: stop at that paragraph.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Turn scores into shares
#
# The plan: every word scores every word, high where the other matters to it,
# and then takes a share of each, large where the score is high.
# Begin with the shares.
# Suppose a word has scored two others: one gets the score 0, the other log 3.
# Shares are positive, add up to 1, and are larger for larger scores.
# Exponentials are positive, and a sum can be divided out:
#
# $$\mathrm{softmax}(s)_k = \frac{e^{s_k}}{\sum_j e^{s_j}}$$
#
# By hand: $e^0 = 1$ and $e^{\log 3} = 3$; their sum is 4; the shares are 1/4 and 3/4.

# %%
two_scores = np.array([0.0, np.log(3.0)])
powers = np.exp(two_scores)
print("exponentials:", powers, " sum:", powers.sum(), " shares:", powers / powers.sum())

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# **Predict, then run.** Add 100 to *both* scores.
# What happens to the share of the larger one, 3/4 until now?
# Write `"grows"`, `"stays"` or `"shrinks"`; any of them earns the point,
# because a prediction teaches by being made.

# %% answer="predict-shift"
# One of "grows", "stays", "shrinks".
### BEGIN SOLUTION
shift_guess = "stays"
### END SOLUTION

# %% check="predict-shift" points=1
check("predict-shift", shift_guess)

# %%
shifted = np.exp(two_scores + 100)
shares = shifted / shifted.sum()
print("shares of the scores plus 100:", shares)
assert np.allclose(shares, [0.25, 0.75])

# %%
explain("predict-shift", shift_guess)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=6
# ### Exercise: softmax
#
# *6 minutes, difficulty 1 of 3.*
# `scores` has any shape; the result has the same shape and sums to 1 along `axis`.
# The first line is given, and it is the trick that the prediction was about:
# the largest score of each row becomes 0, so that no exponential is larger than 1.
#
# <details><summary>Hint 1: the idea</summary>
#
# Exponentials first, then each one divided by the sum of its own row.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# For scores `(2, 3)` and `axis=-1` the sums must be `(2, 1)`, not `(2,)`,
# so that each row is divided by its own.
# `keepdims=True` keeps the 1.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# Name the exponentials; return them divided by `np.sum(…, axis=…, keepdims=…)` of them.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | `operands could not be broadcast` | the sum lost its axis: `keepdims` |
# | all numbers together sum to 1 | the sum has no `axis` |
# | `nan` | an exponential that is not of `shifted` |
# | `name 'softmax' is not defined` | the answer's cell stopped: read its error first |
#
# A check that does not pass names the inputs it tried.
# `softmax(*example("softmax", "two rows").values())` makes the same call by hand.


# %% answer="softmax"
def softmax(scores, axis=-1):
    """Turn scores into shares that sum to 1 along `axis`: `(...)` to `(...)`."""
    shifted = scores - np.max(scores, axis=axis, keepdims=True)
    ### BEGIN SOLUTION
    exponentials = np.exp(shifted)
    return exponentials / np.sum(exponentials, axis=axis, keepdims=True)
    ### END SOLUTION


# %% check="softmax" points=2
check("softmax", softmax)
assert np.allclose(softmax(np.array([0.0, np.log(3.0)])), [0.25, 0.75])

# %% [markdown]
# The second check feeds scores of ten thousand.
# $e^{10000}$ fits no floating-point number; $e^{0}$ does.

# %% check="softmax-large" points=2
check("softmax-large", softmax)
assert np.allclose(softmax(np.array([10_000.0, 10_000.0])), [0.5, 0.5])

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Give each word three roles
#
# A word is a row of numbers.
# In a trained model nobody can read them; here we wrote them ourselves so that you can.
# Nothing in this lesson is trained: six features, 1 where a feature applies
# (*étudie*: studies, *le Nil*: the Nile, *juillet*: July).
#
# A name ends in its axes: `x_tm` has t words downwards and m features across.
# Later q counts queries, k keys and b sentences,
# d is how many numbers a query or a key has, and v how many a value has.

# %%
FEATURES = ["person", "travel", "study", "place", "water", "time"]
WORDS = {
    "Jane": [1, 0, 0, 0, 0, 0],
    "Paul": [1, 0, 0, 0, 0, 0],
    "visite": [0, 1, 0, 0, 0, 0],
    "étudie": [0, 0, 1, 0, 0, 0],
    "l'Afrique": [0, 0, 0, 1, 0, 0],
    "le Nil": [0, 0, 0, 1, 1, 0],
    "en": [0, 0, 0, 0, 0, 0.5],  # half about time: it can also be a place's "in"
    "septembre": [0, 0, 0, 0, 0, 1],
    "juillet": [0, 0, 0, 0, 0, 1],
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

# %% [markdown]
# *L'Afrique* is one token here, the third, which some courses call A³;
# the corpus of the last lessons splits *l'* off.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# Each word plays three roles at once, each made from the same row by its own matrix:
#
# - its **query** says what the word is looking for: $Q = X W_Q$;
# - its **key** says what the word can be found by: $K = X W_K$;
# - its **value** says what the word hands over when it is found: $V = X W_V$.
#
# People like to say "the query of *l'Afrique* asks: what is happening there?"
# That is a picture, not a mechanism: a query is a row of numbers,
# and all that happens to it is a dot product with each key.
# The three are projections of the same words, not three kinds of data.

# %%
ROLES = ["who", "what", "where", "when"]  # d = 4: what can be looked for
w_query = 2.5 * np.array(  # the larger this factor, the more decided the look
    [  # who what where when
        [0, 1, 0, 0],  # a person looks for what is done
        [1, 0, 1, 1],  # travelling looks for who, where and when
        [1, 0, 1, 0],  # studying looks for who and what about
        [0, 2, 0, 1],  # a place looks most for what is done there, then for when
        [0, 0, 0, 0],  # that there is water changes nothing
        [0, 1, 0, 0],  # a time looks for what is done then
    ]
)
w_key = np.array(
    [  # who what where when
        [1, 0, 0, 0],  # a person is found by who
        [0, 1, 0, 0],  # travelling is found by what is done
        [0, 1, 0, 0],  # and so is studying
        [0, 0, 1, 0],  # a place is found by where
        [0, 0, 0, 0],
        [0, 0, 0, 1],  # a time is found by when
    ],
    dtype=float,
)
w_value = np.eye(6)  # a word hands over its own features, so that you can read them
print("w_query", w_query.shape, " w_key", w_key.shape, " w_value", w_value.shape)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=4
# ### Exercise: project
#
# *4 minutes, difficulty 1 of 3.*
# `x_tm` is `(t, m)`; `w_query` and `w_key` are `(m, d)`, `w_value` is `(m, v)`.
# Return query `(t, d)`, key `(t, d)` and value `(t, v)`, in this order.
#
# Words are rows here, so the matrix stands on the right: `x @ w`.
# Where a book writes $W x$ for a column $x$, its $W$ is our `w` transposed.
#
# <details><summary>Hint 1: the idea</summary>
#
# Three matrix products that all start from the same words.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(t, m)` times `(m, d)` is `(t, d)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# Three products with `@`, separated by commas, after `return`.
#
# </details>


# %% answer="project"
def project(x_tm, w_query, w_key, w_value):
    """Make three roles: `(t, m)` to query `(t, d)`, key `(t, d)`, value `(t, v)`."""
    ### BEGIN SOLUTION
    return x_tm @ w_query, x_tm @ w_key, x_tm @ w_value
    ### END SOLUTION


# %% check="project" points=2
check("project", project)
one_word, double, triple = np.array([[1.0, 2.0]]), 2 * np.eye(2), 3 * np.eye(2)
assert project(one_word, double, triple, np.eye(2))[1].tolist() == [[3.0, 6.0]]

# %%
query_td, key_td, value_tv = project(x_tm, w_query, w_key, w_value)

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.tables(
        sentence,
        [
            figures.Table("x_tm", x_tm, FEATURES),
            figures.Table("query_td", query_td, ROLES),
            figures.Table("key_td", key_td, ROLES),
            figures.Table("value_tv", value_tv, FEATURES),
        ],
    ),
    f"Four tables of five words each: the words and their queries, keys and values. "
    f"The query of {sentence[2]!r} has {query_td[2, 1]:g} at 'what' and "
    f"{query_td[2, 3]:g} at 'when'; the key of {sentence[1]!r} has {key_td[1, 1]:g} "
    f"at 'what'.",
)

# %% [markdown]
# Read the third row: *l'Afrique* looks for *what*, and a little for *when*.
# The key of *visite* has its 1 at *what*: the two will meet.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Let one word look
#
# A query meets a key in a dot product: large where they agree.
# Four steps, with numbers that fit on a napkin.
# The query is $(2\log 3, 0, 0, 0)$, the keys are $(1,0,0,0)$ and $(0,1,0,0)$,
# the values $(0, 4)$ and $(8, 0)$.
#
# 1. **Score**: the dot products are $2\log 3$ and $0$.
# 2. **Scale**: divide by $\sqrt{d} = \sqrt{4} = 2$; left are $\log 3$ and $0$.
#    Why this number, you will measure below.
# 3. **Share**: softmax gives 3/4 and 1/4.
# 4. **Mix**: $\tfrac34 (0, 4) + \tfrac14 (8, 0) = (2, 3)$.

# %%
scores_k = np.array([2 * np.log(3.0), 0.0])
weights_k = np.exp(scores_k / 2) / np.exp(scores_k / 2).sum()
print("weights:", weights_k, " output:", weights_k @ np.array([[0.0, 4.0], [8.0, 0.0]]))

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=8
# ### Exercise: attend_one
#
# *8 minutes, difficulty 2 of 3.*
# One query `(d,)`, k keys `(k, d)`, k values `(k, v)`.
# Return the new vector `(v,)` and the weights `(k,)`:
#
# $$w = \mathrm{softmax}\!\left(\frac{K q}{\sqrt{d}}\right), \qquad o = w V$$
#
# <details><summary>Hint 1: the idea</summary>
#
# Score, scale, share, mix: one line each.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# Scores: `(k, d)` times `(d,)` is `(k,)`.
# Weights: `(k,)`.
# Output: `(k,)` times `(k, v)` is `(v,)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# The keys stand left of `@` in the scores, the weights stand left of `@` in the output;
# d is `query_d.shape[-1]`, and `softmax` is the function you wrote.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | the output has d numbers, not v | keys were mixed: mix values |
# | right weights, wrong output | rows of values belong to keys: `weights @ value` |
# | every weight a little off | d is the width of a key, not how many there are |


# %% answer="attend-one"
def attend_one(query_d, key_kd, value_kv):
    """Mix values for one query: `(d,)`, `(k, d)`, `(k, v)` to `(v,)` and `(k,)`."""
    ### BEGIN SOLUTION
    scores_k = key_kd @ query_d / np.sqrt(query_d.shape[-1])
    weights_k = softmax(scores_k)
    return weights_k @ value_kv, weights_k
    ### END SOLUTION


# %% check="attend-one" points=4
check("attend-one", attend_one)
napkin = (
    np.array([2 * np.log(3.0), 0, 0, 0]),
    np.eye(4)[:2],
    np.array([[0, 4], [8, 0]]),
)
assert np.allclose(attend_one(*napkin)[0], [2.0, 3.0])

# %%
africa_v, weights_k = attend_one(query_td[2], key_td, value_tv)
print(dict(zip(sentence, weights_k.round(2).tolist(), strict=True)))

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.arrows(sentence, weights_k, query=2, title="l'Afrique looks around"),
    f"Arrows from l'Afrique to five words, as thick as the weights: "
    f"{weights_k.max():.0%} goes to {sentence[weights_k.argmax()]!r}, "
    f"{weights_k[4]:.0%} to 'septembre', {weights_k[2]:.0%} to itself.",
)
assert sentence[weights_k.argmax()] == "visite"

# %% [markdown]
# An arrow points at who is looked at; what is found there flows back along it.
# The thickest one ends at the verb.
# *Jane* has a score of 0 and still a share of 0.05: softmax never gives 0.
# Now the promise of the first paragraph, the same word in two sentences.


# %% slideshow={"slide_type": "subslide"}
def africa_in(words):
    """The new vector of l'Afrique in a sentence: `(v,)`."""
    queries, keys, values = project(embed(words), w_query, w_key, w_value)
    return attend_one(queries[words.index("l'Afrique")], keys, values)[0]


def in_words(vector_v):
    """The features of a vector that are not 0, with two decimals."""
    pairs = zip(FEATURES, vector_v, strict=True)
    return ", ".join(f"{name} {x:.2f}" for name, x in pairs if x > 0.005)


for verb in ("visite", "étudie"):
    vector_v = africa_in(["Jane", verb, "l'Afrique", "en", "septembre"])
    print(f"Jane {verb} l'Afrique en septembre: l'Afrique is now {in_words(vector_v)}")
    assert FEATURES[vector_v.argmax()] == {"visite": "travel", "étudie": "study"}[verb]

far = ["visite", "Jane", "en", "septembre", "l'Afrique"]
print("the verb at the other end:                    ", in_words(africa_in(far)))
assert np.allclose(africa_in(far), africa_v)
assert weights_k[0].round(2) == 0.05

# %% [markdown]
# The row that went in is the same; the row that came out says *travel*
# in one sentence and *study* in the other.
# The matrices did not change: the weights are computed anew from the words themselves.
# Nor did it matter how far away the verb stands, because no step asks for a distance.
#
# Little is left of the place itself.
# A Transformer adds the new vector to the old one, so that nothing is lost (lesson 06).

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Let all words look at once
#
# Put the queries of all words into one array, row under row.
# Then two matrix products, with a scale and a softmax between them, are all four steps:
#
# $$\mathrm{Attention}(Q, K, V)
# = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V$$
#
# $Q K^\top$ is a table: rows are queries, columns are keys.
# Each query chooses among the keys, so each *row* must sum to 1.
# No row waits for another, which is what recurrence could not offer.

# %%
query_qd = np.array([[1.0, 0.0], [0.0, 2.0]])
key_kd = np.array([[1.0, 1.0], [0.0, 1.0], [2.0, 0.0]])
print("two queries, three keys, six scores:\n", query_qd @ key_kd.T)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# Some keys must not be looked at: filler words that only pad a batch to one length,
# and in lesson 05 the future.
# A **mask** is boolean and True means *may attend*.
# It acts on the scores, before softmax, with this line:
#
# ```python
# scores = np.where(mask, scores, -1e9)
# ```
#
# $e^{-10^9}$ is 0 in every floating-point format,
# so a blocked key gets weight 0 and the others share what it would have had.

# %%
three_scores = np.array([np.log(3.0), 0.0, 5.0])
may_attend = np.array([True, True, False])
for_softmax = np.where(may_attend, three_scores, -1e9)
print("weights:", np.exp(for_softmax) / np.exp(for_softmax).sum())

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=12
# ### Exercise: attention
#
# *12 minutes, difficulty 3 of 3.
# Three checks: the plain case, any leading axes, masks.*
# `query` is `(..., q, d)`, `key` is `(..., k, d)`, `value` is `(..., k, v)`;
# the dots are any number of leading axes, a batch for example.
# `mask`, if given, is boolean and broadcasts to `(..., q, k)`.
# Return the output `(..., q, v)` and the weights `(..., q, k)`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Score, scale, mask, share, mix.
# The `@` of NumPy works on the last two axes and leaves all leading ones alone.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(..., q, d)` @ `(..., d, k)` is `(..., q, k)`,
# so the key's last two axes must change places: `np.swapaxes(key, -1, -2)`.
# `.T` would turn the batch around too.
# `(..., q, k)` @ `(..., k, v)` is `(..., q, v)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# Scores are a product divided by a root;
# `if mask is not None:` replaces some of them with the line above;
# the weights are their softmax; return two things,
# the product of weights and values first.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | columns sum to 1, not rows | softmax over the queries: which axis is last? |
# | rows sum to less than 1 under a mask | the mask came after softmax |
# | only blocked keys get weight | the mask is inverted: True means *may* |
# | right for one sentence, wrong for a batch | `.T` where two axes should swap |


# %% answer="attention"
def attention(query, key, value, mask=None):
    """Scaled dot-product attention.

    `(..., q, d)`, `(..., k, d)`, `(..., k, v)` to output `(..., q, v)` and weights
    `(..., q, k)`; `mask` broadcasts to `(..., q, k)`, True where a query may attend.
    """
    ### BEGIN SOLUTION
    scores = query @ np.swapaxes(key, -1, -2) / np.sqrt(query.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    weights = softmax(scores)
    return weights @ value, weights
    ### END SOLUTION


# %% check="attention" points=4
check("attention", attention)
napkin = (
    np.array([[2 * np.log(3.0), 0, 0, 0]]),
    np.eye(4)[:2],
    np.array([[0, 4], [8, 0]]),
)
assert np.allclose(attention(*napkin)[0], [[2.0, 3.0]])

# %% check="attention-leading" points=3
check("attention-leading", attention)

# %% check="attention-mask" points=3
check("attention-mask", attention)
blocked = attention(
    np.ones((1, 4)), np.ones((2, 4)), np.eye(2), np.array([[True, False]])
)
assert np.allclose(blocked[1], [[1.0, 0.0]])

# %%
output_tv, weights_tt = attention(query_td, key_td, value_tv)
scores_tt = query_td @ key_td.T / np.sqrt(4)

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.tables(
        sentence,
        [
            figures.Table("scores / √d", scores_tt, sentence),
            figures.Table("weights: rows sum to 1", weights_tt, sentence),
            figures.Table("output", output_tv, FEATURES),
        ],
    ),
    "Scores, weights and outputs of five words. "
    + " ".join(
        f"{word!r} looks most at {sentence[row.argmax()]!r} ({row.max():.2f})."
        for word, row in zip(sentence, weights_tt, strict=True)
        if word in ("Jane", "l'Afrique", "septembre")
    ),
)

# %% [markdown]
# The third row of weights is what the arrows showed;
# the other rows are the other words.
# *Visite* now knows who travels, where and when: 0.26 person, 0.26 place, 0.33 time.
#
# The tables are not symmetric, for two reasons.
# Asking and being found are different roles: *l'Afrique* scores *visite* with 2.5,
# *visite* scores it with 1.25.
# And each row is divided by its own sum: *Jane* and *visite* score each other alike,
# with 1.25, and still get the weights 0.47 and 0.26.

# %%
assert np.allclose(output_tv[1, [0, 3, 5]].round(2), [0.26, 0.26, 0.33])
assert scores_tt[2, 1] == 2.5
assert scores_tt[1, 2] == scores_tt[0, 1] == scores_tt[1, 0] == 1.25
assert weights_tt[[0, 1], [1, 0]].round(2).tolist() == [0.47, 0.26]

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Why three matrices?
# Leave them out, and let the words meet as they are.

# %%
_, alike_tt = attention(x_tm, x_tm, x_tm)
for word, row in zip(sentence, alike_tt, strict=True):
    print(f"{word:10} looks most at {sentence[row.argmax()]:10} {row.max():.2f}")
assert [sentence[row.argmax()] for row in alike_tt[:3]] == sentence[:3]

# %% [markdown]
# Every word finds what it resembles: itself or, as *en* does, more of the same.
# A place has to find a verb, which is nothing like it:
# the matrices decide who meets whom.
# We wrote them by hand; a network learns them, like all its weights,
# by gradient descent, and lesson 07 looks at what it has learned.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# **Try it.** Choose the word that looks, and how sharply:
# the slider multiplies the scores before softmax.
# At 0 every word gets the same share.
# Towards 4 the look of *l'Afrique* narrows to one word; that of *visite*
# stays divided among three, because they score alike.

# %%
word_choice = widgets.Dropdown(options=sentence, value="l'Afrique", description="word")
sharp_slider = widgets.FloatSlider(
    value=1.0, min=0.0, max=4.0, step=0.5, description="sharpness"
)
picture = widgets.Image(format="png", width=640)
told = widgets.HTML()


def redraw(_change=None):
    """Draw the look of the chosen word."""
    place = sentence.index(word_choice.value)
    _, weights_k = attend_one(sharp_slider.value * query_td[place], key_td, value_tv)
    picture.value = figures.png(figures.arrows(sentence, weights_k, place))
    shares = ", ".join(f"{w} {s:.2f}" for w, s in zip(sentence, weights_k, strict=True))
    told.value = f"<b>{sentence[place]}</b> looks at: {shares}"


for control in (word_choice, sharp_slider):
    control.observe(redraw, "value")
redraw()
display(widgets.VBox([word_choice, sharp_slider, picture, told]))

# %%
_, sharp_k = attend_one(4 * query_td[2], key_td, value_tv)
_, divided_k = attend_one(4 * query_td[1], key_td, value_tv)
assert sharp_k.max() > 0.99
assert divided_k.round(2).tolist() == [0.32, 0.0, 0.32, 0.03, 0.32]

# %% [markdown] slideshow={"slide_type": "slide"} minutes=6
# ## Write self-attention
#
# **Self**-attention: queries, keys and values all come from the words of one sentence.
# (In the decoder's **cross**-attention, queries come from the English sentence,
# keys and values from the French one; your `attention` does that already.)
#
# ### Exercise: self_attention
#
# *6 minutes, difficulty 2 of 3; you know everything it needs.*
# `x_btm` is a batch of sentences `(b, t, m)`;
# the matrices are as in `project`; v may differ from d.
# `mask` broadcasts to `(b, t, t)`.
# Return the output `(b, t, v)` and the weights `(b, t, t)`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two functions of yours, one after the other.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(b, t, m)` @ `(m, d)` is `(b, t, d)`:
# your `project` never asked how many axes came before t.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# Unpack what `project` returns into three names and hand them,
# with `mask`, to `attention`.
#
# </details>


# %% answer="self-attention"
def self_attention(x_btm, w_query, w_key, w_value, mask=None):
    """Let the words of each sentence look at each other: `(b, t, m)` to `(b, t, v)`."""
    ### BEGIN SOLUTION
    query_btd, key_btd, value_btv = project(x_btm, w_query, w_key, w_value)
    return attention(query_btd, key_btd, value_btv, mask)
    ### END SOLUTION


# %% check="self-attention" points=3
check("self-attention", self_attention)

# %% check="self-attention-mask" points=3
check("self-attention-mask", self_attention)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# What if a mask blocks a whole row, so that a word may look at nobody?
# There is no right answer, only a policy, and programs differ.
# With -1e9 all scores of the row are equal, so the weights are equal too: 1/k each.
# The checks never block a whole row; what Keras does, you will see below.

# %%
nobody = np.zeros((1, 3), dtype=bool)
_, weights_qk = attention(np.ones((1, 4)), np.eye(4)[:3], np.eye(3), nobody)
print("weights of a query that may attend to nothing:", weights_qk.round(3))

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Break it: leave out the scale
#
# Why divide by $\sqrt{d}$?
# Take queries and keys whose entries are random with mean 0 and variance 1,
# a fair model of a layer before training.
#
# **Predict, then run.** d grows from 4 to 256.
# The *variance* of the dot product $q \cdot k$ then: `"stays"`, `"grows like d"`,
# `"grows like d squared"`?

# %% answer="predict-variance"
# One of "stays", "grows like d", "grows like d squared".
### BEGIN SOLUTION
variance_guess = "grows like d"
### END SOLUTION

# %% check="predict-variance" points=1
check("predict-variance", variance_guess)

# %% slideshow={"slide_type": "subslide"}
rng = np.random.default_rng(7)
widths = [4, 16, 64, 256]
variances = []
for d in widths:
    query_nd, key_nd = rng.normal(size=(2, 20_000, d))
    variances.append(np.einsum("nd,nd->n", query_nd, key_nd).var())
scaled_variances = [variance / d for variance, d in zip(variances, widths, strict=True)]
for d, variance in zip(widths, variances, strict=True):
    print(
        f"d = {d:3}   variance of q·k: {variance:6.1f}   of q·k/√d: {variance / d:.2f}"
    )
assert all(
    0.9 < variance / d < 1.1 for variance, d in zip(variances, widths, strict=True)
)

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.curves(
        widths,
        {"q·k": variances, "q·k / √d": scaled_variances},
        "d (numbers in a query)",
        "variance of a score",
        log="xy",
    ),
    f"Variance of a dot product: from {variances[0]:.1f} at d = 4 it grows to "
    f"{variances[-1]:.0f} at d = 256, in step with d; divided by the root of d it is "
    f"between {min(scaled_variances):.2f} and {max(scaled_variances):.2f}.",
)

# %%
explain("predict-variance", variance_guess)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# So what?
# Softmax of large scores gives nearly everything to one key,
# and then a small change of the query changes no weight:
# there is nothing to learn from.
# Measure it: by how much the k weights move when the d numbers of the query do.
# That is the size of the derivative
#
# $$\frac{\partial w}{\partial q} = \frac{1}{\text{scale}}
# \left(\mathrm{diag}(w) - w w^\top\right) K$$
#
# of the weights $w$, for 2,000 random queries with 10 keys each;
# the median says what happens to a typical one.
# Three candidates for the scale: 1, $\sqrt{d}$ and $d$.


# %%
def typical(d, scale, count=2_000, k=10):
    """Median largest weight and median size of the derivative, for width d."""
    rng = np.random.default_rng(d)
    query_nd, key_nkd = rng.normal(size=(count, d)), rng.normal(size=(count, k, d))
    weights_nk = softmax(np.einsum("nd,nkd->nk", query_nd, key_nkd) / scale)
    mean_nd = np.einsum("nk,nkd->nd", weights_nk, key_nkd)
    slope_nkd = weights_nk[..., np.newaxis] * (key_nkd - mean_nd[:, np.newaxis]) / scale
    sizes_n = np.sqrt((slope_nkd**2).sum(axis=(1, 2)))
    return np.median(weights_nk.max(axis=-1)), np.median(sizes_n)


SCALES = {"no scale": lambda d: 1.0, "√d": np.sqrt, "d": lambda d: d}
measured = {
    name: np.array([typical(d, scale(d)) for d in widths])
    for name, scale in SCALES.items()
}
print("largest weight   " + "".join(f"d = {d:<6}" for d in widths))
for name, rows in measured.items():
    print(f"{name:16} " + "".join(f"{weight:<10.2f}" for weight in rows[:, 0]))

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.curves(
        widths,
        {name: rows[:, 1] for name, rows in measured.items()},
        "d (numbers in a query)",
        "size of the derivative",
        title="How much the weights of a typical query can move",
        log="xy",
    ),
    "Median size of the derivative of the weights, from d = 4 to d = 256: "
    + "; ".join(
        f"with {name} from {rows[0, 1]:.2f} to {rows[-1, 1]:.3f}"
        for name, rows in measured.items()
    )
    + ".",
)
# %% [markdown]
# Without a scale the wide layer is *stuck*: one key has nearly all the weight,
# and a typical query can no longer change that.
# Divided by $d$ it is *blind*: all weights are nearly 1/10,
# and they hardly move either.
# With $\sqrt d$ nothing changes from d = 4 to d = 256.
# So the scale is not there to "make numbers small".
# It keeps the variance of a score at 1 whatever d is,
# and with it softmax in the range where it can learn (Vaswani et al. 2017,
# section 3.2.1, footnote 4).

# %%
(stuck, stuck_slope), (blind, blind_slope) = measured["no scale"][-1], measured["d"][-1]
assert stuck > 0.95
assert blind < 0.13
assert max(stuck_slope, blind_slope) < 0.06
assert np.ptp(measured["√d"][:, 1]) < 0.05

# %% [markdown] essay="attention-scale-why" points=6 slideshow={"slide_type": "skip"}
# ### Essay: why the root of d, and not d?
#
# *Graded by hand; 150 words are enough.*
# A friend proposes to divide by $d$: "It is even safer, the scores get smaller."
# Explain with what you measured (1) why some division is needed, (2)
# why $\sqrt d$ is the right one, (3) what happens to the weights
# of a wide layer if one divides by $d$.
#
# ### BEGIN SOLUTION
# **Model answer.** A dot product of two random vectors of width d sums d products
# of variance 1, so its variance is d and its typical size √d.
# Without a division the scores of a wide layer are large,
# softmax gives nearly all weight to one key (typically near 1 at d = 256),
# and the weights hardly move when the query does: nothing to learn from.
# Dividing by √d divides the variance by d: it is 1 for every width,
# and the measured derivative is the same for every width.
# Dividing by d divides the variance by d², so it is 1/d: the wider the layer,
# the closer all scores are to 0 and all weights to 1/k.
# Attention begins as a plain average that cannot choose,
# and its derivative shrinks with d as well.
#
# **Marking.** 2 points: the variance (or typical size) of a dot product grows with d
# (or √d), with a reason or a measured number.
# 2 points: saturated softmax has a vanishing derivative, for a typical query.
# 2 points: dividing by d makes the weights nearly equal, and the derivative small too.
# Half of each for the claim without a reason.
# "To make numbers small" alone earns nothing.
# ### END SOLUTION

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Shuffle the words
#
# **Predict, then run.** Put the words in another order, *septembre* first,
# and run self-attention again.
# The new vectors are: `"the same rows in the new order"`, `"different rows"`,
# `"the same rows in the old order"`?

# %% answer="predict-shuffle"
# One of "the same rows in the new order", "different rows",
# "the same rows in the old order".
### BEGIN SOLUTION
shuffle_guess = "the same rows in the new order"
### END SOLUTION

# %% check="predict-shuffle" points=1
check("predict-shuffle", shuffle_guess)

# %%
order = [4, 2, 0, 3, 1]
outputs_btv, _ = self_attention(x_tm[np.newaxis], w_query, w_key, w_value)
shuffled_btv, _ = self_attention(x_tm[np.newaxis, order], w_query, w_key, w_value)
print(
    "largest difference to the shuffled rows:",
    np.abs(shuffled_btv - outputs_btv[:, order]).max(),
)
assert np.allclose(shuffled_btv, outputs_btv[:, order])

# %%
explain("predict-shuffle", shuffle_guess)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Order carries meaning, and here it is lost.
# Take two sentences with two verbs: in the first Jane visits Africa
# and Paul studies the Nile; in the second it is the other way round.

# %%
for words in (
    ["Jane", "visite", "l'Afrique", "Paul", "étudie", "le Nil"],
    ["Jane", "visite", "le Nil", "Paul", "étudie", "l'Afrique"],
):
    vector_v = africa_in(words)
    print(" ".join(words), "\n    l'Afrique:", in_words(vector_v))
    assert np.isclose(vector_v[1], vector_v[2])  # as much travel as study

# %% [markdown]
# To *l'Afrique* the two sentences are one: both verbs count the same,
# the near one and the far one.
# Lesson 04 tells the words where they are.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=6
# ## Find the two bugs
#
# A colleague wrote attention for batches.
# It runs, the shapes are right, the numbers look like numbers.
# Two lines are wrong.


# %%
def looks_right(query_bqd, key_bkd, value_bkv):
    """Attention, they say: output `(b, q, v)` and weights `(b, q, k)`."""
    b, k, d = key_bkd.shape
    key_bdk = key_bkd.reshape(b, d, k)
    weights_bqk = softmax(query_bqd @ key_bdk / np.sqrt(d), axis=1)
    return weights_bqk @ value_bkv, weights_bqk


rng = np.random.default_rng(3)
trial = [rng.normal(size=shape) for shape in ((2, 3, 4), (2, 5, 4), (2, 5, 6))]
guess_bqv, guess_bqk = looks_right(*trial)
print("shapes:", guess_bqv.shape, guess_bqk.shape)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Exercise: repaired_attention
#
# *6 minutes, difficulty 2 of 3.*
# Copy the body, find the two lines by testing what must hold, and mend them.
# Return the output `(b, q, v)` and the weights `(b, q, k)`.
# Laws are better probes than staring: do the rows of `guess_bqk` sum to 1?
# Is the score of query 0 and key 1 their dot product?
#
# <details><summary>Hint 1: the idea</summary>
#
# One bug moves numbers to wrong places, the other divides by the wrong sums.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# A `(2, 3)` array reshaped to `(3, 2)` keeps its six numbers in reading order;
# transposed, its rows become columns.
# Only one of the two is $K^\top$.
# Axis 1 of `(b, q, k)` is q.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `swapaxes` in place of `reshape`, and the last axis in place of axis 1.
#
# </details>


# %% answer="repair-attention"
def repaired_attention(query_bqd, key_bkd, value_bkv):
    """Attention for batches: output `(b, q, v)` and weights `(b, q, k)`."""
    ### BEGIN SOLUTION
    key_bdk = np.swapaxes(key_bkd, 1, 2)
    weights_bqk = softmax(query_bqd @ key_bdk / np.sqrt(key_bkd.shape[-1]))
    return weights_bqk @ value_bkv, weights_bqk
    ### END SOLUTION


# %% check="repair-attention" points=2
check("repair-attention", repaired_attention)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=1
# ## See what it costs
#
# Every word looks at every word, so the table of weights has $t^2$ entries:
# twice the words, four times the table.
# Lesson 01's layer did work in step with t, but each of its steps had to wait;
# no row of this table waits for another.

# %% tags=["nbval-ignore-output"]
milliseconds = {}
for t in (256, 512, 1024, 2048):
    x_btm = np.random.default_rng(0).normal(size=(1, t, 64))
    seconds = timeit.repeat(lambda x=x_btm: attention(x, x, x), number=1, repeat=9)
    milliseconds[t] = 1000 * min(seconds)
    print(f"{t:5} words: {milliseconds[t]:8.1f} ms, {t * t:9,} weights")

# %%
times_the_table = 2048**2 // 256**2
print(f"from 256 to 2048 words: 8 times the words, {times_the_table} times the table")
assert milliseconds[2048] > milliseconds[256]

# %% [markdown]
# The times above are your machine's, and other work on it shows in them;
# the table's size is the same everywhere.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Meet the same thing in Keras
#
# Importing TensorFlow takes some seconds, which is why it waited until here.
# `keras.layers.Attention` takes query, **value**, key, in that order;
# `score_mode="dot"` has no scale of its own, so the query is divided beforehand.
# Its mask has this course's convention: True means *may attend*.

# %% tags=["late-import"]
import keras

rng = np.random.default_rng(11)
query_bqd = rng.normal(size=(2, 3, 4)).astype("float32")
key_bkd = rng.normal(size=(2, 5, 4)).astype("float32")
value_bkv = rng.normal(size=(2, 5, 6)).astype("float32")
ours_bqv, ours_bqk = attention(query_bqd, key_bkd, value_bkv)
layer = keras.layers.Attention()
theirs_bqv, theirs_bqk = layer(
    [query_bqd / np.sqrt(4.0, dtype="float32"), value_bkv, key_bkd],
    return_attention_scores=True,
)
gap = max(np.abs(ours_bqv - theirs_bqv).max(), np.abs(ours_bqk - theirs_bqk).max())
print("largest difference below 1e-5:", gap < 1e-5)
assert gap < 1e-5

# %% [markdown] minutes=1
# The layer that the Transformer uses is `keras.layers.MultiHeadAttention`.
# With one head and the same three matrices it is your `self_attention`, mask included;
# its output projection is set to the identity here, and lesson 03 puts it to use.

# %%
rng = np.random.default_rng(12)
words_btm = rng.normal(size=(2, 5, 6)).astype("float32")
matrices = rng.normal(size=(3, 6, 6)).astype("float32") / np.sqrt(6.0, dtype="float32")
is_word_btt = np.array([[1, 1, 0, 1, 1], [1, 1, 1, 1, 0]], dtype=bool)[:, np.newaxis, :]
is_word_btt = np.broadcast_to(is_word_btt, (2, 5, 5))
layer = keras.layers.MultiHeadAttention(num_heads=1, key_dim=6, use_bias=False)
layer.build(words_btm.shape, words_btm.shape)
layer.set_weights([*matrices[:, :, np.newaxis, :], np.eye(6)[np.newaxis]])
theirs_btv = layer(words_btm, words_btm, attention_mask=is_word_btt)
ours_btv, _ = self_attention(words_btm, *matrices, mask=is_word_btt)
print("largest difference below 1e-5:", np.abs(ours_btv - theirs_btv).max() < 1e-5)
assert np.abs(ours_btv - theirs_btv).max() < 1e-5

# %% [markdown]
# And the fully blocked row?
# Keras has two policies in one layer: asked for the weights too, it gives zeros;
# not asked, it takes another path that averages all values, as ours does.
# Rely on neither.

# %%
nobody_btt = np.zeros((2, 5, 5), dtype=bool)
zeros_btv, _ = layer(
    words_btm, words_btm, attention_mask=nobody_btt, return_attention_scores=True
)
mean_btv = layer(words_btm, words_btm, attention_mask=nobody_btt)
print("with weights, all zeros:", bool(np.all(zeros_btv == 0)))
value_btv = words_btm @ matrices[2]
average_v = value_btv.mean(axis=1, keepdims=True)
print("without, the average:", bool(np.allclose(mean_btv, average_v, atol=1e-5)))

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Use it: read a sentence of your own
#
# Change the sentence to any words of the list, in any order, and run the cells.
# Your functions have never seen it, and each word still finds what it looks for,
# if it is there: a place finds its verb, a verb its people and places.

# %%
print("the words:", ", ".join(WORDS))
mine = ["Paul", "étudie", "le Nil", "en", "juillet"]

mine_btv, mine_btt = self_attention(embed(mine)[np.newaxis], w_query, w_key, w_value)
for word, row_k, row_v in zip(mine, mine_btt[0], mine_btv[0], strict=True):
    most = [
        other for other, w in zip(mine, row_k, strict=True) if w > row_k.max() - 0.01
    ]
    print(f"{word} looks most at {' and '.join(most)}: {in_words(row_v)}")

# %%
place = len(mine) // 2  # the word that looks: the one in the middle

# %% tags=["folded"]
figures.show(
    figures.arrows(
        mine, mine_btt[0, place], place, title=f"{mine[place]} looks around"
    ),
    f"{mine[place]!r} looks most at {mine[mine_btt[0, place].argmax()]!r}, with a "
    f"weight of {mine_btt[0, place].max():.2f}.",
)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Remember lesson 01
#
# Three questions without looking back; each right answer is a point,
# and each option is explained afterwards.
#
# **1.** Why does the gradient of a plain recurrent network vanish over a long distance?
#
# - `"product"`: it is a product of one Jacobian for each step
# - `"saturation"`: each tanh is saturated, so that every single gradient is 0
# - `"rate"`: the learning rate is too small for long sentences

# %% answer="recall-gradient"
# One of "product", "saturation", "rate".
### BEGIN SOLUTION
gradient_recall = "product"
### END SOLUTION

# %% check="recall-gradient" points=1
check("recall-gradient", gradient_recall)

# %% [markdown]
# **2.** What do the gates of a GRU or LSTM do about it?
#
# - `"abolish"`: with gates the gradient no longer vanishes
# - `"mitigate"`: they let the gradient decay more slowly, at a cost
# - `"parallel"`: they let all steps be computed at once

# %% answer="recall-gates"
# One of "abolish", "mitigate", "parallel".
### BEGIN SOLUTION
gates_recall = "mitigate"
### END SOLUTION

# %% check="recall-gates" points=1
check("recall-gates", gates_recall)

# %% [markdown]
# **3.** A sentence has t words.
# How many steps of a recurrent layer must wait for each other,
# and how many of an attention layer?
#
# - `"t and 1"`
# - `"t and t"`
# - `"1 and t"`

# %% answer="recall-steps"
# One of "t and 1", "t and t", "1 and t".
### BEGIN SOLUTION
steps_recall = "t and 1"
### END SOLUTION

# %% check="recall-steps" points=1
check("recall-steps", steps_recall)

# %%
explain("recall-gradient", gradient_recall)
explain("recall-gates", gates_recall)
explain("recall-steps", steps_recall)

# %% [markdown] slideshow={"slide_type": "notes"}
# **Discuss.** (1) *Why have a key at all: could a word be found by its value?*
# Expected: then what it is found by and what it tells would be one thing; *visite*
# is found by "something is done" and tells "a trip".
# (2) *The weights of a trained model put 0.9 on one word.
# Is that word the reason for the output?*
# Expected: not by itself; values may be small, other paths carry information,
# and the weights say what was mixed, not why it mattered.
#
# **What goes wrong.** Softmax over queries (ask: which sums are 1?);
# `.T` on a batch (ask for its shape); a mask after softmax (ask for the row's sum);
# the root of the number of keys (ask what the dot product sums over).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# A query meets every key in a dot product;
# scaled and passed through softmax these scores become shares,
# and the shares mix the values.
# All words do it at once, so no word waits for another,
# at the price of a table with $t^2$ entries.
# Order plays no part yet, and one look is all a word has: the next two lessons.
#
# ## Go further
#
# - Vaswani et al., *Attention Is All You Need*, 2017, section 3.2: the formula of this
#   lesson.
# - Bahdanau, Cho, Bengio, *Neural Machine Translation by Jointly Learning to Align and
#   Translate*, 2015, section 3: attention before the Transformer, with a small network
#   for
#   the score.
# - Jain, Wallace, *Attention is not Explanation*, 2019, and Wiegreffe, Pinter,
#   *Attention is
#   not not Explanation*, 2019: what weights do and do not say.
