"""Tests of what bench-gpu does beside measuring. Standard library only; `python3 -m unittest` in this directory."""

import argparse
import gzip
import pathlib
import struct
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import bundle
import cases
import firstlook
import gl_environment
import gpu
import gpu_table
import install
import schedule
import suite

LOG = """=== RUN   TestWindow
    context_test.go:40: no OpenGL: DISPLAY and WAYLAND_DISPLAY are unset
--- SKIP: TestWindow (0.00s)
=== RUN   TestEGL
--- PASS: TestEGL (0.10s)
=== RUN   TestMany
=== RUN   TestMany/a_part
    many_test.go:9: no OpenGL: broken
=== RUN   TestMany/another
    many_test.go:12: got 1, want 2
--- FAIL: TestMany (0.01s)
    --- SKIP: TestMany/a_part (0.00s)
    --- FAIL: TestMany/another (0.01s)
FAIL
"""


class SuiteTest(unittest.TestCase):
    def test_outcomes(self):
        found = suite.judge(LOG, 1, False)
        self.assertEqual(found["passed"], 1)
        self.assertEqual(found["failed"], ["TestMany", "TestMany/another"])
        self.assertEqual(
            found["skipped"],
            [
                ("TestWindow", "no OpenGL: DISPLAY and WAYLAND_DISPLAY are unset"),
                ("TestMany/a_part", "no OpenGL: broken"),
            ],
        )

    def test_only_a_display_may_be_lacking(self):
        self.assertIn("TestMany/a_part", suite.judge(LOG, 0, True)["failed"])
        self.assertNotIn("TestWindow", suite.judge(LOG, 0, True)["failed"])

    def test_a_crash_is_a_failure(self):
        self.assertEqual(suite.judge("--- PASS: TestA (0.00s)\n", 2, False)["failed"], ["the test binary itself"])
        self.assertEqual(suite.judge("--- PASS: TestA (0.00s)\n", 0, False)["failed"], [])

    def test_sentence(self):
        text = suite.sentence("glctx", dict(suite.judge(LOG, 1, False), log="the.log"))
        self.assertIn("internal/glctx: 1 passed, 2 failed (TestMany, TestMany/another; the.log)", text)
        self.assertIn("1 skipped since no OpenGL: broken (TestMany/a_part)", text)


class CasesTest(unittest.TestCase):
    def test_flops(self):
        case = {c.name: c for c in cases.GPU_CASES}["128"]
        # Forward and gradients 784·128 + 128·10 weights each, deltas back 128·10; a multiply-add is two.
        self.assertEqual(case.flops(), 60000 * 2 * (2 * (784 * 128 + 128 * 10) + 128 * 10))

    def test_few_images(self):
        with tempfile.TemporaryDirectory() as d:
            d = pathlib.Path(d)
            for images, labels in cases.FILES.values():
                pixels = bytes(range(12))
                (d / (images + ".gz")).write_bytes(gzip.compress(struct.pack(">4i", 0x803, 3, 2, 2) + pixels))
                (d / (labels + ".gz")).write_bytes(gzip.compress(struct.pack(">2i", 0x801, 3) + b"\1\2\3"))
            target = cases.make_data(d, d / "out", cases.GPU_CASES[2].only(2).data)
            train = (target / cases.FILES["train"][0]).read_bytes()
            test = (target / cases.FILES["t10k"][0]).read_bytes()
            self.assertEqual(struct.unpack(">4i", train[:16])[1:], (2, 3, 3))
            self.assertEqual(train[16:25], bytes([0, 1, 0, 2, 3, 0, 0, 0, 0]))
            self.assertEqual(struct.unpack(">4i", test[:16])[1], 3)


class ScheduleTest(unittest.TestCase):
    def test_onecycle(self):
        rates = [schedule.rate("onecycle", 0.5, i, 1001) for i in range(1001)]
        self.assertAlmostEqual(rates[0], 0.5 / 25)
        self.assertAlmostEqual(rates[300], 0.5)
        self.assertEqual(max(rates), rates[300])
        self.assertAlmostEqual(rates[1000], 0.5e-5)
        self.assertAlmostEqual(rates[150], 0.5 * (1 + 1 / 25) / 2)

    def test_constant(self):
        self.assertEqual({schedule.rate("constant", 0.1, i, 10) for i in range(10)}, {0.1})


class EnvironmentTest(unittest.TestCase):
    def setUp(self):
        d = tempfile.TemporaryDirectory()
        self.addCleanup(d.cleanup)
        self.dir = pathlib.Path(d.name)

    def vendor(self, root):
        file = self.dir / root / gl_environment.VENDORS / "10_nvidia.json"
        file.parent.mkdir(parents=True)
        file.write_text("{}")
        return file

    def find(self, can_load=lambda name: True):
        return gl_environment.vendor_file([self.dir / "known"], [self.dir / "other"], can_load)

    def test_missing_libraries(self):
        for name in ("libGL.so.1", "libX11.so.6"):
            (self.dir / name).touch()
        lacking = gl_environment.missing(self.dir, lambda name: name == "libGL.so.1")
        self.assertEqual([p.name for p in lacking], ["libX11.so.6"])
        self.assertEqual(gl_environment.missing(self.dir / "none", lambda name: False), [])

    def test_vendor_elsewhere(self):
        file = self.vendor("other")
        self.assertEqual(self.find(), file)
        self.assertIsNone(self.find(lambda name: False))
        self.vendor("known")
        self.assertIsNone(self.find())


