"""LoRA in plain PyTorch, by hand, and the small models that the adapter tests put it on."""
import torch
from torch import nn
from torch.nn import functional as F

import programs


class Lora(nn.Module):
    """Hu et al. 2021, equation 3, beside a linear layer: `base` is any module that maps [..., in] to [..., out]."""

    def __init__(self, base, num_in, num_out, rank, alpha, dropout):
        super().__init__()
        self.base, self.scale, self.dropout = base, alpha / rank, nn.Dropout(dropout)
        self.lora_A, self.lora_B = nn.Linear(num_in, rank, bias=False), nn.Linear(rank, num_out, bias=False)

    def forward(self, x):
        return self.base(x) + self.lora_B(self.lora_A(self.dropout(x))) * self.scale


class Conv1D(nn.Module):
    """The linear layer of GPT-2: its weight is [in, out], its product an addmm on rows."""

    def __init__(self, num_in, num_out):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(num_in, num_out) * 0.1)
        self.bias = nn.Parameter(torch.zeros(num_out))

    def forward(self, x):
        shape = (*x.shape[:-1], self.weight.shape[1])
        return torch.addmm(self.bias, x.view(-1, x.shape[-1]), self.weight).view(shape)


class Gpt2Block(nn.Module):
    def __init__(self, width=32, heads=4):
        super().__init__()
        self.ln_1, self.ln_2, self.heads = nn.LayerNorm(width), nn.LayerNorm(width), heads
        self.c_attn, self.c_proj = Conv1D(width, 3 * width), Conv1D(width, width)
        self.c_fc, self.mlp_proj = Conv1D(width, 4 * width), Conv1D(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in self.c_attn(self.ln_1(x)).split(width, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.c_proj(y.transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class LlamaBlock(nn.Module):
    """Grouped queries, gated MLP, no biases."""

    def __init__(self, width=32, heads=4, groups=2):
        super().__init__()
        part = width // heads
        self.norm_1, self.norm_2, self.heads, self.groups = RmsNorm(width), RmsNorm(width), heads, groups
        self.q_proj, self.o_proj = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.k_proj, self.v_proj = (nn.Linear(width, groups * part, bias=False) for _ in range(2))
        self.gate_proj, self.up_proj = (nn.Linear(width, 2 * width, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(2 * width, width, bias=False)

    def forward(self, x):
        batch, length, _ = x.shape
        h = self.norm_1(x)
        q = self.q_proj(h).view(batch, length, self.heads, -1).transpose(1, 2)
        k, v = (proj(h).view(batch, length, self.groups, -1).transpose(1, 2).repeat_interleave(self.heads // self.groups, 1)
                for proj in (self.k_proj, self.v_proj))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o_proj(y.transpose(1, 2).reshape(batch, length, -1))
        h = self.norm_2(x)
        return x + self.down_proj(F.silu(self.gate_proj(h)) * self.up_proj(h))


class Decoder(nn.Module):
    """Next tokens by two blocks. `tied`: the head's weight is the embedding's."""

    def __init__(self, block, tied=False, vocabulary=50, width=32):
        super().__init__()
        self.wte, self.h = nn.Embedding(vocabulary, width), nn.ModuleList(block() for _ in range(2))
        self.lm_head = nn.Linear(width, vocabulary, bias=False)
        if tied:
            self.lm_head.weight = self.wte.weight

    def forward(self, x):
        h = self.wte(x)
        for block in self.h:
            h = block(h)
        logits = self.lm_head(h)
        return {"loss": F.cross_entropy(logits[:, :-1].flatten(0, 1), x[:, 1:].flatten()), "logits": logits}


class Mlp(nn.Module):
    """Its middle layer is called twice, `out` multiplies by a transposed weight."""

    def __init__(self):
        super().__init__()
        self.first, self.middle = nn.Linear(16, 24), nn.Linear(24, 24)
        self.out = Transposed(24, 5)

    def forward(self, x):
        h = torch.relu(self.first(x))
        h = self.middle(torch.relu(self.middle(h)))
        logits = self.out(h)
        return {"loss": logits.pow(2).mean() + logits.logsumexp(1).mean(), "logits": logits}


class Transposed(nn.Module):
    def __init__(self, num_in, num_out):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(num_out, num_in) * 0.2)

    def forward(self, x):
        return x @ self.weight.t()


def tokens(rows=4, length=9, seed=1):
    return (torch.randint(0, 50, (rows, length), generator=torch.Generator().manual_seed(seed)),)


def rows(count=6, seed=1):
    return (torch.randn(count, 16, generator=torch.Generator().manual_seed(seed)),)


# name: (module, its inputs, patterns of targets, the modules that they mean)
MODELS = {
    "mlp": (Mlp, rows, ["middle", "out"], ["middle", "out"]),
    "gpt2": (lambda: Decoder(Gpt2Block), tokens, ["*.c_attn", "*mlp_proj", "lm_head"],
             ["h.0.c_attn", "h.0.mlp_proj", "h.1.c_attn", "h.1.mlp_proj", "lm_head"]),
    "llama": (lambda: Decoder(LlamaBlock), tokens, ["*.q_proj", "*.v_proj", "*.down_proj"],
              [f"h.{i}.{name}" for i in range(2) for name in ("q_proj", "v_proj", "down_proj")]),
}


def make(name, seed=0):
    return programs.seeded(MODELS[name][0], seed)


def export(name, path, decomposed=False):
    program = torch.export.export(make(name), MODELS[name][1](), dynamic_shapes=({0: torch.export.Dim.AUTO},))
    torch.export.save(program.run_decompositions({}) if decomposed else program, str(path))
    return path


def with_adapters(module, modules, rank, alpha, dropout):
    """The module with `modules` wrapped; everything else frozen."""
    module.requires_grad_(False)
    for path in modules:
        parent, _, leaf = path.rpartition(".")
        owner, base = module.get_submodule(parent), module.get_submodule(path)
        shape = base.weight.shape if isinstance(base, Conv1D) else base.weight.shape[::-1]
        setattr(owner, leaf, Lora(base, *shape, rank, alpha, dropout))
    return module
