"""The networks that are timed, and the data they are trained on. Standard library only."""

import dataclasses
import gzip
import pathlib
import struct


@dataclasses.dataclass(frozen=True)
class Case:
    """One line of the table. Everybody trains the same network, in float32, by plain stochastic gradient descent."""

    name: str
    layers: list
    act: str
    batch: int
    lr: float
    momentum: float = 0
    schedule: str = "constant"  # of the rate; onecycle is that of shadegrad's default recipe
    loss: str = "cross-entropy"  # of softmax outputs; mse is that of sigmoid ones
    epochs: int = 3  # of which the median counts
    data: str = "mnist"
    images: int = 60000  # to train on; seconds are scaled to 60,000
    peers: tuple = ("numpy", "torch")
    numpy_way: str = ""  # rather than the fastest
    tolerance: float = 0.01  # by how much test accuracies may differ
    least: float = 0.9  # test accuracy that everybody must have

    def title(self):
        outputs = "softmax" if self.loss == "cross-entropy" else "squared error"
        act = self.act.replace("relu", "ReLU")
        network = f"{'-'.join(map(str, self.layers))} {act}, {outputs}, batch {self.batch}"
        if self.momentum:
            network += f", momentum {self.momentum:g}, {self.schedule}"
        if self.images < 60000:
            network += f", {self.images:,} images, scaled"
        if self.data.endswith("-dense"):
            network += ", no pixel zero"
        if self.numpy_way:
            network += f"; NumPy: {self.numpy_way}"
        return network

    def flops(self):
        """Operations of the dense arithmetic of an epoch of 60,000 images, a multiply-add being two: forward,
        backward and weight gradients, with no gradient of the inputs."""
        sizes = [a * b for a, b in zip(self.layers, self.layers[1:])]
        return 60000 * 2 * (2 * sum(sizes) + sum(sizes[1:]))

    def only(self, images):
        """The case with so few images that all can be tried where there is no GPU."""
        return dataclasses.replace(
            self,
            data=f"{self.data}-{images}",
            images=images,
            epochs=min(self.epochs, 3),
            tolerance=0.1,
            least=0.5,
        )

    def without_zeros(self):
        return dataclasses.replace(self, name=self.name + "-dense", data=self.data + "-dense", peers=())


_SMALL = Case("128", [784, 128, 10], "relu", 64, 0.1)
_WIDE = Case("800", [784, 800, 10], "relu", 128, 0.1)
_DEEP = Case(
    "deep",
    [841, 2500, 2000, 1500, 1000, 500, 10],
    "tanh",
    100,
    0.05,
    data="mnist29-6000",
    images=6000,
    tolerance=0.02,
    least=0.8,
)
_ONLINE = Case("online", [784, 200, 10], "sigmoid", 1, 0.5, loss="mse", epochs=1)
_TUTORIAL = dataclasses.replace(_ONLINE, name="tutorial", peers=("numpy",), numpy_way="tutorial")

CASES = [c for case in (_SMALL, _WIDE, _DEEP, _ONLINE) for c in (case, case.without_zeros())] + [_TUTORIAL]

RECIPE = Case("recipe", [784, 256, 10], "relu", 64, 0.1, momentum=0.9, schedule="onecycle", epochs=5, least=0.975)

# An epoch takes a GPU so little time that one needs more of them, and all images.
GPU_CASES = [
    dataclasses.replace(_SMALL, epochs=10),
    dataclasses.replace(_WIDE, epochs=10),
    dataclasses.replace(_DEEP, data="mnist29", images=60000, tolerance=0.01, least=0.9),
    RECIPE,
]

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "t10k": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def make_data(mnist, directory, name):
    """Writes the variant of MNIST called mnist[29][-IMAGES][-dense] below directory and returns where it is: 29 for
    images padded with zeros from 28×28 to 29×29, IMAGES for only the first of the training images, dense for one
    added to every pixel that is not 255, so that none is zero."""
    parts = name.split("-")
    limits = {"train": int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None, "t10k": None}
    target = pathlib.Path(directory, name)
    target.mkdir(parents=True, exist_ok=True)
    for which, (images, labels) in FILES.items():
        with gzip.open(pathlib.Path(mnist, images + ".gz")) as f:
            _, count, height, width = struct.unpack(">4i", f.read(16))
            count = min(count, limits[which] or count)
            pixels = f.read(count * height * width)
        with gzip.open(pathlib.Path(mnist, labels + ".gz")) as f:
            f.read(8)
            classes = f.read(count)
        if parts[0] == "mnist29":
            rows = [pixels[i : i + width] + b"\0" for i in range(0, len(pixels), width)]
            last = [bytes(width + 1)]
            pixels = b"".join(b"".join(rows[i : i + height] + last) for i in range(0, len(rows), height))
            height, width = height + 1, width + 1
        if parts[-1] == "dense":
            pixels = pixels.translate(bytes([*range(1, 256), 255]))
        (target / images).write_bytes(struct.pack(">4i", 0x803, count, height, width) + pixels)
        (target / labels).write_bytes(struct.pack(">2i", 0x801, count) + classes)
    return target
