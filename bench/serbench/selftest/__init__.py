"""`serbench selftest`: how well this harness measures, on this machine and now.

Pairs of codecs whose true difference is known are measured like any others: the same codec twice (A/A), and a codec
beside itself with a calibrated delay. What the pairs show is compared with what is true, and with what is demanded.
Workers import `twins`, so nothing is imported here.
"""
