"""Every way to cut an epoch over ranks equals what Accelerate's own classes do: lengths 0 to 40, batch sizes 1 to 8, 1 to 5
ranks, all flags; whole epochs, skips to the middle, and resumes from a state; numbered samples and streams."""
import array
import itertools
import os
import pathlib
import subprocess

import pytest
from accelerate.data_loader import BatchSamplerShard, IterableDatasetShard, SkipBatchSampler, SkipDataLoader
from torch.utils.data import BatchSampler, IterableDataset, SequentialSampler

PROGRAM = pathlib.Path(os.environ["OARLOCK_BUILD"]) / "bin/program_shard_cases"
LENGTHS, BATCHES, WORLDS = 40, 8, 5
FLAGS = (False, True)


def cases(kind):
    for world, split, even, drop_last, length, batch in itertools.product(
            range(1, WORLDS + 1), FLAGS, FLAGS if kind == "map" else (True,), FLAGS, range(LENGTHS + 1), range(1, BATCHES + 1)):
        if not split or batch % world == 0:
            for rank in range(world):
                yield world, split, even, drop_last, length, batch, rank


class Ours:
    """What the program wrote, pass by pass: rows of each batch, and real samples of each round."""

    def __init__(self, kind):
        numbers = [str(number) for number in (LENGTHS, BATCHES, WORLDS)]
        run = subprocess.run([PROGRAM, kind, *numbers], stdout=subprocess.PIPE, timeout=280)
        assert run.returncode == 0
        self.numbers = memoryview(array.array("q", run.stdout)).tolist()
        self.at = 0

    def number(self):
        self.at += 1
        return self.numbers[self.at - 1]

    def epoch(self):
        batches, samples = [], []
        for _ in range(self.number()):
            size = self.number()
            samples.append(self.number())
            batches.append(self.numbers[self.at:self.at + size])
            self.at += size
        return batches, samples


class Numbers(IterableDataset):
    def __init__(self, length):
        self.length = length

    def __iter__(self):
        return iter(range(self.length))

    def __len__(self):
        return self.length


def grouped(rows, size, drop_last):
    """As a DataLoader batches a stream."""
    batches = [rows[begin:begin + size] for begin in range(0, len(rows), size)]
    return [batch for batch in batches if not drop_last or len(batch) == size]


def of_map(world, split, even, drop_last, length, batch, rank):
    sampler = BatchSampler(SequentialSampler(range(length)), batch, drop_last)
    # prepare_data_loader wraps nothing around the sampler of one rank
    shard = sampler if world == 1 else BatchSamplerShard(sampler, world, rank, split_batches=split, even_batches=even)
    return list(shard), lambda k: list(SkipBatchSampler(shard, k))


def of_stream(world, split, even, drop_last, length, batch, rank):
    size = batch // world if split else batch
    stream = Numbers(length) if world == 1 else IterableDatasetShard(
        Numbers(length), batch_size=batch, drop_last=drop_last, num_processes=world, process_index=rank, split_batches=split)
    batches = grouped(list(stream), size, drop_last)
    if (length + batch + rank) % 8 != 0:  # a loader of torch's takes its time
        return batches, lambda k: batches[k:]
    return batches, lambda k: [rows.tolist() for rows in SkipDataLoader(stream, skip_batches=k, batch_size=size, drop_last=drop_last)]


@pytest.mark.parametrize("kind", ["map", "stream", "seekable"])
def test_every_case_is_the_references(kind):
    ours, compared = Ours(kind), 0
    for case in cases(kind):
        world, split, even, drop_last, length, batch, rank = case
        expected, skipped = (of_map if kind == "map" else of_stream)(*case)
        batches, samples = ours.epoch()
        assert batches == expected, case
        in_rounds = batch if split else batch * world
        if even and batches:  # uneven ranks may miss the last round
            assert sum(samples) == (length - length % in_rounds if drop_last else length), case
        k = ours.number()
        after = skipped(k)
        assert ours.epoch() == (after, samples[k:]), ("seek", k, case)
        assert ours.epoch() == (after, samples[k:]), ("resume", k, case)
        compared += 3
    assert ours.at == len(ours.numbers)
    assert compared > (70_000 if kind == "map" else 35_000)
