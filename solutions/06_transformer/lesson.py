# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# # Assemble the Transformer
#
# *Jane visite l'Afrique en septembre*: Jane visits Africa in September.
#
# **The question.** You have attention, heads, positions and masks.
# A translator is many of them, one on top of the other.
# What has to stand between them so that they can be stacked,
# and how do you know that the whole, once assembled, is right?
#
# **You will build** layer normalisation, the two kinds of block,
# encoder, decoder and the whole Transformer of 2017, as Keras layers,
# and then put trained weights into *your* classes and translate French.
#
# **You need** lessons 02 to 05; what you need of them is handed out.
#
# **Time.** Two meetings of about 65 minutes; pause after *Stack an encoder*.

# %% given="setup"
import ipywidgets as widgets
import numpy as np
from IPython.display import display

from graders.check import check, example, explain
from transformer import figures, weights

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.course_map(lesson=6),
    "Map of the Transformer: 8 blocks in an encoder for French and a decoder for "
    "English. 2 are lit, the feed-forward layers; the lines between all of them are "
    "this lesson too.",
)

# %% [markdown]
# New today are the two lit boxes, what stands *between* boxes,
# and the order in which they are put together.

# %% given="keras" tags=["late-import"]
# Keras takes some seconds to load. Run this cell and read on.
import keras
from keras import ops

# %% [markdown] slideshow={"slide_type": "notes"}
# **For the class.** Open with the question: if one layer of attention is good,
# what happens with 24? Collect guesses (2 minutes).
# First meeting to the end of *Stack an encoder*: 67 minutes.
# Second meeting from *Look back and across*: 64 minutes.
# The essay is homework.
# Students most often normalise what the sublayer says in place of the sum,
# and most often forget to hand a mask on.
# The laws near the end are worth ten minutes: they are how one tests a model
# without knowing a single right number.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Stack without care
#
# Take what there is: attention, and a small network of two dense layers
# with a ReLU between them, in turns.
# Two such sublayers are a block.
# Stack 24 blocks at their initial weights, as Keras makes them, nothing trained,
# and send sentences of ten random words through.

# %% slideshow={"slide_type": "subslide"}
WIDTH, HEADS, BLOCKS = 32, 4, 24


