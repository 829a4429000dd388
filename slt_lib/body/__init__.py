"""Which SMPL-X body makes this skeleton?"""

from slt_lib.body.evidence import gather
from slt_lib.body.fit import Fit, FitSettings, fit_bodies
from slt_lib.body.limits import check_limits, to_rotations
from slt_lib.body.model import Body, load_body
from slt_lib.body.motion import BodyMotion, posed_vertices
from slt_lib.body.residuals import FitVerdict, residuals, verdict, worth_fitting
from slt_lib.body.skeleton import motion_keypoints, to_skeleton
from slt_lib.body.turning import TurningBridge

__all__ = [
    "Body", "BodyMotion", "Fit", "FitSettings", "FitVerdict", "TurningBridge", "check_limits",
    "fit_bodies", "gather", "load_body", "motion_keypoints", "posed_vertices", "residuals",
    "to_rotations", "to_skeleton", "verdict", "worth_fitting",
]  # fmt: skip
