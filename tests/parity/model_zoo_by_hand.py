"""The architectures of the model zoo that are written by hand, and ARCHITECTURES, the table of all."""

import math

import torch
from model_zoo import TRANSFORMERS, Architecture, Case, classes, numbers, tokens
from torch import nn
from torch.nn import functional as F


class ResidualBlock(nn.Module):
    def __init__(self, channels, out, time, groups=4, dropout=0.1):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, channels), nn.Conv2d(channels, out, 3, padding=1)
        self.time = nn.Linear(time, out)
        self.norm2, self.drop, self.conv2 = nn.GroupNorm(groups, out), nn.Dropout(dropout), nn.Conv2d(out, out, 3, padding=1)
        self.skip = nn.Conv2d(channels, out, 1) if channels != out else nn.Identity()

    def forward(self, x, time):
        y = self.conv1(F.silu(self.norm1(x))) + self.time(F.silu(time))[:, :, None, None]
        return self.skip(x) + self.conv2(self.drop(F.silu(self.norm2(y))))


class SpatialAttention(nn.Module):
    def __init__(self, channels, heads):
        super().__init__()
        self.norm, self.qkv, self.out = nn.GroupNorm(4, channels), nn.Conv2d(channels, 3 * channels, 1), nn.Conv2d(channels, channels, 1)
        self.heads = heads

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(b, 3, self.heads, c // self.heads, h * w).transpose(-1, -2).unbind(1)
        y = F.scaled_dot_product_attention(q, k, v)
        return x + self.out(y.transpose(-1, -2).reshape(b, c, h, w))


class DiffusionUnet(nn.Module):
    """Predicts the noise of a noised picture (Ho et al. 2020), with the noising inside: its draws are the program's own."""

    def __init__(self, width, heads, steps=50):
        super().__init__()
        time = 2 * width
        betas = torch.linspace(1e-4, 0.02, steps)
        self.register_buffer("signal", torch.cumprod(1 - betas, 0))
        self.register_buffer("frequencies", torch.exp(-math.log(1e4) * torch.arange(width // 2) / (width // 2)), persistent=False)
        self.time = nn.Sequential(nn.Linear(width, time), nn.SiLU(), nn.Linear(time, time))
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.down = nn.ModuleList([ResidualBlock(width, width, time), ResidualBlock(width, 2 * width, time)])
        self.shrink = nn.ModuleList([nn.Conv2d(width, width, 3, 2, 1), nn.Conv2d(2 * width, 2 * width, 3, 2, 1)])
        self.middle, self.attention = ResidualBlock(2 * width, 2 * width, time), SpatialAttention(2 * width, heads)
        self.up = nn.ModuleList([ResidualBlock(4 * width, 2 * width, time), ResidualBlock(3 * width, width, time)])
        self.last = nn.Sequential(nn.GroupNorm(4, width), nn.SiLU(), nn.Conv2d(width, 3, 3, padding=1))

    def forward(self, images, step):
        noise = torch.randn_like(images)
        signal = self.signal[step][:, None, None, None]
        angles = step[:, None].float() * self.frequencies[None]
        time = self.time(torch.cat([angles.sin(), angles.cos()], 1))
        x, kept = self.first(signal.sqrt() * images + (1 - signal).sqrt() * noise), []
        for block, shrink in zip(self.down, self.shrink):
            x = block(x, time)
            kept.append(x)
            x = shrink(x)
        x = self.attention(self.middle(x, time))
        for block in self.up:
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0), kept.pop()], 1), time)
        predicted = self.last(x)
        return {"loss": F.mse_loss(predicted, noise), "noise": predicted}


def diffusion_unet(random):
    width, heads = random.choice((8, 16)), random.choice((1, 2))

    def inputs(batch, length, generator):
        return {"images": numbers(generator, batch, 3, 16, 16), "step": classes(50, batch, generator)}

    return Case(lambda: DiffusionUnet(width, heads), inputs, {"images": ("batch", None, None, None), "step": ("batch",)})


class Tagger(nn.Module):
    """A label per word, by an LSTM or a GRU in both directions."""

    def __init__(self, kind, width, layers):
        super().__init__()
        self.embed = nn.Embedding(40, width)
        self.cells = kind(width, width, layers, batch_first=True, dropout=0.2, bidirectional=True)
        self.out = nn.Linear(2 * width, 6)

    def forward(self, words, tags):
        scores = self.out(self.cells(self.embed(words))[0])
        return {"loss": F.cross_entropy(scores.flatten(0, 1), tags.flatten()), "scores": scores}


def tagger(kind):
    def draw(random):
        width, layers = random.choice((8, 12)), random.choice((2, 3))

        def inputs(batch, length, generator):
            return {"words": tokens(40, batch, length, generator), "tags": torch.randint(0, 6, (batch, length), generator=generator)}

        # torch.export fixes the length of an LSTM's or GRU's input.
        return Case(lambda: Tagger(kind, width, layers), inputs, {"words": ("batch", None), "tags": ("batch", None)}, length=8)

    return draw


