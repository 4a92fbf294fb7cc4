# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# # See why recurrence runs out of breath
#
# *Jane visite l'Afrique en septembre.*
#
# **The question.** You read this sentence word by word,
# and at the last word you still know who travels.
# How does a network do that with one row of numbers,
# and why does it forget, and why can nothing hurry it, when sentences grow long?
#
# **You will build** a recurrent network in NumPy, a gated one,
# and the instrument that measures how much of the first word reaches the last.
#
# **You need** Python with NumPy, matrix products and the chain rule.
# You need no Keras: what the lesson takes from it stands ready to run.
#
# **Time.** About 90 minutes, in two sittings if you like;
# pause before *Make the matrix larger*.

# %% given="setup"
import time

import ipywidgets as widgets
import numpy as np
from IPython.display import display

from graders.check import check, example, explain
from transformer import figures

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.course_map(lesson=1),
    f"Map of the Transformer: {len(figures.BLOCKS)} blocks in an encoder for French "
    "and a decoder for English. None is lit in lesson 1: no block is recurrent.",
)

# %% [markdown]
# In seven lessons you write this machine, a **Transformer**,
# and it turns the sentence into *Jane visits Africa in September*.
# Today nothing is lit: you find out what its attention blocks had to replace.
# Then come attention (02), several looks at once (03), the order of words (04),
# what must not be seen (05), the whole machine (06) and its training (07).

# %% [markdown] slideshow={"slide_type": "notes"}
# **For the class.** Ask first: "Which word decides between *is* and *are*
# in *The friends that Jane visits in Africa in September … kind*?"
# and count how far back it stands (2 minutes).
# First meeting to the end of *See it vanish*: 45 minutes.
# Second meeting from *Make the matrix larger*: 44 minutes.
# The essay is homework.
# Students most often multiply norms instead of matrices,
# and most often leave with "gates solve it":
# stop at the measurement before and after training.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=1
# **How this notebook answers you.** A *check*
# runs your code on small cases and names your mistake where it knows it, a *hint*
# unfolds when you click on it, and `example("rnn-step")` hands you the inputs
# of a check's first case, in the order of the arguments, to try by hand.
# A *prediction* earns its point for being made, right or wrong,
# and the cells after it show what is true.
#
# **How you answer.** Your code takes the place of `raise NotImplementedError()`;
# the `...` of a question gives way to one of its options, quotes included.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Bring three things along
#
# Three questions on what you know already; each right answer is a point.
#
# **1.** `x` has the shape (2, 3) and `w` the shape (3, 5).
# Which shape has `x @ w`? `"(2, 5)"`, `"(3, 3)"` or `"(5, 2)"`.

# %% answer="recall-matrix-product"
# One of "(2, 5)", "(3, 3)", "(5, 2)".
### BEGIN SOLUTION
shape_recall = "(2, 5)"
### END SOLUTION

# %% check="recall-matrix-product" points=1
check("recall-matrix-product", shape_recall)

# %% [markdown]
# **2.** $y = f(g(x))$. What is the slope of $y$ at $x$?

# %% answer="recall-chain-rule"
# One of "f'(g(x)) · g'(x)", "f'(g(x)) + g'(x)", "f'(x) · g'(x)".
### BEGIN SOLUTION
chain_recall = "f'(g(x)) · g'(x)"
### END SOLUTION

# %% check="recall-chain-rule" points=1
check("recall-chain-rule", chain_recall)

# %% [markdown]
# **3.** $h = \tanh(a)$. What is the slope of tanh at $a$, written with $h$?
# (If it has slipped your mind: where is tanh flat, where is it steepest?)

# %% answer="recall-tanh-slope"
# One of "1 - h²", "1 - h", "h · (1 - h)".
### BEGIN SOLUTION
slope_recall = "1 - h²"
### END SOLUTION

# %% check="recall-tanh-slope" points=1
check("recall-tanh-slope", slope_recall)

# %%
explain("recall-matrix-product", shape_recall)
explain("recall-chain-rule", chain_recall)
explain("recall-tanh-slope", slope_recall)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Read one word
#
# A **recurrent network** keeps one row of numbers, its **state**.
# For each word it makes a new state, from the word and from the old state.
#
# $$h_t = \tanh(x_t\, W_{ms} + h_{t-1}\, W_{ss} + b)$$
#
# $x_t$ is the word at position $t$, a row of $m$ numbers; $h_t$ is the state after it,
# a row of $s$ numbers; the two matrices $W$ and the **bias** $b$ are what it learns.
# tanh squeezes every number into the range from -1 to 1.

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
sentence = ["Jane", "visite", "l'Afrique", "en", "septembre"]
figure, axes = figures.canvas(height=1.9)
axes.set_axis_off()
axes.set_xlim(-0.75, 4.6)
axes.set_ylim(-0.3, 1.35)
box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": figures.GREY}
lit = {**box, "facecolor": "#cfe5f2", "edgecolor": figures.BLUE}
line = {"arrowstyle": "-|>", "color": figures.GREY, "linewidth": 1.5}
for place, word in enumerate(sentence):
    axes.text(place, 0, word, ha="center", va="center", bbox=box)
    axes.text(place, 1, f"state {place + 1}", ha="center", va="center", bbox=lit)
    axes.annotate("", xy=(place, 0.8), xytext=(place, 0.2), arrowprops=line)
    axes.annotate("", xy=(place - 0.36, 1), xytext=(place - 0.64, 1), arrowprops=line)
figures.show(
    figure,
    f"A chain of {len(sentence)} states, one above each word. Each is fed by its word "
    f"and by the state before it, so that {sentence[0]!r} reaches the last state only "
    f"through {len(sentence) - 1} steps.",
)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# By hand, two numbers wide. Two values of tanh come out round:
# $\tanh(\log 2) = 0.6$ and $\tanh(\log 3) = 0.8$.
# The word (1, 0) brings $\log 2$ into the first number;
# the old state (1, 0) brings $\log 3$ into the second.
# The sum is $(\log 2, \log 3)$, and the new state is (0.6, 0.8).

# %%
word_bm, old_bs = np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])
from_word_ms = np.array([[np.log(2.0), 0.0], [0.0, np.log(3.0)]])
from_state_ss = np.array([[0.0, np.log(3.0)], [0.0, 0.0]])
print("new state:", np.tanh(word_bm @ from_word_ms + old_bs @ from_state_ss).round(3))

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=4
# ### Exercise: rnn_step
#
# *4 minutes, difficulty 1 of 3.*
# An array's name ends in its axes: `x_bm` is `(b, m)`,
# b sentences at once with m numbers for the word of each.
# `state_bs` is `(b, s)`, `w_ms` `(m, s)`, `w_ss` `(s, s)`, `bias_s` `(s,)`.
# Return the new state, `(b, s)`. What the word brings is given.
#
# Words are rows here, so a matrix stands on the right: `x @ w`.
# Where a book writes $W x$ for a column $x$, its $W$ is our `w` transposed.
#
# <details><summary>Hint 1: the idea</summary>
#
# Add what the old state brings to what the word brings, and squeeze the sum once.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(b, s)` times `(s, s)` is `(b, s)`, the shape of `seen_bs`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `np.tanh(…)` of `seen_bs` plus a product of `state_bs` with its matrix.
#
# </details>


