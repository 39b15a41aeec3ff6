"""Tests of run.py, with a program that only pretends to train."""

import contextlib
import io
import os
import stat
import tempfile
import unittest
from pathlib import Path

import run

FAKE = """#!/bin/sh
case " $* " in *" -preset=broken "*) echo "out of paper" >&2; exit 1;; esac
case " $* " in *" -seed=2 "*) acc=0.97 train=1;; *) acc=0.99 train=0.5;; esac
echo '{"event":"outputs","when":"before training"}'
echo '{"event":"start","backend":"cpu","device":"a processor"}'
echo '{"event":"done","epoch":3,"train_loss":0.25,"train_acc":'$train',"test_acc":'$acc',"seconds":2.5}'
"""


class Records(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.binary = os.path.join(folder.name, "fake")
        Path(self.binary).write_text(FAKE, encoding="utf-8")
        os.chmod(self.binary, stat.S_IRWXU)
        self.log = os.path.join(folder.name, "log")

    def call(self, *argv):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            run.main(["--binary", self.binary, *argv])
        return out.getvalue().splitlines()

    def test_one_seed(self):
        row = self.call("keras-mlp")[-1]
        self.assertIn("| `train -preset=keras-mlp` | 1 | 3 | cpu: a processor | 2.50 | 0.2500 | 0 of 1 | 1.00% |", row)

    def test_mean_and_spread(self):
        row = self.call("keras-mlp", "--seeds", "2", "--log", self.log, "--", "-epochs=3")[-1]
        self.assertIn("`train -preset=keras-mlp -epochs=3` | 1 to 2 |", row)
        self.assertIn("| 1 of 2 | 2.00 ± 1.41% | 1.00% to 3.00% |", row)
        self.assertEqual(len(Path(self.log).read_text(encoding="utf-8").splitlines()), 6)

    def test_a_run_that_fails_is_no_row(self):
        with self.assertRaisesRegex(run.Failure, "-preset=broken .* status 1:\nout of paper"):
            self.call("broken")

    def test_a_program_that_is_not_there(self):
        self.binary += "missing"
        with self.assertRaisesRegex(run.Failure, "make build"):
            self.call("keras-mlp")


if __name__ == "__main__":
    unittest.main()
