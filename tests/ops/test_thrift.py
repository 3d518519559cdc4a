import pytest
import torch

from streamstyle.errors import DeviceError
from streamstyle.ops.thrift import MemoryFallback, Fallback

FALLBACKS = (Fallback(1000), Fallback(100, "it goes on with a tenth"), Fallback(10, "it goes on with a hundredth"))


def test_what_fits_is_done_at_once_and_nothing_is_said() -> None:
    said: list[str] = []
    assert MemoryFallback(FALLBACKS, said.append)(lambda needed: needed + 1) == 1001
    assert not said


def test_what_did_not_fit_once_is_not_tried_again_and_each_saving_is_told_once() -> None:
    said: list[str] = []
    tried: list[int] = []
    thrift = MemoryFallback(FALLBACKS, said.append)

    def do(needed: int) -> int:
        tried.append(needed)
        if needed > 50:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return needed

    assert [thrift(do) for _ in range(3)] == [10, 10, 10]
    assert tried == [1000, 100, 10, 10, 10]
    assert [message.partition("; ")[2] for message in said] == [
        "it goes on with a tenth",
        "it goes on with a hundredth",
    ]


def test_where_nothing_fits_a_user_is_told_what_to_do() -> None:
    def do(needed: int) -> int:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(DeviceError, match="--size"):
        MemoryFallback(FALLBACKS, [].append)(do)


def test_other_errors_are_none_of_its_business() -> None:
    def do(needed: int) -> int:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        MemoryFallback(FALLBACKS, [].append)(do)
