"""The commands of `ardoqpy-sync`, a file for each."""
