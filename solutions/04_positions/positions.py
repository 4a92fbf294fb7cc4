# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# # Tell the words where they are
#
# *Jane visite Paul*: Jane visits Paul.
# *Paul visite Jane*: Paul visits Jane.
#
# **The question.** The same three words, and two different afternoons.
# Lesson 02 ended with a warning: attention that gets its words in another order
# gives the same vectors in another order, so it cannot tell these sentences apart.
# How can a word carry its place with it, in such a way that "two words
# further on" means the same at the beginning of a sentence and at its end?
#
# **You will build** the positional encoding of the Transformer,
# a matrix that moves it from any position to another,
# and a Keras layer that turns word ids into words that know where they stand.
#
# **You need** Python, sine and cosine, and multi-head attention from lesson 03.
#
# **Time.**
# About 90 minutes, in two sittings if you like; pause after *Move by a matrix*.

# %% given="setup"
import ipywidgets as widgets
import numpy as np
from IPython.display import display

from graders.check import check, example, explain
from transformer import figures

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figures.show(
    figures.course_map(lesson=4),
    "Map of the Transformer: 8 blocks in an encoder for French and a decoder for "
    "English. 2 are lit, the lowest of each: embedding + positions.",
)

# %% [markdown]
# The map shows the machine that this course ends with.
# The lit blocks stand at the bottom: positions are told once, before the first layer.

# %% given="keras" tags=["late-import"]
# Keras takes some seconds to load. Run this cell and read on.
import keras
from keras import ops

# %% [markdown] slideshow={"slide_type": "notes"}
# **For the class.**
# Write both sentences on the board and ask what attention makes of them (3 minutes).
# First half to the end of *Move by a matrix*: 50 minutes, of which 11 for
# `shift_matrix`; let pairs work out the case of position 0 on paper first.
# Second half from *Tell two roots apart*: 40 minutes.
# The essay is homework.
# Students most often count columns where the formula counts pairs, and most often
# confuse the root of m with the root of d: stop at the table that measures both.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## See the order get lost
#
# Take lesson 03's multi-head attention in its Keras form,
# which you proved equal to your own, and the running sentence.
# Each word is a row of eight random numbers: nothing in this cell is trained.
# Then shuffle the sentence and compare each word's new vector before and after.
#
# Names end in their axes, as before: b sentences, t positions,
# m numbers in a word, n words in the vocabulary (*aime*: loves,
# *étudie*: studies, *le Nil*: the Nile, *et*: and, *juillet*: July).

# %%
WORDS = ["Jane", "Paul", "Marie", "visite", "étudie", "aime", "l'Afrique", "le Nil"]
WORDS += ["en", "et", "septembre", "juillet"]
sentence = ["Jane", "visite", "l'Afrique", "en", "septembre"]
order = [4, 2, 0, 3, 1]

rng = np.random.default_rng(4)
table_nm = rng.normal(size=(len(WORDS), 8)).astype("float32")
keras.utils.set_random_seed(4)
attend = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4, use_bias=False)


def ids(words):
    """The number of each word in the vocabulary: t words to `(t,)`."""
    words = [word.replace("’", "'") for word in words]
    if unknown := [word for word in words if word not in WORDS]:
        raise ValueError(f"{unknown} are not among the words: {', '.join(WORDS)}.")
    return np.array([WORDS.index(word) for word in words])


def looked(x_tm):
    """The new vectors of one sentence: `(t, m)` to `(t, m)`."""
    return np.array(attend(x_tm[np.newaxis], x_tm[np.newaxis]))[0]


def change_by_shuffling(place_tm):
    """How far each word's new vector moves when the words change places: `(t,)`."""
    ids_t = ids(sentence)
    before_tm = looked(table_nm[ids_t] + place_tm)
    after_tm = looked(table_nm[ids_t[order]] + place_tm)
    return np.linalg.norm(after_tm - before_tm[order], axis=1)


without_t = change_by_shuffling(np.zeros((5, 8), dtype="float32"))
print("without positions, every change below 1e-5:", without_t.max() < 1e-5)
assert without_t.max() < 1e-5

# %% [markdown]
# Nothing moved but the rows themselves.
# Now give each *place* a row of its own, random for today,
# and add it to whichever word stands there.

# %%
place_tm = rng.normal(size=(5, 8)).astype("float32")
with_t = change_by_shuffling(place_tm)
print("with positions, the smallest change above 0.1:", with_t.min() > 0.1)
assert with_t.min() > 0.1

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figure, axes = figures.canvas(height=2.8)
rows = np.arange(5)
bars = {"color": figures.GREY, "label": "without positions"}
axes.bar_label(axes.barh(rows - 0.2, without_t, 0.36, **bars), fmt="%.1f", padding=3)
bars = {"color": "#cfe5f2", "edgecolor": "black", "hatch": "//"}
bars["label"] = "a row added for each place"
axes.bar_label(axes.barh(rows + 0.2, with_t, 0.36, **bars), fmt="%.1f", padding=3)
axes.set_yticks(rows, [sentence[place] for place in order])
axes.invert_yaxis()
axes.set_xlabel("change of the word's new vector (norm)")
axes.set_xlim(0, 1.1 * with_t.max())
figure.legend(loc="outside upper center", ncols=2, frameon=False)
figures.show(
    figure,
    f"Bars for 5 words after shuffling: without positions every change is "
    f"{without_t.max():.1f}; with a row added for each place the changes go from "
    f"{with_t.min():.1f} to {with_t.max():.1f}.",
)

# %% [markdown]
# Five bars of length zero, five that are not:
# any row added for each place breaks the symmetry.
# So *something* must be added.
# The rest of the lesson is about what.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Try the numbers 1, 2, 3, …
#
# The first idea everyone has: add the number of the place to every column.
# To see what is wrong with it, compare sizes.
# An **embedding** is the table with one row for each word of
# the vocabulary; a new one is filled with small random numbers.
# The **norm** of a row is its length, the root of the sum of its squares.
#
# **Predict, then run.** A word's row in a new Keras embedding, 128 numbers wide,
# and the row of place 1, which is 128 times the number 1.
# Which is longer: `"the word"`, `"the place"`, `"about the same"`?
# Any of them earns the point, because a prediction teaches by being made.

# %% answer="predict-louder"
# One of "the word", "the place", "about the same".
### BEGIN SOLUTION
louder_guess = "the place"
### END SOLUTION

# %% check="predict-louder" points=1
check("predict-louder", louder_guess)


# %%
def new_table(m):
    """A new table of 1000 words, as Keras begins it: `(n, m)`."""
    return np.array(keras.initializers.RandomUniform(-0.05, 0.05, seed=1)((1000, m)))


default = keras.layers.Embedding(1000, 128).embeddings_initializer.get_config()
print("Keras draws evenly from", default["minval"], "to", default["maxval"])
fresh_nm = new_table(128)
word_norm = np.linalg.norm(fresh_nm, axis=1).mean()
print(f"norm of a word's row: {word_norm:.2f}")
for place in (1, 5, 50):
    place_norm = np.linalg.norm(np.full(128, place))
    times = place_norm / word_norm
    print(f"norm of place {place:2}: {place_norm:6.1f}, {times:5.0f} times that")
