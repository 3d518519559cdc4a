"""How long a film takes on so many machines, simulated: `python -m benchmarks.cluster_scaling [--frame SECONDS …]`.

The film is known by its shots: lognormal lengths, as those of films (Cutting, DeLong & Nothelfer 2010 give
mean shots of four to five seconds for films of today), cut from a fixed random sequence. What the head does is as in
`streamstyle.cluster.head`: it finds the shots while it reads, hands out the longest that it knows, two to a worker at
most, sends packets and gets encoded pieces over one link, notes them, and joins them at the end. Every figure is an
option, so that those of a machine can be put in.
"""

from __future__ import annotations

import argparse
import heapq
from dataclasses import dataclass, fields
from itertools import count

import numpy as np

MACHINES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
WINDOW = 2
"""Pieces handed out for each worker."""


@dataclass(frozen=True)
class Film:
    """A film, a machine and a network."""

    minutes: float = 120
    rate: float = 24
    """Frames a second."""
    shot: float = 4.5
    """Mean length of a shot in seconds."""
    spread: float = 0.9
    """Standard deviation of the logarithm of its length."""
    piece: float = 60
    """Seconds above one and a half times which a take is split."""
    run_in: int = 96
    """Frames painted before a piece inside a take."""
    frame: float = 0.125
    """Seconds that a worker paints a frame."""
    read: float = 0.012
    """Seconds in which the head reads a frame and looks for a cut."""
    head: float = 0.008
    """Seconds of the head's processor for each piece: cutting, noting, checking, the engine."""
    join: float = 0.0001
    """Seconds a frame of joining, when all pieces are there."""
    megabits_in: float = 5
    """Of the film, a second of it."""
    megabits_out: float = 8
    """Of what is painted."""
    network: float = 1000
    """Megabits a second, each way, of the head's link."""


def piece_lengths(film: Film) -> list[tuple[int, int]]:
    """Return (frames, frames of run-in) of each piece, in the order of the film."""
    random = np.random.default_rng(18)
    left, longest = round(60 * film.minutes * film.rate), round(film.piece * film.rate)
    mean = np.log(film.shot * film.rate) - film.spread**2 / 2  # of the logarithm
    pieces: list[tuple[int, int]] = []
    while left > 0:
        take, run_in = min(left, max(1, round(random.lognormal(mean, film.spread)))), 0
        left -= take
        while take > 1.5 * longest:
            pieces.append((longest, run_in))
            take, run_in = take - longest, film.run_in
        pieces.append((take, run_in))
    return pieces


@dataclass(frozen=True)
class Simulated:
    """What a simulated run took."""

    seconds: float
    reading: float
    """Seconds until the head has read the film."""
    busy: float
    """Share of the time that workers paint."""
    network: float
    """Share of the busier direction of the link."""
    processor: float
    """Share of one core of the head, beside reading."""


def simulate(film: Film, workers: int) -> Simulated:
    """Return how long the film takes on so many workers."""
    pieces, order = piece_lengths(film), count()
    known_at = np.cumsum([length for length, _ in pieces]) * film.read
    waiting: list[tuple[int, int]] = []  # (-frames, piece) of those that are known
    events: list[tuple[float, int, str, int]] = []
    for piece, at in enumerate(known_at):
        heapq.heappush(events, (float(at), next(order), "known", piece))
    queues: list[list[int]] = [[] for _ in range(workers)]
    free_at, link_out, link_in, head = [0.0] * workers, 0.0, 0.0, 0.0
    painting, done, now = 0.0, 0, 0.0
    while done < len(pieces):
        now, _, kind, which = heapq.heappop(events)
        if kind == "known":
            heapq.heappush(waiting, (-pieces[which][0], which))
        elif kind == "painted":
            seconds = pieces[which][0] / film.rate
            link_in = max(link_in, now) + seconds * film.megabits_out / film.network
            heapq.heappush(events, (link_in, next(order), "arrived", which))
            continue
        else:
            done += 1
            head = max(head, now) + film.head
            next(queue for queue in queues if which in queue).remove(which)
        while waiting and len(queue := min(queues, key=len)) < WINDOW:
            piece = heapq.heappop(waiting)[1]
            length, run_in = pieces[piece]
            link_out = max(link_out, now, head) + (length + run_in) / film.rate * film.megabits_in / film.network
            worker = queues.index(queue)
            seconds = (length + run_in) * film.frame
            free_at[worker] = max(free_at[worker], link_out) + seconds
            painting += seconds
            queue.append(piece)
            heapq.heappush(events, (free_at[worker], next(order), "painted", piece))
    frames = sum(length for length, _ in pieces)
    total = now + frames * film.join
    link = frames / film.rate * max(film.megabits_in, film.megabits_out) / film.network
    return Simulated(
        total, float(known_at[-1]), painting / workers / total, link / total, len(pieces) * film.head / total
    )


def main() -> None:
    """Print the table for a film of these figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for field in fields(Film):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    film = Film(**vars(parser.parse_args()))
    pieces = piece_lengths(film)
    print(f"{len(pieces)} pieces of {min(pieces)[0]} to {max(pieces)[0]} frames, read in ", end="")
    print(f"{simulate(film, 1).reading / 60:.0f} minutes\n")
    print("| machines | hours | times as fast | workers paint | network | head |\n|---:|---:|---:|---:|---:|---:|")
    alone = simulate(film, 1).seconds
    for machines in MACHINES:
        run = simulate(film, machines)
        shares = f"{run.busy:.0%} | {run.network:.1%} | {run.processor:.1%}"
        print(f"| {machines} | {run.seconds / 3600:.2f} | {alone / run.seconds:.1f} | {shares} |")


if __name__ == "__main__":
    main()
