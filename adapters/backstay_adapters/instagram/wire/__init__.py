"""The vendor's words for ours, and ours for the vendor's."""
