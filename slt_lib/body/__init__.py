"""Which SMPL-X body makes this skeleton?"""

from slt_lib.body.model import Body, load_body

__all__ = ["Body", "load_body"]