class Recommender(nn.Module):
    """DLRM (Naumov et al. 2019): bags of categories and dense features, their pairwise products, a click."""

    def __init__(self, width, tables):
        super().__init__()
        self.bags = nn.ModuleList(nn.EmbeddingBag(rows, width, mode="sum") for rows in tables)
        self.dense = nn.Sequential(nn.Linear(6, 2 * width), nn.ReLU(), nn.Linear(2 * width, width), nn.ReLU())
        pairs = (len(tables) + 1) * len(tables) // 2
        self.top = nn.Sequential(nn.Linear(width + pairs, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, dense, categories, offsets, clicks):
        x = self.dense(dense)
        vectors = torch.stack([x, *(bag(categories[i], offsets[i]) for i, bag in enumerate(self.bags))], 1)
        products = vectors @ vectors.transpose(1, 2)
        row, column = torch.tril_indices(vectors.shape[1], vectors.shape[1], -1)
        logits = self.top(torch.cat([x, products[:, row, column]], 1)).squeeze(1)
        return {"loss": F.binary_cross_entropy_with_logits(logits, clicks), "logits": logits}


def dlrm(random):
    width, tables = random.choice((4, 8)), [random.choice((10, 20, 30)) for _ in range(random.choice((2, 3, 4)))]

    def inputs(batch, length, generator):
        counts = torch.randint(1, 4, (len(tables), batch), generator=generator)
        counts[:, -1] += 3 * batch - counts.sum(1)  # one length for all tables
        offsets = torch.cat([torch.zeros(len(tables), 1, dtype=torch.int64), counts.cumsum(1)[:, :-1]], 1)
        return {"dense": numbers(generator, batch, 6), "categories": torch.randint(0, 10, (len(tables), 3 * batch), generator=generator),
                "offsets": offsets, "clicks": classes(2, batch, generator).float()}

    dynamic = {"dense": ("batch", None), "categories": (None, "entries"), "offsets": (None, "batch"), "clicks": ("batch",)}
    return Case(lambda: Recommender(width, tables), inputs, dynamic, related=True)


class GraphConvolutions(nn.Module):
    """Kipf and Welling 2017, over a list of edges of any length."""

    def __init__(self, width, layers):
        super().__init__()
        sizes = [5] + [width] * layers
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.out, self.drop = nn.Linear(width, 4), nn.Dropout(0.2)

    def forward(self, nodes, edges, labels):
        source, target = edges
        degree = torch.ones_like(nodes[:, 0]).index_add(0, target, torch.ones_like(target, dtype=nodes.dtype))
        weight = (degree[source] * degree[target]).rsqrt()[:, None]
        x = nodes
        for layer in self.layers:
            y = layer(x)
            x = self.drop(torch.relu(torch.zeros_like(y).index_add(0, target, y[source] * weight) + y / degree[:, None]))
        scores = self.out(x)
        return {"loss": F.cross_entropy(scores, labels), "scores": scores}


def gcn(random):
    width, layers = random.choice((8, 16)), random.choice((2, 3))

    def inputs(batch, length, generator):
        count = 5 * batch
        return {"nodes": numbers(generator, count, 5), "edges": torch.randint(0, count, (2, 3 * count + length), generator=generator),
                "labels": classes(4, count, generator)}

    dynamic = {"nodes": ("nodes", None), "edges": (None, "edges"), "labels": ("nodes",)}
    return Case(lambda: GraphConvolutions(width, layers), inputs, dynamic, related=True)


class Autoencoder(nn.Module):
    """A variational one (Kingma and Welling 2014): transposed convolutions, a draw in the middle."""

    def __init__(self, width, latent):
        super().__init__()
        self.encode = nn.Sequential(nn.Conv2d(1, width, 4, 2, 1), nn.BatchNorm2d(width), nn.LeakyReLU(0.1, inplace=True),
                                    nn.Conv2d(width, 2 * width, 4, 2, 1), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.1, inplace=True),
                                    nn.Flatten(), nn.Linear(32 * width, 2 * latent))
        self.decode = nn.Sequential(nn.Linear(latent, 32 * width), nn.Unflatten(1, (2 * width, 4, 4)),
                                    nn.ConvTranspose2d(2 * width, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ELU(),
                                    nn.ConvTranspose2d(width, 1, 4, 2, 1))

    def forward(self, images):
        mean, log_variance = self.encode(images).chunk(2, 1)
        x = self.decode(mean + torch.randn_like(mean) * (0.5 * log_variance).exp())
        divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1).mean()
        return {"loss": F.mse_loss(x, images) + 1e-2 * divergence, "images": x}


def vae(random):
    width, latent = random.choice((4, 8)), random.choice((3, 6))

    def inputs(batch, length, generator):
        return {"images": numbers(generator, batch, 1, 16, 16)}

    # The bias of a convolution before BatchNorm.
    zero = (r"encode\.[03]\.bias", r"decode\.2\.bias")
    return Case(lambda: Autoencoder(width, latent), inputs, {"images": ("batch", None, None, None)}, zero)


class Physics(nn.Module):
    """A network that must fit a differential equation: its loss holds derivatives of its outputs (u'' by finite differences)."""

    def __init__(self, width):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, points):
        step = 1e-2
        u, right, left = self.net(points), self.net(points + step), self.net(points - step)
        residual = (right - 2 * u + left) / step**2 + torch.sin(points)
        return {"loss": residual.square().mean() + u[:1].square().mean(), "u": u}


def physics(random):
    width = random.choice((8, 16))
    return Case(lambda: Physics(width), lambda batch, length, generator: {"points": numbers(generator, batch, 1)},
                {"points": ("batch", None)})


ARCHITECTURES = {
    **TRANSFORMERS,
    "diffusion_unet": Architecture(diffusion_unet, "diffusion U-Net", "by hand"),
    "lstm": Architecture(tagger(nn.LSTM), "recurrent", "by hand"),
    "gru": Architecture(tagger(nn.GRU), "recurrent", "by hand"),
    "dlrm": Architecture(dlrm, "recommender", "by hand"),
    "gcn": Architecture(gcn, "graph convolutions", "by hand"),
    "vae": Architecture(vae, "autoencoder", "by hand"),
    "physics": Architecture(physics, "physics-informed", "by hand"),
}
