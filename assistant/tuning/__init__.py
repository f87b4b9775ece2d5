"""Tuning of the embedded language model: the generated utterances, and the training run."""
