"""Tests of SSH certificates."""
