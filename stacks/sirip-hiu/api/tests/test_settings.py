import os
import tempfile
import unittest

from app.settings import SettingsError, load_settings, parse_duration

COMPLETE = {
    "MYSQL_HOST": "db", "MYSQL_PORT": "3306", "MYSQL_USER": "u", "MYSQL_PASSWORD": "p", "MYSQL_NAME": "n",
    "MINIO_HOST": "s3", "MINIO_PORT": "9000", "MINIO_ACCESS_KEY": "key", "MINIO_SECRET_KEY": "very-secret",
    "MINIO_BUCKET_NAME": "fins", "MINIO_USE_SSL": "false", "MINIO_EXPIRATION_TIME": "15m",
    "JWT_ALGORITHM": "HS256", "JWT_EXPIRATION_TIME": "12h", "JWT_SECRET_KEY": "k" * 32,
}


class Settings(unittest.TestCase):
    def test_values_are_read_from_variables(self):
        settings = load_settings(COMPLETE)
        self.assertEqual(settings.object_store.url, "http://s3:9000")
        self.assertEqual(settings.object_store.url_lifetime_seconds, 900)
        self.assertEqual(settings.jwt_expiration_time, 43200)

    def test_a_file_gives_the_value_without_its_last_line_break(self):
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write("with spaces \n")
        self.addCleanup(os.unlink, file.name)
        env = {**COMPLETE, "MYSQL_PASSWORD_FILE": file.name}
        del env["MYSQL_PASSWORD"]
        self.assertEqual(load_settings(env).mysql_password, "with spaces ")

    def test_a_second_key_is_read_from_the_file_beside_the_first(self):
        with tempfile.TemporaryDirectory() as folder:
            env = {**COMPLETE, "JWT_SECRET_KEY_FILE": f"{folder}/jwt"}
            del env["JWT_SECRET_KEY"]
            with open(f"{folder}/jwt", "w") as file:
                file.write("new\n")
            self.assertEqual(load_settings(env).jwt_secret_keys, ("new",))
            with open(f"{folder}/jwt.accepted", "w") as file:
                file.write("old\n")
            self.assertEqual(load_settings(env).jwt_secret_keys, ("new", "old"))
        self.assertEqual(load_settings(COMPLETE).jwt_secret_keys, ("k" * 32,))

    def test_all_problems_are_reported_at_once_and_none_repeats_a_value(self):
        env = {**COMPLETE, "MYSQL_PORT": "hush-1", "JWT_ALGORITHM": "none", "MINIO_USE_SSL_FILE": "/nowhere",
               "MYSQL_USER": "", "MINIO_EXPIRATION_TIME": "8d"}
        with self.assertRaises(SettingsError) as caught:
            load_settings(env)
        message = str(caught.exception)
        self.assertEqual(len(message.splitlines()), 5)
        for name in ("MYSQL_PORT", "JWT_ALGORITHM", "MINIO_USE_SSL", "MYSQL_USER", "MINIO_EXPIRATION_TIME"):
            self.assertIn(name, message)
        self.assertNotIn("hush-1", message)

    def test_secrets_stay_out_of_the_representation(self):
        shown = repr(load_settings(COMPLETE))
        self.assertNotIn("very-secret", shown)
        self.assertNotIn("k" * 32, shown)

    def test_durations(self):
        for text, seconds in (("900", 900), ("900s", 900), ("15m", 900), ("2h", 7200), ("1d", 86400)):
            self.assertEqual(parse_duration(text), seconds)
        for text in ("", "-1", "1w", "soon"):
            self.assertRaises(ValueError, parse_duration, text)