# %% answer="rnn-step"
def rnn_step(x_bm, state_bs, w_ms, w_ss, bias_s):
    """Read one word: `(b, m)` and the old state `(b, s)` to the new state `(b, s)`."""
    seen_bs = x_bm @ w_ms + bias_s
    ### BEGIN SOLUTION
    return np.tanh(seen_bs + state_bs @ w_ss)
    ### END SOLUTION


# %% check="rnn-step" points=4
check("rnn-step", rnn_step)
step_bs = rnn_step(word_bm, old_bs, from_word_ms, from_state_ss, np.zeros(2))
assert np.allclose(step_bs, [[0.6, 0.8]])

# %% [markdown] slideshow={"slide_type": "slide"} minutes=7
# ## Read a sentence
#
# One step after the other, each from the state that the last one left.
# By hand, one number wide: the first word brings $\log 2$, so the state is 0.6.
# The second word brings nothing, and $w = \log 3 / 0.6$ makes $\log 3$ of 0.6:
# the state is 0.8.
#
# ### Exercise: run_rnn
#
# *6 minutes, difficulty 2 of 3. Two checks: from a state of zeros, from any state.*
# `x_btm` is `(b, t, m)`: t words in each sentence.
# `state_bs` is the state before the first word.
# Return the states after each word, `(b, t, s)`; the state before is not one of them.
#
# <details><summary>Hint 1: the idea</summary>
#
# Inside the loop, one name holds the latest state:
# each step reads it and then replaces it.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `x_btm[:, t]` is `(b, m)`, the words at position t. Each state is `(b, s)`;
# stacking t of them along a new axis 1 gives `(b, t, s)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# In the loop, `state_bs = rnn_step(…)` with the words at t, and `states.append(…)`.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | equal words give equal states | the state is not handed on |
# | the shape is `(t, b, s)` | the axis at which the states are stacked |
# | right from zeros, wrong from another start | where `state_bs` is used |


# %% answer="run-rnn"
def run_rnn(x_btm, state_bs, w_ms, w_ss, bias_s):
    """Read sentences: `(b, t, m)`, first state `(b, s)` to all states `(b, t, s)`."""
    states = []
    for t in range(x_btm.shape[1]):
        ### BEGIN SOLUTION
        state_bs = rnn_step(x_btm[:, t], state_bs, w_ms, w_ss, bias_s)
        states.append(state_bs)
        ### END SOLUTION
    return np.stack(states, axis=1)


# %% check="run-rnn" points=3
check("run-rnn", run_rnn)
two_words = run_rnn(
    np.array([[[1.0], [0.0]]]),
    np.zeros((1, 1)),
    np.array([[np.log(2.0)]]),
    np.array([[np.log(3.0) / 0.6]]),
    np.zeros(1),
)
assert np.allclose(two_words, [[[0.6], [0.8]]])

# %% check="run-rnn-start" points=2
check("run-rnn-start", run_rnn)
after_half = run_rnn(
    np.zeros((1, 1, 1)),
    np.array([[0.5]]),
    np.zeros((1, 1)),
    np.array([[2 * np.log(3.0)]]),
    np.zeros(1),
)
assert np.allclose(after_half, [[[0.8]]])

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Now let the first word change and nothing else: *Jane* in one sentence, *Paul*
# in the other, then forty equal words.
# The states differ after the first word.
# What becomes of the difference?
#
# The weights are random, and the recurrent matrix is chosen with care:
# 0.9 times an *orthogonal* one, a matrix that turns rows and keeps their length.
# So its **largest singular value**, the most by which a matrix can stretch any row,
# is 0.9.

# %%
WORDS = ["Jane", "Paul", "visite", "l'Afrique", "en", "septembre"]
STATE = 16


def embed(words):
    """Each word's row, a single 1 at its place in WORDS: t words to `(t, m)`."""
    return np.eye(len(WORDS))[[WORDS.index(word) for word in words]]


def orthogonal(size):
    """A random matrix that turns rows and keeps their length: `(s, s)`."""
    return np.linalg.qr(np.random.default_rng(1).normal(size=(size, size)))[0]


rng = np.random.default_rng(2)
w_ms = rng.normal(size=(len(WORDS), STATE)) / 2
w_ss = 0.9 * orthogonal(STATE)
bias_s = np.zeros(STATE)
print("largest singular value:", np.linalg.norm(w_ss, 2).round(3))

rest = ["visite", "l'Afrique", "en", "septembre"] * 10
x_btm = np.stack([embed(["Jane", *rest]), embed(["Paul", *rest])])
states_bts = run_rnn(x_btm, np.zeros((2, STATE)), w_ms, w_ss, bias_s)
gaps = np.linalg.norm(states_bts[0] - states_bts[1], axis=-1)
print("difference after word 1:", gaps[0].round(2), " after 41:", f"{gaps[-1]:.0e}")
assert gaps[-1] < 1e-3 * gaps[0]

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.curves(
        np.arange(1, 42),
        {"Jane − Paul": gaps},
        "words read",
        "difference of the two states",
        log="y",
    ),
    f"The difference between the states after Jane and after Paul: {gaps[0]:.2f} after "
    f"the first word, {gaps[10]:.2g} after 11 words and {gaps[-1]:.0e} after 41, a "
    "nearly straight fall on a logarithmic scale.",
)

# %% [markdown]
# Nearly a straight line on a logarithmic scale:
# every step takes away about the same share.
# After 41 words the state hardly knows whether it was Jane or Paul.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Follow the gradient back
#
# To train a network is to move each weight a little, so that an error shrinks.
# The slopes of the error, its **gradient**, say in which direction.
# The error is seen at the last word, so the question now runs backwards:
# how much would the last state have moved, had the first one moved a little?
#
# One number wide, the chain rule answers with a product of slopes.
# With $h_t = \tanh(\dots + h_{t-1} w)$ one step multiplies by $(1 - h_t^2)\, w$.
#
# By hand, $w = 1$ and the states 0.9, 0.6, 0.8.
# The last step multiplies by $1 - 0.8^2 = 0.36$, the one before by $1 - 0.6^2 = 0.64$;
# together $0.36 \cdot 0.64 = 0.23$.
# (0.9 plays no part: it belongs to the step *into* the first state.)

# %%
slopes = 1 - np.array([0.6, 0.8]) ** 2
print("slopes:", slopes.round(2), " product:", slopes.prod().round(4))

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=4
# With $s$ numbers in a state, each number of the new state has a slope
# in each number of the old one.
# The table of them, $s \times s$, is the step's **Jacobian**:
#
# $$J_t = \frac{\partial h_t}{\partial h_{t-1}} =
# \mathrm{diag}(1 - h_t^2)\; W_{ss}^\top,
# \qquad \frac{\partial h_T}{\partial h_t} = J_T\, J_{T-1} \cdots J_{t+1}$$
#
# Row $i$ of $J_t$ belongs to number $i$ of the *new* state:
# one slope of tanh for the whole row (diag puts them on a diagonal),
# and column $i$ of $W_{ss}$, which feeds it.
# $T$ is the last position.
# For the size of a table take the **Frobenius norm**,
# the root of the sum of the squares of all entries; `np.linalg.norm` gives it.

