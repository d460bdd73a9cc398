"""Speak version 2 of Ardoq's API: take a request apart, ask the store, answer in that version's shape."""
