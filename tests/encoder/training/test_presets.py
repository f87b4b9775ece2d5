"""The published recipe keeps its constants."""

from encoder.training.presets import get_preset


def test_the_published_constants():
    paper = get_preset("paper")
    assert (paper.frangi_alpha, paper.frangi_beta, paper.frangi_gamma) == (1.0, 0.6, 0.0444)
    assert paper.stages[0].epochs == 1000
    assert paper.stages[0].optimization.optimizer == "lars"
    assert paper.stages[1].margin == 0.8
    assert paper.stages[1].optimization.optimizer == "sgd"
