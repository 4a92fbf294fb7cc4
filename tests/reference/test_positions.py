"""Positions: numbers worked by hand, laws, and Keras where it has the thing."""

import warnings

import numpy as np
import pytest

from transformer.reference import positions as reference

SIZES = [(3, 4), (7, 10), (12, 5), (6, 6), (1, 1)]


def test_angles_of_four_columns_are_those_worked_by_hand():
    expected = [[0, 0, 0, 0], [1, 1, 0.01, 0.01], [2, 2, 0.02, 0.02]]
    assert np.allclose(reference.angles(3, 4), expected, atol=1e-12)


def test_the_slowest_pair_of_many_nearly_has_the_base_as_its_rate():
    assert reference.angles(2, 1000)[1, -1] == pytest.approx(1e-4, rel=0.02)


@pytest.mark.parametrize(("length", "model_dim"), SIZES)
def test_both_columns_of_a_pair_have_one_angle(length, model_dim):
    angle_tm = reference.angles(length, model_dim)
    pairs = model_dim // 2
    assert (angle_tm[:, : 2 * pairs : 2] == angle_tm[:, 1::2]).all()


def test_position_zero_is_zeros_and_ones():
    assert reference.positional_encoding(1, 5).tolist() == [[0, 1, 0, 1, 0]]


def test_the_encoding_of_four_columns_is_the_one_worked_by_hand():
    expected = [np.sin(2), np.cos(2), np.sin(0.02), np.cos(0.02)]
    assert np.allclose(reference.positional_encoding(3, 4)[2], expected, atol=1e-12)


@pytest.mark.parametrize("length", [1, 9, 200])
def test_every_encoding_of_an_even_width_has_the_root_of_half_of_it_as_norm(length):
    norm_t = np.linalg.norm(reference.positional_encoding(length, 14), axis=1)
    assert np.allclose(norm_t, np.sqrt(7), atol=1e-12)


def test_the_dot_product_of_two_encodings_depends_on_their_distance_only():
    encoding_tm = reference.positional_encoding(60, 16)
    product_tt = encoding_tm @ encoding_tm.T
    for distance in range(30):
        assert np.ptp(np.diagonal(product_tt, distance)) < 1e-10


@pytest.mark.parametrize("offset", [-40, -1, 0, 1, 2, 17, 100])
@pytest.mark.parametrize("model_dim", [2, 6, 32])
def test_a_shift_matrix_moves_every_position(offset, model_dim):
    encoding_tm = reference.positional_encoding(200, model_dim)
    position_t = np.arange(max(0, -offset), 200 - max(0, offset))
    matrix_mm = reference.shift_matrix(offset, model_dim)
    moved_tm = encoding_tm[position_t] @ matrix_mm.T
    assert np.allclose(moved_tm, encoding_tm[position_t + offset], atol=1e-10)


def test_shifts_one_after_the_other_add_up():
    together = reference.shift_matrix(-3, 8) @ reference.shift_matrix(5, 8)
    assert np.allclose(together, reference.shift_matrix(2, 8), atol=1e-12)


@pytest.mark.parametrize("model_dim", [1, 3, 17])
def test_an_odd_width_has_no_shift_matrix(model_dim):
    with pytest.raises(ValueError, match="even"):
        reference.shift_matrix(1, model_dim)


def layer(rows_nm, max_length=9):
    found = reference.PositionalEmbedding(len(rows_nm), max_length, rows_nm.shape[1])
    found.embedding.set_weights([rows_nm])
    return found


def test_a_word_and_its_position_are_added_as_by_hand():
    rows_nm = np.array([[0.0] * 4, [0.5, 0.0, 1.0, 0.0]])
    output_btm = layer(rows_nm)(np.array([[1, 0]]))
    assert output_btm[0, 0].tolist() == [1, 1, 2, 1]
    assert np.allclose(output_btm[0, 1], reference.positional_encoding(2, 4)[1])


def test_pieces_of_a_sentence_at_their_offsets_make_the_whole():
    rng = np.random.default_rng(7)
    found, tokens_bt = layer(rng.normal(size=(5, 6))), rng.integers(0, 5, size=(2, 8))
    first, second = found(tokens_bt[:, :3]), found(tokens_bt[:, 3:], offset=3)
    assert np.array_equal(np.concatenate([first, second], axis=1), found(tokens_bt))


@pytest.mark.parametrize(("length", "offset"), [(5, 0), (1, 4), (3, 2)])
def test_positions_beyond_the_longest_are_refused(length, offset):
    tokens_bt = np.zeros((2, length), dtype=int)
    with pytest.raises(ValueError, match="max_length"):
        layer(np.ones((3, 4)), max_length=4)(tokens_bt, offset=offset)


def test_two_tables_of_keras_give_the_same_sum():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras

        rng = np.random.default_rng(7)
        rows_nm, tokens_bt = rng.normal(size=(7, 6)), rng.integers(0, 7, size=(2, 5))
        words, places = keras.layers.Embedding(7, 6), keras.layers.Embedding(9, 6)
        words.build(None)
        places.build(None)
        words.set_weights([rows_nm])
        places.set_weights([reference.positional_encoding(9, 6)])
        keras_btm = words(tokens_bt) * np.sqrt(6) + places(np.arange(2, 7))
    ours_btm = layer(rows_nm)(tokens_bt, offset=2)
    assert np.allclose(ours_btm, keras_btm, atol=1e-5)
