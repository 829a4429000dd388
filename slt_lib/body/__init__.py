"""Which SMPL-X body makes this skeleton?"""

from slt_lib.body.model import Body, load_body
from slt_lib.body.motion import BodyMotion, posed_vertices

__all__ = ["Body", "BodyMotion", "load_body", "posed_vertices"]
