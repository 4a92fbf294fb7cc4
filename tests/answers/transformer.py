"""Lesson 06: equally right variants of each answer.

The Keras ones are made when they are first called: most tests need no TensorFlow.
"""

from functools import cache, partial

import numpy as np

# ----------------------------------------------------------------------- layer_norm


def norm_plain(x, gamma, beta, epsilon=1e-6):
    mean = x.mean(axis=-1, keepdims=True)
    variance = np.square(x - mean).mean(axis=-1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def norm_var(x, gamma, beta, epsilon=1e-6):
    size = np.sqrt(x.var(-1, keepdims=True) + epsilon)
    return (x - x.mean(-1, keepdims=True)) / size * gamma + beta


def norm_newaxis(x, gamma, beta, epsilon=1e-6):
    mean, variance = np.mean(x, axis=-1), np.var(x, axis=-1)
    scaled = (x - mean[..., None]) / np.sqrt(variance + epsilon)[..., None]
    return np.add(np.multiply(gamma, scaled), beta)


def norm_rows(x, gamma, beta, epsilon=1e-6):
    rows = [
        (row - row.mean()) / (row.var() + epsilon) ** 0.5 * gamma + beta
        for row in x.reshape(-1, x.shape[-1])
    ]
    return np.array(rows).reshape(x.shape)


def norm_lists(x, gamma, beta, epsilon=1e-6):
    def one(row):
        if isinstance(row[0], list):
            return [one(inner) for inner in row]
        mean = sum(row) / len(row)
        variance = sum((number - mean) ** 2 for number in row) / len(row)
        size = (variance + epsilon) ** 0.5
        return [
            g * (n - mean) / size + b for n, g, b in zip(row, gamma, beta, strict=True)
        ]

    return one(x.tolist())


def norm_transposed(x, gamma, beta, epsilon=1e-6):
    columns = np.moveaxis(x, -1, 0)
    scaled = (columns - columns.mean(0)) / np.sqrt(columns.var(0) + epsilon)
    return np.moveaxis(scaled, 0, -1) * gamma + beta


def norm_std(x, gamma, beta, epsilon=1e-6):
    deviation = np.sqrt(np.std(x, axis=-1, keepdims=True, ddof=0) ** 2 + epsilon)
    return (x - np.mean(x, axis=-1, keepdims=True)) / deviation * gamma + beta


def norm_einsum(x, gamma, beta, epsilon=1e-6):
    m = x.shape[-1]
    centred = x - np.einsum("...m->...", x)[..., np.newaxis] / m
    variance = np.einsum("...m,...m->...", centred, centred)[..., np.newaxis] / m
    return centred / np.sqrt(variance + epsilon) * gamma + beta


def norm_keras(x, gamma, beta, epsilon=1e-6):
    from keras import ops

    x = ops.convert_to_tensor(x)
    mean, variance = ops.moments(x, axes=-1, keepdims=True)
    return (x - mean) * ops.rsqrt(variance + epsilon) * gamma + beta


def norm_matrix(x, gamma, beta, epsilon=1e-6):
    m = x.shape[-1]
    centred = x @ (np.eye(m) - 1 / m)
    variance = centred**2 @ np.full((m, 1), 1 / m)
    return centred * (variance + epsilon) ** -0.5 * gamma + beta


def norm_float32(x, gamma, beta, epsilon=1e-6):
    small = np.float32(x)
    return norm_plain(small, np.float32(gamma), np.float32(beta), epsilon)


NORM = {
    "plain": norm_plain,
    "np.var": norm_var,
    "newaxis": norm_newaxis,
    "row by row": norm_rows,
    "lists": norm_lists,
    "transposed": norm_transposed,
    "np.std": norm_std,
    "einsum": norm_einsum,
    "keras": norm_keras,
    "a matrix that centres": norm_matrix,
    "float32": norm_float32,
}

# ----------------------------------------------------------------------- repair-block


def repair_steps(x_btm, attend, think, norm_one, norm_two):
    looked = attend(x_btm)
    after = norm_one(x_btm + looked)
    thought = think(after)
    return norm_two(after + thought)


def repair_in_a_loop(x_btm, attend, think, norm_one, norm_two):
    for sublayer, norm in ((attend, norm_one), (think, norm_two)):
        x_btm = norm(x_btm + sublayer(x_btm))
    return x_btm


def repair_around(x_btm, attend, think, norm_one, norm_two):
    def around(x, sublayer, norm):
        return norm(np.add(sublayer(x), x))

    return around(around(x_btm, attend, norm_one), think, norm_two)


def repair_float32(x_btm, attend, think, norm_one, norm_two):
    y = np.asarray(norm_one(x_btm + attend(x_btm)), dtype="float32")
    return norm_two(y + think(y))


def repair_copy(x_btm, attend, think, norm_one, norm_two):
    total = x_btm.copy()
    total += attend(x_btm)
    total = norm_one(total)
    return norm_two(total + think(total))


def repair_sum(x_btm, attend, think, norm_one, norm_two):
    y = norm_one(sum([x_btm, attend(x_btm)]))
    return norm_two(sum((y, think(y))))


def repair_lists(x_btm, attend, think, norm_one, norm_two):
    return repair_steps(x_btm, attend, think, norm_one, norm_two).tolist()


def repair_by_sentence(x_btm, attend, think, norm_one, norm_two):
    parts = attend, think, norm_one, norm_two
    return np.concatenate([repair_steps(x[np.newaxis], *parts) for x in x_btm])


def repair_names(x_btm, attend, think, norm_one, norm_two):
    return norm_two(
        (y := norm_one(attend(x_btm) + x_btm)) + think(y),
    )


def repair_tensor(x_btm, attend, think, norm_one, norm_two):
    from keras import ops

    return ops.convert_to_tensor(repair_steps(x_btm, attend, think, norm_one, norm_two))


REPAIR = {
    "step by step": repair_steps,
    "in a loop": repair_in_a_loop,
    "a function around": repair_around,
    "float32": repair_float32,
    "in place on a copy": repair_copy,
    "sum": repair_sum,
    "lists": repair_lists,
    "sentence by sentence": repair_by_sentence,
    "one expression": repair_names,
    "a tensor": repair_tensor,
}

# ------------------------------------------------------------------- Keras, in parts


@cache
def parts():
    """The right classes, written once, plainly: what a variant changes one of."""
    import keras
    from keras import ops

    from transformer.layers import PositionalEmbedding

    layers = keras.layers

    def attention(m, h):
        return layers.MultiHeadAttention(h, m // h, use_bias=False)

    def norm():
        return layers.LayerNormalization(epsilon=1e-6)

    class FeedForward(layers.Layer):
        def __init__(self, model_dim, hidden_dim, **kwargs):
            super().__init__(**kwargs)
            self.expand = layers.Dense(hidden_dim, activation="relu")
            self.project = layers.Dense(model_dim)

        def call(self, inputs):
            return self.project(self.expand(inputs))

    class EncoderLayer(layers.Layer):
        def __init__(self, model_dim, num_heads, hidden_dim, dropout=0.0, **kwargs):
            super().__init__(**kwargs)
            self.attention = attention(model_dim, num_heads)
            self.norm_attention = norm()
            self.feed_forward = FeedForward(model_dim, hidden_dim)
            self.norm_feed_forward = norm()
            self.dropout = layers.Dropout(dropout)

        def call(self, inputs, attention_mask=None):
            looked = self.attention(inputs, inputs, attention_mask=attention_mask)
            x = self.norm_attention(inputs + self.dropout(looked))
            return self.norm_feed_forward(x + self.dropout(self.feed_forward(x)))

    class DecoderLayer(layers.Layer):
        def __init__(self, model_dim, num_heads, hidden_dim, dropout=0.0, **kwargs):
            super().__init__(**kwargs)
            self.self_attention = attention(model_dim, num_heads)
            self.cross_attention = attention(model_dim, num_heads)
            self.feed_forward = FeedForward(model_dim, hidden_dim)
            self.norm_self, self.norm_cross = norm(), norm()
            self.norm_feed_forward = norm()
            self.dropout = layers.Dropout(dropout)

        def call(self, inputs, context, self_mask=None, cross_mask=None):
            looked = self.self_attention(inputs, inputs, attention_mask=self_mask)
            x = self.norm_self(inputs + self.dropout(looked))
            found, weights = self.cross_attention(
                x, context, attention_mask=cross_mask, return_attention_scores=True
            )
            x = self.norm_cross(x + self.dropout(found))
            x = self.norm_feed_forward(x + self.dropout(self.feed_forward(x)))
            return x, weights

    class Encoder(layers.Layer):
        block = EncoderLayer

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
                self.block(model_dim, num_heads, hidden_dim, dropout)
                for _ in range(num_layers)
            ]

        def call(self, tokens, attention_mask=None):
            x = self.embedding(tokens)
            for block in self.blocks:
                x = block(x, attention_mask=attention_mask)
            return x

    class Decoder(Encoder):
        block = DecoderLayer

        def call(self, tokens, context, self_mask=None, cross_mask=None):
            x, weights = self.embedding(tokens), []
            for block in self.blocks:
                x, found = block(x, context, self_mask, cross_mask)
                weights.append(found)
            return x, weights

    class Transformer(keras.Model):
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
            sizes = (max_length, num_layers, model_dim, num_heads, hidden_dim, dropout)
            self.made_with = (source_vocab_size, target_vocab_size, *sizes)
            self.encoder = Encoder(source_vocab_size, *sizes)
            self.decoder = Decoder(target_vocab_size, *sizes)
            self.to_logits = layers.Dense(target_vocab_size)

        def masks(self, source, target):
            place = ops.arange(ops.shape(target)[1])
            is_past = (place[:, None] >= place)[None]
            is_word = ops.not_equal(target, 0)[:, None]
            return ops.not_equal(source, 0)[:, None], ops.logical_and(is_word, is_past)

        def call(self, inputs):
            source, target = inputs
            cross, own = self.masks(source, target)
            context = self.encoder(source, attention_mask=cross)
            output, _ = self.decoder(target, context, own, cross)
            return self.to_logits(output)

        def get_config(self):
            names = ["source_vocab_size", "target_vocab_size", "max_length"]
            names += ["num_layers", "model_dim", "num_heads", "hidden_dim", "dropout"]
            return {
                **super().get_config(),
                **dict(zip(names, self.made_with, strict=True)),
            }

    return {name: one for name, one in locals().items() if isinstance(one, type)}


def made(changes, name, *args, **kwargs):
    """One instance of the right class, with what `changes` puts in its place."""
    base = parts()[name]
    new = changes(base, parts())
    cls = new if isinstance(new, type) else type(name, (base,), new)
    return cls(*args, **kwargs)


def variants(name, changes):
    return {what: partial(made, change, name) for what, change in changes.items()}


def same(base, parts):
    return {}


def init(change):
    """A variant whose parts are changed once they are made."""

    def changes(base, parts):
        def made_and_changed(self, *args, **kwargs):
            base.__init__(self, *args, **kwargs)
            change(self, *args)

        return {"__init__": made_and_changed}

    return changes


def relu(x):
    from keras import ops

    return ops.maximum(x, 0.0)


# ------------------------------------------------------------------------ FeedForward


def dense(size, activation=None, **more):
    import keras

    return keras.layers.Dense(size, activation=activation, **more)


def activation_by_name(self, model_dim, hidden_dim):
    import keras

    self.expand = dense(hidden_dim, keras.activations.relu)


def activation_of_ops(self, model_dim, hidden_dim):
    import keras

    self.expand = dense(hidden_dim, keras.ops.relu)


def relu_apart(self, model_dim, hidden_dim):
    import keras

    self.expand, self.act = dense(hidden_dim), keras.layers.ReLU()


def relu_in_call(base, parts):
    return {
        "__init__": init(relu_apart)(base, parts)["__init__"],
        "call": lambda self, inputs: self.project(self.act(self.expand(inputs))),
    }


def maximum_in_call(base, parts):
    def made(self, model_dim, hidden_dim):
        self.expand = dense(hidden_dim)

    return {
        "__init__": init(made)(base, parts)["__init__"],
        "call": lambda self, x: self.project(relu(self.expand(x))),
    }


def by_hand(base, parts):
    """The matrices of the two layers, multiplied here."""

    def build(self, shape):
        self.expand.build(shape)
        self.project.build((*shape[:-1], self.expand.units))

    def call(self, inputs):
        hidden = relu(inputs @ self.expand.kernel + self.expand.bias)
        return hidden @ self.project.kernel + self.project.bias

    return {"build": build, "call": call}


def with_training(base, parts):
    def call(self, inputs, training=None):
        return base.call(self, inputs)

    return {"call": call}


def with_shape(base, parts):
    return {"compute_output_shape": lambda self, input_shape: input_shape}


def in_a_sequential(base, parts):
    def made(self, model_dim, hidden_dim):
        import keras

        self.both = keras.Sequential([self.expand, self.project])

    return {
        "__init__": init(made)(base, parts)["__init__"],
        "call": lambda self, inputs: self.both(inputs),
    }


def another_name_for_x(base, parts):
    return {"call": lambda self, x: self.project(self.expand(x))}


def with_a_config(base, parts):
    return {
        "get_config": lambda self: {"model_dim": self.project.units},
        "__init__": lambda self, model_dim, hidden_dim, **kwargs: base.__init__(
            self, int(model_dim), int(hidden_dim), **kwargs
        ),
    }


FORWARD = variants(
    "FeedForward",
    {
        "plain": same,
        "the function relu": init(activation_by_name),
        "the op relu": init(activation_of_ops),
        "a ReLU layer": relu_in_call,
        "maximum": maximum_in_call,
        "matrices by hand": by_hand,
        "training as an argument": with_training,
        "an output shape": with_shape,
        "in a Sequential": in_a_sequential,
        "another name": another_name_for_x,
        "a config": with_a_config,
    },
)

# ----------------------------------------------------------------------- EncoderLayer


def call_of(call):
    return lambda base, parts: {"call": call}


def added_by_a_layer(base, parts):
    import keras

    def made(self, *args, **kwargs):
        self.add = keras.layers.Add()

    def call(self, inputs, attention_mask=None):
        looked = self.attention(inputs, inputs, attention_mask=attention_mask)
        x = self.norm_attention(self.add([inputs, self.dropout(looked)]))
        return self.norm_feed_forward(self.add([x, self.dropout(self.feed_forward(x))]))

    return {"__init__": init(made)(base, parts)["__init__"], "call": call}


def encoder_named(self, inputs, attention_mask=None):
    looked = self.attention(
        query=inputs, value=inputs, key=inputs, attention_mask=attention_mask
    )
    x = self.norm_attention(self.dropout(looked) + inputs)
    return self.norm_feed_forward(self.dropout(self.feed_forward(x)) + x)


def encoder_with_training(self, inputs, attention_mask=None, training=None):
    looked = self.attention(
        inputs, inputs, attention_mask=attention_mask, training=training
    )
    x = self.norm_attention(inputs + self.dropout(looked, training=training))
    thought = self.dropout(self.feed_forward(x), training=training)
    return self.norm_feed_forward(x + thought)


def encoder_with_weights(self, inputs, attention_mask=None):
    looked, _ = self.attention(
        inputs, inputs, attention_mask=attention_mask, return_attention_scores=True
    )
    x = self.norm_attention(inputs + self.dropout(looked))
    return self.norm_feed_forward(x + self.dropout(self.feed_forward(x)))


def encoder_in_a_loop(self, inputs, attention_mask=None):
    def look(x):
        return self.attention(x, x, x, attention_mask=attention_mask)

    x = inputs
    for sublayer, norm in (
        (look, self.norm_attention),
        (self.feed_forward, self.norm_feed_forward),
    ):
        x = norm(x + self.dropout(sublayer(x)))
    return x


def two_dropouts(base, parts):
    import keras

    def call(self, inputs, attention_mask=None):
        looked = self.attention(inputs, inputs, attention_mask=attention_mask)
        x = self.norm_attention(inputs + self.dropout(looked))
        return self.norm_feed_forward(x + self.second(self.feed_forward(x)))

    def initialise(self, *args, dropout=0.0, **kwargs):
        base.__init__(self, *args, dropout=dropout, **kwargs)
        self.second = keras.layers.Dropout(dropout)

    return {"__init__": initialise, "call": call}


def dropout_of_weights(base, parts):
    """Dropout inside attention, on the weights, as well."""
    import keras

    def initialise(self, model_dim, num_heads, hidden_dim, dropout=0.0):
        base.__init__(self, model_dim, num_heads, hidden_dim, dropout=dropout)
        self.attention = keras.layers.MultiHeadAttention(
            num_heads, model_dim // num_heads, dropout=dropout, use_bias=False
        )

    return {"__init__": initialise}


def forward_inside(base, parts):
    """The two dense layers without a class of one's own."""
    import keras

    class Pair(keras.layers.Layer):
        def __init__(self, model_dim, hidden_dim):
            super().__init__()
            self.expand = dense(hidden_dim, "relu")
            self.project = dense(model_dim)

        def call(self, inputs):
            return self.project(self.expand(inputs))

    def initialise(self, model_dim, num_heads, hidden_dim, dropout=0.0):
        base.__init__(self, model_dim, num_heads, hidden_dim, dropout=dropout)
        self.feed_forward = Pair(model_dim, hidden_dim)

    return {"__init__": initialise}


def other_order_of_parts(base, parts):
    """The same parts, made in another order: so are their variables."""
    import keras

    def initialise(self, model_dim, num_heads, hidden_dim, dropout=0.0):
        keras.layers.Layer.__init__(self)
        self.dropout = keras.layers.Dropout(dropout)
        self.norm_feed_forward = keras.layers.LayerNormalization(epsilon=1e-6)
        self.feed_forward = parts["FeedForward"](model_dim, hidden_dim)
        self.norm_attention = keras.layers.LayerNormalization(-1, 1e-6)
        self.attention = keras.layers.MultiHeadAttention(
            num_heads=num_heads,
            key_dim=model_dim // num_heads,
            value_dim=model_dim // num_heads,
            use_bias=False,
        )

    return {"__init__": initialise}


def built_by_hand(base, parts):
    def build(self, input_shape):
        self.attention.build(input_shape, input_shape)
        self.norm_attention.build(input_shape)
        self.norm_feed_forward.build(input_shape)

    return {"build": build}


ENCODER_LAYER = variants(
    "EncoderLayer",
    {
        "plain": same,
        "Add layers": added_by_a_layer,
        "arguments by name": call_of(encoder_named),
        "training handed on": call_of(encoder_with_training),
        "weights asked for": call_of(encoder_with_weights),
        "in a loop": call_of(encoder_in_a_loop),
        "two dropouts": two_dropouts,
        "dropout of weights": dropout_of_weights,
        "a pair of its own": forward_inside,
        "parts in another order": other_order_of_parts,
        "built by hand": built_by_hand,
        "an output shape": with_shape,
    },
)

# --------------------------------------------------------------------------- Encoder


def blocks_appended(base, parts):
    def made(self, *args):
        blocks, self.blocks = list(self.blocks), []
        for block in blocks:
            self.blocks.append(block)

    return init(made)(base, parts)


def encoder_by_index(self, tokens, attention_mask=None):
    x = self.embedding(tokens)
    for number in range(len(self.blocks)):
        x = self.blocks[number](x, attention_mask)
    return x


def encoder_reduced(self, tokens, attention_mask=None):
    from functools import reduce

    def through(x, block):
        return block(x, attention_mask=attention_mask)

    return reduce(through, self.blocks, self.embedding(tokens))


def encoder_recursive(self, tokens, attention_mask=None):
    def through(x, blocks):
        if not blocks:
            return x
        return through(blocks[0](x, attention_mask=attention_mask), blocks[1:])

    return through(self.embedding(tokens), list(self.blocks))


def encoder_one_name(self, tokens, attention_mask=None):
    tokens = self.embedding(tokens)
    for block in self.blocks:
        tokens = block(tokens, attention_mask=attention_mask)
    return tokens


def encoder_list(self, tokens, attention_mask=None):
    states = [self.embedding(tokens)]
    for block in self.blocks:
        states.append(block(states[-1], attention_mask=attention_mask))
    return states[-1]


def encoder_training(self, tokens, attention_mask=None, training=None):
    x = self.embedding(tokens)
    for block in self.blocks:
        x = block(x, attention_mask=attention_mask, training=training)
    return x


def encoder_while(self, tokens, attention_mask=None):
    x, waiting = self.embedding(tokens), list(self.blocks)
    while waiting:
        x = waiting.pop(0)(x, attention_mask=attention_mask)
    return x


def with_dropout(base, parts):
    """Dropout of the embedding too, as in 2017."""
    import keras

    def made(self, *args):
        self.drop = keras.layers.Dropout(0.1)

    def call(self, tokens, attention_mask=None):
        x = self.drop(self.embedding(tokens))
        for block in self.blocks:
            x = block(x, attention_mask=attention_mask)
        return x

    return {"__init__": init(made)(base, parts)["__init__"], "call": call}


def mask_by_hand(self, tokens, attention_mask=None):
    """A mask that is always there."""
    from keras import ops

    if attention_mask is None:
        attention_mask = ops.ones((1, 1, 1, tokens.shape[1]), "bool")
    return encoder_one_name(self, tokens, attention_mask)


ENCODER = variants(
    "Encoder",
    {
        "plain": same,
        "appended": blocks_appended,
        "by index": call_of(encoder_by_index),
        "reduce": call_of(encoder_reduced),
        "recursive": call_of(encoder_recursive),
        "one name": call_of(encoder_one_name),
        "all states kept": call_of(encoder_list),
        "training handed on": call_of(encoder_training),
        "while": call_of(encoder_while),
        "dropout of the embedding": with_dropout,
        "a mask always": call_of(mask_by_hand),
    },
)

# ----------------------------------------------------------------------- DecoderLayer


def decoder_named(self, inputs, context, self_mask=None, cross_mask=None):
    looked = self.self_attention(
        query=inputs, key=inputs, value=inputs, attention_mask=self_mask
    )
    x = self.norm_self(self.dropout(looked) + inputs)
    found, weights = self.cross_attention(
        query=x,
        key=context,
        value=context,
        attention_mask=cross_mask,
        return_attention_scores=True,
    )
    x = self.norm_cross(self.dropout(found) + x)
    return self.norm_feed_forward(self.dropout(self.feed_forward(x)) + x), weights


def decoder_without_dropout_calls(
    self, inputs, context, self_mask=None, cross_mask=None
):
    x = self.norm_self(
        inputs + self.self_attention(inputs, inputs, attention_mask=self_mask)
    )
    found, weights = self.cross_attention(
        x, context, context, attention_mask=cross_mask, return_attention_scores=True
    )
    x = self.norm_cross(x + found)
    return self.norm_feed_forward(x + self.feed_forward(x)), weights


def decoder_list(self, inputs, context, self_mask=None, cross_mask=None):
    return list(decoder_named(self, inputs, context, self_mask, cross_mask))


def decoder_numpy_weights(self, inputs, context, self_mask=None, cross_mask=None):
    from keras import ops

    output, weights = decoder_named(self, inputs, context, self_mask, cross_mask)
    return output, ops.stop_gradient(weights)


def decoder_training(
    self, inputs, context, self_mask=None, cross_mask=None, training=None
):
    return decoder_named(self, inputs, context, self_mask, cross_mask)


def decoder_around(self, inputs, context, self_mask=None, cross_mask=None):
    weights = None

    def back(x):
        return self.self_attention(x, x, attention_mask=self_mask)

    def across(x):
        nonlocal weights
        found, weights = self.cross_attention(
            x, context, attention_mask=cross_mask, return_attention_scores=True
        )
        return found

    x = inputs
    for sublayer, norm in (
        (back, self.norm_self),
        (across, self.norm_cross),
        (self.feed_forward, self.norm_feed_forward),
    ):
        x = norm(x + self.dropout(sublayer(x)))
    return x, weights


def decoder_added(base, parts):
    import keras

    def made(self, *args):
        self.adds = [keras.layers.Add() for _ in range(3)]

    def call(self, inputs, context, self_mask=None, cross_mask=None):
        looked = self.self_attention(inputs, inputs, attention_mask=self_mask)
        x = self.norm_self(self.adds[0]([inputs, looked]))
        found, weights = self.cross_attention(
            x, context, attention_mask=cross_mask, return_attention_scores=True
        )
        x = self.norm_cross(self.adds[1]([x, found]))
        return self.norm_feed_forward(self.adds[2]([x, self.feed_forward(x)])), weights

    return {"__init__": init(made)(base, parts)["__init__"], "call": call}


def decoder_other_order(base, parts):
    import keras

    def initialise(self, model_dim, num_heads, hidden_dim, dropout=0.0):
        keras.layers.Layer.__init__(self)
        self.norm_feed_forward, self.norm_cross, self.norm_self = (
            keras.layers.LayerNormalization(epsilon=1e-6) for _ in range(3)
        )
        self.cross_attention, self.self_attention = (
            keras.layers.MultiHeadAttention(
                num_heads, model_dim // num_heads, use_bias=False
            )
            for _ in range(2)
        )
        self.feed_forward = parts["FeedForward"](model_dim, hidden_dim)
        self.dropout = keras.layers.Dropout(dropout)

    return {"__init__": initialise}


def three_axes(self, inputs, context, self_mask=None, cross_mask=None):
    """Masks without the axis of heads."""
    from keras import ops

    if self_mask is not None:
        self_mask, cross_mask = (ops.any(m, axis=1) for m in (self_mask, cross_mask))
    return decoder_named(self, inputs, context, self_mask, cross_mask)


DECODER_LAYER = variants(
    "DecoderLayer",
    {
        "plain": same,
        "arguments by name": call_of(decoder_named),
        "no dropout": call_of(decoder_without_dropout_calls),
        "a list": call_of(decoder_list),
        "weights without gradient": call_of(decoder_numpy_weights),
        "training as an argument": call_of(decoder_training),
        "in a loop": call_of(decoder_around),
        "Add layers": decoder_added,
        "parts in another order": decoder_other_order,
        "masks of three axes": call_of(three_axes),
        "a pair of its own": forward_inside,
    },
)

# ---------------------------------------------------------------------------- Decoder


def walk_by_index(self, tokens, context, self_mask=None, cross_mask=None):
    x, weights = self.embedding(tokens), [None] * len(self.blocks)
    for number in range(len(self.blocks)):
        x, weights[number] = self.blocks[number](x, context, self_mask, cross_mask)
    return x, weights


def walk_named(self, tokens, context, self_mask=None, cross_mask=None):
    x, weights = self.embedding(tokens), []
    for block in self.blocks:
        x, found = block(x, context, self_mask=self_mask, cross_mask=cross_mask)
        weights += [found]
    return x, weights


def walk_stacked(self, tokens, context, self_mask=None, cross_mask=None):
    from keras import ops

    x, weights = walk_named(self, tokens, context, self_mask, cross_mask)
    return x, ops.stack(weights)


def walk_tuple(self, tokens, context, self_mask=None, cross_mask=None):
    x, weights = walk_named(self, tokens, context, self_mask, cross_mask)
    return x, tuple(weights)


def walk_list(self, tokens, context, self_mask=None, cross_mask=None):
    return list(walk_named(self, tokens, context, self_mask, cross_mask))


def walk_pairs(self, tokens, context, self_mask=None, cross_mask=None):
    pairs = [(self.embedding(tokens), None)]
    for block in self.blocks:
        pairs.append(block(pairs[-1][0], context, self_mask, cross_mask))
    return pairs[-1][0], [found for _, found in pairs[1:]]


def walk_recursive(self, tokens, context, self_mask=None, cross_mask=None):
    def through(x, blocks):
        if not blocks:
            return x, []
        x, found = blocks[0](x, context, self_mask, cross_mask)
        x, rest = through(x, blocks[1:])
        return x, [found, *rest]

    return through(self.embedding(tokens), list(self.blocks))


def walk_training(
    self, tokens, context, self_mask=None, cross_mask=None, training=None
):
    return walk_named(self, tokens, context, self_mask, cross_mask)


def walk_while(self, tokens, context, self_mask=None, cross_mask=None):
    x, weights, waiting = self.embedding(tokens), [], list(self.blocks)[::-1]
    while waiting:
        x, found = waiting.pop()(x, context, self_mask, cross_mask)
        weights = [*weights, found]
    return x, weights


DECODER = variants(
    "Decoder",
    {
        "plain": same,
        "appended": blocks_appended,
        "by index": call_of(walk_by_index),
        "arguments by name": call_of(walk_named),
        "weights in one array": call_of(walk_stacked),
        "a tuple of weights": call_of(walk_tuple),
        "a list of both": call_of(walk_list),
        "pairs": call_of(walk_pairs),
        "recursive": call_of(walk_recursive),
        "training as an argument": call_of(walk_training),
        "while": call_of(walk_while),
    },
)

# ------------------------------------------------------------------------ Transformer


def masks_of(masks):
    return lambda base, parts: {"masks": masks}


def past_alone(self, source, target):
    """No padding mask in the target: under right padding it changes no word."""
    from keras import ops

    t = ops.shape(target)[1]
    return ops.not_equal(source, 0)[:, None], ops.tril(ops.ones((1, t, t), "bool"))


def four_axes(self, source, target):
    from keras import ops

    place = ops.arange(ops.shape(target)[1])
    is_past = place[None, None, None, :] <= place[None, None, :, None]
    is_word = (target != 0)[:, None, None, :]
    return (source != 0)[:, None, None, :], is_word & is_past


def by_numpy(self, source, target):
    """Only for numbers: of no use in a traced model."""
    source, target = np.asarray(source), np.asarray(target)
    t = target.shape[1]
    own = (target != 0)[:, None, :] & np.tri(t, dtype=bool)
    return (source != 0)[:, None, :], own


def by_tensorflow(self, source, target):
    import tensorflow as tf

    t = tf.shape(target)[1]
    lower = tf.linalg.band_part(tf.ones((t, t)), -1, 0) > 0
    return (source != 0)[:, tf.newaxis], lower[tf.newaxis]


def written_out(self, source, target):
    from keras import ops

    place = ops.arange(ops.shape(target)[1])
    is_past = ops.expand_dims(place, 1) >= ops.expand_dims(place, 0)
    own = ops.logical_and(ops.expand_dims(ops.not_equal(target, 0), 1), is_past)
    every = ops.ones_like(target, dtype="bool")
    cross = ops.logical_and(every[:, :, None], ops.not_equal(source, 0)[:, None])
    return cross[:, :1], own


def mask_computed_once(base, parts):
    """The triangle made in `__init__`, cut to length in `call`."""

    def masks(self, source, target):
        from keras import ops

        t = target.shape[1]
        table = np.tri(self.made_with[2], dtype=bool)[None, :t, :t]
        return ops.not_equal(source, 0)[:, None], ops.convert_to_tensor(table)

    return {"masks": masks}


def by_name(self, inputs):
    source, target = inputs
    cross, own = self.masks(source, target)
    context = self.encoder(tokens=source, attention_mask=cross)
    output, _ = self.decoder(target, context=context, self_mask=own, cross_mask=cross)
    return self.to_logits(output)


def with_training_flag(self, inputs, training=None):
    return by_name(self, inputs)


def by_index(self, inputs):
    cross, own = self.masks(inputs[0], inputs[1])
    context = self.encoder(inputs[0], attention_mask=cross)
    return self.to_logits(self.decoder(inputs[1], context, own, cross)[0])


def config_by_name(base, parts):
    """A config of its own, and parts made in another order."""
    import keras

    class Transformer(keras.Model):
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
            named = {
                "max_length": max_length,
                "num_layers": num_layers,
                "model_dim": model_dim,
                "num_heads": num_heads,
                "hidden_dim": hidden_dim,
                "dropout": dropout,
            }
            self.config = {
                "source_vocab_size": source_vocab_size,
                "target_vocab_size": target_vocab_size,
                **named,
            }
            self.to_logits = keras.layers.Dense(target_vocab_size)
            self.decoder = parts["Decoder"](target_vocab_size, **named)
            self.encoder = parts["Encoder"](source_vocab_size, **named)

        masks, call = base.masks, base.call

        def get_config(self):
            config = super().get_config()
            config.update(self.config)
            return config

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    return Transformer


def config_alone(base, parts):
    def get_config(self):
        config = base.get_config(self)
        return {n: v for n, v in config.items() if n not in ("trainable", "dtype")}

    return {"get_config": get_config}


WHOLE = variants(
    "Transformer",
    {
        "plain": same,
        "no padding mask in the target": masks_of(past_alone),
        "masks of four axes": masks_of(four_axes),
        "masks by TensorFlow": masks_of(by_tensorflow),
        "masks written out": masks_of(written_out),
        "a triangle made once": mask_computed_once,
        "arguments by name": call_of(by_name),
        "training as an argument": call_of(with_training_flag),
        "inputs by index": call_of(by_index),
        "a config of its own": config_by_name,
        "a short config": config_alone,
    },
)

# What a model is loaded from is its config; masks have no part in it.
SAVE_BY = ("plain", "a triangle made once", "a config of its own", "a short config")
SAVE = {name: WHOLE[name] for name in SAVE_BY}

RIGHT = {
    "layer-norm": NORM,
    "layer-norm-epsilon": NORM,
    "feed-forward": FORWARD,
    "encoder-layer": ENCODER_LAYER,
    "encoder-layer-mask": ENCODER_LAYER,
    "encoder-layer-dropout": ENCODER_LAYER,
    "repair-block": REPAIR,
    "encoder": ENCODER,
    "decoder-layer": DECODER_LAYER,
    "decoder-layer-mask": DECODER_LAYER,
    "decoder": DECODER,
    "transformer": WHOLE,
    "transformer-save": SAVE,
}
