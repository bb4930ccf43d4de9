"""Trains the network: `learn.py DATA OUT --minutes 60 [--seed 1] [--channels 32] [--init OUT.pt]`.

Excerpts that are still being made are taken in as they appear. Needs torch (CPU); a single thread is enough.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parent))
from mixing import Excerpt, Lesson, draw_lesson

N_FRAMES, BATCH = 1024, 8
_HELD_OUT_EVERY = 16


class Net(nn.Module):
    """A dilated temporal convolutional network; `suno_video.analyze.beatnet` computes the same in numpy."""

    def __init__(self, channels: int, layers: int = 11) -> None:
        super().__init__()
        self.first = nn.Conv1d(160, channels, 3, padding=1)
        self.wide = nn.ModuleList(
            nn.Conv1d(channels, channels, 5, padding=2 * 2**k, dilation=2**k) for k in range(layers)
        )
        self.mix = nn.ModuleList(nn.Conv1d(channels, channels, 1) for _ in range(layers))
        self.last = nn.Conv1d(channels, 3, 1)
        self.drop = nn.Dropout1d(0.1)
        nn.init.constant_(self.last.bias, -2.0)

    def forward(self, log: torch.Tensor) -> torch.Tensor:
        """Logits (batch, n, 3) from compressed mel power (batch, n, 80)."""
        rise = F.pad(torch.relu(log[:, 1:] - log[:, :-1]), (0, 0, 1, 0))
        x = F.elu(self.first(torch.cat([log * 0.5 - 0.5, rise * 2.0], -1).transpose(1, 2)))
        skipped = torch.zeros_like(x)
        for wide, mix in zip(self.wide, self.mix, strict=True):
            y = mix(self.drop(F.elu(wide(x))))
            x, skipped = x + y, skipped + y
        return self.last(F.elu(skipped)).transpose(1, 2)


def loss_of(net: Net, lessons: list[Lesson]) -> torch.Tensor:
    """Weighted cross-entropy; marks are rare, so that they count more."""
    log, wanted, counts = (
        torch.from_numpy(np.stack([getattr(x, k) for x in lessons])) for k in ("log", "wanted", "counts")
    )
    weight = torch.tensor([2.5, 4.0, 1.0])
    return F.binary_cross_entropy_with_logits(net(log), wanted, weight=counts, pos_weight=weight)


class Library:
    """The excerpts that exist by now."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._seen = folder, set[str]()
        self.learnt: list[Excerpt] = []
        self.held_out: list[Excerpt] = []

    def refresh(self) -> None:
        """Take in new files."""
        for path in sorted(self._folder.glob("[0-9]*.npz")):
            if path.name in self._seen or path.name.endswith(".part.npz"):
                continue
            self._seen.add(path.name)
            (self.learnt if int(path.stem) % _HELD_OUT_EVERY else self.held_out).append(Excerpt.load(path))


def main() -> None:
    """Train until the time is over."""
    args = _arguments()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    library = Library(args.data)
    net = Net(args.channels)
    if args.init:
        net.load_state_dict(torch.load(args.init))
    mean = {key: value.clone() for key, value in net.state_dict().items()}
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-3)
    began, step, recent = time.monotonic(), 0, list[float]()
    while (done := (time.monotonic() - began) / 60 / args.minutes) < 1:
        if step % 50 == 0:
            library.refresh()
        for group in optimizer.param_groups:  # rise quickly, hold, fall to nothing over the last third
            group["lr"] = args.rate * min(1, (step + 1) / 100, max(0.01, 3 * (1 - done)))
        loss = loss_of(net.train(), [draw_lesson(rng, library.learnt, N_FRAMES) for _ in range(BATCH)])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        keep = min(0.997, (step + 1) / (step + 20))
        for key, value in net.state_dict().items():
            mean[key].lerp_(value, 1 - keep)
        recent.append(float(loss.detach()))
        step += 1
        if step % 50 == 0:
            _report(args, library, mean, step, float(np.mean(recent[-50:])), done)
    _report(args, library, mean, step, float(np.mean(recent[-50:])), 1.0)


def _report(
    args: argparse.Namespace, library: Library, mean: dict[str, torch.Tensor], step: int, loss: float, done: float
) -> None:
    net = Net(args.channels)
    net.load_state_dict(mean)
    rng = np.random.default_rng(7)
    with torch.no_grad():
        lessons = [draw_lesson(rng, [excerpt], N_FRAMES) for excerpt in library.held_out[:24]]
        held_out = float(loss_of(net.eval(), lessons)) if lessons else float("nan")
    torch.save(mean, args.out.with_suffix(".pt"))
    np.savez(args.out.with_suffix(".npz"), **{key: value.numpy().astype(np.float16) for key, value in mean.items()})
    n = len(library.learnt)
    sys.stderr.write(f"{step} steps, {n} excerpts, {100 * done:.0f} %: loss {loss:.4f}, held out {held_out:.4f}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--init", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
