"""Answer version 2 of Ardoq's API: parse a request, ask the store, and serialize the answer."""
