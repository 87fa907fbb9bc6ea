"""What is done with programs beside training them: adapters, runs on the caller's arrays, units."""
import numpy
import oarlock
from scene import DIGITS, digits, raises, scenario


def load(state):
    return oarlock.Model.load(state, DIGITS / "digits.pt2").eval()


@scenario
def lora_round_trip(folder):
    with oarlock.State(seed=1) as state:
        model, batch = load(state), digits()[:8]

        def logits(of):
            return of(batch)["logits"].numpy().copy()

        before = logits(model)
        with raises(oarlock.InvalidArgument, "fc1"):
            model.add_lora("fc7")
        model.add_lora(["fc*"], rank=2, alpha=4)
        adapters = [f"fc{layer}.lora_{part}.weight" for layer in (1, 2) for part in "AB"]
        assert sorted(model.parameter_names) == adapters and (logits(model) == before).all()
        for name in adapters[1::2]:
            model.tensor(name).copy_from(numpy.full(model.tensor(name).shape, 0.5))
        changed = logits(model)
        assert (changed != before).any()
        model.save_lora(folder / "adapter")
        with raises(oarlock.Exists, "adapter"):
            model.save_lora(folder / "adapter")
        other = load(state)
        other.load_lora(folder / "adapter")
        assert (logits(other) == changed).all()
        model.merge_lora()
        assert numpy.abs(logits(model) - changed).max() <= 1e-4 * numpy.abs(changed).max()
        with raises(oarlock.InvalidState):
            model.merge_lora()
        assert model.parameter_names == [] and model.freeze("fc*", False) == 4 and len(model.parameter_names) == 4


@scenario
def session_run(folder):
    with oarlock.State(seed=1) as state:
        model, batch = load(state), digits()[:8]
        expected = model(batch)["logits"].numpy()
        model.train()
        session = oarlock.Session(model)
        images, logits = batch["images"].numpy().copy(), numpy.zeros((8, 10), numpy.float32)
        assert session.input_names == model.input_names and "logits" in session.output_names
        session.run({"images": images}, {"logits": logits})
        assert (logits == expected).all()
        by_columns = numpy.zeros((8, 10), numpy.float32, order="F")
        session.run([numpy.asfortranarray(images), None], [None if name != "logits" else by_columns for name in session.output_names])
        assert numpy.abs(by_columns - expected).max() <= 1e-5 * numpy.abs(expected).max() and by_columns.flags.f_contiguous
        logits[:] = 0
        model.run({"images": images}, {"logits": logits})
        assert (logits == expected).all() and session.writes_in_place("logits") in (True, False)
        with raises(oarlock.InvalidArgument, "images"):
            session.run({"images": images[0]}, {"logits": logits})
        with raises(oarlock.InvalidArgument, "'pictures'", "images"):
            session.run({"pictures": images}, {"logits": logits})
        assert (logits == expected).all()
        model.tensor("fc2.bias").numpy()[:] += 1
        session.run({"images": images}, {"logits": logits})
        assert (logits != expected).all()