# %%
# Two numbers wide, three states at zero, where the slopes of tanh are 1.
jacobian_ss = np.array([[0.0, 1.0], [2.0, 0.0]]).T
two_steps_ss = jacobian_ss @ jacobian_ss
print("one step: ", jacobian_ss.tolist(), " norm √5 =", np.sqrt(5).round(3))
print("two steps:", two_steps_ss.tolist(), " norm √8 =", np.sqrt(8).round(3))
assert np.isclose(np.linalg.norm(jacobian_ss), np.sqrt(5))
assert np.isclose(np.linalg.norm(two_steps_ss), np.sqrt(8))

# %% [markdown]
# The norm of the product is √8, not √5 · √5 = 5: multiply the tables first,
# and take the norm of the result.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=10
# ### Exercise: gradient_norms
#
# *10 minutes, difficulty 3 of 3. Two checks: one number wide, then any width.*
# `states_ts` is `(t, s)`: the states after each word of one sentence.
# Return for each state the norm of $\partial h_T / \partial h_t$, `(t,)`.
# The last one is the norm of the identity, √s: nothing lies between $h_T$ and itself.
#
# The product grows from its left end, $J_T$, as you walk from the last state back.
#
# <details><summary>Hint 1: the idea</summary>
#
# Walk from the last state to the second.
# Each state adds its Jacobian to the product and one norm to the list.
# The list is then turned around (given).
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `states_ts[:0:-1]` walks from the last row to row 1 and leaves row 0 out.
# A row is `(s,)`; `np.diag` of its slopes is `(s, s)`; `w_ss.T` is `(s, s)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# For each `state_s` of that walk, `product_ss` becomes
# `product_ss @ np.diag(…) @ w_ss.T`, and its norm is appended.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | the first check passes, the second does not | transposes, and the factors' order |
# | norms larger than they should be | the slopes of tanh; a product of norms |
# | each norm belongs to its neighbour | whose slope: the new state's |


# %% answer="gradient-norms"
def gradient_norms(states_ts, w_ss):
    """Norms of d(last state)/d(state t): `(t, s)` and `(s, s)` to `(t,)`."""
    product_ss = np.eye(w_ss.shape[0])
    norms = [np.linalg.norm(product_ss)]
    ### BEGIN SOLUTION
    for state_s in states_ts[:0:-1]:
        product_ss = product_ss @ np.diag(1 - state_s**2) @ w_ss.T
        norms.append(np.linalg.norm(product_ss))
    ### END SOLUTION
    return np.array(norms[::-1])


# %% check="gradient-chain" points=3
check("gradient-chain", gradient_norms)
chain = gradient_norms(np.array([[0.9], [0.6], [0.8]]), np.ones((1, 1)))
assert np.allclose(chain, [0.64 * 0.36, 0.36, 1.0])

# %% check="gradient-norms" points=5
check("gradient-norms", gradient_norms)
at_zero = gradient_norms(np.zeros((3, 2)), np.array([[0.0, 1.0], [2.0, 0.0]]))
assert np.allclose(at_zero, np.sqrt([8.0, 5.0, 2.0]))

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=1
# ## Compare with Keras
#
# Keras, the library that the later lessons build with,
# has this network as a layer and can differentiate anything by itself: a *tape*
# records each step, then walks it back.
# Importing it takes some seconds.
# Does its layer give your states, and its tape your norms?

# %% tags=["late-import"]
import keras
import tensorflow as tf


def tape_norms(cell, x_tm):
    """Norms of d(last state)/d(state t) by automatic differentiation, from zeros."""
    size = sum(part.shape[1] for part in cell.get_initial_state(batch_size=1))
    states, joined = cell.get_initial_state(batch_size=size), []
    with tf.GradientTape() as tape:
        for x_m in x_tm:
            _, states = cell(np.repeat(x_m[np.newaxis], size, axis=0), states)
            joined.append(tf.concat(states, axis=1))
            states = tf.split(joined[-1], len(states), axis=1)
        # Row i of the batch, a copy of the sentence, is asked for number i alone.
        asked = tf.linalg.trace(joined[-1])
    return np.linalg.norm(np.array(tape.gradient(asked, joined)), axis=(1, 2))


layer = keras.layers.SimpleRNN(STATE, return_sequences=True, dtype="float64")
layer.build(x_btm.shape)
layer.set_weights([w_ms, w_ss, bias_s])
theirs_bts = layer(x_btm)
norms = gradient_norms(states_bts[0], w_ss)
their_norms = tape_norms(layer.cell, x_btm[0])
print("equal states:", bool(np.abs(states_bts - theirs_bts).max() < 1e-6))
print("equal norms: ", bool(np.abs(norms / their_norms - 1).max() < 1e-6))
assert np.abs(states_bts - theirs_bts).max() < 1e-6
assert np.allclose(norms, their_norms, rtol=1e-6, atol=0)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## See it vanish
#
# **Predict, then run.** The largest singular value is 0.9.
# Of the gradient at the last state, how much is left 50 steps earlier?
# `"about 0.9"`, `"about 0.9^50"` or `"less than 0.9^50"` ($0.9^{50}$ is 0.005).

# %% answer="predict-distance"
# One of "about 0.9", "about 0.9^50", "less than 0.9^50".
### BEGIN SOLUTION
distance_guess = "less than 0.9^50"
### END SOLUTION

# %% check="predict-distance" points=1
check("predict-distance", distance_guess)


# %% slideshow={"slide_type": "subslide"}
def random_states(largest, loudness):
    """States over 61 random words, `(61, s)`, and the recurrent matrix, `(s, s)`.

    `largest` is the matrix's largest singular value; `loudness` the typical size of
    the numbers in a word.
    """
    x_tm = loudness * np.random.default_rng(3).normal(size=(61, len(WORDS)))
    w_ss, start_bs = largest * orthogonal(STATE), np.zeros((1, STATE))
    return run_rnn(x_tm[np.newaxis], start_bs, w_ms, w_ss, bias_s)[0], w_ss


def norms_by_distance(largest, loudness):
    """The share of the gradient left at each distance from the last word: `(61,)`."""
    return gradient_norms(*random_states(largest, loudness))[::-1] / np.sqrt(STATE)


left = norms_by_distance(largest=0.9, loudness=0.5)
bound = 0.9 ** np.arange(61)
print(f"after 50 steps: {left[50]:.0e} is left; 0.9^50 is {bound[50]:.0e}")
assert left[50] < bound[50] / 100

# %% tags=["folded"]
figures.show(
    figures.curves(
        np.arange(0, 61, 5),
        {"0.9^n": bound[::5], "measured": left[::5]},
        "n, steps back from the last word",
        "share of the gradient left",
        log="y",
    ),
    f"What is left of the gradient, on a logarithmic scale: a straight fall to "
    f"{left[60]:.0e} at 60 steps, far below the bound 0.9^60 = {bound[60]:.0e}.",
)

# %%
explain("predict-distance", distance_guess)

# %% [markdown]
# This is the **vanishing gradient**: no single step is to blame,
# each keeps a good share, and the *product over time* goes to nothing.
# A network with this gradient learns from the last words and hardly
# from the first (Hochreiter 1991; Bengio, Simard and Frasconi 1994).

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Make the matrix larger
#
# Then break it in the other direction.
# If 0.9 lets the gradient vanish, take a matrix that stretches: 1.5 times, 3 times.
# Once the words are *loud* as well: their numbers are ten times as large.
# Run the cell, and compare the two lines of 1.5.

