import time
import unittest

import jwt

from app.passwords import hash_password, verify_password
from app.tokens import InvalidToken, Tokens, name_key

OLD, NEW = "o" * 32, "n" * 32


class Passwords(unittest.TestCase):
    def test_only_the_right_password_verifies(self):
        hashed = hash_password("hiu")
        self.assertTrue(verify_password("hiu", hashed))
        self.assertFalse(verify_password("Hiu", hashed))
        self.assertNotIn("hiu", hashed)

    def test_the_same_password_hashes_differently_each_time(self):
        self.assertNotEqual(hash_password("hiu"), hash_password("hiu"))

    def test_what_is_no_hash_verifies_nothing(self):
        for text in ("", "plain", "scrypt$x$8$1$AA==$AA==", "md5$1$1$1$AA==$AA=="):
            self.assertFalse(verify_password("hiu", text))


class TokenChecks(unittest.TestCase):
    def setUp(self):
        self.tokens = Tokens((NEW,), "HS256", 60)

    def test_an_issued_token_names_its_user(self):
        self.assertEqual(self.tokens.read_user(self.tokens.issue("conveyor-1")), "conveyor-1")

    def test_refuses_expired_forged_unsigned_and_malformed_tokens(self):
        future = time.time() + 60
        refused = [
            self.tokens.issue("a", now=time.time() - 3600),
            Tokens((OLD,), "HS256", 60).issue("a"),
            jwt.encode({"sub": "a", "exp": future}, None, algorithm="none"),
            jwt.encode({"sub": "a", "exp": future}, NEW, algorithm="HS512"),
            jwt.encode({"sub": "a"}, NEW, algorithm="HS256"),
            "a.b.c",
            "",
        ]
        for token in refused:
            self.assertRaises(InvalidToken, self.tokens.read_user, token)

    def test_a_token_of_an_earlier_key_is_accepted_while_that_key_is_listed(self):
        earlier = Tokens((OLD,), "HS256", 60).issue("a")
        self.assertEqual(Tokens((NEW, OLD), "HS256", 60).read_user(earlier), "a")

    def test_the_header_names_the_key_without_telling_it(self):
        header = jwt.get_unverified_header(self.tokens.issue("a"))
        self.assertEqual(header["kid"], name_key(NEW))
        self.assertNotEqual(name_key(NEW), name_key(OLD))
        self.assertNotIn(NEW[:8], str(header))

    def test_a_token_that_names_no_key_is_held_against_all(self):
        nameless = jwt.encode({"sub": "a", "exp": time.time() + 60}, OLD, algorithm="HS256")
        self.assertEqual(Tokens((NEW, OLD), "HS256", 60).read_user(nameless), "a")

    def test_a_token_that_names_the_wrong_key_is_refused(self):
        forged = jwt.encode({"sub": "a", "exp": time.time() + 60}, OLD, algorithm="HS256", headers={"kid": name_key(NEW)})
        self.assertRaises(InvalidToken, Tokens((NEW, OLD), "HS256", 60).read_user, forged)

    def test_through_a_rotation_every_replica_takes_what_any_other_has_issued(self):
        # accept the new one; sign with it; drop the old one: replicas are one step apart at most
        steps = [(OLD,), (OLD, NEW), (NEW, OLD), (NEW,)]
        for before, after in zip(steps, steps[1:3]):
            here, there = (Tokens(keys, "HS256", 60) for keys in (before, after))
            self.assertEqual((there.read_user(here.issue("a")), here.read_user(there.issue("a"))), ("a", "a"))
        # the last step comes when nothing signed with the old key is valid any longer
        self.assertEqual(Tokens(steps[2], "HS256", 60).read_user(Tokens(steps[3], "HS256", 60).issue("a")), "a")
