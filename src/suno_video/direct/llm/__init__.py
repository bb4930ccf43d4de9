"""Asking a language model: what a question is, the templates it is written from, and the services that answer."""
