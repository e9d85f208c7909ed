"""VGG-19 and the losses on its features, for `impasto.gatys` and `impasto.training`.
It needs torch.
"""