assert (default["minval"], default["maxval"]) == (-0.05, 0.05)
assert word_norm.round(2) == 0.33

# %%
explain("predict-louder", louder_guess)

# %% [markdown] slideshow={"slide_type": "subslide"}
# A shout beside a whisper.
# What does it do to the words?
# The **cosine** of two rows is their dot product divided by both norms:
# 1 if they point the same way, 0 if they have nothing to do with each other.
# Compare different words that stand in one place.


# %%
def alike(words_nm, place_m):
    """Mean cosine of different words standing in one place: `(n, m)`, `(m,)`."""
    sum_nm = words_nm[:100] + place_m
    sum_nm = sum_nm / np.linalg.norm(sum_nm, axis=1, keepdims=True)
    cosine_nn = sum_nm @ sum_nm.T
    return cosine_nn[~np.eye(100, dtype=bool)].mean()


print(f"no position:   {abs(alike(fresh_nm, np.zeros(128))):.3f}")
print(f"in place 1:    {alike(fresh_nm, np.full(128, 1)):.3f}")
print(f"in place 50:   {alike(fresh_nm, np.full(128, 50)):.7f}")
assert alike(fresh_nm, np.full(128, 1)) > 0.99

# %% [markdown]
# In place 1 all words look the same already, by 0.999 of 1: the place drowns them.
# Then divide by the length of the sentence, so that no number exceeds 1?

# %%
for length in (5, 24):
    print(
        f"{length:2} words: the third gets {3 / length:.3f}, a step is {1 / length:.3f}"
    )

# %% [markdown]
# Now the numbers are small, and "third word" and "one
# step further" mean something else in every sentence.
# We want rows that are (1) no larger at the end than at the start, (2) the same
# in every sentence, and (3) such that one step is the same step everywhere.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Read the time from many clocks
#
# A clock does all three.
# Its hand never leaves the dial, it shows the same at the same hour of every day,
# and a minute is the same turn at noon and at midnight.
# One hand comes round again; several hands of
# different speeds together name the moment.
#
# So take m/2 hands, one for each **pair** of columns.
# Hand number `pair` has the rate $1 / 10000^{2 \cdot pair / m}$,
# in radians per word: 1 for the first pair,
# smaller for each next one, and nearly 1/10000 for the last of many:
# that hand takes $2\pi \cdot 10000$ words to come round, more than any sentence has.
# At position $p$ (the first word has $p = 0$) it has turned by
#
# $$\mathrm{angle}(p, column) = \frac{p}{10000^{\,2 \cdot pair / m}},
# \qquad pair = \lfloor column / 2 \rfloor$$
#
# By hand, $m = 4$: columns 0 and 1 are pair 0 with the rate $1/10000^0 = 1$;
# columns 2 and 3 are pair 1 with the rate $1/10000^{2/4} = 1/100$.
# Position 3 has the angles 3, 3, 0.03, 0.03.

# %%
for column in range(4):
    pair = column // 2
    rate = 1 / 10_000 ** (2 * pair / 4)
    print(f"column {column}: pair {pair}, rate {rate:g}, angle at 3: {3 * rate:g}")

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=6
# ### Exercise: angles
#
# *6 minutes, difficulty 1 of 3. Two checks: even widths, odd widths.*
# Return the angles of positions 0 to `length` − 1, one row for each position,
# one column for each of `model_dim` columns: `(t, m)`.
# The first two lines are given. m may be odd;
# then the last pair has one column, and the formula is the same.
#
# If you know the formula from elsewhere:
# it is often written with an $i$ that counts pairs.
# Read as a column it gives wrong angles, so here it is called `pair`.
#
# <details><summary>Hint 1: the idea</summary>
#
# First the pair of each column, then its rate, then each position times each rate.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# The rates are `(m,)`.
# Positions as a column `(t, 1)` times rates `(m,)` are `(t, m)`;
# `position_t[:, np.newaxis]` is that column.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `column_m // 2` is the pair; 10_000 to the power
# `2 * … / model_dim` divides the positions.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | columns 2 and 3 differ | the exponent counts columns: count pairs |
# | all columns are equal | `//` divides by m: every exponent is 0 |
# | `operands could not be broadcast` | positions need a second axis |
# | `name 'angles' is not defined` | the answer's cell stopped: read its error first |
#
# A check that does not pass names the inputs it tried.
# `angles(*example("angles", "a square").values())` makes the same call by hand.


