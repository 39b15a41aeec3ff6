"""Writes the files of other programs that TestImports reads: networks, exported by the program that trained them, and the
class that it gives to each of the 10,000 test images of MNIST.

usage: make.py PROGRAM MNIST DIRECTORY

PROGRAM is torch, keras or sklearn, which must be installed. MNIST is the directory of the gzipped IDX files. The files in
testdata were written with PyTorch 2.15.0, Keras 3.15.1 with tf2onnx 1.17.0, and scikit-learn 1.9.1 with
skl2onnx 1.20.0.
"""

import gzip
import os
import sys

import numpy as np

HIDDEN = 8


def read(mnist, name, skip):
    with gzip.open(os.path.join(mnist, name + "-ubyte.gz")) as f:
        return np.frombuffer(f.read(), np.uint8, offset=skip)


def write_classes(path, classes):
    """Writes a digit for each image."""
    with open(path + ".classes.gz", "wb") as f, gzip.GzipFile(filename="", mode="wb", fileobj=f, mtime=0) as z:
        z.write("".join(str(int(c)) for c in classes).encode())


def with_torch(x, y, test, at):
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(1)
    images = torch.from_numpy(x).float().reshape(-1, 1, 28, 28) / 255
    labels = torch.from_numpy(y).long()
    tests = torch.from_numpy(test).float().reshape(-1, 1, 28, 28) / 255

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = torch.nn.Linear(784, HIDDEN)
            self.drop = torch.nn.Dropout(0.1)
            self.fc2 = torch.nn.Linear(HIDDEN, 10)

        def forward(self, x):
            x = x.view(x.size(0), -1)
            return torch.nn.functional.log_softmax(self.fc2(self.drop(torch.relu(self.fc1(x)))), dim=1)

    sequential = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(784, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 10)
    )
    for name, net in ("net", Net()), ("sequential", sequential):
        optimizer = torch.optim.Adam(net.parameters(), 0.01)
        for i in range(0, len(images), 64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(images[i : i + 64]), labels[i : i + 64]).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            write_classes(at(f"torch-{name}"), net(tests).argmax(1))
        batch = {"input_names": ["images"], "output_names": ["y"]}
        if name == "net":
            torch.onnx.export(net, (tests[:2],), at("torch-net.onnx"), dynamo=False, dynamic_axes={"images": {0: "n"}}, **batch)
            save_file(net.state_dict(), at("torch-net.safetensors"))
        else:  # the weights are in a file of their own
            shapes = ({0: torch.export.Dim("n")},)
            torch.onnx.export(net, (tests[:2],), at("torch-sequential.onnx"), dynamo=True, dynamic_shapes=shapes, external_data=True, **batch)


def with_keras(x, y, test, at):
    import keras

    keras.utils.set_random_seed(1)
    net = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(HIDDEN, activation="relu"),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    net.compile("adam", "sparse_categorical_crossentropy")
    net.fit(x.reshape(-1, 28, 28), y, verbose=0)
    write_classes(at("keras"), net.predict(test.reshape(-1, 28, 28), verbose=0).argmax(1))
    net.export(at("keras.onnx"), format="onnx")


def with_sklearn(x, y, test, at):
    from skl2onnx import to_onnx
    from sklearn.datasets import load_iris
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    iris = load_iris()
    rows = iris.data.astype(np.float32)
    net = make_pipeline(StandardScaler(), MLPClassifier([5], max_iter=400, random_state=1)).fit(rows, iris.target_names[iris.target])
    print(rows[[0, 149]], net.predict_proba(rows[[0, 149]]))  # for TestPipeline
    with open(at("sklearn-iris.onnx"), "wb") as f:
        f.write(to_onnx(net, rows[:1]).SerializeToString())
    x, test = x / np.float32(255), test / np.float32(255)
    net = MLPClassifier([HIDDEN], activation="logistic", max_iter=3, random_state=1).fit(x, y)
    write_classes(at("sklearn"), net.predict(test))
    with open(at("sklearn.onnx"), "wb") as f:
        f.write(to_onnx(net, x[:1]).SerializeToString())
    net = MLPClassifier([HIDDEN], max_iter=2, random_state=1).fit(x, y > 4)
    write_classes(at("sklearn-binary"), net.predict(test))
    with open(at("sklearn-binary.onnx"), "wb") as f:
        f.write(to_onnx(net, x[:1], options={"zipmap": False}).SerializeToString())


def main(program, mnist, directory):
    x = read(mnist, "train-images-idx3", 16).reshape(-1, 784)
    globals()["with_" + program](x, read(mnist, "train-labels-idx1", 8), read(mnist, "t10k-images-idx3", 16).reshape(-1, 784), lambda name: os.path.join(directory, name))


if __name__ == "__main__":
    main(*sys.argv[1:])
