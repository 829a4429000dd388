"""Readers and writers: one module per format, one pose type for all of them."""

from slt_lib.pose.io.pose_file import read_pose, write_pose

__all__ = ["read_pose", "write_pose"]
