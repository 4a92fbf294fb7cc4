"""Lesson 06: named wrong answers, and the sentence that helps.

A wrong class is the right one, in NumPy, with one step done otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graders.exercise import Mistake
from transformer.reference import transformer as right
from transformer.reference.masks import decoder_mask, look_ahead_mask, padding_mask
from transformer.reference.positions import positional_encoding

Wrong = Mapping[str, tuple[Any, str]]


def _from(exercise: str, *tables: Wrong) -> list[Mistake]:
    return [
        Mistake(exercise, ident, wrong, says)
        for table in tables
        for ident, (wrong, says) in table.items()
    ]


def _called(base: type, call: Callable[..., Any]) -> type:
    """The right class with another `call`."""
    return type(base.__name__, (base,), {"__call__": call})


def _made(base: type, change: Callable[[Any], None]) -> type:
    """The right class, changed once it is made."""

    def made(self: Any, *sizes: Any, **more: Any) -> None:
        base.__init__(self, *sizes, **more)  # type: ignore[misc]
        change(self)

    return type(base.__name__, (base,), {"__init__": made})


# ----------------------------------------------------------------------- layer_norm


def _norm(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    epsilon: float = 1e-6,
    *,
    axis: Any = -1,
    centre: Callable[..., Any] = lambda x, mean: x - mean,
    spread: Callable[..., Any] = lambda variance, epsilon: np.sqrt(variance + epsilon),
    ddof: int = 0,
    last: Callable[..., Any] = lambda x, gamma, beta: x * gamma + beta,
) -> np.ndarray:
    """Layer normalisation with one of its steps replaced."""
    centred = centre(x, x.mean(axis=axis, keepdims=True))
    squares = np.square(centred)
    count = squares.size / squares.sum(axis=axis, keepdims=True).size
    variance = squares.sum(axis=axis, keepdims=True) / (count - ddof)
    return last(centred / spread(variance, epsilon), gamma, beta)


def _one_variance(x: np.ndarray) -> Any:
    return np.mean((x - x.mean(axis=-1, keepdims=True)) ** 2)


def _with(**step: Any) -> Callable[..., np.ndarray]:
    return lambda x, gamma, beta, epsilon=1e-6: _norm(x, gamma, beta, epsilon, **step)


def _default(epsilon: float) -> Callable[..., np.ndarray]:
    return lambda x, gamma, beta, given=epsilon, **named: _norm(
        x, gamma, beta, named.get("epsilon", given)
    )


NORM_WRONG: Wrong = {
    "norm-over-the-batch": (
        _with(axis=0),
        "Your numbers are normalised over the first axis: each column over the batch, as batch normalisation does. Which axis holds the numbers of one word?",
    ),
    "norm-over-time": (
        _with(axis=-2),
        "Your numbers are normalised over the words of a sentence, column by column. Should a word's vector depend on its neighbours here? Which axis is its own?",
    ),
    "norm-over-everything": (
        _with(axis=None),
        "One mean and one deviation serve all your words. How many means does a sentence of t words need?",
    ),
    "one-deviation-for-all": (
        lambda x, gamma, beta, epsilon=1e-6: (
            ((x - x.mean(axis=-1, keepdims=True)) / np.sqrt(_one_variance(x) + epsilon))
            * gamma
            + beta
        ),
        "Each of your words has a mean of its own, but one deviation serves them all. Along which axis is the mean of the squares taken?",
    ),
    "norm-over-axis-one": (
        _with(axis=1),
        "Your axis is 1, which is the last one only while there is no batch. How is the last axis written for any number of axes?",
    ),
    "unbiased-deviation": (
        _with(ddof=1),
        "Your variance divides by m − 1, as one estimates it from a sample. Layer normalisation divides by m: is there a `ddof` to take out?",
    ),
    "no-mean": (
        _with(centre=lambda x, mean: x),
        "Your numbers are divided by their size, but the mean is still in them. (That is RMSNorm, a later relative.) What is subtracted first?",
    ),
    "mean-of-squares-uncentred": (
        lambda x, gamma, beta, epsilon=1e-6: (
            (x - x.mean(axis=-1, keepdims=True))
            / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + epsilon)
            * gamma
            + beta
        ),
        "Your mean is subtracted, but the variance is made from numbers that still have it. Of what is the variance the mean square?",
    ),
    "divided-by-the-variance": (
        _with(spread=lambda variance, epsilon: variance + epsilon),
        "You divide by the variance. Which function of it has the units of x?",
    ),
    "not-divided": (
        _with(spread=lambda variance, epsilon: 1.0),
        "The mean is taken away, the deviation is not 1. What are the centred numbers divided by?",
    ),
    "no-gamma-and-beta": (
        _with(last=lambda x, gamma, beta: x),
        "Every word comes out with the mean 0 and the deviation 1, and stays so. Where are gamma and beta?",
    ),
    "no-beta": (
        _with(last=lambda x, gamma, beta: x * gamma),
        "Your words are stretched by gamma and not moved. Where is beta added?",
    ),
    "no-gamma": (
        _with(last=lambda x, gamma, beta: x + beta),
        "Your words are moved by beta and not stretched. Where does gamma come in?",
    ),
    "gamma-and-beta-swapped": (
        _with(last=lambda x, gamma, beta: x * beta + gamma),
        "You multiply by beta and add gamma. Which of the two stretches?",
    ),
    "beta-inside": (
        _with(last=lambda x, gamma, beta: (x + beta) * gamma),
        "You add beta before gamma multiplies, so that beta is stretched too. In which order do the two come?",
    ),
}
EPSILON_WRONG: Wrong = {
    "epsilon-outside-the-root": (
        _with(spread=lambda variance, epsilon: np.sqrt(variance) + epsilon),
        "Your epsilon is added to the deviation, outside the root. What stands under the root in the formula?",
    ),
    "epsilon-squared": (
        _with(spread=lambda variance, epsilon: np.sqrt(variance + epsilon**2)),
        "Your epsilon is squared before it is added. What stands under the root in the formula?",
    ),
    "epsilon-of-keras": (
        _default(1e-3),
        "Your default epsilon is 1e-3, as Keras's own is. Which one does this course take everywhere?",
    ),
    "epsilon-of-1e-5": (
        _default(1e-5),
        "Your default epsilon is 1e-5. Which one does this course take everywhere?",
    ),
    "epsilon-ignored": (
        lambda x, gamma, beta, epsilon=None: _norm(x, gamma, beta, 1e-6),
        "Your epsilon is always 1e-6, whatever the caller says. Where is the argument used?",
    ),
    "epsilon-forgotten": (
        _with(spread=lambda variance, epsilon: np.sqrt(variance)),
        "A word of equal numbers has the variance 0, and you divide by its root. What is epsilon for?",
    ),
    "epsilon-in-the-numerator": (
        _with(
            centre=lambda x, mean: x - mean,
            spread=lambda variance, epsilon: np.sqrt(np.maximum(variance, epsilon)),
        ),
        "Your epsilon is a lower bound of the variance. In the formula it is added to it: always, not only when the variance is small?",
    ),
}

# ------------------------------------------------------------------------ FeedForward


def _forward(call: Callable[..., np.ndarray]) -> type:
    return _called(right.FeedForward, call)


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(0, x)


def _gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def _between(activation: Callable[[np.ndarray], np.ndarray]) -> type:
    return _forward(lambda self, x: self.project(activation(self.expand(x))))


def _softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


FORWARD_WRONG: Wrong = {
    "no-activation": (
        _between(lambda x: x),
        "There is no ReLU between your two layers. Two linear maps in a row are one linear map: what keeps them apart?",
    ),
    "relu-behind": (
        _forward(lambda self, x: _relu(self.project(self.expand(x)))),
        "Your ReLU stands behind the second layer, so nothing negative comes out. Which of the two layers has it?",
    ),
    "relu-twice": (
        _forward(lambda self, x: _relu(self.project(_relu(self.expand(x))))),
        "Both of your layers have a ReLU, so nothing negative comes out. Which of the two should have none?",
    ),
    "gelu": (
        _between(_gelu),
        "Your activation is GELU, which later models use. Which one does the paper of 2017 use?",
    ),
    "tanh": (
        _between(np.tanh),
        "Your activation is tanh. Which one does the contract ask for?",
    ),
    "sigmoid": (
        _between(lambda x: 1 / (1 + np.exp(-x))),
        "Your activation is the sigmoid. Which one does the contract ask for?",
    ),
    "softmax-inside": (
        _between(_softmax),
        "Your hidden numbers compete in a softmax. Which activation works on each number alone?",
    ),
    "residual-inside": (
        _forward(lambda self, x: x + self.project(_relu(self.expand(x)))),
        "Your layer adds its input to its output. The residual belongs to the block around it: what would happen if both added it?",
    ),
}

# ----------------------------------------------------------------------- EncoderLayer


def _look(self: Any, x: np.ndarray, mask: Any = None) -> np.ndarray:
    return self.attention(x, x, mask)[0]


def _encoder_layer(block: Callable[..., np.ndarray]) -> type:
    """An encoder layer from a function of the layer, its input and its mask."""

    def call(
        self: Any, inputs: Any, attention_mask: Any = None, training: bool = False
    ) -> Any:
        return block(self, inputs, attention_mask)

    return _called(right.EncoderLayer, call)


def _first(self: Any, x: np.ndarray, mask: Any = None) -> np.ndarray:
    return self.norm_attention(x + _look(self, x, mask))


def _second(self: Any, x: np.ndarray) -> np.ndarray:
    return self.norm_feed_forward(x + self.feed_forward(x))


def _no_residual(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    y = self.norm_attention(_look(self, x, mask))
    return self.norm_feed_forward(self.feed_forward(y))


def _norm_of_the_sublayer(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    y = x + self.norm_attention(_look(self, x, mask))
    return y + self.norm_feed_forward(self.feed_forward(y))


def _pre_norm(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    y = x + _look(self, self.norm_attention(x), mask)
    return y + self.feed_forward(self.norm_feed_forward(y))


def _one_norm(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    y = _first(self, x, mask)
    return self.norm_attention(y + self.feed_forward(y))


def _share(self: Any) -> None:
    self.norm_feed_forward = self.norm_attention


def _from_the_start(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    y = _first(self, x, mask)
    return self.norm_feed_forward(x + self.feed_forward(y))


def _thinks_of_the_start(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    y = _first(self, x, mask)
    return self.norm_feed_forward(y + self.feed_forward(x))


def _swapped_norms(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    y = self.norm_feed_forward(x + _look(self, x, mask))
    return self.norm_attention(y + self.feed_forward(y))


def _thinks_first(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    return _first(self, _second(self, x), mask)


def _no_norms(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    y = x + _look(self, x, mask)
    return y + self.feed_forward(y)


def _side_by_side(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    y = self.norm_attention(x + _look(self, x, mask))
    return y + self.norm_feed_forward(x + self.feed_forward(x))


def _loose(part: Any, x: np.ndarray) -> np.ndarray:
    return right.layer_norm(x, part.gamma.value, part.beta.value, epsilon=1e-3)


def _loose_norms(self: Any, x: np.ndarray, mask: Any) -> np.ndarray:
    y = _loose(self.norm_attention, x + _look(self, x, mask))
    return _loose(self.norm_feed_forward, y + self.feed_forward(y))


LOOSE = "Your numbers are right to three digits: a norm has Keras's own epsilon, 1e-3. What does `make_norm` make?"
RESIDUAL = "What is added to what a sublayer says, before the norm?"
ENCODER_LAYER_WRONG: Wrong = {
    "no-residual": (
        _encoder_layer(_no_residual),
        f"Your numbers equal a block without residuals: the word itself is lost at each sublayer. {RESIDUAL}",
    ),
    "no-residual-around-attention": (
        _encoder_layer(
            lambda self, x, mask: _second(
                self, self.norm_attention(_look(self, x, mask))
            )
        ),
        f"There is no residual around your attention. {RESIDUAL}",
    ),
    "no-residual-around-feed-forward": (
        _encoder_layer(
            lambda self, x, mask: self.norm_feed_forward(
                self.feed_forward(_first(self, x, mask))
            )
        ),
        f"There is no residual around your feed-forward layer. {RESIDUAL}",
    ),
    "x-plus-norm": (
        _encoder_layer(_norm_of_the_sublayer),
        "Your numbers equal x + norm(sublayer(x)). Post-norm normalises the sum: what stands inside the norm's brackets?",
    ),
    "pre-norm": (
        _encoder_layer(_pre_norm),
        "Your block is pre-norm: x + sublayer(norm(x)). Many later models are built so, and it is sound; the shipped weights are post-norm, as in 2017. Where does the norm stand there?",
    ),
    "one-norm-for-both": (
        _encoder_layer(_one_norm),
        "Your first norm is used twice and the second not at all. Which of the two belongs behind the feed-forward layer?",
    ),
    "one-norm-shared": (
        _made(right.EncoderLayer, _share),
        "One norm object stands under both names, so both share one gamma and one beta. How many norms are made in `__init__`?",
    ),
    "second-residual-from-the-start": (
        _encoder_layer(_from_the_start),
        "Your second residual comes from the block's input, so what attention found is lost on that way. Which vector goes into the feed-forward layer, and should be added to what comes out?",
    ),
    "feed-forward-of-the-start": (
        _encoder_layer(_thinks_of_the_start),
        "Your feed-forward layer reads the block's input, not what attention has made of it. What is the second sublayer's x?",
    ),
    "norms-swapped": (
        _encoder_layer(_swapped_norms),
        "Your two norms have changed places. Which one stands behind attention?",
    ),
    "feed-forward-first": (
        _encoder_layer(_thinks_first),
        "Your words think before they look. Which sublayer comes first?",
    ),
    "no-norms": (
        _encoder_layer(_no_norms),
        "Your numbers equal a block without normalisation. What is done to each sum?",
    ),
    "no-second-norm": (
        _encoder_layer(
            lambda self, x, mask: (
                _first(self, x, mask) + self.feed_forward(_first(self, x, mask))
            )
        ),
        "The sum behind your feed-forward layer is not normalised. How many norms has a block?",
    ),
    "no-feed-forward": (
        _encoder_layer(_first),
        "Your block ends after attention. Where is the feed-forward layer?",
    ),
    "no-attention": (
        _encoder_layer(lambda self, x, mask: _second(self, x)),
        "Your words do not look at each other: attention is missing. Which sublayer comes first?",
    ),
    "epsilon-of-keras": (_encoder_layer(_loose_norms), LOOSE),
    "in-parallel": (
        _encoder_layer(_side_by_side),
        "Your two sublayers work side by side on the block's input. Which of them reads what the other has made?",
    ),
}
MASK_WRONG: Wrong = {
    "mask-ignored": (
        _encoder_layer(lambda self, x, mask: _second(self, _first(self, x))),
        "Your numbers equal those without a mask. Where is `attention_mask` handed on to the attention?",
    ),
    "mask-inverted": (
        _encoder_layer(lambda self, x, mask: _second(self, _first(self, x, ~mask))),
        "Your mask is inverted. What does True mean in this course, and in Keras?",
    ),
    "mask-transposed": (
        _encoder_layer(
            lambda self, x, mask: _second(
                self, _first(self, x, np.swapaxes(mask, -1, -2))
            )
        ),
        "Your mask is transposed: it hides queries. Rows are queries: which axis comes last?",
    ),
    "mask-made-causal": (
        _encoder_layer(
            lambda self, x, mask: _second(
                self, _first(self, x, mask & look_ahead_mask(x.shape[1]))
            )
        ),
        "Your encoder hides the future as well. Is any word of the source unknown when translation begins?",
    ),
    "mask-of-query-0": (
        _encoder_layer(
            lambda self, x, mask: _second(self, _first(self, x, mask[..., :1, :]))
        ),
        "Every query of yours gets query 0's mask. Which axis was dropped?",
    ),
    "mask-of-the-first-sentence": (
        _encoder_layer(lambda self, x, mask: _second(self, _first(self, x, mask[:1]))),
        "Every sentence of yours gets sentence 0's mask. Which axis was dropped?",
    ),
}


def _dropping(
    attention: Callable[[float, bool], float],
    feed_forward: Callable[[float, bool], float] | None = None,
    sums: Callable[[float, bool], float] = lambda rate, training: 0.0,
) -> type:
    """An encoder layer that drops these shares: of what each sublayer says, of sums."""
    second = feed_forward or attention

    def call(
        self: Any, inputs: Any, attention_mask: Any = None, training: bool = False
    ) -> Any:
        def drop(x: np.ndarray, share: Callable[[float, bool], float]) -> np.ndarray:
            return right.dropped(x, share(self.rate, training))

        looked = drop(_look(self, inputs, attention_mask), attention)
        x = self.norm_attention(drop(inputs + looked, sums))
        thought = drop(self.feed_forward(x), second)
        return self.norm_feed_forward(drop(x + thought, sums))

    return _called(right.EncoderLayer, call)


def _as_asked(rate: float, training: bool) -> float:
    return rate * training


def _never(rate: float, training: bool) -> float:
    return 0.0


DROPOUT_WRONG: Wrong = {
    "dropout-always-on": (
        _dropping(lambda rate, training: rate),
        "Two calls at inference give two outputs: your dropout is always on. `training=True` in `call` would do it: who should decide?",
    ),
    "dropout-nowhere": (
        _dropping(_never),
        "Nothing is dropped in training. Where does the output of a sublayer meet `keras.layers.Dropout(dropout)`?",
    ),
    "dropout-the-wrong-way-round": (
        _dropping(lambda rate, training: rate * (not training)),
        "Your dropout acts at inference and not in training. Which of the two should be random?",
    ),
    "dropout-of-attention-alone": (
        _dropping(_as_asked, _never),
        "What attention says is dropped, what the feed-forward layer says is not. How many sublayers does a block have?",
    ),
    "dropout-of-feed-forward-alone": (
        _dropping(_never, _as_asked),
        "What the feed-forward layer says is dropped, what attention says is not. How many sublayers does a block have?",
    ),
    "dropout-of-the-sum": (
        _dropping(_never, sums=_as_asked),
        "Your dropout takes numbers from the sum, and so from the word itself. Which part of the sum goes through it?",
    ),
}

# ----------------------------------------------------------------------- repair-block


def _repair(block: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x_btm, attend, think, norm_one, norm_two: block(
        x_btm, attend, think, norm_one, norm_two
    )


BLOCK_WRONG: Wrong = {
    "as-it-was": (
        _repair(lambda x, a, f, m, n: x + n(f(m(x + a(x))))),
        "Both bugs are still in it. Which x is added at the end, and is the sum normalised or only one part of it?",
    ),
    "second-residual-from-the-start": (
        _repair(lambda x, a, f, m, n: n(x + f(m(x + a(x))))),
        "The norm stands where it should. The second residual still comes from the block's input: which vector did the second sublayer read?",
    ),
    "norm-before-the-sum": (
        _repair(lambda x, a, f, m, n: m(x + a(x)) + n(f(m(x + a(x))))),
        "The residual comes from the right vector. The second norm still sees what the sublayer says and not the sum: what stands in its brackets in the first line?",
    ),
    "both-norms-before-the-sum": (
        _repair(lambda x, a, f, m, n: (x + m(a(x))) + n(f(x + m(a(x))))),
        "Now both norms see only what the sublayers say: x + norm(sublayer(x)). Which of the two lines was right at the start?",
    ),
    "pre-norm": (
        _repair(lambda x, a, f, m, n: x + a(m(x)) + f(n(x + a(m(x))))),
        "This is pre-norm: sound, but another block. The first line was post-norm and right: can the second be like it?",
    ),
    "thinks-of-the-start": (
        _repair(lambda x, a, f, m, n: n(m(x + a(x)) + f(x))),
        "The second norm and the second residual are right, but `think` reads the block's input. What has attention made of it?",
    ),
    "no-second-residual": (
        _repair(lambda x, a, f, m, n: n(f(m(x + a(x))))),
        "Nothing is added to what `think` says, so what attention found is lost where `think` says 0. Which vector is added in the first line?",
    ),
    "residual-twice": (
        _repair(lambda x, a, f, m, n: n(x + m(x + a(x)) + f(m(x + a(x))))),
        "Both vectors are added at the end, the block's input and what the first line made of it. Which one did the second sublayer read?",
    ),
    "second-norm-forgotten": (
        _repair(lambda x, a, f, m, n: m(x + a(x)) + f(m(x + a(x)))),
        "The second sum is not normalised. Where is `norm_two`?",
    ),
    "one-norm-for-both": (
        _repair(lambda x, a, f, m, n: m(m(x + a(x)) + f(m(x + a(x))))),
        "Your second sum goes through `norm_one` again. Which norm is left?",
    ),
}

# ---------------------------------------------------------------------------- stacks


def _stack_call(base: type, walk: Callable[..., Any]) -> type:
    """An encoder that goes through its blocks in another way."""

    def call(self: Any, tokens: Any, attention_mask: Any = None) -> Any:
        return walk(self, tokens, attention_mask)

    return _called(base, call)


def _restarts(self: Any, tokens: np.ndarray, mask: Any) -> np.ndarray:
    x = self.embedding(tokens)
    for block in self.blocks:
        out = block(x, attention_mask=mask)
    return out


def _backwards(self: Any, tokens: np.ndarray, mask: Any) -> np.ndarray:
    x = self.embedding(tokens)
    for block in self.blocks[::-1]:
        x = block(x, attention_mask=mask)
    return x


def _embedded_again(self: Any, tokens: np.ndarray, mask: Any) -> np.ndarray:
    x = first = self.embedding(tokens)
    for block in self.blocks:
        x = block(x, attention_mask=mask) + first
    return x


def _residual_outside(self: Any, tokens: np.ndarray, mask: Any) -> np.ndarray:
    x = self.embedding(tokens)
    for block in self.blocks:
        x = x + block(x, attention_mask=mask)
    return x


def _first_block_again(self: Any, tokens: np.ndarray, mask: Any) -> np.ndarray:
    x = self.embedding(tokens)
    for _ in self.blocks:
        x = self.blocks[0](x, attention_mask=mask)
    return x


def _through(embed: Callable[..., np.ndarray], masked: bool = True) -> Callable:
    def walk(self: Any, tokens: np.ndarray, mask: Any) -> np.ndarray:
        x = embed(self, tokens)
        for block in self.blocks:
            x = block(x, attention_mask=mask if masked else None)
        return x

    return walk


def _rows(self: Any, tokens: np.ndarray) -> np.ndarray:
    return self.embedding.embedding.embeddings.value[tokens]


def _bare_rows(self: Any, tokens: np.ndarray) -> np.ndarray:
    rows = _rows(self, tokens)
    return rows * np.sqrt(rows.shape[-1])


def _quiet_rows(self: Any, tokens: np.ndarray) -> np.ndarray:
    rows = _rows(self, tokens)
    return rows + positional_encoding(rows.shape[1], rows.shape[2])


def _one_block(self: Any) -> None:
    self.blocks = [self.blocks[0]] * len(self.blocks)


ONE_BLOCK = "One layer object stands in your list N times, so all blocks share their weights. `[layer] * n` repeats a reference: where is a new one made each time?"
RESTARTS = "Your loop starts each block from the embedding, so only the last block counts. What goes into the next block?"
ENCODER_WRONG: Wrong = {
    "one-layer-reused": (_made(right.Encoder, _one_block), ONE_BLOCK),
    "loop-restarts": (_stack_call(right.Encoder, _restarts), RESTARTS),
    "first-block-again": (
        _stack_call(right.Encoder, _first_block_again),
        "Your loop goes through the first block again and again. Which block's turn is it?",
    ),
    "blocks-backwards": (
        _stack_call(right.Encoder, _backwards),
        "Your blocks are passed in the wrong order, the last one first. Which one reads the embedding?",
    ),
    "embedding-added-again": (
        _stack_call(right.Encoder, _embedded_again),
        "You add the embedding again behind each block. The residuals are inside the blocks: is anything left to add?",
    ),
    "residual-around-a-block": (
        _stack_call(right.Encoder, _residual_outside),
        "You add what goes into a block to what comes out. The residuals are inside the blocks: is anything left to add?",
    ),
    "mask-not-handed-on": (
        _stack_call(
            right.Encoder,
            _through(lambda self, tokens: self.embedding(tokens), masked=False),
        ),
        "Your numbers equal those without a mask: padding is attended to. Where is `attention_mask` handed on to the blocks?",
    ),
    "no-positions": (
        _stack_call(right.Encoder, _through(_bare_rows)),
        "Your words do not know where they are. Does `call` go through `self.embedding`, or past it to the table inside?",
    ),
    "root-missing": (
        _stack_call(right.Encoder, _through(_quiet_rows)),
        "Your words miss the root of m, so that positions drown them. Does `call` go through `self.embedding`?",
    ),
    "no-positions-no-root": (
        _stack_call(right.Encoder, _through(_rows)),
        "Your words are the bare rows of the table, without √m and positions. Does `call` go through `self.embedding`, or past it to the table inside?",
    ),
    "embedding-only": (
        _stack_call(right.Encoder, lambda self, tokens, mask: self.embedding(tokens)),
        "What comes out is what the embedding gave: no block has been passed. Does the loop keep what a block returns?",
    ),
}

# ----------------------------------------------------------------------- DecoderLayer


def _as_it_is(x: np.ndarray, weights: Any) -> Any:
    return x, weights


def _decoder_layer(block: Callable[..., Any], told: Callable = _as_it_is) -> type:
    def call(
        self: Any,
        inputs: Any,
        context: Any,
        self_mask: Any = None,
        cross_mask: Any = None,
    ) -> Any:
        return told(*block(self, inputs, context, self_mask, cross_mask))

    return _called(right.DecoderLayer, call)


def _decodes(
    self: Any,
    x: np.ndarray,
    c: np.ndarray,
    own: Any,
    cross: Any,
    *,
    back: Callable[..., Any] = lambda self, x, own: self.self_attention(x, x, own)[0],
    keys: Callable[..., Any] = lambda x, c: c,
    start: Callable[..., Any] = lambda x, first: first,
    around: Callable[..., Any] = lambda x, sub, norm: norm(x + sub),
    norms: tuple[str, str, str] = ("norm_self", "norm_cross", "norm_feed_forward"),
    across: Callable[..., Any] = lambda sub: sub,
    asks: Callable[..., Any] = lambda x, first: first,
) -> Any:
    """The right decoder layer with one of its steps replaced."""
    one, two, three = (getattr(self, name) for name in norms)
    y = around(x, back(self, x, own), one)
    found, weights = self.cross_attention(asks(x, y), keys(y, c), cross)
    z = around(start(x, y), across(found), two)
    return around(z, self.feed_forward(z), three), weights


def _step(told: Callable = _as_it_is, **step: Any) -> type:
    return _decoder_layer(lambda self, *given: _decodes(self, *given, **step), told)


def _decoder_pre_norm(self: Any, x: Any, c: Any, own: Any, cross: Any) -> Any:
    x = x + _self_look(self, self.norm_self(x), own)
    found, weights = self.cross_attention(self.norm_cross(x), c, cross)
    x = x + found
    return x + self.feed_forward(self.norm_feed_forward(x)), weights


def _self_look(self: Any, x: np.ndarray, own: Any) -> np.ndarray:
    return self.self_attention(x, x, own)[0]


def _crosses_first(self: Any, x: Any, c: Any, own: Any, cross: Any) -> Any:
    found, weights = self.cross_attention(x, c, cross)
    x = self.norm_cross(x + found)
    x = self.norm_self(x + _self_look(self, x, own))
    return self.norm_feed_forward(x + self.feed_forward(x)), weights


def _from_the_first_input(self: Any, x: Any, c: Any, own: Any, cross: Any) -> Any:
    y = self.norm_self(x + _self_look(self, x, own))
    found, weights = self.cross_attention(y, c, cross)
    z = self.norm_cross(y + found)
    return self.norm_feed_forward(x + self.feed_forward(z)), weights


def _no_cross(self: Any, x: Any, c: Any, own: Any, cross: Any) -> Any:
    y = self.norm_self(x + _self_look(self, x, own))
    _, weights = self.cross_attention(y, c, cross)
    return self.norm_feed_forward(y + self.feed_forward(y)), weights


def _share_norms(self: Any) -> None:
    self.norm_self = self.norm_cross = self.norm_feed_forward


def _loose_decoder_norms(self: Any, x: Any, c: Any, own: Any, cross: Any) -> Any:
    y = _loose(self.norm_self, x + _self_look(self, x, own))
    found, weights = self.cross_attention(y, c, cross)
    z = _loose(self.norm_cross, y + found)
    return _loose(self.norm_feed_forward, z + self.feed_forward(z)), weights


def _own_weights(self: Any, x: Any, c: Any, own: Any, cross: Any) -> Any:
    output, _ = _decodes(self, x, c, own, cross)
    return output, self.self_attention(x, x, own)[1]


DECODER_LAYER_WRONG: Wrong = {
    "keys-from-the-decoder": (
        _step(keys=lambda x, c: x),
        "Your cross-attention looks at the decoder's own words. Whose words are keys and values there?",
    ),
    "no-cross-attention": (
        _decoder_layer(_no_cross),
        "What cross-attention finds never reaches the output: this decoder cannot know the source. Where is its output added?",
    ),
    "no-self-attention": (
        _step(back=lambda self, x, own: np.zeros_like(x)),
        "Your words do not look at their own past: self-attention is missing. Which sublayer comes first?",
    ),
    "self-attention-to-the-source": (
        _decoder_layer(
            lambda self, x, c, own, cross: _decodes(
                self,
                x,
                c,
                own,
                cross,
                back=lambda self, x, own: self.self_attention(x, c, cross)[0],
            )
        ),
        "Your self-attention looks at the source. Whose words are keys and values in self-attention?",
    ),
    "cross-attention-asked-by-the-start": (
        _step(asks=lambda x, first: x),
        "Your cross-attention is asked by the block's input. Which vector comes out of the first sublayer and its norm?",
    ),
    "cross-attention-asked-and-added-by-the-start": (
        _step(asks=lambda x, first: x, start=lambda x, first: x),
        "Your cross-attention starts from the block's input, so what self-attention found is lost. Which vector asks, and is added to?",
    ),
    "epsilon-of-keras": (_decoder_layer(_loose_decoder_norms), LOOSE),
    "cross-attention-first": (
        _decoder_layer(_crosses_first),
        "Your words look at the source before they look at each other. Which comes first?",
    ),
    "no-residual": (
        _step(around=lambda x, sub, norm: norm(sub)),
        f"Your numbers equal a block without residuals. {RESIDUAL}",
    ),
    "no-residual-around-cross-attention": (
        _step(start=lambda x, first: np.zeros_like(first)),
        f"There is no residual around your cross-attention. {RESIDUAL}",
    ),
    "second-residual-from-the-start": (
        _step(start=lambda x, first: x),
        "Your second residual comes from the block's input. Which vector asks the source, and should be added to what is found?",
    ),
    "third-residual-from-the-start": (
        _decoder_layer(_from_the_first_input),
        "Your last residual comes from the block's input, so what both attentions found is lost on that way. Which vector goes into the feed-forward layer?",
    ),
    "x-plus-norm": (
        _step(around=lambda x, sub, norm: x + norm(sub)),
        "Your numbers equal x + norm(sublayer(x)). Post-norm normalises the sum: what stands inside the norm's brackets?",
    ),
    "pre-norm": (
        _decoder_layer(_decoder_pre_norm),
        "Your block is pre-norm: sound, but the shipped weights are post-norm, as in 2017. Where does the norm stand there?",
    ),
    "one-norm-shared": (
        _made(right.DecoderLayer, _share_norms),
        "One norm object stands under all three names. How many norms are made in `__init__`?",
    ),
    "one-norm-for-all": (
        _step(norms=("norm_self", "norm_self", "norm_self")),
        "Your first norm is used three times and the others not at all. Which one belongs to which sublayer?",
    ),
    "norms-swapped": (
        _step(norms=("norm_cross", "norm_self", "norm_feed_forward")),
        "The norms of self- and cross-attention have changed places. Which name belongs to which?",
    ),
    "weights-of-self-attention": (
        _decoder_layer(_own_weights),
        "Your output is right, but the weights are those of self-attention. Which attention should be told about?",
    ),
    "weights-averaged": (
        _step(told=lambda x, w: (x, w.mean(axis=1))),
        "Your weights are averaged over the heads. Each head has a table of its own: which axis is h?",
    ),
    "weights-transposed": (
        _step(told=lambda x, w: (x, np.swapaxes(w, -1, -2))),
        "Your weights are transposed. Rows are queries: which axis comes last?",
    ),
    "output-and-weights-swapped": (
        _step(told=lambda x, w: (w, x)),
        "You return the weights first. The contract asks for the output, then the weights.",
    ),
    "output-only": (
        _step(told=lambda x, w: x),
        "You return the output alone. Which second value does the contract ask for, and which argument makes Keras's attention give it?",
    ),
}


def _masked(change: Callable[[Any, Any, Any], tuple[Any, Any]]) -> type:
    """The right layer, given other masks."""
    return _decoder_layer(
        lambda self, x, c, own, cross: _decodes(self, x, c, *change(own, cross, x))
    )


DECODER_MASK_WRONG: Wrong = {
    "self-mask-ignored": (
        _masked(lambda own, cross, x: (None, cross)),
        "Your self-attention ignores its mask: the decoder sees the future. Where is `self_mask` handed on?",
    ),
    "cross-mask-ignored": (
        _masked(lambda own, cross, x: (own, None)),
        "Your cross-attention ignores its mask: the source's padding is attended to. Where is `cross_mask` handed on?",
    ),
    "both-masks-ignored": (
        _masked(lambda own, cross, x: (None, None)),
        "Your numbers equal those without masks. Where are `self_mask` and `cross_mask` handed on?",
    ),
    "self-mask-inverted": (
        _masked(lambda own, cross, x: (~own, cross)),
        "The mask of your self-attention is inverted. What does True mean in this course?",
    ),
    "cross-mask-inverted": (
        _masked(lambda own, cross, x: (own, ~cross)),
        "The mask of your cross-attention is inverted. What does True mean in this course?",
    ),
    "self-mask-transposed": (
        _masked(lambda own, cross, x: (np.swapaxes(own, -1, -2), cross)),
        "The mask of your self-attention is transposed. Rows are queries: which axis comes last?",
    ),
    "causal-mask-of-its-own": (
        _masked(lambda own, cross, x: (look_ahead_mask(x.shape[1]), cross)),
        "Your self-attention makes a look-ahead mask itself and ignores the one it is given, padding and all. Where is `self_mask` handed on?",
    ),
}

# ---------------------------------------------------------------------------- Decoder


def _decoder(walk: Callable[..., Any]) -> type:
    def call(
        self: Any,
        tokens: Any,
        context: Any,
        self_mask: Any = None,
        cross_mask: Any = None,
    ) -> Any:
        return walk(self, self.embedding(tokens), context, self_mask, cross_mask)

    return _called(right.Decoder, call)


def _walk(
    self: Any,
    x: np.ndarray,
    context: np.ndarray,
    own: Any,
    cross: Any,
    *,
    follow: Callable[..., Any] = lambda first, x: x,
    blocks: Callable[[list], list] = lambda blocks: blocks,
    look_at: Callable[..., Any] = lambda context, x: context,
    told: Callable[..., Any] = _as_it_is,
) -> Any:
    """The right decoder with one of its steps replaced."""
    first, weights = x, []
    for block in blocks(self.blocks):
        x, found = block(follow(first, x), look_at(context, x), own, cross)
        weights.append(found)
    return told(x, weights)


def _walks(**step: Any) -> type:
    return _decoder(lambda self, *given: _walk(self, *given, **step))


def _forgets(self: Any, x: np.ndarray, context: Any, own: Any, cross: Any) -> Any:
    return x, [block(x, context, own, cross)[1] for block in self.blocks]


DECODER_WRONG: Wrong = {
    "one-layer-reused": (_made(right.Decoder, _one_block), ONE_BLOCK),
    "loop-restarts": (_walks(follow=lambda first, x: first), RESTARTS),
    "first-block-again": (
        _walks(blocks=lambda blocks: [blocks[0]] * len(blocks)),
        "Your loop goes through the first block again and again. Which block's turn is it?",
    ),
    "blocks-backwards": (
        _walks(blocks=lambda blocks: blocks[::-1]),
        "Your blocks are passed in the wrong order, the last one first. Which one reads the embedding?",
    ),
    "embedding-added-again": (
        _walks(follow=lambda first, x: x + first if x is not first else x),
        "You add the embedding again before each later block. The residuals are inside the blocks: is anything left to add?",
    ),
    "masks-not-handed-on": (
        _decoder(lambda self, x, c, own, cross: _walk(self, x, c, None, None)),
        "Your numbers equal those without masks. Where are `self_mask` and `cross_mask` handed on to the blocks?",
    ),
    "self-mask-not-handed-on": (
        _decoder(lambda self, x, c, own, cross: _walk(self, x, c, None, cross)),
        "Your blocks get no `self_mask`: the decoder sees the future. Where is it handed on?",
    ),
    "cross-mask-not-handed-on": (
        _decoder(lambda self, x, c, own, cross: _walk(self, x, c, own, None)),
        "Your blocks get no `cross_mask`: the source's padding is attended to. Where is it handed on?",
    ),
    "output-not-kept": (
        _decoder(_forgets),
        "What comes out is what the embedding gave: each block starts from it, and what the blocks return is lost. Which name does the loop give to a block's output?",
    ),
    "weights-of-the-last-block": (
        _walks(told=lambda x, weights: (x, weights[-1:])),
        "You return the weights of the last block alone. How many blocks are there?",
    ),
    "weights-of-the-first-block": (
        _walks(told=lambda x, weights: (x, weights[:1] * len(weights))),
        "The weights of your first block are told N times. What is appended at each turn?",
    ),
    "output-only": (
        _walks(told=lambda x, weights: x),
        "You return the output alone. Which second value does the contract ask for?",
    ),
}

# ------------------------------------------------------------------------ Transformer


def _whole(
    *,
    sees: Callable[..., Any] = lambda source: padding_mask(source),
    own: Callable[..., Any] = lambda target: decoder_mask(target),
    cross: Callable[..., Any] = lambda source, target: padding_mask(source),
    encode: Callable[..., Any] = lambda self, source, mask: self.encoder(source, mask),
    last: Callable[..., Any] = lambda self, output: self.to_logits(output),
) -> type:
    """The right model with one of its steps replaced."""

    def call(self: Any, inputs: Any) -> Any:
        source, target = inputs
        context = encode(self, source, sees(source))
        masks = own(target), cross(source, target)
        return last(self, self.decoder(target, context, *masks)[0])

    return _called(right.Transformer, call)


def _causal(source: np.ndarray) -> np.ndarray:
    return decoder_mask(source)


def _target_columns(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The target's padding, cut or filled to the source's width."""
    is_word = np.ones(source.shape, dtype=bool)
    t = min(source.shape[1], target.shape[1])
    is_word[:, :t] = (target != 0)[:, :t]
    return is_word[:, np.newaxis, np.newaxis]


