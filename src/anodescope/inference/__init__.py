"""The inference room: the paper's experiments and observations, judged on simulated campaigns.

`experiments` says what is run, `observations` what the paper saw and how that is read off an
analysed campaign, `parameters` what may be fitted.
"""