def make_sublayers(num_blocks=BLOCKS, seed=7):
    """Make attention and a small network in turns, at their initial weights."""
    keras.utils.set_random_seed(seed)
    exact = {"dtype": "float64"}  # so that rounding has no part in what is measured
    sublayers = []
    for _ in range(num_blocks):
        look = keras.layers.MultiHeadAttention(HEADS, WIDTH // HEADS, **exact)
        wide = keras.layers.Dense(4 * WIDTH, activation="relu", **exact)
        back = keras.layers.Dense(WIDTH, **exact)
        sublayers.append(lambda x_btm, look=look: look(x_btm, x_btm))
        sublayers.append(lambda x_btm, wide=wide, back=back: back(wide(x_btm)))
    return sublayers


def go_through(x_btm, sublayers, residual=False, norm=None):
    """Go through all sublayers: the vectors before, between and after the blocks."""
    states = [x_btm]
    for sublayer in sublayers:
        y_btm = sublayer(states[-1])
        y_btm = states[-1] + y_btm if residual else y_btm
        states.append(norm(y_btm) if norm else y_btm)
    return states[::2]


def likeness(x_btm):
    """Compare words: the mean cosine between two words of one sentence."""
    x_btm = np.asarray(x_btm)
    unit_btm = x_btm / np.linalg.norm(x_btm, axis=-1, keepdims=True)
    cosine_btt = unit_btm @ np.swapaxes(unit_btm, 1, 2)
    return float(cosine_btt[:, ~np.eye(x_btm.shape[1], dtype=bool)].mean())


words_btm = np.random.default_rng(7).normal(size=(4, 10, WIDTH))
plain = go_through(words_btm, make_sublayers())
kept = go_through(words_btm, make_sublayers(), residual=True)

# %% tags=["nbval-ignore-output"]
for number in (0, 1, 2, 4, 24):
    size, alike = np.std(plain[number]), likeness(plain[number])
    print(f"behind {number:2} blocks: size {size:.1e}, likeness of words {alike:.2f}")

# %%
plain_alike = [likeness(x_btm) for x_btm in plain[:9]]
assert plain_alike[0] < 0.2
assert plain_alike[2] > 0.95
assert float(np.std(plain[-1])) < 1e-4

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# Two things die.
#
# - **The words.** Attention hands over averages, and averages of averages are alike.
#   Behind two blocks the ten words of a sentence point nearly all the same way:
#   nobody could tell any more which word was which (Dong et al. 2021).
# - **The signal.** Its size falls by a factor in every block.
#   So does the gradient on its way back: it is a product of one Jacobian for each
#   block, as in lesson 01, with depth in the place of time.
#
# The remedy is an addition, a **residual connection**.
# Let each sublayer say only what should be *added* to a word:
#
# $$x' = x + \mathrm{sublayer}(x)$$
#
# By hand: a sublayer that says 0 leaves the word as it is,
# and whatever it says, the derivative of $x'$ with respect to $x$ has a 1 in it:
# the Jacobian is $I + J$, and a product of such factors keeps a path through the 1s.

# %% tags=["late-import"]
import tensorflow as tf


def gradient_norms(residual, norm=None):
    """Send a gradient back: its norm before, between and after the blocks."""
    sublayers = make_sublayers()
    target_btm = np.random.default_rng(1).normal(size=words_btm.shape)
    with tf.GradientTape() as tape:
        x_btm = tf.constant(words_btm)
        tape.watch(x_btm)
        states = go_through(x_btm, sublayers, residual, norm)
        loss = tf.reduce_sum(states[-1] * target_btm)
    return [float(tf.norm(g_btm)) for g_btm in tape.gradient(loss, states)]


plain_norms, kept_norms = gradient_norms(residual=False), gradient_norms(residual=True)

# %% tags=["nbval-ignore-output"]
for name, norms in (("without", plain_norms), ("with", kept_norms)):
    print(
        f"{name:7} residuals: the gradient before block 1 is "
        f"{norms[0] / norms[-1]:.1e} times the last's"
    )

# %%
assert plain_norms[0] < 1e-4 * plain_norms[-1]
assert kept_norms[0] > 1e6 * kept_norms[-1]

# %% tags=["folded", "nbval-ignore-output"] slideshow={"slide_type": "subslide"}
kept_alike = [likeness(x_btm) for x_btm in kept[:9]]
figures.show(
    figures.curves(
        range(9),
        {"without residuals": plain_alike, "with": kept_alike},
        "blocks passed",
        "mean cosine between words",
        title="How alike the words of a sentence have become",
    ),
    f"Likeness of ten words by blocks passed: without residuals {plain_alike[1]:.2f} "
    f"behind 1 block and {plain_alike[2]:.2f} behind 2; with residuals "
    f"{kept_alike[2]:.2f} behind 2 and {kept_alike[8]:.2f} behind 8.",
)

# %%
assert kept_alike[2] < 0.6 < plain_alike[1] + 0.2

# %% [markdown]
# With residuals the words stay apart much longer.
# And the gradient no longer vanishes; it does the opposite,
# by a factor of more than a million, which is no better.
# One more thing is missing.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Keep the size
#
# **Predict, then run.** 24 blocks *with* residuals, as above.
# How large are the numbers behind the last block, compared with the first input:
# `"about as large"`, `"about five times"` or `"more than a thousand times"`?
# Any answer earns the point.

# %% answer="predict-blocks-scale"
# One of "about as large", "about five times", "more than a thousand times".
### BEGIN SOLUTION
scale_guess = "more than a thousand times"
### END SOLUTION

# %% check="predict-blocks-scale" points=1
check("predict-blocks-scale", scale_guess)

# %% tags=["nbval-ignore-output"]
kept_sizes = [float(np.std(x_btm)) for x_btm in kept]
print(
    f"size before block 1: {kept_sizes[0]:.2f}, behind the last: {kept_sizes[-1]:,.0f}"
)

# %%
assert kept_sizes[-1] > 1000 * kept_sizes[0]
explain("predict-blocks-scale", scale_guess)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=4
# So after each addition every word is brought back to size 1: **layer normalisation**.
# Each word alone: subtract the mean of its m numbers, divide by their deviation,
# then let the network choose a stretch $\gamma$ and a shift $\beta$ for each column:
#
# $$\mathrm{norm}(x) = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta
# \qquad \mu = \frac1m \sum_j x_j, \quad
# \sigma^2 = \frac1m \sum_j (x_j - \mu)^2$$
#
# By hand, for the word $(0, 0, 4, 4)$: the mean is 2, the variance 4, the deviation 2;
# normalised it is $(-1, -1, 1, 1)$.
# With $\gamma = (1, 1, 2, 2)$ and $\beta = (10, 0, 0, 10)$ it is $(9, -1, 2, 12)$.
# $\varepsilon$, here always $10^{-6}$, keeps a word of equal numbers from a 0 below.

# %%
word_m = np.array([0.0, 0.0, 4.0, 4.0])
normal_m = (word_m - word_m.mean()) / word_m.std()
print(
    "normalised:",
    normal_m,
    " stretched and moved:",
    normal_m * [1, 1, 2, 2] + [10, 0, 0, 10],
)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=6
# ### Exercise: layer_norm
#
# *6 minutes, difficulty 1 of 3. Two checks: the formula, and epsilon.*
# `x` is `(..., m)`; `gamma` and `beta` are `(m,)`.
# Return an array of the shape of `x`.
# The first line is given.
#
# <details><summary>Hint 1: the idea</summary>
#
# Centre, measure the size of what is left, divide by it, stretch, move.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# For `x` of `(2, 5, 7)` mean and variance are `(2, 5, 1)`: `keepdims=True` keeps the 1.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# The variance is the mean of `centred ** 2` over the last axis;
# return `centred / np.sqrt(… + epsilon)`, times gamma, plus beta.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | right for one word, wrong for a batch | the axis: it must be the last, -1 |
# | a little too small everywhere | a variance with m − 1 below: `ddof` |
# | `nan` for a word of equal numbers | epsilon stands under the root |


# %% answer="layer-norm"
def layer_norm(x, gamma, beta, epsilon=1e-6):
    """Bring each word to mean 0 and deviation 1, stretch, move: `(..., m)`."""
    centred = x - np.mean(x, axis=-1, keepdims=True)
    ### BEGIN SOLUTION
    variance = np.mean(centred**2, axis=-1, keepdims=True)
    return centred / np.sqrt(variance + epsilon) * gamma + beta
    ### END SOLUTION


# %% check="layer-norm" points=3
check("layer-norm", layer_norm)
stretch_m, move_m = np.array([1, 1, 2, 2]), np.array([10, 0, 0, 10])
assert np.allclose(layer_norm(word_m, stretch_m, move_m), [9, -1, 2, 12])

# %% check="layer-norm-epsilon" points=1
check("layer-norm-epsilon", layer_norm)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# **Predict, then run.** Multiply a word's vector by 100 and add 7 to every number.
# What becomes of its layer normalisation:
# `"a hundred times"`, `"it is moved by 7"` or `"it stays"`?

# %% answer="predict-norm"
# One of "a hundred times", "it is moved by 7", "it stays".
### BEGIN SOLUTION
norm_guess = "it stays"
### END SOLUTION

# %% check="predict-norm" points=1
check("predict-norm", norm_guess)

# %%
ones_m, zeros_m = np.ones(WIDTH), np.zeros(WIDTH)
before_btm = layer_norm(words_btm, ones_m, zeros_m)
after_btm = layer_norm(100 * words_btm + 7, ones_m, zeros_m)
print("the two agree to four digits:", np.allclose(before_btm, after_btm, atol=1e-4))
assert np.allclose(before_btm, after_btm, atol=1e-4)

# %%
explain("predict-norm", norm_guess)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# Keras has the same layer; its own epsilon is $10^{-3}$, so ours is passed.
# With it behind each addition, the size stays at 1 through 24 blocks,
# and the gradient arrives.

# %%
norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype="float64")
theirs_btm = np.asarray(norm(words_btm))
gap = np.abs(theirs_btm - layer_norm(words_btm, ones_m, zeros_m)).max()
print("largest difference to Keras below 1e-5:", bool(gap < 1e-5))
assert gap < 1e-5

both = go_through(words_btm, make_sublayers(), residual=True, norm=norm)
both_sizes = [float(np.std(x_btm)) for x_btm in both]
both_norms = gradient_norms(residual=True, norm=norm)

# %% tags=["folded", "nbval-ignore-output"] slideshow={"slide_type": "subslide"}
plain_sizes = [float(np.std(x_btm)) for x_btm in plain]
figure = figures.curves(
    range(0, BLOCKS + 1, 4),
    {
        "residual": kept_sizes[::4],
        "residual, norm": both_sizes[::4],
        "neither": plain_sizes[::4],
    },
    "blocks passed",
    "size of the numbers",
    title="What comes through 24 blocks",
    log="y",
)
figures.show(
    figure,
    f"Size of the numbers behind 24 blocks, log scale: {plain_sizes[-1]:.0e} with "
    f"neither, {kept_sizes[-1]:,.0f} with residuals alone, {both_sizes[-1]:.2f} with "
    f"residuals and normalisation.",
)

# %% tags=["nbval-ignore-output"]
left = both_norms[0] / both_norms[-1]
norm_alone = likeness(go_through(words_btm, make_sublayers(4), norm=norm)[-1])
print(f"with both, the first block gets {left:.2f} of the last's gradient")
print(f"with the norm alone, words behind 4 blocks: likeness {norm_alone:.2f}")

