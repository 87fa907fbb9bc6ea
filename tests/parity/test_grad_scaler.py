"""The gradient scaler against torch.amp.GradScaler on the CPU: scale, growth tracker, skipped steps and weights, exactly."""
import json
import random

import pytest
import torch

import precision_models
import programs
from precision_side import LIB, OAR, Training, seed

ITERATIONS = 60


@pytest.fixture(scope="module")
def risky(tmp_path_factory):
    path = tmp_path_factory.mktemp("scaler") / "risky.pt2"
    programs.export_program(programs.seeded(precision_models.Risky), (torch.ones(5, 4),), path)
    return path


def batches(pattern_seed):
    """Inputs of which about every fourth makes gradients that are inf or NaN in fp16, some by overflow only."""
    choice = random.Random(pattern_seed)
    generator = torch.Generator().manual_seed(pattern_seed)
    for _ in range(ITERATIONS):
        x = torch.randn(5, 4, generator=generator)
        kind = choice.choice(["good"] * 6 + ["inf", "nan", "overflow"])
        if kind != "good":
            x[choice.randrange(5), choice.randrange(4)] = {"inf": float("inf"), "nan": float("nan"), "overflow": 60000.0}[kind]
        yield x


SCALERS = {"default": {}, "short": {"init_scale": 1024.0, "growth_interval": 3},
           "odd": {"init_scale": 3000.0, "growth_factor": 1.5, "backoff_factor": 0.3, "growth_interval": 2}}


class Torch:
    """What the same training is in Python."""

    def __init__(self, options, clip):
        self.module = programs.seeded(precision_models.Risky)
        self.optimizer = torch.optim.SGD(self.module.parameters(), lr=0.05, fused=False)
        self.scaler = torch.amp.GradScaler("cpu", **options)
        self.clip = clip

    def iterate(self, x):
        with torch.autocast("cpu", torch.float16):
            loss = self.module(x)["loss"].float()
        self.scaler.scale(loss).backward()
        norm = None
        if self.clip is not None:
            self.scaler.unscale_(self.optimizer)
            norm = torch.nn.utils.clip_grad_norm_(self.module.parameters(), self.clip).item()
        before = self.scaler.get_scale()
        stepped = []
        handle = self.optimizer.register_step_post_hook(lambda *_: stepped.append(True))
        self.scaler.step(self.optimizer)
        handle.remove()
        self.scaler.update()
        self.optimizer.zero_grad()
        assert stepped or self.scaler.get_scale() < before
        return loss.item(), norm, not stepped


def same(a, b):
    return a == b or (a != a and b != b)


@pytest.mark.parametrize("clip", [None, 0.5])
@pytest.mark.parametrize("name", SCALERS)
def test_sixty_iterations_with_injected_infinities(risky, name, clip):
    ours = Training(risky, "fp16", optimizer="sgd", scaler=SCALERS[name])
    theirs = Torch(SCALERS[name], clip)
    skips = 0
    for i, x in enumerate(batches(5)):
        loss, norm, skipped = theirs.iterate(x)
        our_loss = ours.backward(ours.forward((x,))).item()
        our_norm = ours.clip(clip) if clip is not None else None
        ours.step()
        assert same(our_loss, loss) and (norm is None or same(our_norm, norm)), i
        assert ours.was_skipped() == skipped, i
        assert ours.scaler_state() == theirs.scaler.state_dict(), i
        for parameter, tensor in theirs.module.named_parameters():
            assert torch.equal(ours.weights()[parameter], tensor), (i, parameter)
        skips += skipped
    assert 10 <= skips <= 40, "the pattern shows little"


def test_a_state_of_torch_is_taken_over_and_goes_on(risky):
    options, all_batches = SCALERS["short"], list(batches(7))
    theirs = Torch(options, None)
    for x in all_batches[:20]:
        theirs.iterate(x)
    ours = Training(risky, "fp16", optimizer="sgd")
    for parameter, tensor in theirs.module.named_parameters():
        OAR.parameter(ours.model, parameter).copy_(tensor.detach())
    ours.load_scaler_state(theirs.scaler.state_dict())
    for x in all_batches[20:]:
        theirs.iterate(x)
        ours.backward(ours.forward((x,)))
        ours.step()
        assert ours.scaler_state() == theirs.scaler.state_dict()


def test_without_a_scaler_a_step_is_made_whatever_the_gradients(risky):
    ours = Training(risky, "fp16", scaler={"enabled": False})
    ours.backward(ours.forward((torch.full((5, 4), float("inf")),)))
    ours.step()
    assert not ours.was_skipped() and ours.scaler_state() == {}
    assert any(not torch.isfinite(tensor).all() for tensor in ours.weights().values())


def test_the_log_tells_of_skipped_steps_and_of_a_scale_below_one(risky, capfd):
    ours = Training(risky, "fp16", scaler={"init_scale": 2.0})
    OAR.check(LIB.oar_log_set_level(20))
    try:
        for _ in range(3):
            ours.backward(ours.forward((torch.full((5, 4), float("inf")),)))
            ours.step()
    finally:
        OAR.check(LIB.oar_log_set_level(30))
    err = capfd.readouterr().err
    assert "the loss scale goes from 2 to 1" in err and "the loss scale goes from 0.5 to 0.25" in err
    assert err.count("the loss scale fell to 0.5") == 1 and "accelerator.mixed_precision" in err


def test_a_state_that_lacks_something_is_refused(risky):
    ours = Training(risky, "fp16")
    before = ours.scaler_state()
    with pytest.raises(Exception, match="_growth_tracker"):
        ours.load_scaler_state({key: value for key, value in before.items() if key != "_growth_tracker"})
    assert ours.scaler_state() == before == json.loads(json.dumps(before))
