"""Peers in turn, round by round, and the table of what each cost.

SPDX-License-Identifier: MIT"""
import dataclasses
import shutil
import statistics
import sys
from typing import Callable, Optional

import measured


@dataclasses.dataclass
class Peer:
    """One program of a table. `measure` does one round and gives the number that
    is compared, followed by those of the table's further columns."""

    name: str
    measure: Callable
    needs: str = ""  # a program: a path, or a name to look for
    target: Optional[float] = None  # the highest ratio, or value if targets_are_values

    def is_there(self):
        return not self.needs or shutil.which(self.needs) is not None


@dataclasses.dataclass
class Table:
    title: str
    columns: list  # headings of the numbers that `measure` gives
    peers: list  # the limit is the first
    rounds: int
    targets_are_values: bool = False

    def present(self):
        for peer in self.peers:
            if not peer.is_there():
                print(f"skip {peer.name}: not installed")
        return [peer for peer in self.peers if peer.is_there()]

    def run(self):
        """Measures A B C A B C …, so that a slow minute is slow for all of them."""
        print(f"\n{self.title}")
        peers = self.present()
        samples = {peer.name: [] for peer in peers}
        for done in range(self.rounds):
            for peer in peers:
                progress(f"round {done + 1} of {self.rounds}: {peer.name}")
                try:
                    samples[peer.name].append(peer.measure())
                except measured.Failed as reason:
                    raise SystemExit(f"bench/run: {peer.name}: {reason}")
        progress("")
        self.show(peers, samples)

    def show(self, peers, samples):
        limit = [sample[0] for sample in samples[peers[0].name]]
        headings = "".join(f"{heading:>18}" for heading in self.columns)
        print(f"  {'':24}{headings}   ratio   quartiles      target")
        for peer in peers:
            numbers = [statistics.median(column) for column in zip(*samples[peer.name])]
            ratios = [
                sample[0] / of_limit if of_limit else float("nan")
                for sample, of_limit in zip(samples[peer.name], limit)
            ]
            row = f"  {peer.name:24}" + "".join(f"{number:18,.2f}" for number in numbers)
            print(f"{row}{ratio_cells(ratios)}{self.verdict(peer, numbers[0], ratios)}")

    def verdict(self, peer, value, ratios):
        if peer.target is None:
            return ""
        reached = value if self.targets_are_values else statistics.median(ratios)
        word = "met" if reached <= peer.target else "missed"
        return f"   <= {peer.target:,g}: {word}"


def ratio_cells(ratios):
    low, middle, high = ratios[0], ratios[0], ratios[0]
    if len(ratios) > 1:
        low, middle, high = statistics.quantiles(ratios, method="inclusive")
    return f"{middle:8.2f}   {low:.2f}..{high:.2f}"


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
