"""Tests of lost factors."""
