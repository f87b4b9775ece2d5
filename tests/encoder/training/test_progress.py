"""Where there is no terminal, training still says how long it will take."""

from encoder.training.progress import TrainingProgress


def test_a_line_an_epoch_with_the_time_left(capsys):
    with TrainingProgress("simclr", epochs=4, first_epoch=1) as progress:
        progress.step(1.5)
        progress.epoch(2, 0.5)
        progress.epoch(4, 0.25)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("simclr: epoch 2 of 4, loss 0.5000, 0:00:0")
    assert lines[0].endswith("left")
    assert lines[1].endswith("about 0:00:00 left")


def test_only_one_process_speaks(capsys):
    with TrainingProgress("simclr", epochs=2, shown=False) as progress:
        progress.epoch(1, 0.5)
    assert capsys.readouterr().err == ""
