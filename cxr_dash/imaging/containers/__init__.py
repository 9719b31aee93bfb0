"""What the bytes of a PNG, JPEG or WebP file say about the picture inside, read without decoding a pixel."""