# %% slideshow={"slide_type": "subslide"}
trials = {
    "0.9": norms_by_distance(0.9, 0.5),
    "1.5 and loud": norms_by_distance(1.5, 5.0),
    "1.5": norms_by_distance(1.5, 0.5),
    "3": norms_by_distance(3.0, 0.5),
}
for name, shares in trials.items():
    print(f"{name:12} after 10 steps {shares[10]:7.1e}   after 50 {shares[50]:7.1e}")
assert trials["1.5 and loud"][50] < 1e-4 < trials["1.5"][50]
assert trials["3"][50] > 100

sizes = [np.abs(random_states(1.5, loud)[0]).mean() for loud in (0.5, 5.0)]
print(f"size of a number in a state at 1.5: {sizes[0]:.2f}, loud words {sizes[1]:.2f}")
assert sizes[1] > 0.9

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.curves(
        np.arange(0, 61, 5),
        {name: shares[::5] for name, shares in trials.items()},
        "steps back from the last word",
        "share of the gradient left",
        log="y",
    ),
    "Four lines on a logarithmic scale, 60 steps back: "
    + "; ".join(f"{name} ends at {share[60]:.0e}" for name, share in trials.items())
    + ".",
)

# %% [markdown]
# To stretch 1.5 times is not enough: the slopes of tanh take a little more away
# than the matrix gives.
# At 3 the gradient **explodes**: it grows from step to step,
# and one update throws the weights far away.
# (Training limits its size, as the fit below does with `clipnorm`.)
#
# And where the words are loud, most numbers of a state lie near -1 or 1,
# tanh is flat there, and the gradient vanishes although the matrix stretches:
# the network is *saturated*.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# **Try it.** *Stretch* is the matrix's largest singular value;
# the dotted line keeps the whole gradient.
# Is there a setting for which yours stays level over 60 steps?
# And does it stay level when you change the words a little?

# %%
largest_slider = widgets.FloatSlider(
    value=1.2, min=0.5, max=3.0, step=0.1, description="stretch"
)
loud_slider = widgets.FloatSlider(
    value=0.5, min=0.1, max=5.0, step=0.1, description="loudness"
)
picture = widgets.Image(format="png", width=640)
told = widgets.HTML()


def redraw(_change=None):
    """Draw the gradient for the sliders' setting."""
    shares = norms_by_distance(largest_slider.value, loud_slider.value)
    title = f"{largest_slider.value:.1f} times an orthogonal matrix"
    labels = ("steps back from the last word", "share of the gradient left")
    lines = {"share": shares[::5]}
    figure = figures.curves(np.arange(0, 61, 5), lines, *labels, title, log="y")
    figure.axes[0].set_ylim(1e-12, 1e8)  # the same for every setting
    figure.axes[0].axhline(1, color=figures.GREY, linestyle=":")
    picture.value = figures.png(figure)
    told.value = f"after 10 steps <b>{shares[10]:.0e}</b>, after 60 {shares[60]:.0e}"


for slider in (largest_slider, loud_slider):
    slider.observe(redraw, "value")
redraw()
display(widgets.VBox([largest_slider, loud_slider, picture, told]))

# %%
edge = {loudness: norms_by_distance(1.7, loudness)[60] for loudness in (0.1, 0.5, 1.0)}
for loudness, share in edge.items():
    print(f"1.7, loudness {loudness}: {share:.0e} after 60 steps")
assert edge[0.1] > 10 > edge[0.5] > 0.1 > edge[1.0]

# %% [markdown]
# 1.7 comes near to level for words of one loudness,
# explodes for softer words and vanishes for louder ones.
# No matrix suits all sentences.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Open a gate
#
# The state is rewritten at every step, whether the word matters or not.
# A **gate** is a share between 0 and 1, computed from word and state,
# that says how much may pass.
# It is made by the **sigmoid** $\sigma(a) = 1 / (1 + e^{-a})$.
# The **gated recurrent unit**, GRU (Cho et al. 2014), has two:
#
# $$z = \sigma(x W_z + h\, U_z + b_z), \qquad r = \sigma(x W_r + h\, U_r + b_r)$$
#
# $$c = \tanh(x W_c + (r \odot h)\, U_c + b_c), \qquad
# h_{\text{new}} = z \odot h + (1 - z) \odot c$$
#
# The **update** gate $z$ says how much of the old state stays, the **reset** gate $r$
# how much of it the **candidate** $c$ may see; $\odot$ multiplies entry by entry.
# Each $W$ meets the word, each $U$ the old state.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=1
# By hand, one number wide: the old state is 0.5
# and both gates stand at $\sigma(0) = 1/2$.
# Let the candidate's sum come to $\log 3$, so that $c = 0.8$.
# The new state is $\tfrac12 \cdot 0.5 + \tfrac12 \cdot 0.8 = 0.65$.
# And a gate of 0.95 through 100 steps?


# %% given="sigmoid"
def sigmoid(x):
    """Squeeze any number into the range from 0 to 1: `(...)` to `(...)`."""
    return 1 / (1 + np.exp(-x))


# %%
print("a gate at rest:", sigmoid(0.0), " nearly open:", sigmoid(4.0).round(2))
print("new state:", 0.5 * 0.5 + 0.5 * np.tanh(np.log(3.0)))
print("0.95 through 100 steps:", round(0.95**100, 4))

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=10
# ### Exercise: gru_step
#
# *10 minutes, difficulty 2 of 3.*
# The weights of $z$, $r$ and $c$ stand side by side, in this order, along the axis g:
# `w_mg` is `(m, g)` with g = 3 s, `w_sg` is `(s, g)`, `bias_g` is `(g,)`.
# Return the new state, `(b, s)`. `sigmoid` stands above.
#
# Some papers and books write $(1 - z) \odot h + z \odot c$,
# with $z$ the share of the new; it is the same cell
# with its gate read the other way round.
# We follow Keras.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two gates and a candidate are three small networks
# of the kind you know; the last line mixes.
# The reset gate multiplies the old state *before* its matrix does.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `np.split(w_mg, 3, axis=1)` gives three arrays of `(m, s)`; `np.split(bias_g, 3)`
# three of `(s,)`. Gates, candidate and state are all `(b, s)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# Unpack three splits: `w_z, w_r, w_c = …` and likewise u and b.
# Then one line each for `update_bs`, `reset_bs`, `candidate_bs`,
# as in the formula, and one that mixes.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | the first case is right, the others are not | the order of the three blocks |
# | "as in Keras's default" | the reset gate stands before the product, not after |


# %% answer="gru-step"
def gru_step(x_bm, state_bs, w_mg, w_sg, bias_g):
    """Read one word with gates: `(b, m)`, `(b, s)` to the new state `(b, s)`."""
    ### BEGIN SOLUTION
    w_z, w_r, w_c = np.split(w_mg, 3, axis=1)
    u_z, u_r, u_c = np.split(w_sg, 3, axis=1)
    b_z, b_r, b_c = np.split(bias_g, 3)
    update_bs = sigmoid(x_bm @ w_z + state_bs @ u_z + b_z)
    reset_bs = sigmoid(x_bm @ w_r + state_bs @ u_r + b_r)
    candidate_bs = np.tanh(x_bm @ w_c + (reset_bs * state_bs) @ u_c + b_c)
    return update_bs * state_bs + (1 - update_bs) * candidate_bs
    ### END SOLUTION


