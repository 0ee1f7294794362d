"""TikTok's words and ours (Marketing API v1.3): everything that knows how the vendor spells things."""