class BundleTest(unittest.TestCase):
    def test_libraries(self):
        listing = (
            "\tlinux-vdso.so.1 (0x1)\n\tlibX11.so.6 => /usr/lib/libX11.so.6 (0x2)\n"
            "\tlibc.so.6 => /lib/libc.so.6 (0x3)\n"
            "\tlibm.so.6 => /lib/libm.so.6 (0x4)\n\tlibmd.so.0 => /lib/libmd.so.0 (0x5)\n\tlibGL.so.1 => not found\n"
        )
        self.assertEqual(sorted(bundle.libraries(listing)), ["libX11.so.6", "libmd.so.0"])


class FirstLookTest(unittest.TestCase):
    def test_parse(self):
        found = firstlook.parse(
            [
                '{"event":"start","seconds":1.5}',
                "  1. layer_nt_t32, 8 groups, 1.61 MFLOP: gather matmul activate",
                "  2. head_softmax_wide, 8 groups, 0.041 MFLOP: matmul loss",
                '{"event":"epoch","seconds":0.25}',
                '{"event":"profile","kernels":[{"kernel":"layer_nt_t32","seconds":1,"calls":5},{"kernel":"head_softmax_wide","seconds":0.5,"calls":1000}]}',
            ]
        )
        self.assertEqual(found["start"], 1.5)
        self.assertEqual(found["seconds"], [0.25])
        self.assertEqual(found["kernels"], ["layer_nt_t32", "head_softmax_wide"])
        self.assertEqual(found["head"], ["head_softmax_wide 500 µs a call, 1000 calls"])

    def test_a_question_that_fails(self):
        look = firstlook.FirstLook(cases.GPU_CASES[0], {})
        look.train = lambda *_: (_ for _ in ()).throw(install.Failure("no GPU"))
        with tempfile.TemporaryDirectory() as d:
            before, firstlook.CACHE = firstlook.CACHE, pathlib.Path(d, "cache")
            self.addCleanup(lambda: setattr(firstlook, "CACHE", before))
            look.run(lambda text: None)
        self.assertEqual(set(look.facts.values()), {"failed: no GPU"})
        self.assertEqual(list(look.facts), ["cold start", "tuning", "epochs", "head", "robust"])


TRIALS = [
    {"way": "by hand, graph of an epoch", "family": "graphs", "seconds": 0.02},
    {"way": "by hand, graph of a step", "family": "graphs", "seconds": 0.03},
    {"way": "by hand", "family": "eager", "seconds": 0.2},
    {"way": "by hand compiled", "family": "compiled", "error": "no compiler"},
]


class TableTest(unittest.TestCase):
    def test_fastest_ways(self):
        graph = "by hand, graph of an epoch"
        self.assertEqual(gpu.fastest_ways(TRIALS, "cuda"), {"eager": "by hand", "graphs": graph, "tf32": graph})
        self.assertEqual(gpu.fastest_ways(TRIALS[2:], "cpu"), {"eager": "by hand"})

    def test_own_peak(self):
        self.assertEqual(gpu_table.own_peak("a kernel 90 GFLOP/s\nFMA peak 9.5 TFLOP/s, half of it 5 GFLOP/s"), 9500)
        self.assertEqual(gpu_table.own_peak(""), 0)

    def test_first_at(self):
        run = {"at": [1.5, 2.5, 3.5], "test_accs": [0.97, 0.98, 0.99]}
        self.assertEqual(gpu_table.first_at(run, "at"), 2.5)
        self.assertIsNone(gpu_table.first_at(dict(run, test_accs=[0.9, 0.9, 0.9]), "at"))

    def report(self, accuracy=0.97):
        case = cases.GPU_CASES[0]
        run = lambda s, acc: {
            "start": 0.1,
            "seconds": [s, s],
            "test_acc": acc,
            "test_accs": [acc],
            "at": [1],
            "after": [1],
        }
        results = {
            "first_look": "* cold start: 1 s",
            "device": {"device": "GeForce/PCIe", "driver": "OpenGL 4.6", "detail": "EGL device", "software": False},
            "torch": {"absent": "", "name": "PyTorch 2", "device": "GeForce", "detail": "CUDA 13"},
            "tests": {"opengl": dict(suite.judge(LOG, 1, False), log="the.log")},
            "cases": {case.name: {"shadegrad": [run(0.02, 0.97)], "eager": [run(0.3, accuracy)]}},
            "trials": {case.name: TRIALS},
            "peak": [{"gflops": 10000.0, "tf32_gflops": 30000.0}],
            "starts": {case.name: 0.5},
            "profile": "",
            "failures": [],
        }
        arguments = argparse.Namespace(cases=[case], images=60000)
        torch = argparse.Namespace(device="cuda", python=sys.executable)
        return gpu_table.Report(arguments, results, torch, 60)

    def test_row(self):
        row = self.report().row(cases.GPU_CASES[0])
        self.assertEqual(row[1:4], ["20.00", "300", "**15.00×**"])
        self.assertEqual(row[-3:], ["1227", "12%", "97.00 / 97.00"])  # 24.55 GFLOP in 20 ms
        self.assertEqual(len(row), 2 + 2 * len(gpu_table.FAMILIES) + 3)

    def test_text(self):
        text = self.report().text()
        self.assertIn("* cold start: 1 s", text)
        self.assertIn("2 failed (TestMany, TestMany/another; the.log)", text)
        self.assertIn("no compiler (by hand compiled)", text)
        self.assertNotIn("may not be the same", text)

    def test_problems(self):
        self.assertEqual(self.report().problems(), [])
        self.assertEqual(len(self.report(0.955).problems()), 1)  # too far from ours
        self.assertEqual(len(self.report(0.5).problems()), 2)  # and too little, too


if __name__ == "__main__":
    unittest.main()