# %% check="gru-step" points=6
check("gru-step", gru_step)
half_open = gru_step(
    np.ones((1, 1)),
    np.array([[0.5]]),
    np.array([[0.0, 0.0, np.log(2.0)]]),
    np.array([[0.0, 0.0, 4 * np.log(1.5)]]),
    np.zeros(3),
)
assert np.allclose(half_open, [[0.65]])

# %% [markdown]
# Keras's GRU is the same with `reset_after=False`.
# Its default, True, lets the reset gate act after the product, with a second bias.

# %%
cell = keras.layers.GRUCell(4, reset_after=False, dtype="float64")
cell.build((2, 3))
rng = np.random.default_rng(4)
matrices = [rng.normal(size=weight.shape) for weight in cell.get_weights()]
cell.set_weights(matrices)
word_bm, old_bs = rng.normal(size=(2, 3)), rng.normal(size=(2, 4))
theirs_bs, _ = cell(word_bm, [old_bs])
ours_bs = gru_step(word_bm, old_bs, *matrices)
print("equal to Keras:", bool(np.abs(ours_bs - theirs_bs).max() < 1e-6))
assert np.abs(ours_bs - theirs_bs).max() < 1e-6

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Measure three cells
#
# The third cell is the **LSTM**, long short-term memory (Hochreiter
# and Schmidhuber 1997): three gates, and beside the state a second row of numbers,
# the *cell*, which gates alone keep and fill.
# Its state for us is both rows together.
#
# One instrument for all: nudge each number of the state a little, up and down,
# and see how far the new state moves.
# That is the Jacobian, whatever the formula; the product of Jacobians is as before.


# %%
def nudged_norms(cell, x_tm, nudge=1e-6):
    """Norms of d(last state)/d(state t), by nudging, from zeros: `(t,)`."""
    state_s = np.concatenate(cell.get_initial_state(batch_size=1), axis=1)[0]
    size, parts = len(state_s), len(cell.get_initial_state(batch_size=1))
    nudges = nudge * np.concatenate([np.zeros((1, size)), np.eye(size), -np.eye(size)])
    jacobians = []
    for x_m in x_tm:
        words = np.repeat(x_m[np.newaxis], len(nudges), axis=0)
        _, new = cell(words, np.split(state_s + nudges, parts, axis=1))
        new = np.concatenate(new, axis=1)
        jacobians.append((new[1 : size + 1] - new[size + 1 :]).T / (2 * nudge))
        state_s = new[0]
    product_ss, norms = np.eye(size), [np.sqrt(size)]
    for jacobian_ss in jacobians[:0:-1]:
        product_ss = product_ss @ jacobian_ss
        norms.append(np.linalg.norm(product_ss))
    return np.array(norms[::-1])


CELLS = {
    "plain": keras.layers.SimpleRNNCell,
    "GRU": keras.layers.GRUCell,
    "LSTM": keras.layers.LSTMCell,
}
x_tm = np.random.default_rng(5).normal(size=(61, len(WORDS)))
at_start = {}
for name, make_cell in CELLS.items():
    keras.utils.set_random_seed(3)
    cell = make_cell(STATE, dtype="float64")
    cell.build((1, len(WORDS)))
    norms, by_tape = nudged_norms(cell, x_tm), tape_norms(cell, x_tm)
    assert np.allclose(norms, by_tape, rtol=1e-6, atol=0)
    at_start[name] = norms[::-1] / norms[-1]
    print(f"{name:6} agrees with the tape; 50 steps back: {at_start[name][50]:.0e}")

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.curves(
        np.arange(0, 61, 5),
        {name: shares[::5] for name, shares in at_start.items()},
        "steps back from the last word",
        "share of the gradient left",
        "Before training, Keras's own random weights",
        log="y",
    ),
    "Three cells before training, 60 steps back, on a logarithmic scale: "
    + ", ".join(f"{name} ends at {share[60]:.0e}" for name, share in at_start.items())
    + ". All three fall.",
)

# %%
for name, shares in at_start.items():
    print(
        f"{name:6} keeps {shares[50] ** (1 / 50):.2f} a step, on average over 50 steps"
    )
assert at_start["GRU"][50] < min(at_start["plain"][50], at_start["LSTM"][50])

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Gates alone mend nothing: before training the GRU's gradient falls fastest of all,
# because its update gate begins near 1/2.
# (Keras starts every cell with an orthogonal matrix,
# and the LSTM's forget gate with a bias of 1,
# to ease the start.) But a gate can *open*.
# Raise its bias to 4, so that it stands near $\sigma(4) = 0.98$, and measure again.

# %%
opened = {}
for name, place in {"GRU": 0, "LSTM": 1}.items():  # the gate's place among the blocks
    keras.utils.set_random_seed(3)
    cell = CELLS[name](STATE, dtype="float64")
    cell.build((1, len(WORDS)))
    w_mg, w_sg, biases = cell.get_weights()
    biases[..., place * STATE : (place + 1) * STATE] = 4 if name == "LSTM" else 2
    cell.set_weights([w_mg, w_sg, biases])  # a GRU has two biases here: 2 + 2
    norms = nudged_norms(cell, x_tm)
    opened[name] = norms[-51] / norms[-1]
    print(
        f"{name:5} 50 steps back: {at_start[name][50]:.0e}, opened {opened[name]:.2f}"
    )
assert min(opened.values()) > 0.1

# %% [markdown]
# So gates **mitigate**: they give training something to open,
# and an open gate lets the gradient fall slowly.
# They do not abolish: 0.95 through 100 steps was 0.006.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Count what gates cost
#
# ### Exercise: count_parameters
#
# *4 minutes, difficulty 2 of 3.*
# `cell` is `"rnn"`, `"gru"` or `"lstm"`; `input_dim` is m, `state_dim` is s.
# Return how many numbers the cell learns. One **block** is a matrix for the word,
# a matrix for the state and one bias; the plain cell has one block,
# a GRU three (two gates and the candidate), an LSTM four (three gates, the candidate).
#
# By hand: m = 2, s = 3. A block is $2 \cdot 3 + 3 \cdot 3 + 3 = 18$; a GRU has 54.
#
# <details><summary>Hint 1: the idea</summary>
#
# Numbers in one block, times the number of blocks.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# One block holds `(m, s)`, `(s, s)` and `(s,)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `{"rnn": 1, …}[cell]` times a sum of three terms.
#
# </details>


# %% answer="count-parameters"
def count_parameters(cell, input_dim, state_dim):
    """Numbers that a cell ("rnn", "gru", "lstm") learns."""
    ### BEGIN SOLUTION
    block = input_dim * state_dim + state_dim**2 + state_dim
    return {"rnn": 1, "gru": 3, "lstm": 4}[cell] * block
    ### END SOLUTION


# %% check="count-parameters" points=3
check("count-parameters", count_parameters)
assert count_parameters("rnn", 2, 3) == 18

# %%
for ours, name in {"rnn": "plain", "gru": "GRU", "lstm": "LSTM"}.items():
    cell = CELLS[name](32)
    cell.build((1, 32))
    counted = count_parameters(ours, 32, 32)
    print(f"{name:6} {counted:5} by your count, {cell.count_params():5} in Keras")