def _other_embedding(embed: Callable[..., np.ndarray]) -> type:
    """Both sides' words are looked up otherwise."""

    def change(self: Any) -> None:
        for side in (self.encoder, self.decoder):
            table = side.embedding
            side.embedding = _Lookup(table, embed)

    return _made(right.Transformer, change)


class _Lookup(right.Part):
    def __init__(self, inner: Any, embed: Callable[..., np.ndarray]) -> None:
        self.embedding, self.embed = inner.embedding, embed

    def __call__(self, tokens: np.ndarray) -> np.ndarray:
        return self.embed(self.embedding.embeddings.value[tokens])


def _in_all(change: Callable[[Any], None]) -> type:
    """Every block of both sides is changed."""

    def changed(self: Any) -> None:
        for block in self.encoder.blocks + self.decoder.blocks:
            change(block)

    return _made(right.Transformer, changed)


def _one_block_a_side(self: Any) -> None:
    _one_block(self.encoder)
    _one_block(self.decoder)


def _share_in_all(block: Any) -> None:
    if hasattr(block, "norm_self"):
        _share_norms(block)
    else:
        _share(block)


def _scores_shares(self: Any, output: np.ndarray) -> np.ndarray:
    return _softmax(self.to_logits(output))


def _log_shares(self: Any, output: np.ndarray) -> np.ndarray:
    return np.log(_softmax(self.to_logits(output)))


