"""An NTM in PyTorch for W1 to W4, without loops over sequences, and nn.LSTM with three layers of 256 for W5."""
import os
import torch, torch.nn as nn, torch.nn.functional as F
torch.set_num_threads(int(os.environ.get("THREADS", "1")))
from worker import serve
I, O, C, M = 9, 8, 100, 20


def head(q, K, w_prev):
    beta = F.softplus(q[:, 0:1]); g = torch.sigmoid(q[:, 1:2])
    s = torch.softmax(q[:, 2:5], 1); gamma = 1 + F.softplus(q[:, 5:6])
    wg = torch.lerp(w_prev, torch.softmax(beta * K, 1), g)
    wt = s[:, 0:1] * wg.roll(1, 1) + s[:, 1:2] * wg + s[:, 2:3] * wg.roll(-1, 1)
    wp = (wt + 1e-16) ** gamma
    return wp / (wp.sum(1, keepdim=True) + 1e-16)


class Cell(nn.Module):
    def __init__(self, ctrl):
        super().__init__()
        self.ctrl = ctrl
        if ctrl == "lstm":
            self.c = nn.LSTMCell(I + M, C)
        else:
            self.c = nn.Linear(I + M, C)
        self.heads = nn.Linear(C, 92)

    def forward(self, x, h, c, r, wr, ww, mem):           # mem [B,N,M]
        xr = torch.cat([x, r], 1)
        if self.ctrl == "lstm":
            h, c = self.c(xr, (h, c))
        else:
            h = torch.tanh(self.c(xr))
        q = self.heads(h)
        k = torch.stack([q[:, 0:M], q[:, 26:26 + M]], 2)   # [B,M,2]
        dots = torch.bmm(mem, k)                           # [B,N,2]
        nm = (mem * mem).sum(2, keepdim=True).sqrt()
        nk = (k * k).sum(1, keepdim=True).sqrt()
        K = dots / (nm * nk + 1e-8)
        wr = head(q[:, 20:26], K[:, :, 0], wr)
        ww = head(q[:, 46:52], K[:, :, 1], ww)
        r = torch.bmm(wr.unsqueeze(1), mem).squeeze(1)
        e = torch.sigmoid(q[:, 52:72]).unsqueeze(1); a = q[:, 72:92].unsqueeze(1)
        w = ww.unsqueeze(2)
        mem = mem * (1 - w * e) + w * a
        return h, c, r, wr, ww, mem


class NTM(nn.Module):
    def __init__(self, ctrl, N):
        super().__init__()
        self.cell = Cell(ctrl)
        self.out = nn.Linear(C + M, O)
        self.h0 = nn.Parameter(torch.randn(C) * 0.05); self.c0 = nn.Parameter(torch.randn(C) * 0.05)
        self.register_buffer("mem", (torch.rand(N, M) * 2 - 1) / 148 ** 0.5)
        self.register_buffer("r0", torch.randn(M) * 0.01)
        self.N = N

    def forward(self, X):
        T, B, _ = X.shape
        ex = lambda v: v.expand(B, *v.shape)
        z = torch.zeros(B, self.N)
        s = (ex(self.h0), ex(self.c0), ex(self.r0), z, z, ex(self.mem))
        hr = []
        for t in range(T):
            s = self.cell(X[t], *s)
            if t > T // 2:
                hr.append(torch.cat([s[0], s[2]], 1))
        return self.out(torch.stack(hr))


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.LSTM(I, 256, 3); self.out = nn.Linear(256, O)

    def forward(self, X):
        y, _ = self.l(X)
        return self.out(y[X.shape[0] // 2 + 1:])


def make(cfg):
    torch.manual_seed(0)
    L, B, N = cfg["L"], cfg["B"], cfg["N"]
    s = (torch.rand(L, B, 8) < 0.5).float()
    X = torch.zeros(2 * L + 1, B, 9); X[:L, :, :8] = s; X[L, :, 8] = 1
    kind, ctrl = cfg["w"].split("_")
    net = Base() if ctrl == "base" else NTM(ctrl, N)
    if kind == "infer":
        def infer():
            with torch.inference_mode():
                return float(torch.sigmoid(net(X))[0, 0, 0])
        return infer
    opt = torch.optim.RMSprop(net.parameters(), lr=1e-4, alpha=0.95, momentum=0.9, foreach=True)

    def run():
        opt.zero_grad(set_to_none=True)
        loss = F.binary_cross_entropy_with_logits(net(X), s)
        loss.backward()
        torch.nn.utils.clip_grad_value_(net.parameters(), 10.0)
        opt.step()
        return loss.item()
    return run


serve(make)