# %% [markdown]
# 1 : 3 : 4. Keras counts 96 more for its GRU: the second bias of its default.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Let four layers recall a name
#
# Now train.
# A sentence of up to 61 words begins with a name;
# 5 to 60 words later the model is asked for it.
# In front of shorter sentences stands silence, written `·`.

# %%
NAMES = ["Jane", "Paul", "Aïcha", "Omar", "Lina", "Hugo", "Marie", "Sami"]
text = (
    "visite lit voit aime cherche trouve étudie décrit l'Afrique Paris Dakar Lyon "
    "en à dans pour avec sans septembre juillet hiver demain souvent enfin"
)
OTHERS = text.split()
VOCABULARY = ["·", *NAMES, *OTHERS]
LAST = 60


def sentences(rng, lag_b):
    """Words as numbers, `(b, 61)`, and the place of each sentence's name, `(b,)`."""
    b = len(lag_b)
    tokens_bt = rng.integers(1 + len(NAMES), len(VOCABULARY), size=(b, LAST + 1))
    start_b, name_b = LAST - lag_b, rng.integers(len(NAMES), size=b)
    tokens_bt[np.arange(LAST + 1) < start_b[:, np.newaxis]] = 0
    tokens_bt[np.arange(b), start_b] = 1 + name_b
    return tokens_bt, name_b


tokens_bt, name_b = sentences(np.random.default_rng(1), np.array([5, 60]))
print("asked for", NAMES[name_b[0]] + ":", *[VOCABULARY[n] for n in tokens_bt[0, 50:]])

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=1
# Four models, alike but for one layer: plain cell, GRU, LSTM, and **attention**,
# which you build in lesson 02: the last word looks at all words at once.
# Each is one model for all lags, with the same 38,400 sentences and the same optimiser.
# (Only the first word is ever a name: this attention layer knows no order yet,
# so it must find the name by what it is.)
#
# **Predict, then run.** Which of the four recall a name 60 words later?
# `"all four"`, `"all but the plain one"` or `"only attention"`.

# %% answer="predict-recall"
# One of "all four", "all but the plain one", "only attention".
### BEGIN SOLUTION
recall_guess = "all but the plain one"
### END SOLUTION

# %% check="predict-recall" points=1
check("predict-recall", recall_guess)


# %% slideshow={"slide_type": "subslide"}
def recaller(kind, width=32):
    """A model: words to rows, one layer of the kind, and from its end to a name."""
    keras.utils.set_random_seed(1)
    tokens = keras.Input((LAST + 1,), dtype="int32")
    words = keras.layers.Embedding(len(VOCABULARY), width, name="words")(tokens)
    if kind == "attention":
        attention = keras.layers.MultiHeadAttention(num_heads=1, key_dim=width)
        told = keras.layers.Flatten()(attention(words[:, -1:], words))
    else:
        told = keras.layers.RNN(CELLS[kind](width), name="recurrent")(words)
    model = keras.Model(tokens, keras.layers.Dense(len(NAMES))(told))
    model.compile(
        keras.optimizers.Adam(3e-3, clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=50,
        jit_compile=False,
    )
    return model


def train(model, shortest=5):
    """Fit a model on 600 batches of 64 fresh sentences, lags `shortest` to 60."""
    rng = np.random.default_rng(5)
    tokens_bt, name_b = sentences(rng, rng.integers(shortest, LAST + 1, size=600 * 64))
    model.fit(tokens_bt, name_b, batch_size=64, verbose=0)


def recall(model, lag):
    """Share of 400 unseen sentences whose name is told, at one lag."""
    tokens_bt, name_b = sentences(np.random.default_rng(lag), np.full(400, lag))
    return np.mean(np.argmax(model(tokens_bt), axis=-1) == name_b)


# %% tags=["nbval-ignore-output"]
LAGS = [5, 10, 20, 30, 40, 50, 60]
models, before, recalled, seconds = {}, {}, {}, {}
for kind in [*CELLS, "attention"]:
    models[kind] = recaller(kind)
    before[kind] = models[kind].get_weights()
    start = time.process_time()  # seconds of work, whatever else the computer does
    train(models[kind])
    seconds[kind] = time.process_time() - start
    recalled[kind] = [recall(models[kind], lag) for lag in LAGS]
    size = models[kind].count_params()
    print(f"{kind:9} {size:5} numbers, {seconds[kind]:4.1f} s of work")
print(
    f"all four in {sum(seconds.values()):.0f} s of work; a guess: {1 / len(NAMES):.3f}"
)

# %%
assert sum(seconds.values()) < 120
assert max(recalled["plain"]) < 0.6
assert min(recalled[kind][-1] for kind in ("GRU", "LSTM", "attention")) > 0.7

# %% tags=["nbval-ignore-output", "folded"] slideshow={"slide_type": "subslide"}
figure = figures.heatmap(
    np.array(list(recalled.values())), list(recalled), list(map(str, LAGS))
)
figure.axes[0].set_xlabel("lag: steps from the name to the last word")
figure.axes[0].set_ylabel("")
figure.axes[0].set_title("Share of names recalled")
figures.show(
    figure,
    "Share of names recalled, four layers by seven lags; at lag 60: "
    + ", ".join(f"{kind} {shares[-1]:.2f}" for kind, shares in recalled.items())
    + f"; a guess is {1 / len(NAMES):.2f}.",
)

# %%
explain("predict-recall", recall_guess)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# GRU, LSTM and attention recall; the plain network does not, not even at lag 5.
# (One seed and one learning rate: a ranking of these four models, not a law.)
# Is its memory too small for a name? A control experiment: the same plain network,
# trained at lag 60 *alone*.

# %% tags=["nbval-ignore-output"]
control = recaller("plain")
train(control, shortest=LAST)
control_recall = {lag: recall(control, lag) for lag in LAGS}
print({lag: float(share.round(2)) for lag, share in control_recall.items()})

# %%
assert control_recall[60] > 0.7
assert max(control_recall[lag] for lag in LAGS[:-1]) < 0.6

# %% [markdown]
# It recalls after 60 words, and at no other lag of the table.
# So it has room for a name; it seems to have learned to count to 60, not to hold.
# A plain network that *holds* something, whatever else it reads,
# must keep its state where small changes die out;
# and there the gradient dies out too (Bengio, Simard and Frasconi 1994).
# Look at the gradients before and after training.

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "subslide"}
tokens_bt, _ = sentences(np.random.default_rng(6), np.array([LAST]))
early, after = {}, {}
for kind in CELLS:
    trained = models[kind].get_weights()
    for shares, weights in [(early, before[kind]), (after, trained)]:
        cell = CELLS[kind](32, dtype="float64")
        cell.build((1, 32))
        cell.set_weights(weights[1:-2])  # between the words' rows and the last layer
        norms = nudged_norms(cell, weights[0][tokens_bt[0]].astype("float64"))
        shares[kind] = norms[::-1] / norms[-1]
    first, last = early[kind][60], after[kind][60]
    print(f"{kind:6} share left 60 steps back: before {first:.0e}, after {last:.0e}")
loudness = np.abs(before["plain"][0]).mean()
print(f"size of a number in a word, before training: {loudness:.3f}")

# %%
assert after["plain"][60] < 1e-4 < 0.1 < early["plain"][60]
assert min(after["GRU"][60], after["LSTM"][60]) > 0.01

