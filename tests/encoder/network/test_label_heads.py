"""Label heads: agreement of labels is part of the cosine."""

import numpy as np
import torch
from torch.nn.functional import normalize

from encoder.network.label_heads import LabelHeads, balanced_weights


def test_the_cosine_is_a_mean_of_agreements():
    torch.manual_seed(0)
    heads = LabelHeads(6, [3, 2], detail=0.4)
    vectors = normalize(torch.randn(5, 6), dim=1)
    embedded = heads(vectors)
    assert embedded.shape == (5, 6 + 3 + 2)
    torch.testing.assert_close(embedded.norm(dim=1), torch.ones(5))
    probabilities = [torch.softmax(label(vectors * 6**0.5), dim=1) for label in heads.labels]
    overlap = sum((p.sqrt() @ p.sqrt().T) for p in probabilities) / 2
    torch.testing.assert_close(embedded @ embedded.T, 0.4 * vectors @ vectors.T + 0.6 * overlap)


def test_fitting_reads_the_labels_out_and_leaves_what_it_cannot_know():
    rng = np.random.default_rng(0)
    classes = np.stack((np.arange(60) % 3, np.where(np.arange(60) < 30, np.arange(60) % 2, -1), np.zeros(60, int)), 1)
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    vectors[np.arange(60), classes[:, 0]] += 4
    vectors[:, 5] += 6 * (classes[:, 1] == 1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    heads = LabelHeads(8, [3, 2, 2], detail=0.0)
    untouched = heads.labels[2].weight.clone()
    heads.fit(vectors, classes, np.arange(60), strength=1.0)
    embedded = heads(torch.from_numpy(vectors))
    first, second = embedded[:, 8:11].argmax(1).numpy(), embedded[:30, 11:13].argmax(1).numpy()
    assert (first == classes[:, 0]).mean() > 0.9
    assert (second == classes[:30, 1]).mean() > 0.9
    assert torch.equal(heads.labels[2].weight, untouched)  # one of its two classes never occurs


def test_classes_and_lesions_weigh_the_same():
    weights = balanced_weights(np.array([0, 0, 0, 1]), np.array([7, 7, 8, 9]))
    assert weights.mean() == 1
    assert weights[:3].sum() == weights[3]
    assert weights[:2].sum() == weights[2]