# %%
assert np.allclose(both_sizes[1:], 1, atol=0.01)
assert 0.1 < left < 10
assert norm_alone > 0.95

# %% [markdown]
# Residuals carry words and gradients through; normalisation keeps their size.
# Either alone is not enough, and that is why every block of every Transformer has both.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=5
# ## Let each word think for itself
#
# Attention mixes words and does little to each one:
# for given weights its output is a linear function of the values.
# The other half of a block works on each word alone, all words with the same weights:
#
# $$\mathrm{FFN}(x) = \max(0,\; x W_1 + b_1)\, W_2 + b_2$$
#
# $W_1$ widens a word from m to f numbers, $W_2$ brings it back;
# in 2017 f was four times m.
# By hand: let $W_1$ and $b_1$ make of $(x_1, x_2)$ the three hidden numbers
# $x_1$, $x_2 - 1$ and $-x_1$; for $x = (2, 4)$ they are $(2, 3, -2)$,
# after the ReLU $(2, 3, 0)$, and $W_2$ makes of them what it likes.
#
# ### Exercise: FeedForward
#
# *4 minutes, difficulty 1 of 3.*
# Two dense layers, `expand` with a ReLU to `hidden_dim`, `project` without one back to
# `model_dim`, one after the other.
# The names matter: weights are found by them.
#
# <details><summary>Hint 1: the idea</summary>
#
# Make two `keras.layers.Dense` in `__init__`; call them in `call`.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(b, t, m)` to `(b, t, f)` to `(b, t, m)`: a Dense works on the last axis.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `self.expand = keras.layers.Dense(…, activation="relu")`, and the other without.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | nothing negative comes out | only `expand` has an activation |
# | `the model has no 'expand'` | the attribute's name |


# %% answer="feed-forward"
class FeedForward(keras.layers.Layer):
    """Two dense layers with a ReLU between: `(b, t, m)` to `(b, t, m)`."""

    def __init__(self, model_dim, hidden_dim, **kwargs):
        super().__init__(**kwargs)
        ### BEGIN SOLUTION
        self.expand = keras.layers.Dense(hidden_dim, activation="relu")
        self.project = keras.layers.Dense(model_dim)
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        return self.project(self.expand(inputs))
        ### END SOLUTION


# %% check="feed-forward" points=3
check("feed-forward", FeedForward)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Build the encoder's block
#
# A block is two sublayers, each with a residual around it and a norm behind the *sum*:
#
# $$y = \mathrm{norm}_1(x + \mathrm{attention}(x)), \qquad
# z = \mathrm{norm}_2(y + \mathrm{FFN}(y))$$
#
# This is **post-norm**, the order of 2017.
# In training, what a sublayer says goes through **dropout** before it is added:
# some of its numbers are set to 0 at random, so that no word relies on a single one.
# Keras knows whether it is training; a `Dropout` layer is called without saying so.
#
# Attention is Keras's own, which lesson 03 showed to be yours.
# The first helper makes it, and refuses a width that cannot be shared out;
# the second makes a norm with the epsilon that this course takes everywhere.


# %% given="attention"
def make_attention(model_dim, num_heads):
    """Make attention: `(query, value, attention_mask=…)`; keys are the values."""
    if model_dim % num_heads:
        raise ValueError(f"num_heads ({num_heads}) must divide m ({model_dim}).")
    return keras.layers.MultiHeadAttention(
        num_heads, key_dim=model_dim // num_heads, use_bias=False
    )


def make_norm():
    """Make a layer normalisation with the course's epsilon."""
    return keras.layers.LayerNormalization(epsilon=1e-6)


# %% [markdown] slideshow={"slide_type": "subslide"} minutes=10
# ### Exercise: EncoderLayer
#
# *10 minutes, difficulty 2 of 3. Three checks: the numbers, the mask, dropout.*
# Make the parts `attention`, `norm_attention`, `feed_forward`, `norm_feed_forward`
# and a `keras.layers.Dropout(dropout)`; attention is given, `make_norm` makes a norm.
# In `call`, `inputs` are `(b, t, m)`, and `attention_mask`, boolean, is handed on to
# attention by name.
# Return `(b, t, m)`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Twice the same: norm of (what came in plus dropout of what the sublayer says).
# What comes in the second time is what came out the first time.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# Everything is `(b, t, m)`, at every point: that is what makes adding possible.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `looked = self.attention(inputs, inputs, attention_mask=attention_mask)`,
# `x = self.norm_attention(inputs + self.dropout(…))`,
# and a line like it for `self.feed_forward(x)`.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | equals x + norm(sublayer(x)) | the sum belongs inside the norm |
# | `norm_feed_forward has no 'gamma'` | that norm was made and never called |
# | right to three digits | a norm that `make_norm` has not made |
# | `value` and `key` … must be equal | the key stands third: hand the mask on by name |
# | random at inference | `training=True` stands somewhere |