# %% tags=["nbval-ignore-output", "folded"]
figure = figures.curves(
    np.arange(0, 61, 5),
    {kind: shares[::5] for kind, shares in after.items()},
    "steps back from the last word",
    "share of the gradient left",
    "After training",
    log="y",
)
labels = {label.get_text(): label for label in figure.axes[0].texts}
above = after["GRU"][60] > after["LSTM"][60]  # keep the two names apart
labels["GRU"].xyann, labels["LSTM"].xyann = [(8, 7), (8, -7)][:: 1 if above else -1]
figures.show(
    figure,
    "Three cells after training, 60 steps back, on a logarithmic scale: "
    + ", ".join(f"{kind} ends at {share[60]:.0e}" for kind, share in after.items())
    + ".",
)

# %% [markdown]
# Training has opened the gates: GRU and LSTM keep more than a hundredth over 60 steps,
# the plain network less than a ten-thousandth. That is what gates are for.
#
# The plain network had half of its gradient left before training:
# its words were soft then, tanh steep, and Keras's matrix is orthogonal.
# Training itself took that away.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Wait for the step before
#
# The other shortage is time.
# Step $t$ needs the state of step $t - 1$,
# so a recurrent layer's steps stand in a queue, however many processors wait beside it.
#
# ### Exercise: sequential_steps
#
# *2 minutes, difficulty 1 of 3.*
# Return how many steps must follow one another, each waiting for the one before,
# when `layer` reads `length` words: `"recurrent"`, or `"attention"`,
# where every word looks at all words and needs no other word's result.
#
# <details><summary>Hint 1: the idea</summary>
#
# Count the links of the longest chain, not the work.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# One whole number comes back.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `length` in one case; in the other a number that does not depend on it.
#
# </details>


# %% answer="sequential-steps"
def sequential_steps(layer, length):
    """Steps that wait for each other in a layer ("recurrent", "attention")."""
    ### BEGIN SOLUTION
    return length if layer == "recurrent" else 1
    ### END SOLUTION


# %% check="sequential-steps" points=2
check("sequential-steps", sequential_steps)
assert sequential_steps("recurrent", 5) == 5

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=1
# **Predict, then run.** On this machine's processor, a forward pass, 64 numbers a word,
# 1 sentence and 32 sentences at once: which layer is faster?
# `"recurrent"`, `"attention"` or `"it depends on length and batch"`.

# %% answer="predict-faster"
# One of "recurrent", "attention", "it depends on length and batch".
### BEGIN SOLUTION
faster_guess = "it depends on length and batch"
### END SOLUTION

# %% check="predict-faster" points=1
check("predict-faster", faster_guess)

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "subslide"}
keras.utils.set_random_seed(2)
recurrent = keras.layers.SimpleRNN(64, return_sequences=True)
attention = keras.layers.MultiHeadAttention(num_heads=1, key_dim=64)
LAYERS = {
    "recurrent": recurrent,
    "attention": lambda words_btm: attention(words_btm, words_btm),
}
LENGTHS = {1: [64, 128, 256, 512, 1024, 2048, 4096], 32: [32, 64, 128, 256, 512, 1024]}


def milliseconds(layer, b, t):
    """The shortest of five forward passes of b sentences of t words."""
    words_btm = tf.random.normal((b, t, 64))
    forward = tf.function(layer)
    forward(words_btm)  # the first pass also compiles
    times = []
    for _ in range(5):
        start = time.perf_counter()
        forward(words_btm).numpy()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


took = {
    b: {name: [milliseconds(f, b, t) for t in lengths] for name, f in LAYERS.items()}
    for b, lengths in LENGTHS.items()
}
for b, lengths in LENGTHS.items():
    print(f"batch {b}: words, milliseconds recurrent, milliseconds attention")
    for t, chain, look in zip(lengths, *took[b].values(), strict=True):
        print(f"{t:6} {chain:8.1f} {look:8.1f}  {'attention wins' * (look < chain)}")

# %%
chain, look = took[1]["recurrent"], took[1]["attention"]
assert chain[-1] > 3 * chain[2]  # 16 times the length: the queue is longer
assert look[-1] / look[2] > chain[-1] / chain[2]  # the table grows faster still

# %% tags=["nbval-ignore-output", "folded"] slideshow={"slide_type": "subslide"}
for b, lengths in LENGTHS.items():
    wins = [t for t, r, a in zip(lengths, *took[b].values(), strict=True) if a < r]
    won = ", ".join(map(str, wins)) or "no length"
    figures.show(
        figures.curves(
            lengths,
            took[b],
            "length (words)",
            "forward pass (milliseconds)",
            f"{b} sentence{'s' * (b > 1)} at once",
            log="xy",
        ),
        f"Time of a forward pass against length, batch {b}: at {lengths[-1]} words "
        f"recurrent {took[b]['recurrent'][-1]:.0f} ms, attention "
        f"{took[b]['attention'][-1]:.0f} ms; attention is faster at {won}.",
    )

# %%
explain("predict-faster", faster_guess)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# Read your own table.
# On the two processor cores where this page was made,
# attention won on a single sentence up to one or two thousand words,
# and with 32 sentences at once at best on short ones.
# For attention does not do *less work*: every word meets every word.
# What is shorter is the *chain* of steps that wait.
# Why does the batch matter so much?

# %% tags=["nbval-ignore-output"]
at = LENGTHS[1].index(256), LENGTHS[32].index(256)
shared = {name: took[32][name][at[1]] / took[1][name][at[0]] for name in LAYERS}
for name, ratio in shared.items():
    print(f"256 words: 32 sentences take {ratio:.0f} times as long as one, {name}")

# %%
assert shared["recurrent"] < 32

# %% [markdown]
# 32 sentences stand in the *same* queue:
# each step has more to do and the waiting is shared out.
# Attention had hardly been waiting; on two cores it must do 32 times the work.
#
# A GPU has thousands of arithmetic units.
# It does the work of attention side by side,
# while a queue of small steps leaves most of them idle;
# that is why the paper that introduced the Transformer counts sequential steps (Vaswani
# et al. 2017, section 4).
# This page measured no GPU.

# %% [markdown] essay="recurrence-advice" points=6 slideshow={"slide_type": "skip"}
# ### Essay: advise a friend
#
# *Graded by hand; 150 words are enough.*
# A friend's GRU reads letters of 500 words and answers as if it had forgotten the first
# ones; training takes days. The friend wants (a) a state twice as wide and (b) a
# computer with ten times as many processors.
# Explain with what you measured (1) why a gradient over 500 steps can be tiny although
# every step keeps a good share, (2) what gates change about it, what they do not, and
# whether a wider state helps, (3) what the processors will and will not speed up, and
# what another kind of layer would gain and cost.
#
# ### BEGIN SOLUTION
# **Model answer.** The gradient from the last word to the first is a product of one
# Jacobian for each step. Where each shrinks it a little, the product shrinks
# exponentially with the distance: 0.9 to the power of 50 is 0.005, and we measured
# less, because the slopes of tanh multiply too. Gates mitigate this: an open update
# gate passes the state on almost unchanged, and after training the GRU kept more than a
# hundredth over 60 steps. It is still a product (0.95 to the power of 100 is 0.006), it
# must be learned, since before training the GRU's fell fastest, and it costs three
# times the weights. A state twice as wide has as many factors in its product as before
# and about four times the weights, so it is no cure. More processors share out the work
# inside a step and the sentences of a batch, but step t waits for step t − 1: the 500
# steps stay a queue. Attention has one step in its chain, so processors help it, at the
# price of a table of t² weights: on two cores it was slower on long sentences and with
# 32 sentences at once.
#
# **Marking.** 2 points: a product over time, exponential in the distance, with a number
# or the Jacobians named (1 for "it gets smaller at each step"). 2 points: gates slow
# the decay and do not abolish it (1), and width leaves the number of factors as it is
# (1). 2 points: the chain of steps cannot be shared out (1), and attention shortens the
# chain but does more work on long inputs (1). "Attention is faster" without a condition
# earns nothing in part 3.
# ### END SOLUTION

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Use it: ask your models who it was
#
# Write a sentence of your own from the words of the list, a name first,
# at most 61 words; each model tells whose sentence it was.
# Then put a second name into it, which no sentence of the training had.

