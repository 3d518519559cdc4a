"""The flow cache: what it stores, for which video, within which limits."""

import errno
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from streamstyle.files import cache_folder
from streamstyle.frames import Motion
from streamstyle.media import flow_cache
from streamstyle.media.flow_cache import FlowCache
from streamstyle.media.flow_codec import encode, quantise
from streamstyle.settings import FlowCheck, FlowPreset, FlowSettings
from streamstyle.video_info import VideoInfo

WIDTH, HEIGHT = 48, 32
SETTINGS = FlowSettings()
CHECK = FlowCheck.forward_backward


@pytest.fixture
def film(tmp_path: Path) -> VideoInfo:
    path = tmp_path / "film.mkv"
    path.write_bytes(b"a film, as far as its fingerprint goes")
    return VideoInfo(
        path, WIDTH, HEIGHT, WIDTH, HEIGHT, 0, Fraction(1), Fraction(1, 25), Fraction(25), 9, 0, None, 0.36, 0, ()
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "flow"


def motion(seed: int = 0) -> Motion:
    generator = torch.Generator().manual_seed(seed)
    flow = torch.randn(2, HEIGHT, WIDTH, generator=generator)
    return quantise(Motion(flow, torch.rand(HEIGHT, WIDTH, generator=generator)))


SIZE = 16 + len(encode(motion()))
"""Bytes of a file: a key and a motion."""


def gigabytes(motions: float) -> FlowSettings:
    return FlowSettings(flow_cache=motions * SIZE / 1e9)


def films(tmp_path: Path, film: VideoInfo, *names: str) -> list[VideoInfo]:
    made = []
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
        made.append(replace(film, path=tmp_path / name))
    return made


def test_a_later_run_reads_what_one_run_wrote_bit_for_bit(film: VideoInfo, folder: Path) -> None:
    first = FlowCache.open(film, SETTINGS, folder)
    assert first.read(0, 40, CHECK) is None
    first.write(0, 40, CHECK, motion())
    assert (first.computed, first.cached) == (1, 0)
    later = FlowCache.open(film, SETTINGS, folder)
    read = later.read(0, 40, CHECK)
    assert read is not None
    assert torch.equal(read.backward, motion().backward)
    assert torch.equal(read.weight, motion().weight)
    assert later.read(40, 80, CHECK) is None
    assert (later.computed, later.cached) == (0, 1)
    assert later.problem is None


def test_a_renamed_video_keeps_its_cache(film: VideoInfo, folder: Path) -> None:
    FlowCache.open(film, SETTINGS, folder).write(0, 1, CHECK, motion())
    renamed = replace(film, path=film.path.rename(film.path.with_name("another name.mkv")))
    assert FlowCache.open(renamed, SETTINGS, folder).read(0, 1, CHECK) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"width": 50},
        {"height": 34},
        {"rotation": 90},
        {"video_stream": 1},
        {"flow": FlowPreset.ultrafast},
        {"path": b"x"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_size_preset_stream_or_content_has_another_cache(film: VideoInfo, folder: Path, change: dict) -> None:
    FlowCache.open(film, SETTINGS, folder).write(0, 1, CHECK, motion())
    settings = SETTINGS
    if "flow" in change:
        settings = FlowSettings(**change)
    elif "path" in change:
        film.path.write_bytes(change["path"])
    else:
        film = replace(film, **change)
    assert FlowCache.open(film, settings, folder).read(0, 1, CHECK) is None


def test_another_check_has_motions_of_its_own(film: VideoInfo, folder: Path) -> None:
    cache = FlowCache.open(film, SETTINGS, folder)
    cache.write(0, 1, FlowCheck.forward_backward, motion(1))
    assert cache.read(0, 1, FlowCheck.photometric) is None
    cache.write(0, 1, FlowCheck.photometric, motion(2))
    for check, seed in ((FlowCheck.forward_backward, 1), (FlowCheck.photometric, 2)):
        read = cache.read(0, 1, check)
        assert read is not None
        assert torch.equal(read.backward, motion(seed).backward)


def test_flow_of_both_directions_is_there_for_another_check(film: VideoInfo, folder: Path) -> None:
    FlowCache.open(film, SETTINGS, folder).write(0, 1, FlowCheck.forward_backward, motion())
    cache = FlowCache.open(film, SETTINGS, folder)
    backward = cache.read_backward(0, 1)
    assert backward is not None
    assert torch.equal(backward, motion().backward)
    assert cache.holds(0, 1, FlowCheck.photometric)
    cache.write(1, 2, FlowCheck.photometric, motion())
    assert cache.read_backward(1, 2) is None
    assert not cache.holds(1, 2, FlowCheck.forward_backward)
    assert (cache.computed, cache.cached) == (1, 1)


def test_at_0_gb_motions_are_counted_but_not_stored(film: VideoInfo, folder: Path) -> None:
    cache = FlowCache.open(film, FlowSettings(flow_cache=0), folder)
    cache.write(0, 1, CHECK, motion())
    assert cache.read(0, 1, CHECK) is None
    assert (cache.computed, cache.cached, cache.problem) == (1, 0, None)
    assert not folder.exists()


@pytest.mark.parametrize(
    "content", [b"", b"rubbish", encode(motion())[:-9], encode(Motion(torch.zeros(2, 9, 9), torch.ones(9, 9)))]
)
def test_an_unreadable_file_is_replaced(film: VideoInfo, folder: Path, content: bytes) -> None:
    FlowCache.open(film, SETTINGS, folder).write(0, 1, CHECK, motion())
    (file,) = folder.rglob("*.flow")
    file.write_bytes(content)
    cache = FlowCache.open(film, SETTINGS, folder)
    assert cache.read(0, 1, CHECK) is None
    cache.write(0, 1, CHECK, motion())
    assert cache.read(0, 1, CHECK) is not None


def test_a_valid_motion_of_other_frames_or_another_video_is_not_believed(
    film: VideoInfo, folder: Path, tmp_path: Path
) -> None:
    (other_film,) = films(tmp_path, film, "other")
    cache, other = FlowCache.open(film, SETTINGS, folder), FlowCache.open(other_film, SETTINGS, folder)
    cache.write(0, 1, CHECK, motion(1))
    cache.write(1, 2, CHECK, motion(2))
    other.write(0, 1, CHECK, motion(3))
    (later,) = folder.glob("*/1_2.flow")
    (elsewhere,) = (file for file in folder.glob("*/0_1.flow") if file.parent != later.parent)
    for source in (later, elsewhere):
        shutil.copy(source, later.with_name("0_1.flow"))
        assert cache.read(0, 1, CHECK) is None
    assert cache.read(1, 2, CHECK) is not None


def test_a_file_of_terabytes_is_not_read(film: VideoInfo, folder: Path) -> None:
    cache = FlowCache.open(film, SETTINGS, folder)
    cache.write(0, 1, CHECK, motion())
    (file,) = folder.rglob("*.flow")
    os.truncate(file, 1 << 40)
    assert cache.read(0, 1, CHECK) is None


def test_the_least_recently_used_video_is_removed(film: VideoInfo, folder: Path, tmp_path: Path) -> None:
    old, middle, new = films(tmp_path, film, "old", "middle", "new")
    folder.mkdir(parents=True)
    for age, each in ((300, old), (200, middle)):
        others = set(folder.iterdir())
        FlowCache.open(each, gigabytes(2.5), folder).write(0, 1, CHECK, motion())
        (made,) = set(folder.iterdir()) - others
        os.utime(made, (made.stat().st_mtime - age,) * 2)
    FlowCache.open(old, gigabytes(2.5), folder)  # used again, so `middle` is the oldest now
    FlowCache.open(new, gigabytes(2.5), folder).write(0, 1, CHECK, motion())
    assert FlowCache.open(old, SETTINGS, folder).read(0, 1, CHECK) is not None
    assert FlowCache.open(new, SETTINGS, folder).read(0, 1, CHECK) is not None
    assert FlowCache.open(middle, SETTINGS, folder).read(0, 1, CHECK) is None


def test_a_video_larger_than_the_cache_keeps_its_start_and_warns(film: VideoInfo, folder: Path) -> None:
    cache = FlowCache.open(film, gigabytes(3.2), folder)
    for pts in range(6):
        cache.write(pts, pts + 1, CHECK, motion())
    assert cache.computed == 6
    assert cache.problem is not None
    assert "full" in cache.problem
    again = FlowCache.open(film, gigabytes(3.2), folder)
    assert [again.read(pts, pts + 1, CHECK) is not None for pts in range(6)] == [True] * 3 + [False] * 3


def test_a_full_disk_ends_the_caching_and_not_the_run(
    film: VideoInfo, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = FlowCache.open(film, SETTINGS, folder)
    cache.write(0, 1, CHECK, motion())

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    cache.write(1, 2, CHECK, motion())
    monkeypatch.undo()
    cache.write(2, 3, CHECK, motion())
    assert cache.problem is not None
    assert "No space left" in cache.problem
    assert cache.computed == 3
    assert [file.name for file in folder.rglob("*") if file.is_file()] == ["0_1.flow"]
    assert cache.read(0, 1, CHECK) is not None


def test_the_last_gigabyte_of_the_disk_is_never_used(
    film: VideoInfo, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(film.path.parent)
    monkeypatch.setattr(
        flow_cache.shutil, "disk_usage", lambda path: usage._replace(free=flow_cache.MIN_FREE_BYTES - 1)
    )
    cache = FlowCache.open(film, SETTINGS, folder)
    cache.write(0, 1, CHECK, motion())
    assert cache.problem is not None
    assert "1 GB" in cache.problem
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_a_problem_not_an_error(film: VideoInfo, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")
    cache = FlowCache.open(film, SETTINGS, folder)
    assert cache.read(0, 1, CHECK) is None
    cache.write(0, 1, CHECK, motion())
    assert cache.problem is not None
    assert str(folder) in cache.problem


def test_a_deleted_video_is_a_problem_not_an_error(film: VideoInfo, folder: Path) -> None:
    film.path.unlink()
    cache = FlowCache.open(film, SETTINGS, folder)
    cache.write(0, 1, CHECK, motion())
    assert cache.read(0, 1, CHECK) is None
    assert cache.problem is not None
    assert "film.mkv" in cache.problem


def test_another_process_may_remove_the_cache_at_any_time(film: VideoInfo, folder: Path) -> None:
    cache = FlowCache.open(film, SETTINGS, folder)
    cache.write(0, 1, CHECK, motion())
    shutil.rmtree(folder)
    assert cache.read(0, 1, CHECK) is None
    cache.write(0, 1, CHECK, motion())
    assert cache.read(0, 1, CHECK) is not None
    assert cache.problem is None


def test_many_threads_read_and_write_at_once(film: VideoInfo, folder: Path) -> None:
    cache = FlowCache.open(film, SETTINGS, folder)
    start = threading.Barrier(8)

    def work(worker: int) -> None:
        start.wait()
        for pts in range(12):
            if (found := cache.read(pts, pts + 1, CHECK)) is None:
                cache.write(pts, pts + 1, CHECK, motion(pts))
            else:
                assert torch.equal(found.backward, motion(pts).backward)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert cache.computed + cache.cached == 8 * 12
    assert sorted(file.name for file in folder.rglob("*.flow")) == sorted(f"{n}_{n + 1}.flow" for n in range(12))
    assert all(file.suffix == ".flow" for file in folder.rglob("*") if file.is_file())


def test_the_folder_can_be_chosen(film: VideoInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMSTYLE_CACHE", str(tmp_path / "chosen"))
    assert cache_folder() == tmp_path / "chosen"
    FlowCache.open(film, SETTINGS).write(0, 1, CHECK, motion())
    assert len(list((tmp_path / "chosen" / "flow").rglob("*.flow"))) == 1
    monkeypatch.delenv("STREAMSTYLE_CACHE")
    assert cache_folder().name == "streamstyle"
