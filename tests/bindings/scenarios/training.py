"""Loaders, models, checkpoints."""
import numpy
import oarlock
from scene import DIGITS, digits, raises, scenario


@scenario
def loader_loop(folder):
    data = digits()
    loader = oarlock.Loader(data, batch_size=32)
    assert len(data) == 360 and len(loader) == 12 and loader.num_samples == 360
    seen = 0
    for epoch in range(2):
        shapes = []
        assert loader.epoch == epoch
        for batch in loader:
            images = numpy.asarray(batch["images"])
            rows = range(32 * len(shapes), 32 * len(shapes) + len(images))
            assert (images == data[rows]["images"].numpy()).all() and (batch["labels"].numpy() == data[rows]["labels"].numpy()).all()
            shapes.append(images.shape)
            seen += loader.samples_in_round
        assert shapes == [(32, 8, 8)] * 11 + [(8, 8, 8)], shapes
    assert seen == 720 and loader.epoch == 2
    outer = sum(1 for _ in loader if len(list(loader)) == 11)  # the loop inside is told the end for both
    assert outer == 1 and loader.epoch == 3
    loader.close()


@scenario
def loader_seek(folder):
    loaders = [oarlock.Loader(digits(), {"batch_size": 32, "shuffle": True}, seed=5, num_workers=2) for _ in range(2)]
    loaders[0].seek(1, 3)
    assert (loaders[0].epoch, loaders[0].position) == (1, 3)
    wanted = next(iter(loaders[0]))
    assert len(list(loaders[1])) == 12
    rest = iter(loaders[1])
    for _ in range(3):
        next(rest)
    found = next(rest)
    assert (found["images"].numpy() == wanted["images"].numpy()).all() and (found["labels"].numpy() == wanted["labels"].numpy()).all()
    for loader in loaders:
        loader.close()


@scenario
def training_step(folder):
    with oarlock.State(seed=1) as state:
        model = oarlock.Model.load(state, DIGITS / "digits.pt2")
        rate = numpy.float32(0.125)
        optimizer = oarlock.Optimizer(model, "sgd", lr=float(rate))
        accelerator = oarlock.Accelerator(state)
        accelerator.prepare(model, optimizer)
        batch = digits()[:32]
        model.eval()
        logits = [model(batch)["logits"].numpy() for _ in range(2)]
        assert (logits[0] == logits[1]).all() and not model.training
        model.train()
        before = {name: tensor.numpy().copy() for name, tensor in model.named_parameters()}
        assert before and model.gradient(next(iter(before))) is None
        accelerator.backward(model(batch)["loss"])
        gradients = {name: model.gradient(name).numpy().copy() for name in before}
        assert all((model.tensor(name).numpy() == before[name]).all() for name in before)
        assert accelerator.clip_grad_norm(model, 1e9) > 0
        accelerator.step(optimizer)
        for name, old in before.items():
            assert (model.tensor(name).numpy() == old - rate * gradients[name]).all(), name
        assert any(gradient.any() for gradient in gradients.values())


def linear(state, weight, steps):
    """A foreign model y = x w with the loss sum(y c), whose gradient for w is outer(x, c), and what trains it at rate 0.5."""
    model = oarlock.Model.foreign(state, {"weight": weight})
    accelerator = oarlock.Accelerator(state, accelerator={"gradient_accumulation_steps": steps})
    return accelerator, *accelerator.prepare(model, oarlock.Optimizer(model, "sgd", lr=0.5))


