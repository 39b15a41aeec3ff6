"""Perceptrons in PyTorch, on any of its devices: with autograd, and by hand.

Each has step(x, target), outputs(x), parameters(), and memory(), which is what a step changes beside the parameters.
With momentum the rate is a tensor of no dimensions on the device, so that a schedule can change it in place.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Autograd:
    """As PyTorch's manual does it: backward() and torch.optim.SGD, the fused one."""

    def __init__(self, t, parameters, compiled, device="cpu", rate=None, momentum=0.0):
        hidden = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[t.act]
        modules = []
        for w, b in parameters:
            linear = nn.Linear(*w.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(w.T))
                linear.bias.copy_(torch.from_numpy(b))
            modules += [linear, hidden()]
        modules.pop()
        self.one_hot = t.loss == "mse"
        if self.one_hot:
            modules.append(nn.Sigmoid())
        self.net = nn.Sequential(*modules).to(device)
        self.optimiser = torch.optim.SGD(
            self.net.parameters(), lr=t.lr if rate is None else rate, momentum=momentum, fused=True
        )
        self.measure = functional.mse_loss if self.one_hot else functional.cross_entropy
        self.loss = torch.compile(self.loss_of, dynamic=False) if compiled else self.loss_of

    def parameters(self):
        return list(self.net.parameters())

    def memory(self):
        kept = (s.get("momentum_buffer") for s in self.optimiser.state.values())
        return [v for v in kept if v is not None]

    def loss_of(self, x, target):
        return self.measure(self.net(x), target)

    def step(self, x, target):
        self.loss(x, target).backward()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def outputs(self, x):
        return self.net(x)


def activate(z, f):
    """F(z), in place."""
    return {"relu": torch.relu_, "tanh": torch.tanh_, "sigmoid": torch.sigmoid_}[f](z)


def times_derivative(back, y, f):
    """back·F'(z), in terms of y = F(z)."""
    if f == "relu":
        return torch.ops.aten.threshold_backward(back, y, 0)
    if f == "tanh":
        return torch.ops.aten.tanh_backward(back, y)
    return torch.ops.aten.sigmoid_backward(back, y)


class ByHand:
    """The gradients written out. Without momentum each update is one product that adds to the weights (addmm_)."""

    one_hot = True

    def __init__(self, t, parameters, compiled, device="cpu", rate=None, momentum=0.0):
        # Units × inputs, as PyTorch keeps them.
        self.w = [torch.from_numpy(np.ascontiguousarray(w.T)).to(device) for w, _ in parameters]
        self.b = [torch.from_numpy(b).to(device) for _, b in parameters]
        self.velocity = [torch.zeros_like(p) for p in self.w + self.b] if momentum else []
        self.t, self.rate, self.momentum = t, rate, momentum
        self.step = torch.compile(self.step_of, dynamic=False) if compiled else self.step_of

    def parameters(self):
        return self.w + self.b

    def memory(self):
        return self.velocity

    def layers(self, x):
        ys = [x]
        for w, b in zip(self.w[:-1], self.b[:-1]):
            ys.append(activate(torch.addmm(b, ys[-1], w.t()), self.t.act))
        z = torch.addmm(self.b[-1], ys[-1], self.w[-1].t())
        ys.append(torch.sigmoid_(z) if self.t.loss == "mse" else torch.softmax(z, 1))
        return ys

    def outputs(self, x):
        return self.layers(x)[-1]

    def step_of(self, x, target):
        n, classes = target.shape
        ys = self.layers(x)
        delta, share = ys[-1] - target, 1 / n
        if self.t.loss == "mse":
            delta, share = times_derivative(delta, ys[-1], "sigmoid"), share * 2 / classes
        for i in reversed(range(len(self.w))):
            back = times_derivative(torch.mm(delta, self.w[i]), ys[i], self.t.act) if i > 0 else None
            if self.momentum:
                self.update_with_momentum(i, delta, ys[i], share)
            else:
                rate = share * self.t.lr
                self.w[i].addmm_(delta.t(), ys[i], alpha=-rate)
                self.b[i].sub_(delta.sum(0), alpha=rate)
            delta = back

    def update_with_momentum(self, i, delta, y, share):
        """V = μV + gradient, W = W − ηV."""
        v, vb = self.velocity[i], self.velocity[len(self.w) + i]
        v.addmm_(delta.t(), y, beta=self.momentum, alpha=share)
        vb.mul_(self.momentum).add_(delta.sum(0), alpha=share)
        self.w[i].addcmul_(v, self.rate, value=-1)
        self.b[i].addcmul_(vb, self.rate, value=-1)


def restored(net, use):
    """Calls use, which trains, and puts net back to what it was."""
    first = [p.detach().clone() for p in net.parameters()]
    use()
    with torch.no_grad():
        for p, value in zip(net.parameters(), first):
            p.copy_(value)
        for v in net.memory():
            v.zero_()
