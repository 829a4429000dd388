"""On what is trained: one device, several that are started here, or what a launcher started."""

import atexit
import os

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy

from slt_lib.pose.errors import SLTError
from slt_lib.translation.settings import TrainSettings


def fabric_for(settings: TrainSettings) -> Fabric:
    """One device; processes that we start; or those that `torchrun` has started already.

    Args:
        settings: How many devices there should be, over all machines.

    Raises:
        SLTError: If torchrun has started another number of processes.
    """
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    if torch.distributed.is_available() and torch.distributed.is_torchelastic_launched():
        processes, here = (int(os.environ[name]) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
        if settings.devices != processes:
            raise SLTError(
                f"torchrun has started {processes} processes for {settings.devices} devices.",
                fix="Give as many devices as nodes times processes per node.",
            )
        atexit.unregister(_hang_up)
        atexit.register(_hang_up)
        return Fabric(accelerator=kind, devices=here, num_nodes=processes // here,
                      strategy="auto" if processes == 1 else "ddp")  # fmt: skip
    strategy = "auto" if settings.devices == 1 else DDPStrategy(start_method="spawn")
    return Fabric(accelerator=kind, devices=settings.devices, strategy=strategy)


def _hang_up() -> None:
    """Close the connection to other processes. Fabric does so for NCCL alone, and a program that
    ends while Gloo's threads still run is aborted now and then."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