@scenario
def foreign_model(folder):
    with oarlock.State() as state:
        weight = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
        old, gradient = weight.copy(), numpy.outer([1.0, 2.0], [0.5, -1.0, 4.0]).astype(numpy.float32)
        accelerator, model, optimizer = linear(state, weight, 1)
        accelerator.apply_gradients(model, {"weight": gradient.copy()})
        accelerator.step(optimizer)
        assert (weight == old - numpy.float32(0.5) * gradient).all() and optimizer.num_steps == 1
        with raises(oarlock.Unsupported):
            model(gradient)
        with raises(oarlock.InvalidArgument, "[2, 3]"):
            accelerator.gradient_ready(model, "weight", gradient[0].copy())
        weight, old = numpy.zeros((2, 3), numpy.float32), numpy.zeros((2, 3), numpy.float32)
        accelerator, model, optimizer = linear(state, weight, 2)
        for scale in (1, 3):
            with accelerator.accumulate(model):
                accelerator.apply_gradients(model, {"weight": scale * gradient})
                accelerator.step(optimizer)
            assert accelerator.sync_gradients == (scale == 3) and (weight == old).all() == (scale == 1)
        assert optimizer.num_steps == 1 and (weight == -numpy.float32(0.5) * (gradient + 3 * gradient) / 2).all()


@scenario
def own_optimizer(folder):
    def descend(name, parameter, gradient, kept, options):
        if broken:
            raise KeyError(name)
        parameter.numpy()[...] -= numpy.float32(options["lr"]) * gradient.numpy()
        kept["updates"] = kept.get("updates", 0) + 1

    def ones():
        accelerator.apply_gradients(model, {"a": numpy.ones(2, numpy.float32), "b": numpy.ones(1, numpy.float32)})
        return 3

    with oarlock.State() as state:
        a, b, broken = numpy.array([1, -2], numpy.float32), numpy.array([4], numpy.float32), False
        model = oarlock.Model.foreign(state, {"a": a, "b": b})
        accelerator = oarlock.Accelerator(state)
        optimizer = oarlock.Optimizer.foreign(model, "descend", descend, lr=0.5, groups=[{"params": ["b"], "lr": 0.25}])
        scheduler = oarlock.Scheduler.from_factors(optimizer, lambda step, group: 2.0**-step)
        accelerator.prepare(model, optimizer, scheduler)
        for _ in range(2):
            ones()
            accelerator.step(optimizer, scheduler)
        assert a.tolist() == [0.25, -2.75] and b.tolist() == [3.625]
        assert accelerator.step(optimizer, scheduler, ones) == 3
        with raises(ZeroDivisionError):
            accelerator.step(optimizer, scheduler, lambda: 1 / 0)
        broken = True
        with raises(KeyError):
            accelerator.step(optimizer, scheduler, ones)
        assert a.tolist() == [0.125, -2.875] and b.tolist() == [3.5625] and optimizer.num_steps == 3
        assert [kept["updates"] for kept in optimizer.state_dict()["state"].values()] == [3, 3]


@scenario
def save_load(folder):
    with oarlock.State(seed=1, project_dir=folder / "run") as state:
        model = oarlock.Model.load(state, DIGITS / "digits.pt2")
        accelerator = oarlock.Accelerator(state)
        accelerator.prepare(model)
        with raises(oarlock.NotFound):
            accelerator.load()
        accelerator.save(folder / "kept", user={"epoch": 3, "note": ["a", None]})
        manifest = (folder / "kept/manifest.json").read_bytes()
        with raises(oarlock.Exists, "kept") as caught:
            accelerator.save(folder / "kept")
        assert isinstance(caught[0], FileExistsError) and (folder / "kept/manifest.json").read_bytes() == manifest
        checkpoint = oarlock.Checkpoint(folder / "kept")
        checkpoint.verify()
        assert checkpoint.user == {"epoch": 3, "note": ["a", None]} and set(model.parameter_names) <= set(checkpoint)
        old = {name: tensor.numpy().copy() for name, tensor in model.named_parameters()}
        for name, tensor in model.named_parameters():
            tensor.copy_from(numpy.zeros(tensor.shape, numpy.float32))
        accelerator.load(folder / "kept")
        assert all((tensor.numpy() == old[name]).all() for name, tensor in model.named_parameters())
        assert all((checkpoint[name].numpy() == old[name]).all() and checkpoint[name].is_read_only for name in old)
        accelerator.close()
