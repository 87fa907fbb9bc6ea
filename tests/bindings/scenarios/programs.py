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