# %% answer="encoder-layer"
class EncoderLayer(keras.layers.Layer):
    """Words look at each other, then each thinks for itself: `(b, t, m)`."""

    def __init__(self, model_dim, num_heads, hidden_dim, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.attention = make_attention(model_dim, num_heads)
        ### BEGIN SOLUTION
        self.norm_attention = make_norm()
        self.feed_forward = FeedForward(model_dim, hidden_dim)
        self.norm_feed_forward = make_norm()
        self.dropout = keras.layers.Dropout(dropout)
        ### END SOLUTION

    def call(self, inputs, attention_mask=None):
        ### BEGIN SOLUTION
        looked = self.attention(inputs, inputs, attention_mask=attention_mask)
        x_btm = self.norm_attention(inputs + self.dropout(looked))
        thought = self.feed_forward(x_btm)
        return self.norm_feed_forward(x_btm + self.dropout(thought))
        ### END SOLUTION


# %% check="encoder-layer" points=4
check("encoder-layer", EncoderLayer)

# %% check="encoder-layer-mask" points=1
check("encoder-layer-mask", EncoderLayer)

# %% check="encoder-layer-dropout" points=1
check("encoder-layer-dropout", EncoderLayer)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# How are weights put into a layer that somebody else has written?
# Not by their order: two equal models may make their parts in another order.
# By their path: `attention.query_dense.kernel` is found attribute by attribute,
# and what is missing or has another shape is named.

# %%
layer = EncoderLayer(8, 2, 16)
layer(np.zeros((1, 3, 8), "float32"))
arrays = weights.take(layer)
print(f"{len(arrays)} weights, for example", *list(arrays)[:3], sep="\n  ")
for change in ({"norm.gamma": np.ones(8)}, {"norm_attention.gamma": np.ones(9)}):
    try:
        weights.put(layer, {**arrays, **change})
    except ValueError as error:
        print("ValueError:", error)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=6
# ## Find the two bugs
#
# A colleague's block, with the sublayers as functions.
# It runs, and its output has the right shape and a reasonable size.


# %%
def looks_right(x_btm, attend, think, norm_one, norm_two):
    """A post-norm block, they say: `(b, t, m)` to `(b, t, m)`."""
    y_btm = norm_one(x_btm + attend(x_btm))
    return x_btm + norm_two(think(y_btm))


def halve(x_btm):
    """Stand in for a sublayer."""
    return x_btm / 2


def unit(x_btm):
    """Stand in for a norm without gamma and beta."""
    return layer_norm(x_btm, 1.0, 0.0)


tried_btm = looks_right(words_btm, halve, halve, unit, unit)
print(
    "shape:",
    tried_btm.shape,
    " deviation of a word: not 1, but",
    tried_btm[0, 0].std().round(2),
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Exercise: repaired_block
#
# *5 minutes, difficulty 2 of 3.*
# Two things are wrong in one line.
# `attend`, `think`, `norm_one` and `norm_two` each take and return `(b, t, m)`.
# A law to probe with: behind a post-norm block each word has deviation 1
# as long as gamma is 1; and what `attend` found must be able to reach the end
# even if `think` says 0.
#
# <details><summary>Hint 1: the idea</summary>
#
# The first line is right. Make the second one like it.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# All are `(b, t, m)`: shapes cannot tell the two residuals apart, names must.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `norm_two(… + think(…))`, with the same vector in both places.
#
# </details>


# %% answer="repair-block"
def repaired_block(x_btm, attend, think, norm_one, norm_two):
    """A post-norm block: `(b, t, m)` to `(b, t, m)`."""
    ### BEGIN SOLUTION
    x_btm = norm_one(x_btm + attend(x_btm))
    return norm_two(x_btm + think(x_btm))
    ### END SOLUTION


# %% check="repair-block" points=2
check("repair-block", repaired_block)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Stack an encoder
#
# Blocks take and return the same shape, so they can be stacked.
# In front stands what lesson 04 built: rows of words times √m plus their positions.
# It is handed out here, finished.


# %% given="positions"
class PositionalEmbedding(keras.layers.Layer):
    """Look up words and place them, as in lesson 04: `(b, t)` to `(b, t, m)`."""

    def __init__(self, vocab_size, max_length, model_dim, **kwargs):
        super().__init__(**kwargs)
        self.embedding = keras.layers.Embedding(
            vocab_size,
            model_dim,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=model_dim**-0.5
            ),
        )
        column, position = np.arange(model_dim), np.arange(max_length)[:, np.newaxis]
        angle_tm = position / 10_000 ** (2 * (column // 2) / model_dim)
        waves_tm = np.where(column % 2 == 0, np.sin(angle_tm), np.cos(angle_tm))
        self.encoding_tm = waves_tm.astype("float32")

    def call(self, tokens):
        max_length, model_dim = self.encoding_tm.shape
        if tokens.shape[1] and tokens.shape[1] > max_length:
            last = tokens.shape[1] - 1
            raise ValueError(f"position {last} is beyond max_length ({max_length}).")
        place_t = ops.arange(ops.shape(tokens)[1])
        place_tm = ops.take(self.encoding_tm, place_t, axis=0)
        return self.embedding(tokens) * model_dim**0.5 + place_tm


# %% [markdown] slideshow={"slide_type": "subslide"} minutes=5
# ### Exercise: Encoder
#
# *4 minutes, difficulty 1 of 3.*
# Only the way through is missing: from `tokens` `(b, t)` through the embedding
# and then through each block, each with the mask, to `(b, t, m)`.
#
# <details><summary>Hint 1: the idea</summary>
#
# What comes out of one block goes into the next.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `(b, t)` becomes `(b, t, m)` in the embedding and stays so.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# A loop over `self.blocks` with `x_btm = block(x_btm, …)`, and a `return` behind it.
#
# </details>


# %% answer="encoder"
class Encoder(keras.layers.Layer):
    """Words to words that know their sentence: `(b, t)` to `(b, t, m)`."""

    def __init__(
        self,
        vocab_size,
        max_length,
        num_layers,
        model_dim,
        num_heads,
        hidden_dim,
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.embedding = PositionalEmbedding(vocab_size, max_length, model_dim)
        self.blocks = [
            EncoderLayer(model_dim, num_heads, hidden_dim, dropout)
            for _ in range(num_layers)
        ]

    def call(self, tokens, attention_mask=None):
        ### BEGIN SOLUTION
        x_btm = self.embedding(tokens)
        for block in self.blocks:
            x_btm = block(x_btm, attention_mask=attention_mask)
        return x_btm
        ### END SOLUTION


# %% check="encoder" points=2
check("encoder", Encoder)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=5
# **Where should the norm stand?**
# Many models after 2017 normalise what goes *into* a sublayer and leave the sum alone,
# **pre-norm**: $x' = x + \mathrm{sublayer}(\mathrm{norm}(x))$.
# No norm stands on the way of the additions then.

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
STEPS = {
    "post-norm": ["x", "attention", "+", "norm", "feed-forward", "+", "norm"],
    "pre-norm": ["x", "norm", "attention", "+", "norm", "feed-forward", "+"],
}
figure, axes = figures.canvas(5.2, 3.6)
axes.set_axis_off()
axes.set_xlim(-1, 5)
axes.set_ylim(-0.9, 6.5)
arrow = {"arrowstyle": "-|>", "color": figures.GREY}
around = {**arrow, "color": figures.BLUE, "linewidth": 2}
for column, (name, steps) in enumerate(STEPS.items()):
    x, source = 3 * column, 0
    axes.text(x, -0.8, name, ha="center")
    for height, step in enumerate(steps):
        box = {"boxstyle": "round", "facecolor": "white", "edgecolor": figures.GREY}
        axes.text(x, height, step, ha="center", va="center", bbox=box)
        if height:
            ends = {"xy": (x, height - 0.25), "xytext": (x, height - 0.75)}
            axes.annotate("", **ends, arrowprops=arrow)
        if step == "+":
            bend = {
                **around,
                "connectionstyle": f"arc3,rad={1.3 - column / 2}",
                "shrinkA": 10,
            }
            ends = {"xy": (x + 0.15, height), "xytext": (x + 0.15, source)}
            axes.annotate("", **ends, arrowprops=bend)
            source = height + (steps[height + 1 :][:1] == ["norm"] and column == 0)
figures.show(
    figure,
    f"Two blocks from bottom to top, thick arrows for the 2 residuals in each. "
    f"Post-norm: {', '.join(STEPS['post-norm'])}; a norm stands behind each sum. "
    f"Pre-norm: {', '.join(STEPS['pre-norm'])}; the way of the sums meets no norm.",
)

# %% [markdown] minutes=1
# The finished layers of this course know both; compare them at their initial weights.

# %% tags=["late-import", "nbval-ignore-output"]
from transformer import layers as finished


def behind_blocks(norm_first, num_blocks=BLOCKS):
    """Pass blocks of one kind: size and likeness behind them, and the gradient left."""
    keras.utils.set_random_seed(7)
    make = finished.EncoderLayer
    blocks = [
        make(WIDTH, HEADS, 4 * WIDTH, norm_first=norm_first) for _ in range(num_blocks)
    ]
    with tf.GradientTape() as tape:
        states = [tf.constant(words_btm, "float32")]
        tape.watch(states[0])
        for block in blocks:
            states.append(block(states[-1]))
        target_btm = np.random.default_rng(1).normal(size=words_btm.shape)
        loss = tf.reduce_sum(states[-1] * target_btm.astype("float32"))
    first, last = tape.gradient(loss, [states[0], states[-1]])
    size = [float(np.std(x_btm)) for x_btm in states]
    return size[-1], likeness(states[-1]), float(tf.norm(first) / tf.norm(last))


compared = {
    name: behind_blocks(name == "pre-norm") for name in ("post-norm", "pre-norm")
}
for name, (size, alike, left) in compared.items():
    print(
        f"{name:9} size {size:5.2f}, words {alike:.2f} alike, gradient times {left:.1f}"
    )

# %%
assert abs(compared["post-norm"][0] - 1) < 0.01
assert 2 < compared["pre-norm"][0] < 20
assert compared["pre-norm"][1] < compared["post-norm"][1]

# %% [markdown]
# With pre-norm the size grows, but slowly:
# each sublayer reads a word of size 1 and adds something of that size,
# so that it is a sum that grows and not a power.
# The words are told apart better at the end;
# behind 24 untrained blocks of post-norm they are alike after all,
# only much later than without residuals (the Transformer of 2017 has 6 blocks).
# Both let the gradient through here.
# Which one trains better is another question, which this measurement does not answer
# (Xiong et al. 2020 found that post-norm needs a slow start of the learning rate).

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Look back and across
#
# The decoder's block has three sublayers, each with residual and norm as before:
#
# | sublayer | queries | keys and values | mask |
# | --- | --- | --- | --- |
# | `self_attention` | the target's words | the target's words | past words only |
# | `cross_attention` | the target's words | the encoder's output | the source's words |
# | `feed_forward` | each word alone | | |
#
# In cross-attention the target has t rows and the source k columns.
# It is the only place where English meets French,
# and its weights say which French words each English word looked at: return them.
#
# ### Exercise: DecoderLayer
#
# *12 minutes, difficulty 3 of 3. Two checks: the numbers, the masks.*
# Parts: `self_attention`, `norm_self`, `cross_attention`, `norm_cross`, `feed_forward`,
# `norm_feed_forward`, and dropout.
# `inputs` are `(b, t, m)`, `context` is `(b, k, m)`.
# Return the output `(b, t, m)` and the weights of cross-attention `(b, h, t, k)`,
# which Keras gives as a second value with `return_attention_scores=True`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Three times the sentence you know. Only the middle one looks at `context`.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `cross_attention(x, context)`: queries `(b, t, m)`, values `(b, k, m)`,
# output `(b, t, m)`. What comes out can be added to x.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `found, weights_bhtk = self.cross_attention(x_btm, context,
# attention_mask=…, return_attention_scores=True)`;
# in front of it self-attention with `self_mask`, behind it the feed-forward layer.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | `not enough values to unpack` | attention gives its weights when asked for them |
# | weights `(b, h, t, t)` | those of self-attention, or keys from the decoder |
# | right weights, wrong output | a residual: which vector asked? |
# | right without masks only | each attention has its own mask, by name |


# %% answer="decoder-layer" minutes=12
class DecoderLayer(keras.layers.Layer):
    """Words look back, across, then think: `(b, t, m)` and weights `(b, h, t, k)`."""

    def __init__(self, model_dim, num_heads, hidden_dim, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.self_attention = make_attention(model_dim, num_heads)
        self.cross_attention = make_attention(model_dim, num_heads)
        self.dropout = keras.layers.Dropout(dropout)
        ### BEGIN SOLUTION
        self.norm_self, self.norm_cross = make_norm(), make_norm()
        self.feed_forward = FeedForward(model_dim, hidden_dim)
        self.norm_feed_forward = make_norm()
        ### END SOLUTION

    def call(self, inputs, context, self_mask=None, cross_mask=None):
        ### BEGIN SOLUTION
        looked = self.self_attention(inputs, inputs, attention_mask=self_mask)
        x_btm = self.norm_self(inputs + self.dropout(looked))
        found, weights_bhtk = self.cross_attention(
            x_btm, context, attention_mask=cross_mask, return_attention_scores=True
        )
        x_btm = self.norm_cross(x_btm + self.dropout(found))
        thought = self.feed_forward(x_btm)
        return self.norm_feed_forward(x_btm + self.dropout(thought)), weights_bhtk
        ### END SOLUTION


# %% check="decoder-layer" points=4
check("decoder-layer", DecoderLayer)

# %% check="decoder-layer-mask" points=1
check("decoder-layer-mask", DecoderLayer)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=4
# ### Exercise: Decoder
#
# *4 minutes, difficulty 1 of 3.*
# The way through again, with the same `context` for every block.
# Return the last output `(b, t, m)` and a list with each block's weights.
#
# <details><summary>Hint 1: the idea</summary>
#
# Each block returns two values: one goes on, the other is kept.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# The list holds `num_layers` arrays `(b, h, t, k)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `x_btm, weights_bhtk = block(x_btm, context, …)`, then `append`.
#
# </details>


# %% answer="decoder"
class Decoder(keras.layers.Layer):
    """The target so far and the source to what comes next: `(b, t, m)`, weights."""

    def __init__(
        self,
        vocab_size,
        max_length,
        num_layers,
        model_dim,
        num_heads,
        hidden_dim,
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.embedding = PositionalEmbedding(vocab_size, max_length, model_dim)
        self.blocks = [
            DecoderLayer(model_dim, num_heads, hidden_dim, dropout)
            for _ in range(num_layers)
        ]

    def call(self, tokens, context, self_mask=None, cross_mask=None):
        ### BEGIN SOLUTION
        x_btm, all_weights = self.embedding(tokens), []
        for block in self.blocks:
            x_btm, weights_bhtk = block(x_btm, context, self_mask, cross_mask)
            all_weights.append(weights_bhtk)
        return x_btm, all_weights
        ### END SOLUTION


# %% check="decoder" points=1
check("decoder", Decoder)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Put it together
#
# The whole takes two batches of token ids, `source_bk` and `target_bt`,
# and makes its masks from them.
# Lesson 05's two masks, now as Keras operations:


# %% given="masks"
def padding_mask(tokens_bt):
    """Show words, hide padding, as in lesson 05: `(b, t)` to `(b, 1, 1, t)`."""
    return ops.not_equal(tokens_bt, 0)[:, np.newaxis, np.newaxis, :]


def decoder_mask(tokens_bt):
    """Hide padding and future, as in lesson 05: `(b, t)` to `(b, 1, t, t)`."""
    place_t = ops.arange(ops.shape(tokens_bt)[1])
    is_past_tt = place_t[np.newaxis, :] <= place_t[:, np.newaxis]
    return ops.logical_and(padding_mask(tokens_bt), is_past_tt)


# %% [markdown] slideshow={"slide_type": "subslide"} minutes=12
# ### Exercise: Transformer
#
# *12 minutes, difficulty 3 of 3. Two checks: numbers and laws together, and saving.*
# Make `encoder`, `decoder` and `to_logits`, a Dense with a number for each target word
# and no activation; a softmax belongs to the loss.
# `call` gets the pair `(source_bk, target_bt)` and returns logits `(b, t, n)`.
# `get_config` returns the arguments of `__init__` by name,
# so that Keras can make the model again when it loads a file:
# they are kept in `self.sizes`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Encode the source; decode the target with what came out; turn vectors into logits.
# Three places attend, and each gets a mask: which two of them share one?
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# Encoder: `(b, k)` to `(b, k, m)`, mask `(b, 1, 1, k)`.
# Decoder: `(b, t)` and `(b, k, m)` to `(b, t, m)`,
# masks `(b, 1, t, t)` and `(b, 1, 1, k)`.
# Logits: `(b, t, n)`.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `self.encoder = Encoder(source_vocab_size, **shared)`, and a line like it;
# `context = self.encoder(source_bk, attention_mask=padding_mask(…))`;
# the decoder returns two values, of which the first goes to `self.to_logits`;
# the config is `{**super().get_config(), **self.sizes}`.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | the decoder sees the future | `self_mask` is `decoder_mask` of the target |
# | padding appended to the source moves logits | its mask acts in two places |
# | `indices … is not in [0, n)` | source and target have changed places |
# | `expects 1 input(s), but it received` | the decoder returns two values |
# | `could not be deserialized` | a name is missing in the config |


# %% answer="transformer"
class Transformer(keras.Model):
    """The encoder-decoder of 2017: `(b, k)` and `(b, t)` to logits `(b, t, n)`."""

    def __init__(
        self,
        source_vocab_size,
        target_vocab_size,
        max_length,
        num_layers,
        model_dim,
        num_heads,
        hidden_dim,
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        # What both sides are made with, ready for `**shared`.
        shared = {"max_length": max_length, "num_layers": num_layers}
        shared |= {"model_dim": model_dim, "num_heads": num_heads}
        shared |= {"hidden_dim": hidden_dim, "dropout": dropout}
        self.sizes = {"source_vocab_size": source_vocab_size, **shared}
        self.sizes["target_vocab_size"] = target_vocab_size
        ### BEGIN SOLUTION
        self.encoder = Encoder(source_vocab_size, **shared)
        self.decoder = Decoder(target_vocab_size, **shared)
        self.to_logits = keras.layers.Dense(target_vocab_size)
        ### END SOLUTION

    def call(self, inputs):
        source_bk, target_bt = inputs
        ### BEGIN SOLUTION
        is_word = padding_mask(source_bk)
        context_bkm = self.encoder(source_bk, attention_mask=is_word)
        output_btm, _ = self.decoder(
            target_bt, context_bkm, decoder_mask(target_bt), is_word
        )
        return self.to_logits(output_btm)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        return {**super().get_config(), **self.sizes}
        ### END SOLUTION


# %% check="transformer" points=4
check("transformer", Transformer)

# %% check="transformer-save" points=1
check("transformer-save", Transformer)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Test it without knowing an answer
#
# Nobody can say what the logits of a new model should be.
# But what must *not* change can be said, and tried on any weights.
#
# **Predict, then run.** Word 3 of the target is changed.
# Which logits move: `"all of them"`, `"only position 3"` or `"from position 3 on"`?

# %% answer="predict-future"
# One of "all of them", "only position 3", "from position 3 on".
### BEGIN SOLUTION
future_guess = "from position 3 on"
### END SOLUTION

# %% check="predict-future" points=1
check("predict-future", future_guess)

# %%
keras.utils.set_random_seed(6)
small = Transformer(12, 12, 20, num_layers=2, model_dim=16, num_heads=2, hidden_dim=32)
source_bk = np.array([[3, 4, 5, 6, 7, 0]])
target_bt = np.array([[1, 8, 9, 10, 11, 8]])
logits_btn = np.asarray(small((source_bk, target_bt)))


def moves_when(place):
    """Change one word of the target: how far the logits of each position move."""
    changed_bt = target_bt.copy()
    changed_bt[0, place] = 5
    changed_btn = np.asarray(small((source_bk, changed_bt)))
    return np.abs(changed_btn - logits_btn)[0].max(axis=-1)


moves_tt = np.array([moves_when(place) for place in range(6)])
print("positions that move when word 3 changes:", np.flatnonzero(moves_tt[3] > 1e-4))
assert np.flatnonzero(moves_tt[3] > 1e-4).tolist() == [3, 4, 5]

# %%
explain("predict-future", future_guess)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# **Try it.** Choose which word of the target changes.
# Say which positions will move, then look: the picture draws an arrow from the changed
# word to each position, as thick as its logits move.

# %%
slider = widgets.IntSlider(value=3, min=0, max=5, description="word")
picture = widgets.Image(format="png", width=600)
told = widgets.HTML()


def redraw(_change=None):
    """Draw how the logits move when the chosen word changes."""
    place = slider.value
    share_t = moves_tt[place] / moves_tt.max()
    names = [f"position {t}" for t in range(6)]
    picture.value = figures.png(figures.arrows(names, share_t, place))
    moved = ", ".join(map(str, np.flatnonzero(moves_tt[place] > 1e-4)))
    told.value = f"Word {place} changes: the logits of positions {moved} move."


slider.observe(redraw, "value")
redraw()
display(widgets.VBox([slider, picture, told]))

# %% tags=["folded", "nbval-ignore-output"] slideshow={"slide_type": "subslide"}
figure, axes = figures.canvas(height=3.0)
places = [str(t) for t in range(6)]
figures.draw_heatmap(
    axes, moves_tt / moves_tt.max(), places, places, "How far logits move"
)
axes.set_xlabel("position whose logits move")
axes.set_ylabel("word that is changed")
figures.show(
    figure,
    f"Six changed words by six positions: {int((moves_tt > 1e-4).sum())} of 36 numbers "
    f"are not 0, all on or right of the diagonal; the largest move left of it is "
    f"{np.tril(moves_tt, k=-1).max():.0e}.",
)

# %%
assert np.tril(moves_tt, k=-1).max() < 1e-5
assert (moves_tt[np.triu_indices(6)] > 1e-4).all()

# %% [markdown]
# A triangle: a change never reaches an earlier position.
# The check above tried this law on your class, and the others in the next cell.

# %% slideshow={"slide_type": "subslide"}
longer = np.pad(source_bk, ((0, 0), (0, 3))), np.pad(target_bt, ((0, 0), (0, 2)))
gap = np.abs(np.asarray(small(longer))[:, :6] - logits_btn).max()
print("padding appended to both sides changes nothing:", bool(gap < 1e-5))
assert gap < 1e-5

other_bk = source_bk.copy()
other_bk[0, 4] = 8  # the last word of the source
move_t = np.abs(np.asarray(small((other_bk, target_bt))) - logits_btn)[0].max(axis=-1)
print("the source's last word reaches every position:", bool(move_t.min() > 1e-4))
assert move_t.min() > 1e-4

pair = np.repeat(source_bk, 2, axis=0), np.concatenate([target_bt, target_bt[:, ::-1]])
gap = np.abs(np.asarray(small(pair))[:1] - logits_btn).max()
print("a neighbour in the batch changes nothing:", bool(gap < 1e-5))
assert gap < 1e-5

print("logits are no probabilities, no shares of 1:", bool((logits_btn < 0).any()))
assert (logits_btn < 0).any()

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Give it trained weights
#
# The course ships weights of exactly this structure,
# trained on its built-in corpus, with a record of how they were made.
# They go into *your* class by their paths.

# %% tags=["late-import"]
from transformer import decoding

shipped = weights.shipped()
model = Transformer(**shipped.sizes)
words_bt = np.array([[1, 2]])  # 0 is the id of padding, 1 of start, 2 of end
model((words_bt, words_bt))  # now it has its weights
weights.put(model, shipped.arrays)
print(shipped.sizes)
print(f"{model.count_params():,} numbers in {len(shipped.arrays)} arrays")

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# To translate, ask for the next word, append it, ask again, until it says *end*.
# `decoding.greedy` does that; you will write it in lesson 07.
# Each of its questions goes through your `call`, masks and all.


# %%
def next_logits_of(french):
    """Prepare a sentence: a function of the tokens so far to the next one's logits."""
    source_bk = np.array([shipped.vocabularies.source.encode(french)])
    return lambda tokens: np.asarray(model((source_bk, np.array([tokens]))))[0, -1]


french = "Jane visite l' Afrique en septembre ."
ids = decoding.greedy(next_logits_of(french), start=1, end=2, max_length=20)
english = shipped.vocabularies.target.decode(ids)
print(f"{french}\n{english}")
assert english == "Jane visits Africa in September ."

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Your code, trained weights, a translation.
# The same weights in the course's finished layers give the same logits,
# so your Transformer *is* that one; and it survives being saved.

# %%
pair = (
    shipped.vocabularies.source.encode_batch([french, "Paul dort ."]),
    shipped.vocabularies.target.encode_batch([english, "Paul sleeps ."]),
)
theirs = finished.Transformer(**shipped.sizes)
theirs(pair)
weights.put(theirs, shipped.arrays)
is_word_bt = pair[1] != 0
gap_btn = np.abs(np.asarray(model(pair)) - np.asarray(theirs(pair)))
print("largest difference below 1e-4:", bool(gap_btn[is_word_bt].max() < 1e-4))
assert gap_btn[is_word_bt].max() < 1e-4  # logits are of size 10, in float32

# %% tags=["late-import"]
import tempfile
from pathlib import Path

own = [FeedForward, EncoderLayer, DecoderLayer, Encoder, Decoder, Transformer]
own.append(PositionalEmbedding)
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "mine.keras"
    model.save(file)
    again = keras.models.load_model(file, custom_objects={c.__name__: c for c in own})
same = np.array_equal(np.asarray(again(pair)), np.asarray(model(pair)))
print("saved and loaded, it says the same:", same)
assert same

# %% [markdown] slideshow={"slide_type": "slide"} minutes=5
# ## Silence one sublayer
#
# Residuals have a surprising consequence: a sublayer can be *taken out* of a trained
# model, and the words still come through.
# Set the last matrix of one sublayer to 0, so that it says nothing,
# and count how many of 30 sentences are still translated word for word;
# with ten sublayers that is half a minute of work.
# Before you run it: which of the ten sublayers do you expect to matter most?

# %% tags=["late-import"]
from transformer import corpus
from transformer.translate import Translator, exact

pairs = corpus.draw(30, seed=2026, lengths=(6, 14))
LAST = {"attention": "output_dense", "feed_forward": "project"}


def silence(path):
    """Put the trained weights in, but zeros where a path begins so."""
    zeros = {n: 0 * a for n, a in shipped.arrays.items() if n.startswith(path)}
    weights.put(model, {**shipped.arrays, **zeros})


def share_right(path):
    """Translate all pairs with one sublayer silent: the share that is right."""
    silence(path)
    return float(np.mean(exact(model, pairs, shipped.vocabularies)))


sublayers = {}
for side, kinds in (
    ("encoder", ("attention", "feed_forward")),
    ("decoder", ("self_attention", "cross_attention", "feed_forward")),
):
    for number in range(shipped.sizes["num_layers"]):
        for kind in kinds:
            last = LAST["feed_forward" if kind == "feed_forward" else "attention"]
            path = f"{side}.blocks.{number}.{kind}"
            sublayers[f"{side} {number}: {kind}"] = f"{path}.{last}."

whole = np.mean(exact(model, pairs, shipped.vocabularies))
silenced = {name: share_right(path) for name, path in sublayers.items()}

# %% tags=["nbval-ignore-output"]
print(f"nothing silenced: {whole:.0%} of {len(pairs)} sentences right")
for name, share in silenced.items():
    print(f"{name.replace('_', '-'):26} silenced: {share:4.0%}")

# %%
assert whole > 0.8
assert min(silenced, key=silenced.get) == "decoder 1: cross_attention"
assert min(silenced.values()) < 0.2
assert max(silenced.values()) > 0.9

# %% tags=["folded", "nbval-ignore-output"] slideshow={"slide_type": "subslide"}
figure, axes = figures.canvas(height=3.0)
names = [name.replace("_", "-") for name in silenced]
shares = np.array([list(silenced.values())])
figures.draw_heatmap(axes, shares, ["right"], names, "With one sublayer silenced")
axes.set_xlabel("")
axes.set_ylabel("")
worst, mildest = names[shares.argmin()], names[shares.argmax()]
figures.show(
    figure,
    f"Share of {len(pairs)} sentences right with one of ten sublayers silenced, "
    f"{whole:.2f} with none: least, {shares.min():.2f}, without {worst}; most, "
    f"{shares.max():.2f}, without {mildest}.",
)

# %% tags=["nbval-ignore-output"]
translator = Translator(model, shipped.vocabularies)
silence(sublayers["decoder 1: cross_attention"])
print("without its last look:", translator.say("Jane visite l'Afrique en septembre."))
silence("nothing")
print("whole again:          ", translator.say("Jane visite l'Afrique en septembre."))

# %%
said = translator("Jane visite l'Afrique en septembre.").english
assert said == "Jane visits Africa in September."

# %% [markdown]
# One sublayer is the bridge: without the last look at the source the decoder writes
# English that belongs to no French.
# Others are hardly missed on sentences as short as these:
# the residual carries the word past them, and other sublayers have done the work.
# This breaks a model that was trained whole; training it without a part
# is another experiment, and lesson 07 shows its results.

# %% [markdown] essay="blocks-why" points=6 slideshow={"slide_type": "skip"}
# ### Essay: why residuals, and why normalisation?
#
# *Graded by hand; 150 words are enough.*
# A friend wants to simplify the block: "Attention and the small network do the work.
# The additions and the norms only shuffle numbers about."
# Answer with what you measured: (1) what happens to words and gradients without
# residuals, and why; (2) what happens with residuals alone, and why;
# (3) what post-norm and pre-norm each do to the way of the additions.
#
# ### BEGIN SOLUTION
# **Model answer.** Without residuals each attention replaces a word by an average of
# the sentence, and averages of averages are alike: behind two blocks the words pointed
# nearly the same way.
# The signal shrank by a factor a block, and so did the gradient,
# which is a product of one Jacobian a block.
# With residuals a block's Jacobian is I + J, so there is a path of identities,
# and a word keeps itself.
# But each sublayer reads the sum so far and adds something of its size:
# growth in proportion to what is there, a power of the depth.
# The numbers were tens of thousands of times as large behind 24 blocks,
# and the gradient exploded.
# Normalisation brings each word back to size 1, so the size stayed 1
# and the gradient arrived.
# Post-norm normalises the sum, so every addition passes a norm
# and old contributions shrink; pre-norm normalises only what a sublayer reads,
# so the additions go through untouched and the size grows slowly.
#
# **Marking.** 2 points: words become alike, or the gradient is a product of Jacobians,
# with a measured number or the reason.
# 2 points: growth as a power, because each sublayer reads the sum and answers
# in proportion, and that the norm stops it.
# 2 points: the norm is on the way of the additions in post-norm, beside it in pre-norm,
# with one consequence.
# Half of each for the claim without a reason.
# "It makes training stable" alone earns nothing.
# ### END SOLUTION

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Use it: translate what you type
#
# The words must be words of the built-in corpus: everyday people, things and places,
# some sixty first names, present, past and future.
# Type another sentence and press Enter, or change the list in the next cell.

# %%
box = widgets.Text(value="La voiture rouge n'est pas grande.", description="French")
answer = widgets.HTML()


def translate_typed(_change=None):
    """Translate what stands in the box."""
    answer.value = f"<b>{translator.say(box.value)}</b>"


box.continuous_update = False
box.observe(translate_typed, "value")
translate_typed()
display(widgets.VBox([box, answer]))

# %%
for sentence in (
    "Jane visite l'Afrique en septembre.",
    "Paul n'aime pas la voiture rouge.",
    "Émile a choisi la bonne tarte et l'a mangée.",
):
    print(f"{sentence}\n    {translator.say(sentence)}")

# %% [markdown] minutes=1
# A word it has never met, no word at all, a sentence longer than its positions,
# weights of another model: each is said.

# %%
print(translator.say("Jane visite le Kirghizistan."))
print(translator.say("   "))
print(translator.say("Jane " * 70)[:63] + " …")
try:
    weights.put(small, shipped.arrays)
except ValueError as error:
    print(error)

# %% [markdown]
# One thing it does not say: that it is out of its depth.
# Words it knows, in a construction it has never met, are translated without a warning.

# %%
print(translator.say("Nous avons vu Léa et nous l'avons invitée."))

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Remember lessons 01 to 05
#
# Three questions without looking back; each right answer is a point,
# and each option is explained afterwards.
#
# **1.** In a recurrent network the gradient over a long distance vanishes.
# What is it a product of?
#
# - `"one Jacobian for each step"`
# - `"one weight for each word"`
# - `"the losses of all steps"`

# %% answer="recall-blocks-gradient"
# One of "one Jacobian for each step", "one weight for each word",
# "the losses of all steps".
### BEGIN SOLUTION
gradient_cause_recall = "one Jacobian for each step"
### END SOLUTION

# %% check="recall-blocks-gradient" points=1
check("recall-blocks-gradient", gradient_cause_recall)

# %% [markdown]
# **2.** In cross-attention the decoder has t words and the source k.
# What is the shape of one head's weights: `"(t, k)"`, `"(k, t)"` or `"(t, t)"`?

# %% answer="recall-blocks-keys"
# One of "(t, k)", "(k, t)", "(t, t)".
### BEGIN SOLUTION
keys_recall = "(t, k)"
### END SOLUTION

# %% check="recall-blocks-keys" points=1
check("recall-blocks-keys", keys_recall)

# %% [markdown]
# **3.** Why is a word's row multiplied by √m before its position is added?
#
# - `"to match the position in size"`
# - `"to keep scores at variance 1"`
# - `"to make the sum have mean 0"`

# %% answer="recall-blocks-root"
# One of "to match the position in size", "to keep scores at variance 1",
# "to make the sum have mean 0".
### BEGIN SOLUTION
root_of_m_recall = "to match the position in size"
### END SOLUTION

# %% check="recall-blocks-root" points=1
check("recall-blocks-root", root_of_m_recall)

# %%
explain("recall-blocks-gradient", gradient_cause_recall)
explain("recall-blocks-keys", keys_recall)
explain("recall-blocks-root", root_of_m_recall)

# %% [markdown] slideshow={"slide_type": "notes"}
# **Discuss.** (1) *The encoder has no look-ahead mask.
# Would a translator work with one?*
# Expected: yes, but worse; the first word would be read without knowing the last,
# and in French an adjective or a negation may come later.
# (2) *Could the same weights be used in every block?*
# Expected: the model would run, and have fewer weights; some models do share them.
# The shipped weights would not fit, since their blocks differ.
#
# **What goes wrong.** x + norm(sublayer(x)) (ask what the norm is given);
# a second residual from the block's input (ask which vector asked);
# a mask made and not handed on (ask which law would show it);
# `[layer] * n` (ask how many objects there are).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# A block lets words look and then think, adds what each sublayer says to the word,
# and normalises the sum; without the addition words and gradients are lost,
# without the norm they explode.
# Encoder and decoder are stacks of such blocks, and the decoder's have
# a third sublayer that looks at what the encoder made of the source.
# A model without a single known answer can still be tested, by what must not change;
# how the weights are found is the next lesson.
#
# ## Go further
#
# - Vaswani et al., *Attention Is All You Need*, 2017, sections 3.1 and 3.3.
# - He et al., *Deep Residual Learning for Image Recognition*, 2016: residuals.
# - Ba, Kiros, Hinton, *Layer Normalization*, 2016.
# - Dong, Cordonnier, Loukas, *Attention Is Not All You Need: Pure Attention Loses Rank
#   Doubly Exponentially with Depth*, 2021: why words become alike.
# - Xiong et al., *On Layer Normalization in the Transformer Architecture*, 2020:
#   post-norm and pre-norm.
