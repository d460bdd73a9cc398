"""The commands of `ardoqpy`, a file for each kind of thing that is asked or done."""