# %% answer="angles"
def angles(length, model_dim):
    """The angle of each column at each position, in radians: `(t, m)`."""
    position_t = np.arange(length)
    column_m = np.arange(model_dim)
    ### BEGIN SOLUTION
    rate_m = 1 / 10_000 ** (2 * (column_m // 2) / model_dim)
    return position_t[:, np.newaxis] * rate_m
    ### END SOLUTION


# %% check="angles" points=4
check("angles", angles)
assert np.allclose(angles(4, 4)[3], [3, 3, 0.03, 0.03])

# %% check="angles-odd" points=1
check("angles-odd", angles)
assert angles(2, 5).shape == (2, 5)

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Turn angles into rows
#
# An angle alone grows with the position, like 1, 2, 3, … The tip of a hand does not:
# on a circle of radius 1 it is the point $(\sin \mathrm{angle}, \cos \mathrm{angle})$.
# Both are needed: the sine alone is the same for two hands,
# one on its way up and one on its way down.
# So in each pair the **even column holds the sine, the odd column the cosine**:
#
# $$\mathrm{encoding}(p, column) =
# \begin{cases}\sin \mathrm{angle}(p, column) & column \text{ even} \\
# \cos \mathrm{angle}(p, column) & column \text{ odd}\end{cases}$$
#
# **Predict, then run.** At position 0 every angle is 0.
# The row of position 0 then holds: `"all zeros"`, `"all ones"`, `"zeros and ones"`?

# %% answer="predict-row-zero"
# One of "all zeros", "all ones", "zeros and ones".
### BEGIN SOLUTION
row_zero_guess = "zeros and ones"
### END SOLUTION

# %% check="predict-row-zero" points=1
check("predict-row-zero", row_zero_guess)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=6
# ### Exercise: positional_encoding
#
# *6 minutes, difficulty 2 of 3. Two checks: even widths, odd widths.*
# Return the encoding of positions 0 to `length` − 1: `(t, m)`,
# sine in even columns, cosine in odd ones, each of its own column's angle.
#
# <details><summary>Hint 1: the idea</summary>
#
# Compute all angles once.
# Then fill the even columns of a new array from
# their sines and the odd columns from their cosines.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# `[:, 0::2]` are the even columns, `[:, 1::2]` the odd ones,
# of the angles and of the result alike.
# With an odd m there is one more even column than odd ones,
# and slices of equal steps fit by themselves.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# Make an empty array like the angles; two assignments to slices,
# `np.sin` of the same slice and `np.cos` of the other; return it.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | row 0 is 1, 0, 1, 0 | sine and cosine have changed places |
# | odd columns stay above 0.5 | a cosine of a sine: angles were overwritten |
# | right half all cosines | halves side by side: the columns must take turns |


# %% answer="positional-encoding"
def positional_encoding(length, model_dim):
    """Sines of the angles in even columns, cosines in odd ones: `(t, m)`."""
    ### BEGIN SOLUTION
    angle_tm = angles(length, model_dim)
    encoding_tm = np.empty_like(angle_tm)
    encoding_tm[:, 0::2] = np.sin(angle_tm[:, 0::2])
    encoding_tm[:, 1::2] = np.cos(angle_tm[:, 1::2])
    return encoding_tm
    ### END SOLUTION


# %% check="positional-encoding" points=6
check("positional-encoding", positional_encoding)
assert np.allclose(positional_encoding(4, 2)[3], [np.sin(3), np.cos(3)])

# %% check="positional-encoding-odd" points=2
check("positional-encoding-odd", positional_encoding)
assert positional_encoding(2, 5).shape == (2, 5)

# %%
print("position 0:", positional_encoding(1, 8)[0])
norm_t = np.linalg.norm(positional_encoding(1000, 8), axis=1)
print(f"norms of 1000 positions: from {norm_t.min():.3f} to {norm_t.max():.3f}")
assert np.allclose(norm_t, np.sqrt(8 / 2))

# %%
explain("predict-row-zero", row_zero_guess)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Every row has the norm $\sqrt{m/2}$,
# because each pair adds $\sin^2 + \cos^2 = 1$ to its square.
# Wish (1) is granted: no position is louder than another.
# Here are fifty positions of 32 columns.

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
encoding_tm = positional_encoding(50, 32)
figure, axes = figures.canvas()
image = axes.imshow(encoding_tm, cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
axes.set_xlabel("column")
axes.set_ylabel("position")
axes.set_xticks(range(0, 32, 4))
figure.colorbar(image, ax=axes, label="encoding: orange -1, violet 1", ticks=[-1, 0, 1])
changes_m = (np.diff(np.sign(encoding_tm + 1e-9), axis=0) != 0).sum(axis=0)
figures.show(
    figure,
    f"Heat map of 50 positions by 32 columns. Changes of sign on the way down: "
    f"{changes_m[0]} in column 0, {changes_m[8]} in column 8, {changes_m[24:].max()} "
    f"in columns 24 to 31, where odd columns stay near 1 and even ones near 0.",
)

# %% tags=["folded"]
figure, axes = figures.canvas(height=3.0)
for column, style in zip((0, 4, 8, 12), figures.LINES, strict=False):
    axes.plot(encoding_tm[:, column], label=f"column {column}", markevery=5, **style)
axes.set_xlabel("position")
axes.set_ylabel("encoding")
axes.set_ylim(-1.1, 1.1)
axes.set_xlim(0, 49)
figure.legend(loc="outside right center", frameon=False)
turns = [2 * np.pi * 10_000 ** (column / 32) for column in (0, 4, 8, 12)]
figures.show(
    figure,
    f"Four columns as waves over 50 positions, each slower than the one before: a "
    f"whole turn takes {turns[0]:.0f}, {turns[1]:.0f}, {turns[2]:.0f} and "
    f"{turns[3]:.0f} words in columns 0, 4, 8 and 12.",
)

# %%
far_tm = positional_encoding(1000, 32)
distances_tt = np.linalg.norm(far_tm[:, np.newaxis] - far_tm, axis=-1)
closest = distances_tt[~np.eye(1000, dtype=bool)].min()
print(f"closest two of 1000 positions: distance {closest:.2f}")
assert closest.round(2) == 1.17

# %% [markdown]
# Each row of the map is what one position adds to its word.
# On the left the hands turn fast and tell neighbours apart;
# on the right they hardly move and tell the beginning from the end.
# Together they never repeat within these thousand positions: the two most similar
# rows are still 1.17 apart, and a row says nothing about the sentence it stands in.
# Wish (2) is granted.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Compare two positions
#
# Attention compares words by dot products.
# So what is the dot product of two positions?
#
# **Predict, then run.** Positions 3 and 8, and positions 33 and 38: both five apart.
# Which dot product is larger: `"the first is larger"`,
# `"the second is larger"`, `"they are the same"`?

# %% answer="predict-same-gap"
# One of "the first is larger", "the second is larger", "they are the same".
### BEGIN SOLUTION
same_gap_guess = "they are the same"
### END SOLUTION

# %% check="predict-same-gap" points=1
check("predict-same-gap", same_gap_guess)

# %%
print("3 and 8:  ", encoding_tm[3] @ encoding_tm[8])
print("33 and 38:", encoding_tm[33] @ encoding_tm[38])
assert np.isclose(encoding_tm[3] @ encoding_tm[8], encoding_tm[33] @ encoding_tm[38])

# %%
explain("predict-same-gap", same_gap_guess)

# %% [markdown] slideshow={"slide_type": "subslide"}
# With $a$ and $b$ the two angles of one pair, $\sin a \sin b + \cos a \cos b =
# \cos(a - b)$, and $a - b$ is the rate times the distance.
# The position itself has dropped out.
# Look from three places at once: do they see the same?

# %% tags=["folded"]
product_tt = positional_encoding(90, 32) @ positional_encoding(90, 32).T
distance = np.arange(31)
figure, axes = figures.canvas(height=3.2)
marks = (("o", 9, "none"), ("s", 5, "none"), ("x", 5, figures.BLUE))
seen = {start: product_tt[start, start : start + 31] for start in (0, 20, 59)}
for (start, values), (marker, size, face) in zip(seen.items(), marks, strict=True):
    axes.plot(
        distance,
        values,
        color=figures.BLUE,
        linestyle="-" if start == 0 else "none",
        marker=marker,
        markersize=size,
        markerfacecolor=face,
        label=f"seen from position {start}",
    )
axes.set_xlabel("distance (words)")
axes.set_ylabel("dot product")
axes.legend(frameon=False)
spread = max(np.ptp(np.stack(list(seen.values())), axis=0))
assert spread < 1e-10
figures.show(
    figure,
    f"Dot product against distance, seen from positions 0, 20 and 59: three sets of "
    f"marks on one curve, which goes from {seen[0][0]:.0f} at distance 0 to "
    f"{seen[0][5]:.1f} at 5 and {seen[0][30]:.1f} at 30.",
)

# %% [markdown]
# One curve for all three: only the distance counts.
# It falls unevenly, because each pair adds a wave of its own, $\cos(a - b)$.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# **Try it.** Four of the sixteen clocks.
# The solid hand shows position $p$, the dotted one $p$ + gap.
# Move $p$: all hands turn, and the angle between the two stays.
# Move the gap: it opens, fast on the left and slowly on the right.

# %% tags=["folded"]
place_slider = widgets.IntSlider(value=12, min=10, max=60, description="p")
gap_slider = widgets.IntSlider(value=2, min=-10, max=10, description="gap")
picture = widgets.Image(format="png", width=640)
told = widgets.HTML()
table_tm = positional_encoding(71, 32)


def draw_dials(first_m, second_m):
    """Four clocks, a solid hand for one position and a dotted one for another."""
    figure, axes = figures.canvas(height=1.9)
    axes.set_axis_off()
    axes.set_aspect("equal")
    turn = np.linspace(0, 2 * np.pi, 100)
    for dial, pair in enumerate((0, 2, 4, 6)):
        x = 2.6 * dial
        axes.plot(x + np.sin(turn), np.cos(turn), color=figures.GREY)
        axes.text(x, 1.3, f"pair {pair}", ha="center")
        for row_m, style in ((first_m, "-"), (second_m, ":")):
            sine, cosine = row_m[2 * pair : 2 * pair + 2]
            hand = {"color": figures.BLUE, "linestyle": style, "linewidth": 3}
            axes.plot([x, x + sine], [0, cosine], **hand)
    return figure


def redraw(_change=None):
    """Draw the clocks of both positions and say what their rows have in common."""
    place, other = place_slider.value, place_slider.value + gap_slider.value
    first_m, second_m = table_tm[[place, other]]
    picture.value = figures.png(draw_dials(first_m, second_m))
    told.value = f"Positions {place} and {other}: dot product {first_m @ second_m:.3f}"


for slider in (place_slider, gap_slider):
    slider.observe(redraw, "value")
redraw()
display(widgets.VBox([place_slider, gap_slider, picture, told]))

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Move by a matrix
#
# The dotted hand is the solid hand, turned.
# How far depends on the gap and on the rate, not on where the solid hand points.
# Turning is linear, so a matrix can do it; call it $M$:
#
# $$\mathrm{encoding}(p + \mathrm{offset}) = M \cdot \mathrm{encoding}(p)
# \quad\text{for every } p$$
#
# With $a = p \cdot rate$ and $b = \mathrm{offset} \cdot rate$, one pair obeys
#
# $$\sin(a + b) = \cos b \, \sin a + \sin b \, \cos a \qquad
# \cos(a + b) = -\sin b \, \sin a + \cos b \, \cos a$$
#
# Read as a matrix that acts on the column $(\sin a, \cos a)$:
# the first line is the first row, the second line the second.
# By hand, offset 1 from position 0:
# $(\sin 0, \cos 0) = (0, 1)$ must become $(\sin 1, \cos 1)$.

# %%
block = np.array([[np.cos(1), np.sin(1)], [-np.sin(1), np.cos(1)]])
print("M · encoding(0):", block @ [0, 1], "  sin 1, cos 1:", np.sin(1), np.cos(1))
print("M · encoding(1):", block @ [np.sin(1), np.cos(1)], "  sin 2:", np.sin(2))

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=11
# ### Exercise: shift_matrix
#
# *11 minutes, difficulty 3 of 3. Two checks: the law, odd widths.*
# Return the matrix M `(m, m)` that moves the encoding by
# `offset` positions, whichever position it starts from.
# `offset` is any integer, negative too. m must be even,
# so that each sine has its cosine: for an odd m raise a `ValueError`.
# The check does not look at your entries;
# it moves encodings with M and looks where they arrive.
#
# <details><summary>Hint 1: the idea</summary>
#
# Each pair turns by itself: M is zero everywhere but in blocks of two by two
# along the diagonal, and each block is the one above with its own angle.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# Pair number `pair` owns rows and columns `2 * pair` and `2 * pair + 1`.
# Its angle is `offset / 10_000 ** (2 * pair / model_dim)`, a number.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# Zeros of shape `(model_dim, model_dim)`; for each pair in `range(model_dim // 2)`
# a slice `here` from `2 * pair` to `2 * pair + 2`, and `matrix_mm[here, here] = …`.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | right for p = 0 only | both terms of each addition theorem are needed |
# | it moves the wrong way | the minus stands in the second row |
# | right for one pair, wrong for two | each pair has its own rate |


# %% answer="shift-matrix"
def shift_matrix(offset, model_dim):
    """M with encoding(p + offset) = M · encoding(p) for every p: `(m, m)`, m even."""
    ### BEGIN SOLUTION
    if model_dim % 2:
        raise ValueError(f"model_dim ({model_dim}) must be even.")
    matrix_mm = np.zeros((model_dim, model_dim))
    for pair in range(model_dim // 2):
        turn = offset / 10_000 ** (2 * pair / model_dim)
        here = slice(2 * pair, 2 * pair + 2)
        sine, cosine = np.sin(turn), np.cos(turn)
        matrix_mm[here, here] = [[cosine, sine], [-sine, cosine]]
    return matrix_mm
    ### END SOLUTION


# %% check="shift-matrix" points=5
check("shift-matrix", shift_matrix)
assert np.allclose(shift_matrix(1, 2) @ [0, 1], [np.sin(1), np.cos(1)])

# %% check="shift-matrix-odd" points=1
check("shift-matrix-odd", shift_matrix)

# %% slideshow={"slide_type": "subslide"}
thousand_tm = positional_encoding(1000, 32)
for offset in (1, 7, -7, 400):
    start = max(0, -offset)
    from_t = np.arange(start, 1000 - max(0, offset))
    moved_tm = thousand_tm[from_t] @ shift_matrix(offset, 32).T
    gap = np.abs(moved_tm - thousand_tm[from_t + offset]).max()
    print(f"offset {offset:3}: {len(from_t)} positions, error below 1e-9: {gap < 1e-9}")
    assert gap < 1e-9

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=3
# This is what "relative" means, and wish (3):
# one matrix takes *every* position seven words further.
# A matrix is what attention has in its hands.
# Let `w_query` be the matrix that moves back by one, and each query becomes the
# encoding of the place before: it agrees best with the key that stands there.
# No training; one head, set by hand, fed with positions only.

# %%
back = keras.layers.MultiHeadAttention(num_heads=1, key_dim=32, use_bias=False)
back.build((1, 5, 32), (1, 5, 32))
eye = np.eye(32)[:, np.newaxis]
# Transposed, because words are rows here; the 40 makes the look sharp.
w_query = 40 * shift_matrix(-1, 32).T[:, np.newaxis]
back.set_weights([w_query, eye, eye, np.eye(32)[np.newaxis]])


def looks(position_tm):
    """How much each position looks at each: `(t, m)` to weights `(t, t)`."""
    x_btm = position_tm[np.newaxis].astype("float32")
    _, weights_bhtt = back(x_btm, x_btm, return_attention_scores=True)
    return np.array(weights_bhtt)[0, 0]


weights_tt = looks(positional_encoding(5, 32))
looked_at_t = looks(thousand_tm).argmax(axis=-1)
print("of 999 words that have one before them, look there:", end=" ")
print((looked_at_t[1:] == np.arange(999)).sum())
assert (looked_at_t[1:] == np.arange(999)).all()

# %% tags=["folded"]
figures.show(
    figures.heatmap(weights_tt, sentence, sentence, "A head that looks one word back"),
    f"Five by five weights: every word but the first looks at the word before it, with "
    f"weights from {np.diagonal(weights_tt, -1).min():.2f} to "
    f"{np.diagonal(weights_tt, -1).max():.2f}; the first has none before it and "
    f"looks at itself with {weights_tt[0, 0]:.2f}.",
)

# %% [markdown]
# The bright cells stand one below the diagonal,
# in the second row and in the thousandth.
# Without the factor 40 it would be blurred: neighbours have similar encodings.
# Vaswani et al. (2017, section 3.5) give this as their
# reason for sines: a fixed offset is a linear function.
# That such a head *can* exist does not say that training finds it; more of that below.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Tell two roots apart
#
# In the Transformer the encoding is **added** to the word's row: not put beside it,
# which would make the row wider, and not learned, because it is computed.
# Its norm is $\sqrt{m/2}$, quieter than 1, 2, 3, …, and still louder than a new word.
# So the word is multiplied by $\sqrt m$ before the sum.
#
# Measure the length of a word over the length of a position,
# with and without the root, for two ways to begin a table: Keras's −0.05 to 0.05,
# and random numbers of deviation $m^{-1/2}$.
# So begins a **tied** model, one that uses its table a second time at its end;
# what that has to do with $m^{-1/2}$, you measure after the figure.


# %% slideshow={"slide_type": "subslide"}
def tied_table(m):
    """A new table of 1000 words, as a tied model begins it: `(n, m)`."""
    return np.array(keras.initializers.RandomNormal(stddev=m**-0.5, seed=1)((1000, m)))


widths = [64, 128, 256, 512, 1024]
ratios = {}
for start, begin in (("Keras", new_table), ("tied", tied_table)):
    for name, power in (("bare", 0), ("times √m", 0.5)):
        ratios[f"{start}, {name}"] = [
            np.linalg.norm(begin(m) * m**power, axis=1).mean()
            / np.linalg.norm(positional_encoding(9, m), axis=1).mean()
            for m in widths
        ]
print("length of a word / length of a position, for m =", widths)
for name, ratio in ratios.items():
    print(f"{name:15}", "  ".join(f"{r:6.3f}" for r in ratio))
assert ratios["Keras, bare"][3] < 0.05
assert 0.8 < ratios["Keras, times √m"][3] < 1
assert np.allclose(ratios["tied, times √m"], np.sqrt(2), atol=0.02)

# %% tags=["folded"] slideshow={"slide_type": "subslide"}
figure, axes = figures.canvas(height=3.2)
for (name, values), style in zip(ratios.items(), figures.LINES, strict=False):
    axes.plot(widths, values, label=name, **style)
    axes.annotate(
        name,
        (widths[0], values[0]),
        xytext=(8, 20 if name == "Keras, times √m" else 6),
        textcoords="offset points",
    )
axes.set_xscale("log", base=2)
axes.set_yscale("log")
axes.set_ylim(0.03, 2.2)
axes.set_xticks(widths, [str(m) for m in widths])
axes.set_xlabel("m (numbers in a word)")
axes.set_ylabel("word / position (norms)")
figures.show(
    figure,
    f"Length of a word over length of a position, against m. Keras's table without the "
    f"root stays at {ratios['Keras, bare'][0]:.3f}; a tied table falls from "
    f"{ratios['tied, bare'][0]:.2f} at m = 64 to {ratios['tied, bare'][-1]:.2f} at "
    f"1024, and with the root stays at {ratios['tied, times √m'][0]:.2f}; "
    f"Keras's with the root grows from {ratios['Keras, times √m'][0]:.2f} to "
    f"{ratios['Keras, times √m'][-1]:.2f}.",
)

# %% [markdown] minutes=3
# For a tied table the root cancels the $m^{-1/2}$: the word is 1.4 times as long
# as its position at every width, where without it it would fade as m grows.
# Keras's table has one deviation for all widths, so bare it is a twenty-fourth of the
# position whatever m is, and the root brings it to 0.92 at m = 512, the paper's width.
#
# Why would anyone begin with $m^{-1/2}$?
# A tied model looks words up in its table at the start and,
# at its very end, scores every word of the vocabulary as the next one,
# by a dot product of m numbers with the word's row.
# The paper ties them (section 3.4) and does not say why it multiplies
# by $\sqrt m$; but you can measure what each use asks of the table.

# %%
m = 512
state_nm = np.random.default_rng(0).normal(size=(1000, m))  # what reaches the end
for name, deviation in (("1", 1.0), ("1/√m", m**-0.5)):
    rows_nm = np.random.default_rng(1).normal(scale=deviation, size=(1000, m))
    variance = (state_nm @ rows_nm.T).var()
    norm = np.linalg.norm(rows_nm, axis=1).mean()
    print(f"deviation {name:4}: variance of a score {variance:6.2f}, norm {norm:5.2f}")
print(f"norm of a position: {np.linalg.norm(positional_encoding(1, m)):.2f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Scores of variance 1 ask for the small table, the sum with a
# norm of 16 for a large one: $\sqrt m$ on the way in serves both.
#
# The other root you know from lesson 02:
# inside attention scores are divided by $\sqrt d$.
# Measure both side by side, each for the thing it acts on,
# at a width of 512 with eight heads of d = 64.

# %%
rng = np.random.default_rng(2)
query_nd, key_nd = rng.normal(size=(2, 20_000, 64))
scores_n = (query_nd * key_nd).sum(axis=1)
words_nm, place_m = new_table(512), positional_encoding(8, 512)[7]
bare, rooted = alike(words_nm, place_m), alike(words_nm * np.sqrt(512), place_m)
table = {
    "√d in attention: variance of a score": (scores_n.var(), scores_n.var() / 64),
    "√m on the word: word / position": (
        ratios["Keras, bare"][3],
        ratios["Keras, times √m"][3],
    ),
    "√m: cosine of different words in a place": (bare, rooted),
}
for what, (without, with_it) in table.items():
    print(f"{what:41} without {without:6.3f}   with {with_it:5.3f}")
assert 0.9 < scores_n.var() / 64 < 1.1
assert bare > 0.99
assert rooted < 0.6

# %% [markdown]
# Two roots, two jobs.
# $\sqrt d$ *divides* a *score* and keeps its variance at 1, so that softmax can learn.
# $\sqrt m$ *multiplies* a *word* and makes it about as long as its position,
# so that neither drowns the other: without it two different
# words in one place are alike by 0.998 at the start.
# Training can make words longer by and by; the root spares it the trouble.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Write the layer
#
# Word ids in, words with a place out.
# Four things to know before you write a Keras layer, each shown or used below:
#
# - layers inside a layer are made in `__init__`, never in `call`,
#   so that Keras finds their weights once and for all;
# - only tensors may be positional in a call: a plain number like
#   `offset` is passed by its name, `layer(tokens, offset=3)`;
# - `get_config` returns what `__init__` needs,
#   so that a saved model can be built again;
# - with `mask_zero=True` an embedding notes which ids are 0, that is, no words;
#   the first sum or product loses the note, so lesson 05 passes masks by hand.

# %%
masked = keras.layers.Embedding(5, 4, mask_zero=True)(np.array([[1, 2, 0]]))
print("a mask on the embedding:     ", getattr(masked, "_keras_mask", None) is not None)
print("and after a product and a sum:", getattr(masked * 2 + 1, "_keras_mask", None))
try:
    keras.layers.Identity()(np.ones((1, 2)), 3)
except ValueError as error:
    print("a number without a name:", str(error).partition(".")[0])
print("rows 3 to 5 of four positions:", positional_encoding(4, 2)[3:6].shape)

# %% [markdown]
# The last line is a trap of its own:
# a slice beyond the end is shorter and says nothing.
# One row would then be added to all words, so the layer must look at the end itself.

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=13
# ### Exercise: PositionalEmbedding
#
# *13 minutes, difficulty 3 of 3. Four checks:
# the sum, the offset, the length, what is trained.*
# `tokens` are ids `(b, t)`; return `(b, t, m)`:
# the rows of `self.embedding`, a `keras.layers.Embedding`, times $\sqrt m$,
# plus the encoding of positions `offset` … `offset + t − 1`.
# The offset is for writing a sentence piece by piece:
# the next word alone still needs its own position.
# If the last position is not below `max_length`, raise a `ValueError`.
# The encoding is no weight: nothing but the embedding is trained.
#
# <details><summary>Hint 1: the idea</summary>
#
# In `__init__`: the embedding, and the encoding
# of all `max_length` positions, computed once.
# In `call`: compare, look up, multiply, add a slice.
#
# </details>
# <details><summary>Hint 2: the shapes</summary>
#
# Words `(b, t, m)` plus positions `(t, m)`: the slice meets the last two axes,
# and every sentence of the batch gets the same. t is `tokens.shape[1]`.
# Keras computes in float32: `.astype("float32")` on the encoding.
#
# </details>
# <details><summary>Hint 3: almost the code</summary>
#
# `end = offset + …`; if `end` is larger than `self.max_length`,
# raise; return `self.embedding(…) * … + self.…[offset:end]`.
#
# </details>
#
# | what you see | what to look at |
# | --- | --- |
# | `Only input tensors may be passed as positional arguments` | `offset=3`, by name |
# | every word gets the same position | a row `[offset]` where a slice is needed |
# | one position for each sentence | the encoding lies along the batch |
# | `Incompatible shapes` beyond the end | compare with `max_length` before slicing |


# %% answer="positional-embedding"
class PositionalEmbedding(keras.layers.Layer):
    """Words that know where they are: ids `(b, t)` to `(b, t, m)`."""

    def __init__(self, vocab_size, max_length, model_dim, **kwargs):
        super().__init__(**kwargs)
        self.vocab_size, self.max_length = vocab_size, max_length
        self.model_dim = model_dim
        ### BEGIN SOLUTION
        self.embedding = keras.layers.Embedding(vocab_size, model_dim)
        table_tm = positional_encoding(max_length, model_dim)
        self.encoding_tm = table_tm.astype("float32")
        ### END SOLUTION

    def call(self, tokens, offset=0):
        ### BEGIN SOLUTION
        end = offset + tokens.shape[1]
        if end > self.max_length:
            raise ValueError(f"position {end - 1} is beyond max_length.")
        words = self.embedding(tokens) * np.sqrt(self.model_dim)
        return words + self.encoding_tm[offset:end]
        ### END SOLUTION

    def get_config(self):
        sizes = ("vocab_size", "max_length", "model_dim")
        return super().get_config() | {name: getattr(self, name) for name in sizes}


# %% check="positional-embedding" points=4
check("positional-embedding", PositionalEmbedding)
assert PositionalEmbedding(5, 9, 4)(np.array([[1, 2, 3]])).shape == (1, 3, 4)

# %% check="positional-embedding-offset" points=2
check("positional-embedding-offset", PositionalEmbedding)

# %% check="positional-embedding-length" points=2
check("positional-embedding-length", PositionalEmbedding)

# %% check="positional-embedding-fixed" points=1
check("positional-embedding-fixed", PositionalEmbedding)

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Three proofs in one cell.
# Keras has no layer for sines, but two of its `Embedding` layers,
# the second loaded with your encoding, must give the same sum.
# Two pieces of a sentence at their offsets must make the whole.
# And a layer built again from its `get_config`, with the same weights, must not differ.

# %%
layer = PositionalEmbedding(12, 20, 8)
ids_bt = np.random.default_rng(3).integers(0, 12, size=(2, 7))
ours_btm = np.array(layer(ids_bt))

places = keras.layers.Embedding(20, 8)
places(np.arange(20))
places.set_weights([positional_encoding(20, 8)])
theirs_btm = layer.embedding(ids_bt) * np.sqrt(8) + places(np.arange(7))
pieces_btm = np.concatenate(
    [layer(ids_bt[:, :4]), layer(ids_bt[:, 4:], offset=4)], axis=1
)
again = PositionalEmbedding.from_config(layer.get_config())
again(ids_bt)
again.set_weights(layer.get_weights())

for name, other_btm in (
    ("two tables of Keras", theirs_btm),
    ("two pieces", pieces_btm),
    ("built again", again(ids_bt)),
):
    gap = np.abs(ours_btm - np.array(other_btm)).max()
    print(f"{name:19} differs by less than 1e-5: {gap < 1e-5}")
    assert gap < 1e-5

# %% [markdown] slideshow={"slide_type": "subslide"} minutes=2
# Back to the two afternoons.
# Lesson 03's attention behind your layer:
# does *Jane* now know whether she visits or is visited?

# %%
keras.utils.set_random_seed(4)
embed = PositionalEmbedding(len(WORDS), 20, 8)


def jane(words, with_positions):
    """The new vector of Jane, wherever she stands: `(m,)`."""
    ids_bt = ids(words)[np.newaxis]
    x_btm = embed(ids_bt) if with_positions else embed.embedding(ids_bt) * np.sqrt(8)
    return np.array(attend(x_btm, x_btm))[0, words.index("Jane")]


apart = {}
for with_positions in (False, True):
    visits_m = jane(["Jane", "visite", "Paul"], with_positions)
    visited_m = jane(["Paul", "visite", "Jane"], with_positions)
    apart[with_positions] = np.linalg.norm(visits_m - visited_m)
print(f"without positions, the two Janes differ by {apart[False]:.3f}")
print(f"with positions, by more than 0.1: {apart[True] > 0.1}")
assert apart[False] < 1e-5
assert apart[True] > 0.1

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Meet two other ways
#
# **Learned positions**: a second embedding,
# one row for each position, trained like the words.
# Vaswani et al. tried both and found nearly the
# same quality (section 3.5, table 3, row E).
# A position that no training sentence reached has a row that nothing has trained.
#
# **Rotary positions** (Su et al. 2021) add nothing.
# They *turn* each query and key by the angles of its position,
# pair by pair, inside attention; your `shift_matrix` is that turn (theirs
# goes round the other way, which makes no difference to the distance).
# Why bother?
# Dot products of *encodings* depend on the distance only, but attention compares
# *sums*, and of the four products in
# $(x + \mathrm{encoding}(p)) \cdot (y + \mathrm{encoding}(q))$ two,
# $x \cdot \mathrm{encoding}(q)$ and $\mathrm{encoding}(p) \cdot y$,
# change with the place.
# Measure both for one pair of words, five apart, at three places.

# %%
rng = np.random.default_rng(5)
x_m, y_m = rng.normal(size=(2, 32))
sums, turned = [], []
for place in (3, 33, 103):
    first_m, second_m = positional_encoding(place + 6, 32)[[place, place + 5]]
    sums.append((x_m + first_m) @ (y_m + second_m))
    first_m, second_m = shift_matrix(place, 32) @ x_m, shift_matrix(place + 5, 32) @ y_m
    turned.append(first_m @ second_m)
    print(
        f"{place:3} and {place + 5:3}: added {sums[-1]:6.2f}   turned {turned[-1]:6.2f}"
    )
print(
    "turning keeps the norm:", np.isclose(np.linalg.norm(first_m), np.linalg.norm(x_m))
)
assert np.ptp(turned) < 1e-9
assert np.ptp(sums) > 1

# %% [markdown]
# Turned words have the same score at all three places; sums do not.
# With $M_p$ for the shift matrix of offset $p$,
# $(M_p x) \cdot (M_q y) = x \cdot (M_{q - p}\, y)$:
# turning back by $p$ and ahead by $q$ leaves the distance.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=4
# ## Go beyond the longest training sentence
#
# Your encoding goes on forever: position 5000 has its row,
# and `shift_matrix` is as exact there.
# Does a *trained* model cope with positions it has never seen?
# A test on one job that is nothing but order: **say the word before you**.
# One attention layer is trained on random sentences of 16 words,
# with no positions and with three kinds of them, and then reads sentences of 48.


# %%
def turn(x_btm):
    """Rotary positions: turn each pair of columns by its angle, `(b, t, m)`."""
    t, m = x_btm.shape[1:]
    angle_tm = angles(t, m).astype("float32")
    pairs = ops.reshape(x_btm, (-1, t, m // 2, 2))
    beside = ops.stack([pairs[..., 1], -pairs[..., 0]], axis=-1)
    beside_btm = ops.reshape(beside, (-1, t, m))
    return x_btm * np.cos(angle_tm) + beside_btm * np.sin(angle_tm)


two_btm = np.tile(x_m, (1, 2, 1)).astype("float32")
turned_m = np.array(turn(two_btm))[0, 1]
assert np.allclose(turned_m, shift_matrix(1, 32) @ x_m, atol=1e-5)


# %%
class Reader(keras.Model):
    """One attention layer, one head: ids `(b, t)` to scores of words `(b, t, n)`."""

    def __init__(self, positions, m=32, longest=48):
        super().__init__()
        self.positions, self.m = positions, m
        if positions == "sines":
            self.embedding = PositionalEmbedding(len(WORDS), longest, m)
        else:
            self.embedding = keras.layers.Embedding(len(WORDS), m)
        if positions == "learned":
            self.places = keras.layers.Embedding(longest, m)
        self.roles = [keras.layers.Dense(m, use_bias=False) for _ in range(3)]
        self.to_words = keras.layers.Dense(len(WORDS))

    def call(self, tokens):
        x_btm = self.embedding(tokens)
        if self.positions != "sines":
            x_btm = x_btm * np.sqrt(self.m)
        if self.positions == "learned":
            x_btm = x_btm + self.places(ops.arange(tokens.shape[1]))
        query_btm, key_btm, value_btm = (role(x_btm) for role in self.roles)
        if self.positions == "rotary":
            query_btm, key_btm = turn(query_btm), turn(key_btm)
        scores_btt = query_btm @ ops.swapaxes(key_btm, 1, 2) / np.sqrt(self.m)
        return self.to_words(ops.softmax(scores_btt) @ value_btm)


# %% [markdown] slideshow={"slide_type": "subslide"}
# Each of the four sees the same 51,200 sentences once, which takes some seconds each.
# The first word has none before it and does not count.


# %% tags=["nbval-ignore-output"]
def trained(positions):
    """A reader after one pass over 51,200 random sentences of 16 words."""
    keras.utils.set_random_seed(7)
    tokens_bt = np.random.default_rng(7).integers(0, len(WORDS), size=(51_200, 16))
    counts_bt = np.tile(np.arange(16) > 0, (51_200, 1)).astype("float32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    reader = Reader(positions)
    reader.compile(keras.optimizers.Adam(0.005), loss, jit_compile=False)
    before_bt = np.roll(tokens_bt, 1, axis=1)
    reader.fit(tokens_bt, before_bt, 64, sample_weight=counts_bt, verbose=0)
    return reader


test_bt = np.random.default_rng(8).integers(0, len(WORDS), size=(256, 48))
readers, right = {}, {}
for positions in ("none", "sines", "learned", "rotary"):
    readers[positions] = trained(positions)
    guess_bt = np.array(readers[positions](test_bt)).argmax(axis=-1)
    right[positions] = (guess_bt[:, 1:] == test_bt[:, :-1]).mean(axis=0)
    seen, unseen = right[positions][:15].mean(), right[positions][15:].mean()
    print(f"{positions:8} places 1 to 15: {seen:4.0%}   places 16 to 47: {unseen:4.0%}")

# %%
assert right["none"].mean() < 0.4
assert all(right[name][:15].mean() > 0.8 for name in ("sines", "learned", "rotary"))
assert right["learned"][15:].mean() < 0.4
assert right["sines"][15:].mean() < 0.9 < right["rotary"][15:].mean()

# %% tags=["folded", "nbval-ignore-output"] slideshow={"slide_type": "subslide"}
figure, axes = figures.canvas(height=3.4)
for (name, values), style in zip(right.items(), figures.LINES, strict=False):
    axes.plot(range(1, 48), values, label=name, markevery=4, **style)
axes.axvline(15.5, color="black", linewidth=1)
axes.text(16, 1.07, "longest training sentence ends here", fontsize=9)
axes.set_ylim(0, 1.15)
axes.set_xlabel("position")
axes.set_ylabel("right answers (share)")
figure.legend(loc="outside right center", frameon=False, title="positions")
near = {name: f"{values[:15].mean():.0%}" for name, values in right.items()}
far = {name: f"{values[15:].mean():.0%}" for name, values in right.items()}
figures.show(
    figure,
    f"Share of right answers against position. Up to position 15: "
    f"sines {near['sines']}, learned {near['learned']}, rotary {near['rotary']}, "
    f"none {near['none']}. Beyond it: sines {far['sines']}, learned "
    f"{far['learned']}, rotary {far['rotary']}, none {far['none']}.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Read the left side first: with any of the three the job is done,
# and without positions the reader can only name a word of the sentence.
# Then cross the line: learned positions break off at once,
# because their rows beyond it were never trained.
# The sines go on but the reader does not follow them all the way:
# it was never asked what those rows mean, and the matrix
# that would have worked everywhere is not the one it found.
# Where their curve rises again, that matrix happens to point one word back there too.
# Rotary positions carry on, because the same two words,
# one apart, have the same score everywhere.
#
# Vaswani et al. hoped that sines "may allow" longer sentences; Press,
# Smith and Lewis (2022) measured on language models that they hardly do,
# and that rotary positions do better yet fade too.
# One job and one layer prove little about large models, in either direction.

# %% [markdown] slideshow={"slide_type": "slide"} minutes=2
# ## Use it: who stood before you?
#
# Write a sentence of at most 16 of these words,
# in any order, the same word twice if you like.
# The reader with your positions names, for each word, the one before it.

# %%
print("the words:", ", ".join(WORDS))
mine = ["Paul", "aime", "Marie", "et", "Marie", "visite", "le Nil", "en", "juillet"]

# %% tags=["nbval-ignore-output"]
said_t = np.array(readers["sines"](ids(mine)[np.newaxis])).argmax(axis=-1)[0]
for word, before in zip(mine[1:], said_t[1:], strict=True):
    print(f"before {word:10} stands {WORDS[before]}")

# %%
said = [WORDS[word] for word in said_t[1:]]
right_count = sum(a == b for a, b in zip(said, mine, strict=False))
print("at most one wrong:", right_count >= len(said) - 1)

# %% [markdown] essay="positions-counting" points=6 slideshow={"slide_type": "skip"}
# ### Essay: why not the fraction of the sentence?
#
# *Graded by hand; 150 words are enough.*
# A friend proposes to add one number to all columns:
# the place divided by the length of the sentence, from 0 to 1.
# "It is small, it is simple, and it never runs out."
# Explain with what you measured (1) which fault of 1, 2, 3, … this repairs, (2) which
# faults remain, (3) what the sines offer instead, and what they do *not* promise.
#
# ### BEGIN SOLUTION
# **Model answer.** Adding 1, 2, 3, … to a new embedding drowns the words:
# a row of 128 numbers has the norm 0.33, and place 1 alone adds 11.3,
# so that different words in one place have a cosine near 1.
# A fraction repairs the size: it stays below 1.
# But it means another thing in each sentence:
# the third word is 0.6 of five words and 0.125 of 24, and one step is
# 1/5 here and 1/24 there, so no fixed matrix can say "one word back".
# It also needs the length before the sentence is complete.
# The sines have the same norm √(m/2) at every position, the same row in every sentence,
# and one matrix for each offset, M · encoding(p) = encoding(p + offset)
# for every p; dot products of encodings depend on the distance only.
# They do not promise that a trained model copes with positions
# beyond its longest training sentence: in the experiment its answers
# got much worse there, although the encoding itself goes on.
#
# **Marking.** 2 points: the size against the embedding, with a measured number.
# 2 points: the same fraction, or step,
# means different things in sentences of different length.
# 2 points: one matrix per offset or distance-only dot
# products (1), and no promise of extrapolation (1).
# Half of each for the claim without a reason.
# ### END SOLUTION

# %% [markdown] slideshow={"slide_type": "slide"} minutes=3
# ## Remember lessons 01 to 03
#
# Three questions without looking back; each right answer is a point,
# and each option is explained afterwards.
#
# **1.** How does a recurrent network know the order of the words?
#
# - `"by its steps"`: each state is made from the one before
# - `"by its gates"`: they are told which word came first
# - `"not at all"`: it has no order either

# %% answer="recall-order-recurrent"
# One of "by its steps", "by its gates", "not at all".
### BEGIN SOLUTION
order_recall = "by its steps"
### END SOLUTION

# %% check="recall-order-recurrent" points=1
check("recall-order-recurrent", order_recall)

# %% [markdown]
# **2.** What does dividing by $\sqrt d$ in attention achieve?
#
# - `"scores between 0 and 1"`
# - `"variance of a score stays 1"`
# - `"words as long as positions"`

# %% answer="recall-root-of-d"
# One of "scores between 0 and 1", "variance of a score stays 1",
# "words as long as positions".
### BEGIN SOLUTION
root_recall = "variance of a score stays 1"
### END SOLUTION

# %% check="recall-root-of-d" points=1
check("recall-root-of-d", root_recall)

# %% [markdown]
# **3.** m stays 512, and each head is d = m / h wide.
# Eight heads become sixteen.
# What happens to the number of weights?
#
# - `"it doubles"`
# - `"it stays"`
# - `"it halves"`

# %% answer="recall-more-heads"
# One of "it doubles", "it stays", "it halves".
### BEGIN SOLUTION
more_heads_recall = "it stays"
### END SOLUTION

# %% check="recall-more-heads" points=1
check("recall-more-heads", more_heads_recall)

# %%
explain("recall-order-recurrent", order_recall)
explain("recall-root-of-d", root_recall)
explain("recall-more-heads", more_heads_recall)

# %% [markdown] slideshow={"slide_type": "notes"}
# **Discuss.**
# (1) *The encoding is added to the word. Does the sum not mix up the two for good?*
# Expected: two rows cannot be read off their sum in general, but in many dimensions
# a matrix can pick out the part it needs, as the reader of the experiment did;
# concatenating would keep them apart and cost width in every layer.
# (2) *Would you give positions to a bag of ingredients,
# to the pixels of a picture, to the nodes of a graph?*
# Expected: only where order or place carries meaning; two coordinates for pixels;
# none for a set, where the symmetry of attention is a blessing.
#
# **What goes wrong.**
# The exponent counts columns (ask for columns 2 and 3 of position 1);
# angles overwritten before the cosine reads them (ask for the range of column 1);
# M right for position 0 only (ask for position 1); the encoding added
# along the batch (ask for two equal sentences: are their rows equal?);
# √m and √d taken for one thing (ask what each is multiplied with).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# Attention does not know the order of its words, so each word gets
# the encoding of its position added: the hands of m/2 clocks,
# fast ones for neighbours and slow ones for the whole.
# All rows have one length, dot products depend on the distance only,
# and one matrix moves every position by the same offset; $\sqrt m$ makes
# the word as long as its position, and has nothing to do with $\sqrt d$.
# Now that a sentence has an order it has a past and a future,
# and batches need filler words at its end: lesson 05 hides both.
#
# ## Go further
#
# - Vaswani et al., *Attention Is All You Need*, 2017,
#   sections 3.4 and 3.5: $\sqrt m$, and half a page on positions.
# - Su et al., *RoFormer: Enhanced Transformer with Rotary Position Embedding*, 2021.
# - Press, Smith, Lewis, *Train Short, Test Long:
#   Attention with Linear Biases Enables Input Length Extrapolation*,
#   2022: what happens beyond the longest training sentence.
# - Shaw, Uszkoreit, Vaswani, *Self-Attention with Relative
#   Position Representations*, 2018: distances as learned vectors.
