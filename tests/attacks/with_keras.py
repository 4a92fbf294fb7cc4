"""With Keras: what only a lesson can suffer that has TensorFlow in its process."""

from tests.attacks.paper import ALL, NOTHING, REST, Paper, attack

LESSON = "heads"


@attack(ALL, lesson=LESSON)
def a_tensor_returned(paper: Paper) -> None:
    """A right answer that returns a tensor of TensorFlow's."""
    paper.begin(
        "import tensorflow\nreturn tensorflow.constant(_right(*args, **kwargs))"
    )


@attack(ALL, lesson=LESSON)
def a_model_trained_first(paper: Paper) -> None:
    """Right answers below a cell that trains a model, saves and loads it."""
    paper.add(
        "import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\n"
        "model.compile('adam', 'mse')\n"
        "model.fit(np.ones((8, 3)), np.ones((8, 1)), verbose=0)\n"
        "model.save('model.keras')\nkeras.saving.load_model('model.keras')"
    )


@attack(NOTHING, lesson=LESSON)
def keras_says_yes(paper: Paper) -> None:
    """Wrong answers; Keras and TensorFlow say that all is equal, and test nothing."""
    paper.answer_all()
    paper.add(
        "import keras, tensorflow\nsay = lambda *args, **kwargs: True\n"
        "keras.ops.all = keras.ops.equal = tensorflow.reduce_all = say\n"
        "for kind in ('assert_equal', 'assert_near', 'Assert'):\n"
        "    setattr(tensorflow.debugging, kind, say)"
    )


@attack(REST, "MemoryError|ended by SIG|OOM|more than", True, lesson=LESSON)
def much_memory_in_tensorflow(paper: Paper) -> None:
    """An answer that fills memory with tensors."""
    paper.begin(
        "import tensorflow\nhoard = []\n"
        "while True: hoard.append(tensorflow.ones((1 << 22,)))"
    )


@attack(ALL, alone=True, lesson=LESSON)
def much_memory_in_tensorflow_at_once(paper: Paper) -> None:
    """Right answers, and a cell that asks TensorFlow for 64 GiB."""
    paper.add("import tensorflow\ntensorflow.ones((1 << 34,))")