# %% tags=["nbval-ignore-output"]
print("names:", *NAMES)
print("words:", *OTHERS)
mine = ["Aïcha", *["visite", "l'Afrique", "en", "septembre", "enfin"] * 6]


def ask(model, words):
    """The name that a model recalls from a sentence."""
    silence = ["·"] * (LAST + 1 - len(words))
    tokens_t = np.array([VOCABULARY.index(word) for word in [*silence, *words]])
    return NAMES[np.argmax(model(tokens_t[np.newaxis]))]


for kind, model in models.items():
    print(f"{kind:9} says {ask(model, mine)}; it was {mine[0]}")

# %%
assert ask(models["attention"], ["Aïcha", *OTHERS]) == "Aïcha"

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further: the LSTM's step
#
# No points, the same care.
#
# ### Exercise: lstm_step
#
# *10 minutes, difficulty 3 of 3.*
# Four blocks stand side by side: input $i$, forget $f$, candidate $c$, output $o$,
# in Keras's order; g = 4 s. All four are computed from word and state as in a GRU,
# with σ for the gates and tanh for the candidate. With $k$ for the cell:
#
# $$k_{\text{new}} = f \odot k + i \odot c, \qquad
# h_{\text{new}} = o \odot \tanh(k_{\text{new}})$$
#
# Return state and cell, in this order, `(b, s)` each.
#
# <details><summary>Hint 1: the idea</summary>
#
# All four sums at once, then one split.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `x_bm @ w_mg + state_bs @ w_sg + bias_g` is `(b, g)`;
# its four parts along axis 1 are `(b, s)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `np.split(…, 4, axis=1)` gives the sums of i, f, c and o; squeeze each as you mix.
#
# </details>


# %% answer="lstm-step"
def lstm_step(x_bm, state_bs, cell_bs, w_mg, w_sg, bias_g):
    """Read one word with an LSTM: to the new state and the new cell, `(b, s)` each."""
    ### BEGIN SOLUTION
    sums_bg = x_bm @ w_mg + state_bs @ w_sg + bias_g
    sum_i, sum_f, sum_c, sum_o = np.split(sums_bg, 4, axis=1)
    cell_bs = sigmoid(sum_f) * cell_bs + sigmoid(sum_i) * np.tanh(sum_c)
    return sigmoid(sum_o) * np.tanh(cell_bs), cell_bs
    ### END SOLUTION


# %% check="lstm-step" points=0
check("lstm-step", lstm_step)

# %%
cell = keras.layers.LSTMCell(4, dtype="float64")
cell.build((2, 3))
rng = np.random.default_rng(7)
matrices = [rng.normal(size=weight.shape) for weight in cell.get_weights()]
cell.set_weights(matrices)
word_bm, (old_bs, kept_bs) = rng.normal(size=(2, 3)), rng.normal(size=(2, 2, 4))
_, theirs = cell(word_bm, [old_bs, kept_bs])
ours = lstm_step(word_bm, old_bs, kept_bs, *matrices)
equal = all(np.abs(a - b).max() < 1e-6 for a, b in zip(ours, theirs, strict=True))
print("equal to Keras:", equal)
assert equal

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further: count the work
#
# ### Exercise: multiplications
#
# *6 minutes, difficulty 2 of 3.*
# Return the leading term of the multiplications when `layer` reads `length` = t words
# of width `model_dim` = m (table 1 of the 2017 paper; the state is m wide too).
# `"recurrent"`: at each step a row meets an `(m, m)` matrix.
# `"attention"`: each word compares its m numbers with those of each word.
# Constant factors are left out.
#
# <details><summary>Hint 1: the idea</summary>
#
# How many times does it happen, and how much is one time?
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# A row of m times an `(m, m)` matrix takes m² multiplications;
# a dot product of two rows of m takes m.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# t times the one, or t² times the other.
#
# </details>


# %% answer="multiplications"
def multiplications(layer, length, model_dim):
    """The leading term of a layer's multiplications ("recurrent", "attention")."""
    ### BEGIN SOLUTION
    if layer == "recurrent":
        return length * model_dim**2
    return length**2 * model_dim
    ### END SOLUTION


# %% check="multiplications" points=0
check("multiplications", multiplications)

# %%
for t in (32, 64, 1024):
    work = [multiplications(layer, t, 64) for layer in ("recurrent", "attention")]
    print(f"{t:5} words of width 64: recurrent {work[0]:10,}  attention {work[1]:10,}")

# %% [markdown]
# The table leaves out that attention also projects each word,
# which costs t·m² as a recurrent layer does: lesson 02 shows the three matrices.

# %% [markdown] slideshow={"slide_type": "notes"}
# **Discuss.** (1) *The control recalled every name after 60 words.
# Has the plain network a good memory?*
# Expected: it learned to count, not to hold; ask ten words earlier and it fails.
# A memory is of use if it can be read at any time.
# (2) *A phone guesses the next word while you type.
# Does the queue of steps matter there?*
# Expected: hardly; words arrive one at a time anyway,
# and one step of constant cost is cheaper than a look at everything.
# The queue hurts in training, where all words are known.
#
# **What goes wrong.** The state is not handed on (ask:
# do equal words give equal states?); a product of norms (ask for √5 · √5 and √8);
# slopes of the wrong state (ask which of the two came out of tanh);
# blocks in another order (ask which is Keras's).
# Whoever says "gates solve it" reads out the line *before* of the GRU.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# In a recurrent network the last word remembers the first only through a product
# of Jacobians, one a step, and such products vanish or explode.
# Gates can open and let the gradient fall slowly, at three or four times the weights;
# they mitigate, they do not abolish.
# And step t waits for step t − 1, so that for these cells a chain
# of t steps stays a chain on any machine.
#
# Lesson 02 asks: how can a word find the words that matter
# to it without passing a message from step to step?
#
# ## Go further
#
# - Bengio, Simard, Frasconi, *Learning Long-Term Dependencies with Gradient Descent is
#   Difficult*, 1994: holding a thing and learning to hold it are at odds.
# - Pascanu, Mikolov, Bengio, *On the Difficulty of Training Recurrent Neural Networks*,
#   2013: vanishing, exploding, and clipping.
# - Hochreiter, Schmidhuber, *Long Short-Term Memory*, 1997, and Cho et al., *Learning
#   Phrase Representations using RNN Encoder–Decoder*, 2014, section 2.3: gated cells.
# - Vaswani et al., *Attention Is All You Need*, 2017, section 4: what is counted when
#   layers are compared.
