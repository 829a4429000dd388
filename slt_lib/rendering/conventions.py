"""The constants of gsplat's classic mode, which all our rasterisers share.

Source: Ye et al., gsplat: An Open-Source Library for Gaussian Splatting, JMLR 2025;
https://github.com/nerfstudio-project/gsplat.
"""

TILE = 16  # pixels
EPS2D = 0.3  # added to the covariances in the picture, pixels²: nothing falls between pixels
NEAR = 0.01  # what is nearer to the camera isn't seen, metres
OPAQUE = 0.999  # no Gaussian hides more
DARKEST = 1 / 255  # an alpha below isn't seen
LEVEL = 0.28209479177387814  # the spherical harmonic of degree 0, the same in every direction
STOP = 1e-4  # the first Gaussian that would leave no more light than this ends its pixel
