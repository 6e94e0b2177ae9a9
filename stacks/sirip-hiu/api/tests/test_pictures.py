import unittest

from app.draw import draw_fin
from app.pictures import NotAPicture, read_picture

JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "


class Pictures(unittest.TestCase):
    def test_the_first_bytes_decide_the_type(self):
        for content, claimed, expected in (
            (draw_fin(1), None, ("image/png", "png")),
            (JPEG, "image/jpeg", ("image/jpeg", "jpg")),
            (JPEG, "image/jpg", ("image/jpeg", "jpg")),
            (WEBP, "application/octet-stream", ("image/webp", "webp")),
        ):
            picture = read_picture(content, claimed)
            self.assertEqual((picture.content_type, picture.suffix), expected)

    def test_refuses_what_is_no_picture_or_calls_itself_another_kind(self):
        for content, claimed in (
            (b"", None), (b"<svg/>", "image/svg+xml"), (b"%PDF-1.7", "image/png"),
            (JPEG, "image/png"), (WEBP, "image/jpg"), (JPEG, "text/html"),
        ):
            self.assertRaises(NotAPicture, read_picture, content, claimed)

    def test_a_drawn_fin_is_the_same_each_time_and_as_large_as_a_conveyors_picture(self):
        self.assertEqual(draw_fin(7), draw_fin(7))
        self.assertNotEqual(draw_fin(7), draw_fin(8))
        self.assertTrue(150_000 < len(draw_fin(7)) < 210_000)
