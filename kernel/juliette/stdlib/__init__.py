"""Julia's standard library.

- `xoshiro`: the default random number generator, bit for bit
- `xoshiro_stream`: its words in bulk
- `random_mersenne`: `MersenneTwister`
- `random_sampling`: what every generator can do with its words
- `random_ziggurat`: normal and exponential numbers
"""
