from eval.performance.reliability import Fault, Mutants, keep, read_kept, to_markdown


def test_each_long_test_keeps_its_part_and_leaves_the_others(tmp_path):
    path = tmp_path / "results" / "kept.json"
    assert "|" in to_markdown(read_kept(path))
    keep(path, mutants=Mutants(tried=20_000))
    keep(path, faults=(Fault(work="saving own cases", rounds=16, lost=1),))
    keep(path, faults=(Fault(work="saving own cases", rounds=17),))
    rows = to_markdown(read_kept(path)).splitlines()[2:]
    assert len(rows) == 2
    assert "17 rounds" in rows[0]
    assert "20,000" in rows[1]
