"""Several seeds of one shape as one batched model, against as many processes on the same GPU.

    python benchmarks/batched_seeds.py [--seeds 8] [--device cuda]

An encoder of e5-small's shape is written out here with a first dimension of models: a product with
the weights of N models is one batched product, attention has the heads of all models side by side,
and one AdamW steps all. Everything else is as xlt trains on a GPU: used rows of the word table,
bf16 products, compiled layers, whole updates recorded. Measured are updates of 32 rows of
48 tokens, in examples per second of all models: one model, N models in one process, and N
processes with one model each (with NVIDIA's multi-process service, where it is on). No dropout.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

WIDTH, INNER, LAYERS, HEADS, WORDS, CLASSES = 384, 1536, 12, 12, 8192, 3
ROWS, TOKENS, EAGER = 32, 48, 11


class Linears(nn.Module):
    """A linear layer of each of N models: [N, M, I] to [N, M, O]."""

    def __init__(self, models: int, inner: int, outer: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(models, inner, outer) * 0.02)
        self.bias = nn.Parameter(torch.zeros(models, 1, outer))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.baddbmm(self.bias.to(x.dtype), x, self.weight.to(x.dtype))


class Norms(nn.Module):
    def __init__(self, models: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(models, 1, WIDTH))
        self.bias = nn.Parameter(torch.zeros(models, 1, WIDTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed = functional.layer_norm(x.float(), (WIDTH,)) * self.weight + self.bias
        return normed.to(x.dtype)


class Layers(nn.Module):
    """One layer of each model."""

    def __init__(self, models: int) -> None:
        super().__init__()
        self.models = models
        self.inputs = Linears(models, WIDTH, 3 * WIDTH)
        self.output = Linears(models, WIDTH, WIDTH)
        self.up, self.down = Linears(models, WIDTH, INNER), Linears(models, INNER, WIDTH)
        self.first, self.second = Norms(models), Norms(models)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, B * L, H] to the same."""
        parts = self.inputs(x).view(self.models * ROWS, TOKENS, 3, HEADS, WIDTH // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        mixed = mixed.transpose(1, 2).reshape(self.models, ROWS * TOKENS, WIDTH)
        x = self.first(x + self.output(mixed))
        return self.second(x + self.down(functional.gelu(self.up(x))))


class Models(nn.Module):
    """N classifiers."""

    def __init__(self, models: int) -> None:
        super().__init__()
        self.words = nn.Parameter(torch.randn(models, WORDS, WIDTH) * 0.02)
        self.layers = nn.ModuleList(Layers(models) for _ in range(LAYERS))
        self.head = Linears(models, WIDTH, CLASSES)

    def forward(self, ids: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The sum over models of their mean losses, from [N, B * L] and [N, B]."""
        models = len(ids)
        x = self.words.gather(1, ids[:, :, None].expand(-1, -1, WIDTH)).to(torch.bfloat16)
        for layer in self.layers:
            x = layer(x)
        first = x.view(models, ROWS, TOKENS, WIDTH)[:, :, 0]
        logits = self.head(first).float()
        return models * functional.cross_entropy(logits.flatten(0, 1), labels.flatten())


def updates(models: int, device: str) -> Callable[[], None]:
    """Makes an update of all models when it is called."""
    torch.manual_seed(0)
    net = Models(models).to(device)
    cuda = device == "cuda"
    if cuda:
        for layer in net.layers:
            layer.compile(dynamic=False)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-5, fused=True, capturable=cuda)
    ids = torch.randint(WORDS, (models, ROWS * TOKENS), device=device)
    labels = torch.randint(CLASSES, (models, ROWS), device=device)

    def update() -> None:
        net(ids, labels).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    if not cuda:
        return update
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(EAGER):
            update()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        update()
    return graph.replay


def rate(models: int, device: str, seconds: float, start: float = 0.0) -> float:
    """Examples per second of all models; time is taken from `start` on (of `time.time`)."""
    update = updates(models, device)
    update()
    time.sleep(max(0.0, start - time.time()))
    made, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(20 if device == "cuda" else 1):
            update()
            made += 1
        if device == "cuda":
            torch.cuda.synchronize()
    return made * models * ROWS / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument(
        "--wait", type=float, default=45.0, help="seconds that processes have to start"
    )
    parser.add_argument("--alone", type=float, help="one model, from this time on (internal)")
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(rate(1, given.device, given.seconds, given.alone)))
        return
    name = torch.cuda.get_device_name() if given.device == "cuda" else "cpu"
    print(f"{name}, torch {torch.__version__}, {ROWS} rows of {TOKENS} tokens", flush=True)
    one = rate(1, given.device, given.seconds)
    print(f"{'one model':36} {one:9,.0f} examples/s", flush=True)
    together = rate(given.seeds, given.device, given.seconds)
    print(f"{given.seeds} models in one process {'':10} {together:9,.0f}  {together / one:5.2f} x")
    command = [sys.executable, __file__, "--device", given.device]
    command += ["--seconds", str(given.seconds), "--alone", str(time.time() + given.wait)]
    apart = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(given.seeds)
    ]
    rates = [json.loads(process.communicate()[0]) for process in apart]
    print(
        f"{given.seeds} processes of one model {'':9} {sum(rates):9,.0f}  {sum(rates) / one:5.2f} x"
    )
    ratio = together / sum(rates)
    print(f"batched against processes: {ratio:.2f} x   bar 2: {'met' if ratio >= 2 else 'missed'}")


if __name__ == "__main__":
    main()