WHOLE_WRONG: Wrong = {
    "encoder-without-padding-mask": (
        _whole(sees=lambda source: None),
        "Your encoder attends to padding. From which token ids is its mask made, and where is it handed to the encoder?",
    ),
    "causal-mask-in-the-encoder": (
        _whole(sees=_causal),
        "Your encoder hides the future: its first word does not know the last. Is any word of the source unknown when translation begins?",
    ),
    "cross-attention-unmasked": (
        _whole(cross=lambda source, target: None),
        "Your cross-attention looks at the source's padding. Which mask hides it, and is it handed to the decoder?",
    ),
    "cross-attention-masked-by-the-target": (
        _whole(cross=_target_columns),
        "Your cross-attention is masked by the target's padding. Its keys are the source's words: whose padding is it?",
    ),
    "source-padding-unmasked": (
        _whole(sees=lambda source: None, cross=lambda source, target: None),
        "The source's padding is attended to, in the encoder and from the decoder. In which two places does its mask act?",
    ),
    "no-look-ahead": (
        _whole(own=lambda target: padding_mask(target)),
        "Your decoder sees the future: only padding is hidden from it. Which second mask does self-attention in the decoder need?",
    ),
    "no-mask-in-the-decoder": (
        _whole(own=lambda target: None),
        "Your decoder sees the future and the padding. Which mask is handed to it as `self_mask`?",
    ),
    "look-ahead-turned-around": (
        _whole(
            own=lambda target: np.swapaxes(look_ahead_mask(target.shape[1]), -1, -2)
        ),
        "Your decoder sees the future and not the past: its mask is transposed. Rows are queries: which triangle is True?",
    ),
    "encoders-embeddings": (
        _whole(encode=lambda self, source, mask: self.encoder.embedding(source)),
        "Your decoder is given the encoder's embeddings, so the encoder's blocks do nothing. What does the encoder return?",
    ),
    "softmax-in-the-model": (
        _whole(last=_scores_shares),
        "Your model ends in a softmax, and the loss has one of its own. Which of the two should go?",
    ),
    "log-softmax-in-the-model": (
        _whole(last=_log_shares),
        "Your model ends in a log-softmax. The loss takes care of that: what does `to_logits` return?",
    ),
    "logits-through-relu": (
        _whole(last=lambda self, output: _relu(self.to_logits(output))),
        "None of your logits is negative: `to_logits` has an activation. Which one should it have?",
    ),
    "no-positions": (
        _other_embedding(lambda rows: rows * np.sqrt(rows.shape[-1])),
        "Your model does not know the order of words. Are `encoder.embedding` and `decoder.embedding` PositionalEmbeddings?",
    ),
    "root-missing": (
        _other_embedding(
            lambda rows: rows + positional_encoding(rows.shape[1], rows.shape[2])
        ),
        "Your words miss the root of m, so that positions drown them. Are both embeddings PositionalEmbeddings?",
    ),
    "one-norm-shared": (
        _in_all(_share_in_all),
        "One norm object serves a whole block. How many norms does each block make?",
    ),
    "one-layer-reused": (
        _made(right.Transformer, _one_block_a_side),
        ONE_BLOCK,
    ),
}

SAVE_WRONG: Wrong = {
    "dropout-not-in-the-config": (
        type(
            "Transformer",
            (right.Transformer,),
            {"get_config": lambda self: {**self.made_with, "dropout": 0.0}},
        ),
        "The model that is made again drops nothing: its `dropout` is the one by default. Which names does `__init__` have, and is each in the config?",
    ),
}

MISTAKES: list[Mistake] = [
    *_from("layer-norm", NORM_WRONG),
    *_from("layer-norm-epsilon", EPSILON_WRONG),
    *_from("feed-forward", FORWARD_WRONG),
    *_from("encoder-layer", ENCODER_LAYER_WRONG),
    *_from("encoder-layer-mask", MASK_WRONG),
    *_from("encoder-layer-dropout", DROPOUT_WRONG),
    *_from("repair-block", BLOCK_WRONG),
    *_from("encoder", ENCODER_WRONG),
    *_from("decoder-layer", DECODER_LAYER_WRONG),
    *_from("decoder-layer-mask", DECODER_MASK_WRONG),
    *_from("decoder", DECODER_WRONG),
    *_from("transformer", WHOLE_WRONG),
    *_from("transformer-save", SAVE_WRONG),
]
