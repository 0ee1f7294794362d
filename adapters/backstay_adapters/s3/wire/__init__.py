"""Requests, their signatures, and what answers say of an object."""
