"""Computes an exported network with another program and compares it with Shadegrad.

usage: agree.py TOOL DIRECTORY IMAGES

TOOL is onnxruntime, numpy, safetensors or torch. DIRECTORY has m.onnx, m.npz and m.safetensors of one network of rectified
units with softmax outputs, and expected.npy, its outputs for IMAGES, a gzipped IDX file. The script prints the class of each
image, and fails if an output differs by more than 1e-5.
"""

import gzip
import os
import sys

import numpy as np

BOUND = 1e-5


def with_onnxruntime(at, pixels):
    import onnx
    import onnxruntime

    onnx.checker.check_model(onnx.load(at("m.onnx")), full_check=True)
    session = onnxruntime.InferenceSession(at("m.onnx"), providers=["CPUExecutionProvider"])
    one = session.run(None, {"pixels": pixels[:1]})[0]
    (y,) = session.run(None, {"pixels": pixels})
    assert one.shape == (1,) + y.shape[1:], "the batch dimension is not free"
    return y


def with_numpy(at, pixels):
    z = np.load(at("m.npz"))
    x = (pixels * z["scale"] + z["shift"]).astype(np.float32)
    return forward(x, [(z[f"W{i}"], z[f"b{i}"]) for i in (1, 2, 3)])


def with_safetensors(at, pixels):
    from safetensors.numpy import load_file

    z = load_file(at("m.safetensors"))
    return forward(pixels / np.float32(255), [(z[n + ".weight"], z[n + ".bias"]) for n in ("fc1", "fc2", "out")])


def with_torch(at, pixels):
    import torch

    class Net(torch.nn.Module):
        def __init__(self, sizes):
            super().__init__()
            self.fc1 = torch.nn.Linear(sizes[0], sizes[1])
            self.fc2 = torch.nn.Linear(sizes[1], sizes[2])
            self.out = torch.nn.Linear(sizes[2], sizes[3])

        def forward(self, x):
            return self.out(torch.relu(self.fc2(torch.relu(self.fc1(x)))))

    from safetensors.torch import load_file

    state = load_file(at("m.safetensors"))
    net = Net([state["fc1.weight"].shape[1]] + [len(state[n + ".bias"]) for n in ("fc1", "fc2", "out")])
    net.load_state_dict(state)
    with torch.no_grad():
        return torch.softmax(net(torch.from_numpy(pixels) / 255), 1).numpy()


def forward(x, layers):
    for w, b in layers[:-1]:
        x = np.maximum(x @ w.T + b, 0)
    w, b = layers[-1]
    z = x @ w.T + b
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def main(tool, directory, images):
    with gzip.open(images) as f:
        pixels = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 28 * 28).astype(np.float32)
    y = globals()["with_" + tool](lambda name: os.path.join(directory, name), pixels)
    expected = np.load(os.path.join(directory, "expected.npy"))
    assert y.shape == expected.shape, (y.shape, expected.shape)
    difference = np.abs(y - expected).max()
    print(f"{tool}: the largest difference of an output is {difference:.2g}", file=sys.stderr)
    assert difference <= BOUND
    print(*y.argmax(axis=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
