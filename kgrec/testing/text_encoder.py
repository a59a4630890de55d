"""What every text encoder promises, as tests."""

from __future__ import annotations

import numpy as np

from kgrec.learn.encoders.protocol import TextEncoder

_TEXTS = ("A film about war in space", "", "一部关于太空战争的电影", "A film about war in space", "x")


class TextEncoderContract:
    """Tests of an encoder; a subclass whose name starts with ``Test`` has the fixture ``encoder`` that makes it.

    .. code-block:: python

        class TestMyEncoder(TextEncoderContract):
            @pytest.fixture
            def encoder(self) -> TextEncoder:
                return MyEncoder()
    """

    def test_its_name_can_name_a_file(self, encoder: TextEncoder) -> None:
        assert encoder.name
        assert not set(encoder.name) & set('/\\:*?"<>|\0')

    def test_vectors_have_the_promised_shape_and_type(self, encoder: TextEncoder) -> None:
        vectors = encoder.encode(list(_TEXTS))
        assert vectors.shape == (len(_TEXTS), encoder.dim)
        assert vectors.dtype == np.float32
        assert np.isfinite(vectors).all()

    def test_no_texts_give_no_rows(self, encoder: TextEncoder) -> None:
        assert encoder.encode([]).shape == (0, encoder.dim)

    def test_vectors_have_length_one_and_an_empty_text_has_zero(self, encoder: TextEncoder) -> None:
        lengths = np.linalg.norm(encoder.encode(list(_TEXTS)), axis=1)
        np.testing.assert_allclose(lengths, [float(bool(text)) for text in _TEXTS], atol=1e-5)

    def test_a_text_has_one_vector_wherever_it_stands(self, encoder: TextEncoder) -> None:
        together = encoder.encode(list(_TEXTS))
        backwards = encoder.encode(list(reversed(_TEXTS)))[::-1]
        alone = np.concatenate([encoder.encode([text]) for text in _TEXTS])
        np.testing.assert_allclose(together, backwards, atol=1e-5)
        np.testing.assert_allclose(together, alone, atol=1e-5)
