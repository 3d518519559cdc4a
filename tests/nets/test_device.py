import pytest
import torch

from streamstyle.errors import DeviceError
from streamstyle.nets.device import fast_dtype, select_device
from streamstyle.settings import Device


def test_cuda_where_there_is_none_is_refused_with_a_way_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="--device cpu"):
        select_device(Device.cuda)
    assert select_device(Device.auto) == torch.device("cpu")


def test_a_cpu_without_bfloat16_computes_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True}, raising=False)
    assert fast_dtype(torch.device("cpu")) == torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert fast_dtype(torch.device("cpu")) == torch.bfloat16
