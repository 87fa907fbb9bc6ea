"""Data sets and orders from Python: files of tokens, of numpy and of comma-separated values; parts; samplers."""
import array

import numpy as np
from python_program import output


def test_tokens_arrays_and_tables_are_read_from_files(tmp_path):
    (tmp_path / "tokens.bin").write_bytes(array.array("H", range(10)).tobytes())
    np.save(tmp_path / "x.npy", np.arange(6, dtype=np.float32).reshape(3, 2))
    (tmp_path / "table.csv").write_text('stars;text\n4;"good; cheap"\n5;fine\n')
    assert output("""
        import oarlock
        tokens = oarlock.Dataset.from_tokens("tokens.bin", "uint16", 4, stride=2, labels=True)
        print(len(tokens), tokens[1]["tokens"].tolist(), tokens[1]["labels"].tolist())
        arrays = oarlock.Dataset({"x": oarlock.from_npy("x.npy")})
        print(arrays[[2, 0]]["x"].tolist())
        table = oarlock.Dataset.from_csv("table.csv", delimiter=";")
        print(table[:]["stars"].dtype, list(table[:]["text"]))
        print(oarlock.Dataset.from_csv("table.csv", {"text": str, "stars": "float32"}, delimiter=";")[0]["stars"].dtype)
        print(oarlock.Dataset.from_csv("table.csv", ["stars"], delimiter=";")[1].keys())
        print(list(oarlock.Dataset.from_csv("table.csv", {"a": str, "b": str}, delimiter=";", header=False)[:]["a"]))
    """, cwd=tmp_path) == ["3 [[2, 3, 4, 5]] [[3, 4, 5, 6]]", "[[4.0, 5.0], [0.0, 1.0]]", "int64 ['good; cheap', 'fine']", "float32",
                           "['stars']", "['stars', '4', '5']"]


def test_parts_of_data_sets_and_data_sets_of_parts():
    assert output("""
        import oarlock
        small, large = oarlock.Dataset({"x": [1, 2, 3]}), oarlock.Dataset({"x": [10, 20, 30, 40]})
        both = oarlock.Dataset.concatenate([small, large.subset([3, 0])])
        print(len(both), both[:]["x"].tolist())
        def stream(first):
            return oarlock.Dataset.from_iterable(lambda epoch: ({"x": first + i} for i in range(2)))
        print([batch["x"].tolist() for batch in oarlock.Loader(oarlock.Dataset.concatenate([stream(0), stream(5)]), batch_size=3)])
        try:
            both.subset([5])
        except oarlock.InvalidArgument as error:
            print("sample 5" in str(error))
    """) == ["5 [1, 2, 3, 40, 10]", "[[0, 1, 5], [6]]", "True"]


def test_orders_of_samples():
    assert output("""
        import oarlock
        numbers = oarlock.Dataset({"x": list(range(10))})
        def epoch(loader):
            return [batch["x"].tolist() for batch in loader]
        loader = oarlock.Loader(numbers, batch_size=4)
        loader.set_indices([7, 7, 1])
        print(epoch(loader))
        loader.set_weights([0] * 9 + [2.5], 3)
        print(epoch(loader))
        loader.set_sampler(lambda epoch: range(epoch, 10, 3))
        print(epoch(loader), len(loader))
        loader.set_sampler(lambda epoch: iter([3, 4]))
        print(epoch(loader))
        batches = oarlock.Loader(numbers)
        batches.set_batch_sampler(lambda epoch: ([0, epoch], (9,)))
        print(epoch(batches), epoch(batches))
        def failing(epoch):
            raise KeyError("no order")
        loader.set_sampler(failing)
        try:
            next(iter(loader))
        except KeyError as error:
            print(error)
        drawn = oarlock.Loader(numbers, shuffle=True, replacement=True, num_samples=25, seed=1)
        print(drawn.num_samples)
    """) == ["[[7, 7, 1]]", "[[9, 9, 9]]", "[[2, 5, 8]] 1", "[[3, 4]]", "[[0, 0], [9]] [[0, 1], [9]]", "'no order'", "25"]


def test_how_samples_become_batches():
    assert output("""
        import array
        import oarlock
        words = [array.array("q", range(1, length + 1)) for length in (2, 4, 1)]
        loader = oarlock.Loader(oarlock.Dataset.from_samples(3, lambda i: {"t": words[i]}), batch_size=3, num_workers=2)
        loader.set_padding("t", -1, first=True, mask="mask")
        batch = next(iter(loader))
        print(batch["t"].tolist(), batch["mask"].tolist())
        list(loader)
        loader.set_collate(lambda samples: {"lengths": [len(sample["mask"].tolist()) for sample in samples], "n": len(samples)})
        batch = next(iter(loader))
        print(list(batch["lengths"]), batch["n"])
        list(loader)
        def failing(samples):
            raise KeyError("no batch")
        loader.set_collate(failing)
        try:
            next(iter(loader))
        except KeyError as error:
            print(error)
        rows = oarlock.Dataset.from_samples(3, lambda i: {"t": words[i]}).pack("t", 5, pad_value=-1)
        print(rows[:]["t"].tolist(), rows[:]["documents"].tolist())
        with oarlock.State() as state:
            print(list(state.split_between_processes(["a", "b"])), state.split_rows(7))
        print(list(oarlock.Tree(["a", "b", "c"]).split(1, 2, pad=True)))
    """) == ["[[-1, -1, 1, 2], [1, 2, 3, 4], [-1, -1, -1, 1]] [[0, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 1]]", "[4, 4, 4] 3", "'no batch'",
             "[[1, 2, -1, -1, -1], [1, 2, 3, 4, 1]] [[0, 0, -1, -1, -1], [0, 0, 0, 0, 1]]", "['a', 'b'] range(0, 7)", "['c', 'c']"]
